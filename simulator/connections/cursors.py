"""How far each of many devices has come: one cursor for those that are up to date, and one of its own for each other.

What is due is made once for all devices, a turn of the loop after the other, and goes to whoever is connected and has
sent everything before. The rest are behind: what they lack is made again, a cohort of neighbours at a time, because
every reading is a pure function of time. So no device has a queue, however long it is away.
"""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from park.model import Bools, Floats, Ints
from simulator.clock import Schedule
from simulator.connections.flights import MARKS, READING, WINDOW, Answers, Flights, before, ranks, runs
from simulator.connections.made import Made, Maker, Wanted
from simulator.progress import Progress, count_all

COHORT = 64
"""Devices that catch up together."""
_ROWS_LIVE = 4096
_ROWS_BEHIND = COHORT * WINDOW // 2
_OVERRUN_S = 1.0
#: A turn of the loop spends so long on those that are behind, and then lets the sockets be looked at.
_TURN_S = 0.02

#: Sends some of the messages, by their rows and packet ids.
Post = Callable[[Made, Ints, Ints], None]


class Cursors:
    """What many devices have still to send.

    Args:
        whole: makes the messages of all.
        cohorts: of each `COHORT` devices in turn.
        schedule: when readings are due.
        flights: what they have sent.
        joins_s: (D,) when each appears, in seconds since the launch; what was due before is its history.
        drain_s: how long after its end the schedule is still worked off.
        post: sends.

    Attributes:
        progress: of all together.
    """

    def __init__(
        self,
        whole: Maker,
        cohorts: Sequence[Maker],
        schedule: Schedule,
        *,
        flights: Flights,
        joins_s: Floats,
        drain_s: float,
        post: Post,
    ) -> None:
        self.schedule, self.progress = schedule, Progress(until_ms=schedule.begin_ms)
        self._whole, self._cohorts, self._flights = whole, cohorts, flights
        self._post, self._drain_s = post, drain_s
        self._cursor = self._begin_ms = schedule.begin_ms
        ahead_ms = 0.0 if math.isinf(schedule.speed) else 1000 * schedule.speed
        self._live_ms = schedule.origin_ms + (joins_s * ahead_ms).astype(np.int64)
        self._history_s = schedule.launch_s + float(joins_s.max())
        self._next_cohort = 0
        self._answered = 0

    # --- where it stands

    @property
    def live(self) -> bool:
        """Whether all devices have sent their history, however much is due since."""
        unsent = self._behind & (self._flights.position < before(self._live_ms))
        return self._cursor >= int(self._live_ms.max()) and not unsent.any()

    @property
    def finished(self) -> bool:
        """Whether everything up to the end of the schedule has been sent and answered."""
        return self.schedule.finished(self._cursor) and not self._behind.any() and not self._flights.in_flight

    @property
    def gives_up_s(self) -> float:
        """When the broker has had its time, on the clock of `time.time`; see `simulator.forward`."""
        end_s = self.schedule.end_s
        return math.inf if end_s is None else max(end_s, self._history_s) + self._drain_s

    @property
    def _behind(self) -> Bools:
        made = self._cursor > self._begin_ms
        return np.asarray(self._flights.position < (before(self._cursor) if made else 0))

    @property
    def _hurried(self) -> bool:
        return self._cursor < self.schedule.origin_ms or math.isinf(self.schedule.speed)

    def go_on(self, now_s: float) -> None:
        """A connection was lost after the end: what the broker may have forgotten has its time from now on."""
        self._history_s = max(self._history_s, now_s)

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what was due before is still worked off."""
        self.schedule = self.schedule.ended(self._cursor, now_s)
        self._history_s = min(self._history_s, now_s)  # who has not joined by now will not

    # --- sending

    def turn(self, up: Bools, now_s: float) -> bool:
        """Send what is due to those that are `up`; whether there is more to do at once."""
        now_ms = self.schedule.town_ms(now_s)
        if self._cursor < now_ms and not self._hurried:
            self._live(up, now_ms, now_s)
        elif self._cursor < now_ms and up.any() and not (up & self._behind).any():
            self._go_ahead(now_ms, now_s)
        self._catch_up(up, now_s)
        return self._cursor < now_ms or bool((up & self._behind & (self._flights.room > 0)).any())

    def _live(self, up: Bools, now_ms: int, now_s: float) -> None:
        flights = self._flights
        window = next(self._whole.readings.windows(self._cursor, now_ms, _ROWS_LIVE))
        made = self._whole.make(window)
        count = np.bincount(made.who, minlength=len(up))
        ready = up & ~self._behind & (count <= flights.room)
        self._cursor = self.progress.until_ms = window[1]
        readings = int(np.count_nonzero(made.reading))
        self.progress.offered += readings
        self.progress.events_offered += len(made.who) - readings
        flights.position[ready] = before(window[1])
        self._send(made, np.flatnonzero(ready[made.who]), now_s)

    def _go_ahead(self, now_ms: int, now_s: float) -> None:
        """Offer a stretch of history, or of what goes as fast as it can: a cohort after the other makes its part.

        As far ahead as those that are connected have come, so that who ends it now waits for a stretch alone.
        """
        limit_ms = now_ms if math.isinf(self.schedule.speed) else min(now_ms, self.schedule.origin_ms)
        readings, rows = self._whole.readings, max(_ROWS_LIVE, len(self._live_ms) * WINDOW)
        window = next(readings.windows(self._cursor, limit_ms, rows))
        self.progress.offered += readings.count(*window)
        self.progress.events_offered += self._whole.events(window)
        self._cursor = self.progress.until_ms = window[1]
        self._history_s = max(self._history_s, now_s)

    def _catch_up(self, up: Bools, now_s: float) -> None:
        behind = np.flatnonzero(up & self._behind & (self._flights.room > 0))
        cohorts = np.unique(behind // COHORT)
        later = np.roll(cohorts, -int(np.searchsorted(cohorts, self._next_cohort)))
        end_s = time.monotonic() + _TURN_S
        for cohort in later.tolist():
            self._serve(cohort, behind[behind // COHORT == cohort], now_s)
            self._next_cohort = cohort + 1
            if time.monotonic() > end_s:
                break

    def _serve(self, cohort: int, left: Ints, now_s: float) -> None:
        """Each of some devices of a cohort sends its next messages; those far apart in time one after another."""
        maker, position = self._cohorts[cohort], self._flights.position
        while len(left):
            since_ms = max(self._begin_ms, (int(position[left].min()) + 1) // MARKS)
            window = next(maker.readings.windows(since_ms, self._cursor, _ROWS_BEHIND))
            here = left[position[left] < before(window[1])]
            made = maker.make(window, _lacking(here, position))
            fits = np.flatnonzero(ranks(made.who) < self._flights.room[made.who])
            last = np.append(runs(made.who[fits])[1:], len(fits))[: len(runs(made.who[fits]))] - 1
            whole = np.bincount(made.who, minlength=len(position)) <= self._flights.room
            position[made.who[fits[last]]] = made.marks[fits[last]]
            position[here[whole[here]]] = before(window[1])
            self._send(made, fits, now_s)
            left = left[~np.isin(left, here)]

    def _send(self, made: Made, rows: Ints, now_s: float) -> None:
        if not len(rows):
            return
        who, marks = made.who[rows], made.marks[rows]
        due_s = self._due_s(who, marks)
        ids = self._flights.send(who, marks, due_s, np.asarray(due_s < now_s - _OVERRUN_S), time.monotonic())
        self.progress.sent += int(np.count_nonzero(marks % MARKS == READING))
        self._post(made, rows, ids)

    def _due_s(self, who: Ints, marks: Ints) -> Floats:
        """When readings are due, NaN where it does not matter."""
        if not self.schedule.measures_latency:
            return np.full(len(who), np.nan)
        ts = marks // MARKS
        due_s = self.schedule.due_s(ts)
        due_s[(marks % MARKS != READING) | (ts < self._live_ms[who])] = np.nan
        return due_s

    # --- answers

    def answered(self, answers: Answers, now_s: float) -> None:
        """Count what was answered for the first time."""
        progress, taken, reading = self.progress, answers.taken, answers.reading
        progress.acknowledged += int(np.count_nonzero(taken & reading))
        progress.events_acknowledged += int(np.count_nonzero(taken & ~reading))
        progress.overruns += int(np.count_nonzero(answers.late))
        if taken.any():
            progress.acknowledged_s = max(progress.acknowledged_s, now_s)
        lags_s = answers.lag_s[taken & reading]
        lags_s = lags_s[~np.isnan(lags_s)]
        self._answered += int(np.count_nonzero(reading))
        count_all(progress.latencies, lags_s * 1000)
        if not self.live or math.isinf(self.schedule.speed):
            self._history_s = max(self._history_s, now_s)

    def close(self) -> None:
        """Account for what was never answered, when nothing more is to come.

        What was acknowledged once, had to be sent again and could not be, is acknowledged no more.
        """
        progress, flights = self.progress, self._flights
        forgotten = self._between(np.flatnonzero(flights.answered < flights.counted), flights.answered, flights.counted)
        progress.acknowledged = max(0, progress.acknowledged - forgotten)
        unsent, until_ms = 0, self.schedule.until_ms
        if until_ms is not None and until_ms > self._cursor:
            unsent = self._whole.readings.count(self._cursor, until_ms)
            progress.until_ms = until_ms
        progress.offered += unsent
        if self.schedule.measures_latency:
            progress.overruns += max(0, progress.offered - self._answered)

    def _between(self, devices: Ints, low: Ints, high: Ints) -> int:
        """How many readings of devices lie behind one mark each, up to another."""
        count = 0
        for cohort in np.unique(devices // COHORT).tolist():
            some = devices[devices // COHORT == cohort]
            first_ms, last_ms = int(low[some].min()) // MARKS, int(high[some].max()) // MARKS + 1
            maker = self._cohorts[cohort]
            for window in maker.readings.windows(max(self._begin_ms, first_ms), last_ms):
                count += maker.count(window, lambda who, marks: (marks > low[who]) & (marks <= high[who]))
        return count


def _lacking(devices: Ints, position: Ints) -> Wanted:
    """What some devices have not sent yet."""
    chosen = np.zeros(len(position), dtype=np.bool_)
    chosen[devices] = True
    return lambda who, marks: np.asarray(chosen[who] & (marks > position[who]))
