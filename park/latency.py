"""Latencies counted in logarithmic classes: constant memory, percentiles within 3 per cent."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_PER_OCTAVE = 24
_LOWEST_MS = 0.01
_CLASSES = 32 * _PER_OCTAVE


class Latencies:
    """A histogram of milliseconds from 0.01 ms to 12 hours and more."""

    def __init__(self) -> None:
        self._counts = np.zeros(_CLASSES, dtype=np.int64)
        self._max = 0.0

    def __len__(self) -> int:
        return int(self._counts.sum())

    def add(self, milliseconds: npt.NDArray[np.float64]) -> None:
        """Count these latencies; negative ones (clocks that disagree) count as the lowest."""
        if len(milliseconds):
            octaves = np.log2(np.maximum(milliseconds, _LOWEST_MS) / _LOWEST_MS)
            classes = np.minimum((octaves * _PER_OCTAVE).astype(np.int64), _CLASSES - 1)
            self._counts += np.bincount(classes, minlength=_CLASSES)
            self._max = max(self._max, float(milliseconds.max()))

    def add_one(self, milliseconds: float) -> None:
        """Count one latency."""
        octaves = math.log2(max(milliseconds, _LOWEST_MS) / _LOWEST_MS)
        self._counts[min(int(octaves * _PER_OCTAVE), _CLASSES - 1)] += 1
        self._max = max(self._max, milliseconds)

    def merge(self, state: tuple[npt.NDArray[np.int64], float]) -> None:
        """Add another histogram's `state`."""
        self._counts += state[0]
        self._max = max(self._max, state[1])

    def state(self) -> tuple[npt.NDArray[np.int64], float]:
        """Counts and maximum, to be carried to another process."""
        return self._counts, self._max

    def clear(self) -> None:
        """Forget everything."""
        self._counts[:] = 0
        self._max = 0.0

    def percentile(self, share: float) -> float | None:
        """The latency below which `share` (0 to 1) of the counts lie; None without any."""
        total = int(self._counts.sum())
        if not total:
            return None
        at = int(np.searchsorted(np.cumsum(self._counts), max(1, math.ceil(share * total))))
        return float(min(self._max, _LOWEST_MS * 2 ** ((at + 0.5) / _PER_OCTAVE)))

    def summary(self) -> dict[str, Any]:
        """p50, p95, p99 and max, in milliseconds; null where nothing was counted."""
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        figures = {name: self.percentile(share) for name, share in shares.items()}
        figures["max"] = self._max if len(self) else None
        return {name: None if value is None else round(value, 3) for name, value in figures.items()}
