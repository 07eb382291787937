"""Gaps, duplicates and late arrivals of every device, from the sequence numbers of its readings."""

from bisect import bisect_right

MAX_RANGES = 500_000
"""Open gaps remembered over all devices, about 60 MB; beyond, a device gives its oldest up as lost."""


class Tally:
    """Counts over all devices, and the memory that they share."""

    __slots__ = ("duplicates", "gaps", "late", "spare")

    def __init__(self, max_ranges: int = MAX_RANGES) -> None:
        self.spare = max_ranges
        self.gaps = 0
        self.duplicates = 0
        self.late = 0


class Track:
    """What is known of one device's readings.

    Attributes:
        expected: the sequence number after the highest seen, -1 before the first reading.
        newest: the greatest `ts` seen.
    """

    __slots__ = ("_first", "_missing", "_tally", "expected", "newest")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._first = 0
        self._missing: list[tuple[int, int]] = []  # sorted, disjoint [start, end)
        self.expected = -1
        self.newest = -1

    @property
    def missing(self) -> int:
        """Sequence numbers that have not come and are still remembered."""
        return sum(end - start for start, end in self._missing)

    def observe(self, seq: int, ts: int) -> None:
        """Count one reading. The usual case, next in order, is inlined by the decoder."""
        if self._is_new(seq):
            if ts < self.newest:
                self._tally.late += 1
            else:
                self.newest = ts
        else:
            self._tally.duplicates += 1

    def _is_new(self, seq: int) -> bool:
        if self.expected < 0:
            self._first = seq
            self.expected = seq + 1
            return True
        if seq >= self.expected:
            self._open(self.expected, seq)
            self.expected = seq + 1
            return True
        if seq < self._first:
            self._open(seq + 1, self._first)
            self._first = seq
            return True
        return self._fill(seq)

    def _open(self, start: int, end: int) -> None:
        if start >= end:
            return
        self._tally.gaps += end - start
        self._missing.insert(bisect_right(self._missing, (start, end)), (start, end))
        self._spend(1)

    def _fill(self, seq: int) -> bool:
        """Take a number out of the gap that holds it; False if it is in none."""
        at = bisect_right(self._missing, (seq, self.expected)) - 1
        if at < 0 or not self._missing[at][0] <= seq < self._missing[at][1]:
            return False
        start, end = self._missing[at]
        parts = [part for part in ((start, seq), (seq + 1, end)) if part[0] < part[1]]
        self._missing[at : at + 1] = parts
        self._spend(len(parts) - 1)
        self._tally.gaps -= 1
        return True

    def _spend(self, ranges: int) -> None:
        """Take from the common memory; if there is none, forget the oldest range."""
        self._tally.spare -= ranges
        if self._tally.spare < 0:
            del self._missing[0]
            self._tally.spare += 1
