"""Latency in logarithmic buckets: constant memory, one numpy pass for a whole batch."""

import numpy as np
import numpy.typing as npt

_PER_OCTAVE = 16
_BUCKETS = 32 * _PER_OCTAVE

#: Upper bound of each bucket in milliseconds; neighbours differ by 4.4 %.
BOUNDS_MS = np.exp2((np.arange(_BUCKETS) + 1) / _PER_OCTAVE) - 1.0


class Histogram:
    """Counts of latencies in milliseconds."""

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(_BUCKETS, np.int64)
        self.total_ms = 0.0
        self.max_ms = 0.0

    def add(self, latencies_ms: npt.NDArray[np.float64]) -> None:
        """Count latencies; negative ones as 0."""
        if not len(latencies_ms):
            return
        positive = np.maximum(latencies_ms, 0.0)
        buckets = np.minimum(np.log2(positive + 1.0) * _PER_OCTAVE, _BUCKETS - 1).astype(np.int64)
        self.counts += np.bincount(buckets, minlength=_BUCKETS)
        self.total_ms += float(positive.sum())
        self.max_ms = max(self.max_ms, float(positive.max()))

    def merge(self, other: "Histogram") -> None:
        """Add another histogram."""
        self.counts += other.counts
        self.total_ms += other.total_ms
        self.max_ms = max(self.max_ms, other.max_ms)

    def clear(self) -> None:
        """Forget everything."""
        self.counts[:] = 0
        self.total_ms = self.max_ms = 0.0

    def quantile(self, q: float) -> float | None:
        """The q-th quantile in milliseconds, never above the greatest seen; None if nothing was counted."""
        value = quantile(self.counts, q)
        return None if value is None else min(value, self.max_ms)


def quantile(counts: npt.NDArray[np.int64], q: float) -> float | None:
    """The q-th quantile of bucket counts in milliseconds; None if they are empty."""
    total = int(counts.sum())
    if not total:
        return None
    bucket = int(np.searchsorted(np.cumsum(counts), q * total))
    return float(BOUNDS_MS[min(bucket, _BUCKETS - 1)])
