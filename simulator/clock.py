"""When a reading is due: an open-loop schedule that maps the town's time to the wall clock."""

import asyncio
import contextlib
import math
import time
from dataclasses import dataclass, replace

from park.model import Floats, Ints
from simulator.errors import TooLate


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A reading with intended time ts is due at launch + (ts - origin) / speed.

    Attributes:
        begin_ms: intended time of the first reading; before `origin_ms` lies the history, due at once.
        origin_ms: the intended time that falls on the launch.
        until_ms: end of the town's time, or None for "until stopped".
        speed: the town's milliseconds per real millisecond; infinity is "as fast as it goes".
        launch_s: the launch on the clock of `time.time`.
        join_after_s: how long after the launch the publisher appears. What was due before is its history:
            nothing is left out.
    """

    begin_ms: int
    origin_ms: int
    until_ms: int | None
    speed: float
    launch_s: float
    join_after_s: float = 0.0

    @property
    def measures_latency(self) -> bool:
        """Whether lateness means anything: only in real time."""
        return self.speed == 1.0

    @property
    def joins_s(self) -> float:
        """When the publisher appears, on the clock of `time.time`."""
        return self.launch_s + self.join_after_s

    @property
    def live_ms(self) -> int:
        """The intended time of the first reading that is no history."""
        return self.origin_ms + (0 if math.isinf(self.speed) else int(self.join_after_s * 1000 * self.speed))

    @property
    def end_s(self) -> float | None:
        """When the last reading is due, on the clock of `time.time`; None without an end."""
        if self.until_ms is None:
            return None
        return self.launch_s + (self.until_ms - self.origin_ms) / 1000 / self.speed

    @property
    def is_now(self) -> bool:
        """Whether the town's time is the real time, not one in its past or future."""
        return self.measures_latency and self.origin_ms == int(self.launch_s * 1000)

    def town_ms(self, now_s: float) -> int:
        """The town's time now: every reading before it is due."""
        if math.isinf(self.speed):
            return self.until_ms if self.until_ms is not None else self.origin_ms
        now = self.origin_ms + int((now_s - self.launch_s) * 1000 * self.speed)
        return now if self.until_ms is None else min(now, self.until_ms)

    def due_s(self, ts_ms: Ints) -> Floats:
        """When readings are due, on the clock of `time.time`."""
        return self.launch_s + (ts_ms - self.origin_ms) / (1000.0 * self.speed)

    def ended(self, cursor_ms: int, now_s: float) -> "Schedule":
        """The schedule that ends now, for a publisher that has come to `cursor_ms`.

        In real time all publishers end at the same moment; history, and what goes as fast as it can, just stops.
        """
        running = cursor_ms < self.origin_ms or math.isinf(self.speed)
        return replace(self, until_ms=cursor_ms if running else self.town_ms(now_s))

    def finished(self, cursor_ms: int) -> bool:
        """Whether every reading before `until_ms` has been made."""
        return self.until_ms is not None and cursor_ms >= self.until_ms


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """A schedule that waits for its launch.

    Attributes:
        start_ms: the intended time that falls on the launch; the launch itself if None.
        until_ms: end of the town's time; None runs until stopped.
        backfill_ms: how much history comes first.
        speed: the town's time per real time; infinity is "as fast as it goes".
    """

    start_ms: int | None = None
    until_ms: int | None = None
    backfill_ms: int = 0
    speed: float = 1.0

    def launched(self, now_s: float | None = None) -> Schedule:
        """The schedule, launched now.

        Raises:
            TooLate: its end has passed.
        """
        launch_s = time.time() if now_s is None else now_s
        origin = int(launch_s * 1000) if self.start_ms is None else self.start_ms
        if self.until_ms is not None and self.until_ms <= origin - self.backfill_ms:
            raise TooLate("--until: has passed before the first reading was due; making the models ready takes a while")
        return Schedule(
            begin_ms=origin - self.backfill_ms,
            origin_ms=origin,
            until_ms=self.until_ms,
            speed=self.speed,
            launch_s=launch_s,
        )


async def before(moment_s: float, event: asyncio.Event) -> None:
    """Wait for a moment on the clock of `time.time` or for the event, whichever comes first."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(moment_s - time.time()):
            await event.wait()
