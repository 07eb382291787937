"""Store and forward without a store: what a gateway still has to send, as a cursor in the town's time.

Every reading is a pure function of time, so what the broker did not acknowledge is made again from its window.
Nothing here knows the network: packet ids and reason codes come in, batches go out.
"""

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from park.latency import Latencies
from park.model import Floats, Ints
from simulator.clock import Schedule
from simulator.dispatch import Dispatch, Encoder, Flight, Part, Window
from simulator.progress import Progress, count_all
from simulator.readings import Readings

#: Large enough that the cost of a batch is in its readings, small enough for the processor's cache.
ROWS_AT_ONCE = 4096
_OVERRUN_S = 1.0

_Answers = tuple[npt.NDArray[np.uint16], npt.NDArray[np.bool_], float]


class Forward:
    """What one gateway has sent and has still to send.

    Args:
        readings: of the gateway's own devices.
        schedule: when readings are due.
        rewind_s: how much of what the broker acknowledged is sent again after a reconnection.
        drain_s: how long after its end the schedule is still worked off.

    Attributes:
        recent: latencies since their reader cleared them.
    """

    def __init__(self, readings: Readings, schedule: Schedule, *, rewind_s: float, drain_s: float) -> None:
        self.schedule = schedule
        self.progress = Progress(until_ms=schedule.begin_ms)
        self.recent = Latencies()
        self._readings, self._rewind_s, self._drain_s = readings, rewind_s, drain_s
        self._encoder = Encoder(readings.plan)
        self._flight = Flight()
        self._serial = 0
        self._cursor = self._offered_until = schedule.begin_ms
        self._again: deque[Window] = deque()
        self._current: Dispatch | None = None
        self._answers: list[_Answers] = []
        self._history_s = schedule.joins_s

    @property
    def live(self) -> bool:
        """Whether the history has been sent."""
        return self._cursor >= self.schedule.live_ms

    @property
    def finished(self) -> bool:
        """Whether everything up to the end of the schedule has been sent and answered."""
        return self.schedule.finished(self._cursor) and not (self._flight or self._again)

    @property
    def gives_up_s(self) -> float:
        """When the broker has had its time, on the clock of `time.time`.

        `drain_s` after the end of the schedule. What is due at once (history, and all at full speed) has
        its time as long as it moves, and `drain_s` more.
        """
        end_s = self.schedule.end_s
        return math.inf if end_s is None else max(end_s, self._history_s) + self._drain_s

    def batch(self, now_s: float) -> Dispatch | None:
        """The batch to send from: the next window that is due and not empty; None if nothing is due."""
        if self._current is not None:
            return self._current
        now_ms = self.schedule.town_ms(now_s)
        while self._again or self._cursor < now_ms:
            if self._again:
                window = self._again.popleft()
            else:
                window = next(self._readings.windows(self._cursor, now_ms, ROWS_AT_ONCE))
                self._cursor = self.progress.until_ms = window[1]
                self._moved(now_s)
            parts = deque(self._encoder.part(columns) for columns in self._readings.columns(*window))
            size = sum(map(len, parts))
            if not size:
                continue
            if window[1] > self._offered_until:
                self.progress.offered += size
                self._offered_until = window[1]
            self._serial += 1
            self._current = Dispatch(serial=self._serial, window=window, parts=parts, size=size)
            self._flight.add(self._current)
            return self._current
        return None

    def next_parts(self, batch: Dispatch, ids: npt.NDArray[np.uint16], now_s: float) -> list[Part]:
        """The batch's next readings, one for each packet id, in their order; they count as sent."""
        self.settle()
        parts = batch.next_parts(len(ids))
        due_s = self._due_s(np.concatenate([part.ts for part in parts]))
        self._flight.sent(batch, ids, due_s)
        batch.late += int(np.count_nonzero(due_s < now_s - _OVERRUN_S))
        self.progress.sent += len(ids)
        if not batch.unsent:
            self._current = None
        return parts

    def answered(self, ids: npt.NDArray[np.uint16], taken: npt.NDArray[np.bool_], now_s: float) -> None:
        """The broker's answers of one read; they are kept, and counted many at a time by `settle`."""
        self._answers.append((ids, taken, now_s))

    def settle(self) -> None:
        """Count the answers that have come."""
        if not self._answers:
            return
        answers, self._answers = self._answers, []
        ids, taken, at_s = zip(*answers, strict=True)
        times = np.repeat(at_s, [len(one) for one in ids])
        self._count(self._flight.answered(np.concatenate(ids), np.concatenate(taken), times))
        self._flight.forget_before(at_s[-1] - self._rewind_s)
        self._moved(at_s[-1])

    def lost(self) -> None:
        """The connection was lost: what it carried is to be sent again."""
        self.settle()
        self._current = None
        self._again = deque(sorted({*self._flight.rewind(self._rewind_s), *self._again}))

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what was due before is still worked off."""
        self.schedule = self.schedule.ended(self._cursor, now_s)

    def close(self) -> None:
        """Account for what was never sent or never answered, when nothing more is to come."""
        self.settle()
        self._count(self._flight.uncounted())
        until_ms = self.schedule.until_ms
        if until_ms is not None and until_ms > self._cursor:
            unsent = self._readings.count(self._cursor, until_ms)
            self.progress.offered += unsent
            self.progress.overruns += unsent if self.schedule.measures_latency else 0
            self.progress.until_ms = until_ms

    def _count(self, batches: list[Dispatch]) -> None:
        progress = self.progress
        for batch in batches:
            progress.acknowledged += batch.taken
            progress.overruns += batch.late
            for lags_s in batch.lags_s:
                count_all(progress.latencies, lags_s * 1000)
                count_all(self.recent, lags_s * 1000)

    def _moved(self, now_s: float) -> None:
        if not self.live or math.isinf(self.schedule.speed):
            self._history_s = now_s

    def _due_s(self, ts: Ints) -> Floats:
        """When readings are due, NaN where it does not matter."""
        if not self.schedule.measures_latency:
            return np.full(len(ts), np.nan)
        due_s = self.schedule.due_s(ts)
        due_s[ts < self.schedule.live_ms] = np.nan
        return due_s
