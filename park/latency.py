"""Latencies counted in logarithmic buckets: constant memory, one numpy pass for many, percentiles within 3 per cent."""

from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import Ints

BUCKETS_PER_OCTAVE = 24
_LOWEST_MS = 0.01
_BUCKETS = 32 * BUCKETS_PER_OCTAVE

#: Upper bound of each bucket, in milliseconds: from 0.01 to 12 hours and more.
BOUNDS_MS = _LOWEST_MS * np.exp2((np.arange(_BUCKETS) + 1) / BUCKETS_PER_OCTAVE)

#: Counts, sum and maximum.
State = tuple[Ints, float, float]


class Latencies:
    """A histogram of milliseconds.

    Attributes:
        counts: of every bucket.
        total_ms, max_ms: sum and maximum of all latencies.
    """

    def __init__(self) -> None:
        self.counts: Ints = np.zeros(_BUCKETS, dtype=np.int64)
        self.total_ms = 0.0
        self.max_ms = 0.0

    def __len__(self) -> int:
        return int(self.counts.sum())

    def add(self, milliseconds: npt.NDArray[np.float64]) -> None:
        """Count these latencies; negative ones (clocks that disagree) as 0."""
        if not len(milliseconds):
            return
        octaves = np.log2(np.maximum(milliseconds, _LOWEST_MS) / _LOWEST_MS)
        buckets = np.minimum((octaves * BUCKETS_PER_OCTAVE).astype(np.int64), _BUCKETS - 1)
        self.counts += np.bincount(buckets, minlength=_BUCKETS)
        self.total_ms += float(np.maximum(milliseconds, 0.0).sum())
        self.max_ms = max(self.max_ms, float(milliseconds.max()))

    def merge(self, state: State) -> None:
        """Add another histogram's `state`."""
        counts, total_ms, max_ms = state
        self.counts += counts
        self.total_ms += total_ms
        self.max_ms = max(self.max_ms, max_ms)

    def state(self) -> State:
        """What `merge` takes, to be carried to another process."""
        return self.counts, self.total_ms, self.max_ms

    def clear(self) -> None:
        """Forget everything."""
        self.counts[:] = 0
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


def percentile(counts: Ints, share: float) -> float | None:
    """The latency in milliseconds, in the middle of its bucket, below which `share` of the counts lie."""
    total = int(counts.sum())
    if not total:
        return None
    bucket = int(np.searchsorted(np.cumsum(counts), max(1, np.ceil(share * total))))
    return float(BOUNDS_MS[bucket] * 2 ** (-0.5 / BUCKETS_PER_OCTAVE))
