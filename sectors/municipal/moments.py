"""Instants of the day in whole milliseconds."""

import numpy as np

from park.model import GRID_S, Ints, Moments


def millis(at: Moments) -> Ints:
    """(N,) milliseconds since 04:00."""
    return np.asarray(np.rint(at.x * (GRID_S * 1000)).astype(np.int64))
