"""Gaps, duplicates and late arrivals of every device, from the sequence numbers and times of its readings.

A device's counter may begin anew: it reboots, or is replaced. Times tell that from loss and repetition. A repeated
reading repeats its time, and one that was overtaken has an older time; a number that goes back while the time goes
forward is a new *run* of the counter. Nor can more readings be missing than there were milliseconds to take them in,
for a device's times are unique: a greater leap is a new run as well.
"""

from bisect import bisect_right

MAX_RANGES = 500_000
"""Open gaps remembered over all devices, about 60 MB; beyond, a device gives its oldest up as lost."""

MAX_FIGURE = 2**63 - 1
"""What every store can hold; a figure stops there."""

_LEAP = 1000
"""Numbers that may be missing whatever the times say: clocks are put right now and then."""


class Tally:
    """Counts over all devices, and the memory that they share."""

    __slots__ = ("duplicates", "late", "missing", "spare")

    def __init__(self, max_ranges: int = MAX_RANGES) -> None:
        self.spare = max_ranges
        self.missing = 0
        self.duplicates = 0
        self.late = 0

    @property
    def gaps(self) -> int:
        """Sequence numbers that have not come."""
        return min(self.missing, MAX_FIGURE)


class _Run:
    """One run of a device's counter, between two beginnings of it."""

    __slots__ = ("expected", "first", "newest", "ranges")

    def __init__(self, expected: int = -1, first: int = 0, newest: int = -1) -> None:
        self.expected = expected
        self.first = first
        self.newest = newest
        self.ranges: list[tuple[int, int]] = []  # of missing numbers: sorted, disjoint [start, end)


class Track(_Run):
    """What is known of one device's readings.

    Attributes:
        expected: the sequence number after the highest of this run, -1 before the first reading.
        newest: the greatest `ts` seen.
    """

    __slots__ = ("_before", "_since", "_tally")

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally
        self._before: _Run | None = None
        self._since = -1

    @property
    def missing(self) -> int:
        """Sequence numbers of this run that have not come and are still remembered."""
        return sum(end - start for start, end in self.ranges)

    def observe(self, seq: int, ts: int) -> None:
        """Count one reading. The usual case, next in order, is inlined by the decoder."""
        if self._begins_anew(seq, ts):
            self._begin(seq, ts)
            return
        run = self._run_of(seq, ts)
        if not self._is_new(run, seq, ts):
            self._tally.duplicates += 1
            return
        if ts < self.newest:
            self._tally.late += 1
        run.newest = max(run.newest, ts)

    def _begins_anew(self, seq: int, ts: int) -> bool:
        if self.expected < 0:
            return True
        if ts > self.newest and seq < self.expected:
            return True
        return ts >= self.newest and not _believable(seq - self.expected, ts - self.newest)

    def _begin(self, seq: int, ts: int) -> None:
        """Begin a run; the one before is kept for what comes late, the one before that is given up."""
        if self.expected >= 0:
            if self._before is not None:
                self._tally.spare += len(self._before.ranges)
            self._before = _Run(self.expected, self.first, self.newest)
            self._before.ranges, self.ranges = self.ranges, []
        self.first, self.expected, self.newest, self._since = seq, seq + 1, ts, ts

    def _run_of(self, seq: int, ts: int) -> _Run:
        """The run that a reading belongs to; between the two, the number decides."""
        before = self._before
        if before is None or ts >= self._since:
            return self
        return before if ts <= before.newest or seq > self.expected else self

    def _is_new(self, run: _Run, seq: int, ts: int) -> bool:
        if seq >= run.expected:
            if _believable(seq - run.expected, ts - run.newest):
                self._open(run, run.expected, seq)
                run.expected = seq + 1
            return True
        if seq < run.first:
            if _believable(run.first - seq, ts - run.newest):
                self._open(run, seq + 1, run.first)
                run.first = seq
            return True
        return self._fill(run, seq)

    def _open(self, run: _Run, start: int, end: int) -> None:
        if start >= end:
            return
        self._tally.missing += end - start
        run.ranges.insert(bisect_right(run.ranges, (start, end)), (start, end))
        self._spend(run, 1)

    def _fill(self, run: _Run, seq: int) -> bool:
        """Take a number out of the gap that holds it; False if it is in none."""
        at = bisect_right(run.ranges, (seq, run.expected)) - 1
        if at < 0 or not run.ranges[at][0] <= seq < run.ranges[at][1]:
            return False
        start, end = run.ranges[at]
        parts = [part for part in ((start, seq), (seq + 1, end)) if part[0] < part[1]]
        run.ranges[at : at + 1] = parts
        self._spend(run, len(parts) - 1)
        self._tally.missing -= 1
        return True

    def _spend(self, run: _Run, ranges: int) -> None:
        """Take from the common memory; if there is none, forget the oldest range."""
        self._tally.spare -= ranges
        if self._tally.spare < 0:
            del run.ranges[0]
            self._tally.spare += 1


def _believable(leap: int, elapsed_ms: int) -> bool:
    """Whether so many numbers can have been used in the time, or while a clock was put right."""
    return leap <= max(abs(elapsed_ms), _LEAP)
