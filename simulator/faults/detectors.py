"""One-line detectors: what finds a fault without trying, so that a label can say how hard it is.

Each is told what is usual from clean readings of the same device, and marks the readings that are not. An anomaly is
trivial if one line of code finds it: Wu & Keogh (2021), Current time series anomaly detection benchmarks are flawed and
are creating the illusion of progress, IEEE TKDE.
"""

from collections.abc import Callable, Mapping

import numpy as np

from park.model import Bools, Floats, Ints

#: The share of clean readings that a detector may mark.
_FALSE = 0.005


#: (N,) readings to (N,) those that are not usual.
Marks = Callable[[Floats], Bools]


def threshold(usual: Floats) -> Marks:
    """Beyond all but the rarest of the usual values."""
    low, high = np.quantile(usual, [_FALSE / 2, 1 - _FALSE / 2])
    return lambda x: np.asarray((x < low) | (x > high))


def difference(usual: Floats) -> Marks:
    """Farther from the reading before than all but the rarest usual steps."""
    most = np.quantile(np.abs(np.diff(usual)), 1 - _FALSE)
    return lambda x: np.asarray(np.abs(np.diff(x, prepend=x[:1])) > most)


def run_length(usual: Floats) -> Marks:
    """In a run of one value that is longer than all but the rarest of the usual ones."""
    longest = max(2.0, float(np.quantile(_runs(usual), 1 - _FALSE)))
    return lambda x: np.asarray(_runs(x) > longest)


def _runs(x: Floats) -> Ints:
    """(N,) how many readings, up to this one, have had its value."""
    at = np.arange(len(x))
    begun = np.maximum.accumulate(np.where(np.diff(x, prepend=np.nan) != 0.0, at, 0))
    return np.asarray(at - begun + 1)


ONE_LINERS: Mapping[str, Callable[[Floats], Marks]] = {
    "threshold": threshold,
    "difference": difference,
    "run_length": run_length,
}
