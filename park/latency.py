"""Latencies counted in logarithmic buckets: constant memory, percentiles within 3 per cent."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import add
from typing import Any, TypeAlias

BUCKETS_PER_OCTAVE = 24
_LOWEST_MS = 0.01
BUCKETS = 32 * BUCKETS_PER_OCTAVE

#: Upper bound of each bucket, in milliseconds: from 0.01 to 12 hours and more.
BOUNDS_MS: list[float] = [_LOWEST_MS * 2.0 ** ((bucket + 1) / BUCKETS_PER_OCTAVE) for bucket in range(BUCKETS)]

#: How many latencies lie in each bucket; of type "q".
Counts: TypeAlias = "array[int]"

#: Counts, sum and maximum.
State: TypeAlias = tuple[Counts, float, float]


class Latencies:
    """A histogram of milliseconds.

    Attributes:
        counts: of every bucket, int64; a buffer that numpy can look at.
        total_ms, max_ms: sum and maximum of all latencies.
    """

    def __init__(self) -> None:
        self.counts: Counts = array("q", bytes(8 * BUCKETS))
        self.total_ms = 0.0
        self.max_ms = 0.0

    def __len__(self) -> int:
        return sum(self.counts)

    def add(self, milliseconds: float, times: int = 1) -> None:
        """Count a latency so many times; a negative one (clocks that disagree) as 0."""
        self.counts[min(bisect_right(BOUNDS_MS, milliseconds), BUCKETS - 1)] += times
        self.total_ms += max(0.0, milliseconds) * times
        self.max_ms = max(self.max_ms, milliseconds)

    def merge(self, state: State) -> None:
        """Add another histogram's `state`."""
        counts, total_ms, max_ms = state
        self.counts = array("q", map(add, self.counts, counts))
        self.total_ms += total_ms
        self.max_ms = max(self.max_ms, max_ms)

    def state(self) -> State:
        """What `merge` takes, to be carried to another process."""
        return self.counts, self.total_ms, self.max_ms

    def clear(self) -> None:
        """Forget everything."""
        self.counts = array("q", bytes(8 * BUCKETS))
        self.total_ms = self.max_ms = 0.0

    def percentile(self, share: float) -> float | None:
        """The latency below which `share` (0 to 1) of the counts lie; None without any."""
        value = percentile(self.counts, share)
        return None if value is None else min(self.max_ms, value)

    def summary(self) -> dict[str, Any]:
        """p50, p95, p99 and max, in milliseconds; null where nothing was counted."""
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        figures = {name: self.percentile(share) for name, share in shares.items()}
        figures["max"] = self.max_ms if len(self) else None
        return {name: None if value is None else round(value, 3) for name, value in figures.items()}


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The latency in milliseconds, in the middle of its bucket, below which `share` of the counts lie."""
    below = list(accumulate(counts))
    if not below[-1]:
        return None
    bucket = bisect_left(below, max(1, math.ceil(share * below[-1])))
    return BOUNDS_MS[bucket] * float(2.0 ** (-0.5 / BUCKETS_PER_OCTAVE))
