"""Signals: before the work, one ends the process at once; during it the first drains, and a second one ends at once.

No end leaves a traceback: handlers are functions that never raise. This module imports next to nothing, so that it
answers from the process's first moments on.
"""

import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ECHO_S = 0.1
"""A signal that follows another within this is the same keystroke, sent on by a program around this one."""


class _State:
    """What a signal finds."""

    def __init__(self) -> None:
        self.drain: Callable[[int], object] | None = None
        self.drained_s = 0.0
        self.cleanups: list[Callable[[], object]] = []
        self.terminals: list[int] = []


_state = _State()


def install() -> None:
    """Answer signals from now on; what the caller of this process has set to be ignored stays ignored."""
    _state.terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


@contextlib.contextmanager
def on_abort(cleanup: Callable[[], object]) -> Iterator[None]:
    """Within the block, call this if a signal ends the process at once: what `finally` would do otherwise."""
    _state.cleanups.append(cleanup)
    try:
        yield
    finally:
        _state.cleanups.remove(cleanup)


async def run_until_signal(work: "Callable[[asyncio.Event], Awaitable[T]]") -> T:
    """Runs `work` with an event that SIGINT, SIGTERM and SIGHUP set; a second signal ends the process.

    Args:
        work: ends by itself, or soon after the event is set.
    """
    import asyncio  # noqa: PLC0415 - 50 ms, in which a signal would find nobody

    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def begin(number: int) -> None:
        import structlog  # noqa: PLC0415 - the program has imported it as it wants it

        stop.set()
        name = signal.Signals(number).name
        structlog.get_logger().info("stopping; a second signal or Ctrl-C ends it at once", signal=name)

    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        if number != signal.SIGHUP or before[number] is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _on_signal)
    _state.drain = lambda number: loop.call_soon_threadsafe(begin, number)
    try:
        return await work(stop)
    finally:
        _state.drain = None
        for number, handler in before.items():
            signal.signal(number, handler)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGHUP:
        _leave_terminal()
    drain, _state.drain = _state.drain, None
    if drain is not None:
        _state.drained_s = time.monotonic()
        drain(number)
    elif time.monotonic() - _state.drained_s > _ECHO_S:
        abort(number)


def abort(number: int) -> NoReturn:
    """End at once, by the code that a shell shows for the signal."""
    for cleanup in reversed(_state.cleanups):
        with contextlib.suppress(Exception):
            cleanup()
    os._exit(128 + number)


def _leave_terminal() -> None:
    """The terminal has gone: what is still printed on it would be an error."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in _state.terminals:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
