"""QARTOD's tests of one channel of one device, reading by reading, in constant memory. Pure.

The definitions are those of the manuals of IOOS's Quality Assurance of Real Time Oceanographic Data, such as U.S. IOOS
(2020), Manual for real-time quality control of in-situ temperature and salinity data 2.1: gross range (test 4), spike
(6), rate of change (7), flat line (8); a flag that stands for several is the gravest of them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from park.quality import PRECEDENCE, Check, Flag, Limits

_GRAVITY = {flag: number for number, flag in enumerate(PRECEDENCE)}

#: Steps this much below the limit are within it however they are rounded.
_SURELY = 1 - 1e-9

_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a value.

    Attributes:
        ts: the reading's, Unix milliseconds.
        check: the first test that says so; None of a good value, or one that no test could look at.
    """

    ts: int
    flag: Flag
    check: Check | None = None


class Courses:
    """The numbers of one device, reading by reading.

    Args:
        known: the limits of each, in order.
        good: whether good values are told, too.
    """

    __slots__ = ("_courses", "_names")

    def __init__(self, known: Sequence[Limits], *, good: bool = False) -> None:
        self._names = [one.channel for one in known]
        self._courses = [_Course(one, good=good) for one in known]

    def take(self, values: Iterable[float | None], ts: int, last_ts: int) -> list[tuple[str, Verdict]]:
        """The next reading's values, None for one that is absent.

        Args:
            values: in the order and units of the limits.
            ts: later than that of any reading before.
            last_ts: that of the reading before, -1 before the first.

        Returns:
            what can be said now of it, and of the one before, with the channels.
        """
        found: list[tuple[str, Verdict]] = []
        for number, (course, value) in enumerate(zip(self._courses, values, strict=True)):
            near = course.near
            if value is None:
                if course.gone:
                    continue
            elif course.low <= value <= course.high:
                step = value - near  # nearly always there is nothing to remark; where near is NaN, there may be
                if -course.easy <= step <= course.easy and (step or ts <= course.due):
                    if step:
                        course.since = last_ts
                        course.due = last_ts + course.still
                    course.before, course.near = near, value
                    continue
            name = self._names[number]
            found += [(name, verdict) for verdict in course.judge(value, ts, last_ts)]
        return found


class _Course:
    """The values of one channel in the order of their times, as far as tests have to remember them.

    A spike is seen only beside the next reading. So a value that has not failed yet is judged when the next one is
    there, and each is judged once: nothing that is stored has to be changed. Absence is told where it begins, for many
    channels are absent while there is nothing to measure.

    Attributes:
        low, high, easy: within these a value and its step are good.
        near: the last value, if it and the step to it were good; else NaN.
        before: the value before the last one.
        gone: whether the last reading had none, which has been told.
        since: the last time of another value; negative while only the first time is known.
        still, due: how long, and until when, the last value may stay the same, in milliseconds.
    """

    __slots__ = (
        *("_good", "_held", "_held_ts", "_last", "_limits", "_open"),
        *("before", "due", "easy", "gone", "high", "low", "near", "since", "still"),
    )

    def __init__(self, limits: Limits, *, good: bool) -> None:
        self._good, self._limits = good, limits
        self.low, self.high, self.easy = limits.low, limits.high, limits.step * _SURELY
        self.still = limits.still_ms[0] if limits.still_ms is not None else _EVER
        self.due = 0
        self.near = math.nan
        self.gone = False
        self.before: float | None = None
        self._last: float | None = None
        self._held: float | None = None  # while values are absent, the last that was there, and when
        self._held_ts = 0
        self.since = 0
        self._open: Verdict | None = None  # what is said of the last value so far

    def judge(self, value: float | None, ts: int, last_ts: int) -> list[Verdict]:
        """What can be said of the last value, and of this one already."""
        if not math.isnan(self.near):
            self._last, self._open = self.near, Verdict(last_ts, Flag.GOOD)
        last, before = self._last, self.before
        found = [] if self._open is None else [self._with_spike(self._open, before, last, value)]
        self._follow(value, ts, last_ts)
        self._open = None
        if value is None:
            found += [Verdict(ts, Flag.MISSING, Check.MISSING)] if self._good or last is not None or last_ts < 0 else []
        elif (verdict := self._alone(value, ts, last_ts)).flag is Flag.FAIL:
            found.append(verdict)
        else:
            self._open = verdict
        self.before, self._last = last, value
        self.gone = value is None and self.since > 0 and not self._good
        self._rest(last)
        return found if self._good else [one for one in found if one.flag is not Flag.GOOD]

    def _rest(self, last: float | None) -> None:
        """Whether the next value may be taken without a look at more than its step."""
        value, self.near = self._last, math.nan
        quiet = self._open is not None and self._open.flag is Flag.GOOD and not self._good
        if quiet and value is not None and last is not None and abs(value - last) <= self.easy:
            self.near = value
            self.due = _EVER if value in {self.low, self.high} else self.since + self.still

    def _follow(self, value: float | None, ts: int, last_ts: int) -> None:
        """Since when the value has been the same: the time of the last other one, or an interval before the first."""
        if self._last is not None:
            self._held, self._held_ts = self._last, last_ts
        if value is not None and self._held is not None and value != self._held:
            self.since = self._held_ts
        elif self.since == 0:
            self.since = -ts
        elif self.since < 0:
            self.since = -self.since - (ts - last_ts)

    def _alone(self, value: float, ts: int, last_ts: int) -> Verdict:
        """What is said of a value as soon as it is there."""
        limits = self._limits
        if not limits.low <= value <= limits.high:
            return Verdict(ts, Flag.FAIL, Check.GROSS_RANGE)
        rate = Flag.UNKNOWN if self._last is None else self._rate(abs(value - self._last), ts - last_ts)
        flat = self._flat(value, ts)
        return gravest(ts, {Check.GROSS_RANGE: Flag.GOOD, Check.RATE: rate, Check.FLAT_LINE: flat})

    def _rate(self, step: float, elapsed_ms: int) -> Flag:
        allowed = self._limits.step * max(1.0, elapsed_ms / self._limits.interval_ms)
        return _graded(step, allowed)

    def _flat(self, value: float, ts: int) -> Flag:
        limits = self._limits
        if limits.still_ms is None or value in {limits.low, limits.high} or self.since <= 0:
            return Flag.GOOD
        still_ms = ts - self.since
        suspect, fail = limits.still_ms
        return Flag.FAIL if still_ms > fail else Flag.SUSPECT if still_ms > suspect else Flag.GOOD

    def _with_spike(self, said: Verdict, before: float | None, value: float | None, after: float | None) -> Verdict:
        """The final verdict of the reading before, now that its neighbours are known."""
        if value is None or before is None or after is None:
            return said
        spike = _graded(abs(value - (before + after) / 2), self._limits.step)
        if said.flag is Flag.GOOD or _GRAVITY[spike] > _GRAVITY[said.flag]:
            return Verdict(said.ts, spike, Check.SPIKE if spike is not Flag.GOOD else None)
        return said


def gravest(ts: int, flags: dict[Check, Flag]) -> Verdict:
    """The flag that stands for several."""
    check = max(flags, key=lambda one: _GRAVITY[flags[one]])  # the first of those that are equal
    return Verdict(ts, flags[check], check if _GRAVITY[flags[check]] > _GRAVITY[Flag.GOOD] else None)


def by_itself(limits: Limits, value: float, ts: int) -> Verdict:
    """What can be said of a value whose neighbours are not at hand, as it came late or came again."""
    if limits.low <= value <= limits.high:
        return Verdict(ts, Flag.GOOD)
    return Verdict(ts, Flag.FAIL, Check.GROSS_RANGE)


def _graded(size: float, limit: float) -> Flag:
    return Flag.FAIL if size > 2 * limit else Flag.SUSPECT if size > limit else Flag.GOOD
