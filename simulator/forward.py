"""Store and forward without a store: what a gateway still has to send, as a cursor in the town's time.

Every reading and event is a pure function of time, so what the broker did not acknowledge is made again from its
window. Nothing here knows the network: packet ids and reason codes come in, batches go out.
"""

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from park.codecs import Codec
from park.latency import Latencies
from park.model import Floats, Ints
from simulator.clock import Schedule
from simulator.dispatch import Dispatch, Encoder, Flight, Part, Window
from simulator.event_columns import Told
from simulator.faults.delivery.sending import rest_of, sending_of
from simulator.observed import Readings
from simulator.progress import Progress, count_all

#: Large enough that the cost of a batch is in its readings, small enough for the processor's cache.
ROWS_AT_ONCE = 4096
#: The first batch is small, and each next one twice as large: a window is sent a kind after the other, and whoever
#: looks at a history that has only begun should see every kind.
_ROWS_FIRST = 256
_OVERRUN_S = 1.0

_Answers = tuple[npt.NDArray[np.uint16], npt.NDArray[np.bool_], float]


class Forward:
    """What one gateway has sent and has still to send.

    Args:
        readings: of the gateway's own devices, with their events.
        schedule: when readings are due.
        codec: writes the payloads.
        rewind_s: how much of what the broker acknowledged is sent again after a reconnection.
        drain_s: how long after its end the schedule is still worked off.

    Attributes:
        recent: latencies since their reader cleared them.
        tells_from_ms: what became of commands since then is told with the first events, however long ago.
    """

    def __init__(
        self, readings: Readings, schedule: Schedule, *, codec: Codec, rewind_s: float, drain_s: float
    ) -> None:
        self.schedule = schedule
        self.progress = Progress(until_ms=schedule.begin_ms)
        self.recent = Latencies()
        self.tells_from_ms = schedule.begin_ms
        self._readings, self._rewind_s, self._drain_s = readings, rewind_s, drain_s
        self._encoder = Encoder(readings.plan, codec)
        self._sending = sending_of(readings, self._encoder, schedule.begin_ms)
        self._rest_made = not self._sending.holds_back
        self._flight = Flight()
        self._serial = 0
        self._rows = _ROWS_FIRST
        self._cursor = self._offered_until = schedule.begin_ms
        self._again: deque[Window] = deque()
        self._ready: deque[Dispatch] = deque()
        self._answers: list[_Answers] = []
        self._history_s = schedule.joins_s
        self._answered_s = 0.0

    @property
    def cursor_ms(self) -> int:
        """All readings and events before this are made, sent or not."""
        return self._cursor

    @property
    def live(self) -> bool:
        """Whether the history has been made, sent or not."""
        return self._cursor >= self.schedule.live_ms

    @property
    def history_sent(self) -> bool:
        """Whether all of the history has been sent, however much is due since; asked after `batch`."""
        return self.live and (not self._ready or self._ready[0].window[0] >= self.schedule.live_ms)

    @property
    def finished(self) -> bool:
        """Whether everything up to the end of the schedule has been sent and answered."""
        return self._all_made and not (self._flight or self._again)

    @property
    def _all_made(self) -> bool:
        return self._rest_made and self.schedule.finished(self._cursor)

    @property
    def gives_up_s(self) -> float:
        """When the broker has had its time, on the clock of `time.time`.

        `drain_s` after the end of the schedule. What is due at once (history, all at full speed, and what the broker
        may have forgotten after the end) has its time as long as it moves, and `drain_s` more.
        """
        end_s = self.schedule.end_s
        return math.inf if end_s is None else max(end_s, self._history_s) + self._drain_s

    @property
    def safe_s(self) -> float:
        """When the broker has saved all that it acknowledged, on the clock of `time.time`."""
        return self._answered_s + self._rewind_s

    def unsafe(self, now_s: float) -> int:
        """How many readings the broker has acknowledged and may not have saved: those of the last `rewind_s`."""
        self.settle()
        return sum(map(self._sending.count, self._flight.unsafe(now_s - self._rewind_s)))

    def batch(self, now_s: float) -> Dispatch | None:
        """The batch to send from: of the next window that is due and not empty; None if nothing is due."""
        while not self._ready and (window := self._next(now_s)) is not None:
            self._make(window)
        return self._ready[0] if self._ready else None

    def _next(self, now_s: float) -> Window | None:
        """What has to be made: again, because it is due, or at the end because it is still held back."""
        if self._again:
            return self._again.popleft()
        now_ms = self.schedule.town_ms(now_s)
        if self._cursor < now_ms:
            window = next(self._readings.windows(self._cursor, now_ms, self._rows))
            self._rows = min(2 * self._rows, ROWS_AT_ONCE)
            self._cursor = self.progress.until_ms = window[1]
            self._moved(now_s)
            return window
        if self._rest_made or not self.schedule.finished(self._cursor):
            return None
        self._rest_made = True
        return rest_of(self._cursor)

    def _make(self, window: Window) -> None:
        """What is to be sent of a window: its events, then its readings."""
        # Readings first: what they are made of tells the events, too.
        readings = self._sending.parts(window)
        events = [self._encoder.events(one) for one in self._told(window)]
        if window[1] > self._offered_until:
            self.progress.events_offered += sum(map(len, events))
            self.progress.offered += sum(map(len, readings))
            self._offered_until = window[1]
        for parts in (events, readings):
            if parts:
                self._serial += 1
                batch = Dispatch(
                    serial=self._serial,
                    window=window,
                    parts=deque(parts),
                    size=sum(map(len, parts)),
                    events=parts is events,
                )
                self._flight.add(batch)
                self._ready.append(batch)

    def _told(self, window: Window) -> list[Told]:
        """The events of a window; with what is still held back at the end, none come."""
        since_ms, until_ms = window[0], min(window[1], self._cursor)
        if until_ms <= since_ms:
            return []
        events = self._readings.events
        told = []
        if since_ms == self.schedule.begin_ms:
            since_ms = events.since(since_ms)
            told = events.commanded(self.tells_from_ms, since_ms)
        return told + events.told(since_ms, until_ms)

    def next_parts(self, batch: Dispatch, ids: npt.NDArray[np.uint16], now_s: float) -> list[Part]:
        """The batch's next messages, one for each packet id, in their order; they count as sent."""
        self.settle()
        parts = batch.next_parts(len(ids))
        due_s = np.full(len(ids), np.nan) if batch.events else self._due_s(np.concatenate([part.ts for part in parts]))
        self._flight.sent(batch, ids, due_s)
        batch.sent_at = now_s
        batch.late += int(np.count_nonzero(due_s < now_s - _OVERRUN_S))
        self.progress.sent += 0 if batch.events else len(ids)
        if not batch.unsent:
            self._ready.popleft()
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
        self._answered_s = at_s[-1]
        self._flight.forget(self._rewind_s)
        self._moved(at_s[-1])

    def lost(self) -> None:
        """The connection was lost: what it carried is to be sent again."""
        self.settle()
        self._ready.clear()
        self._again = deque(sorted({*self._flight.rewind(self._rewind_s), *self._again}))

    def go_on(self, now_s: float) -> None:
        """The connection was lost after the end: what the broker may have forgotten has its time from now on."""
        self._history_s = max(self._history_s, now_s)

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what was due before is still worked off."""
        self.schedule = self.schedule.ended(self._cursor, now_s)
        self._history_s = min(self._history_s, now_s)  # who has not joined by now will not

    def close(self) -> None:
        """Account for what was never sent or never answered, when nothing more is to come.

        What was acknowledged once, had to be sent again and could not be, is acknowledged no more.
        """
        self.settle()
        counted_ms = self._flight.counted_ms
        again = {*self._again, *self._flight.unanswered()}
        forgotten = sum(self._sending.count(window) for window in again if window[1] <= counted_ms)
        self.progress.acknowledged = max(0, self.progress.acknowledged - forgotten)
        self._count(self._flight.uncounted())
        until_ms = self.schedule.until_ms
        if until_ms is not None and until_ms > self._cursor:
            unsent = self._sending.count((self._cursor, until_ms))
            unsent += 0 if self._rest_made else self._sending.count(rest_of(until_ms))
            self.progress.offered += unsent
            self.progress.overruns += unsent if self.schedule.measures_latency else 0
            self.progress.until_ms = until_ms

    def _count(self, batches: list[Dispatch]) -> None:
        progress = self.progress
        for batch in batches:
            if batch.taken:
                progress.acknowledged_s = max(progress.acknowledged_s, batch.answered_at)
            if batch.events:
                progress.events_acknowledged += batch.taken
                continue
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
