"""What goes on beside those who publish in a process: their progress is told, and their end."""

import asyncio
import time
from collections.abc import Callable, Sequence
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


async def report(publishers: Sequence[Publisher], on_progress: Callable[[Progress], None]) -> None:
    """Tell their progress a few times a second, without end."""
    while True:
        on_progress(merge([one.progress for one in publishers]))
        await asyncio.sleep(REPORT_EVERY_S)


async def end(publishers: Sequence[Publisher], stop: asyncio.Event) -> None:
    """End them all when `stop` is set."""
    await stop.wait()
    now_s = time.time()
    for one in publishers:
        one.end(now_s)
