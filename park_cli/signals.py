"""Running until a signal: the first Ctrl-C or SIGTERM drains, a second one ends at once."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def run_until_signal(work: Callable[[asyncio.Event], Awaitable[T]]) -> T:
    """Runs `work` with an event that SIGINT and SIGTERM set.

    Args:
        work: ends by itself, or soon after the event is set.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            loop.remove_signal_handler(number)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return await work(stop)
