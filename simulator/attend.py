"""What goes on beside those who publish in a process: their progress is told, and their end."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from simulator.progress import Progress, merge

REPORT_EVERY_S = 0.25


class Publisher(Protocol):
    """A gateway, or devices that connect for themselves."""

    @property
    def progress(self) -> Progress:
        """What it has done so far."""

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what was due before is still sent, for a bounded time."""


@asynccontextmanager
async def attended(
    publishers: Sequence[Publisher], stop: asyncio.Event, on_progress: Callable[[Progress], None]
) -> AsyncIterator[None]:
    """While they publish: their progress is told a few times a second, and they end when `stop` is set."""
    beside = [
        asyncio.create_task(_report(publishers, on_progress), name="progress"),
        asyncio.create_task(_end(publishers, stop), name="end"),
    ]
    try:
        yield
    finally:
        for task in beside:
            task.cancel()


async def _report(publishers: Sequence[Publisher], on_progress: Callable[[Progress], None]) -> None:
    """Tell their progress a few times a second, without end."""
    while True:
        on_progress(merge([one.progress for one in publishers]))
        await asyncio.sleep(REPORT_EVERY_S)


async def _end(publishers: Sequence[Publisher], stop: asyncio.Event) -> None:
    """End them all when `stop` is set."""
    await stop.wait()
    now_s = time.time()
    for one in publishers:
        one.end(now_s)
