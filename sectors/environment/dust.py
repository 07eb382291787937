"""Dust from the deserts of the north-west: seldom, in spring, for half a day to a day and a half, over all sites."""

import datetime as dt

import numpy as np

from park.grid import HOURS
from park.model import Floats, Streams

_CHANCE = {3: 0.045, 4: 0.055, 5: 0.030}  # of a day, by month
_BACK_DAYS = 3
_EDGE_H = 3.0


def reached(latitude: float, longitude: float) -> bool:
    """Whether such dust comes to a town: to eastern China, Korea and Japan."""
    return 25.0 <= latitude <= 46.0 and 100.0 <= longitude <= 142.0


def storm(streams: Streams, date: dt.date) -> Floats:
    """(GRID_POINTS,) coarse particles that dust adds through the town day of `date`, ug/m3.

    A storm begins at some hour of its day and may last into the two after, so three days are asked.
    """
    total = np.zeros_like(HOURS)
    for back in range(_BACK_DAYS):
        began = date - dt.timedelta(days=back)
        draws = streams.uniform("air.dust", began.toordinal(), np.arange(4))
        if draws[0] < _CHANCE.get(began.month, 0.0):
            begin, length = 24.0 * draws[1] - 24.0 * back, 12.0 + 24.0 * draws[2]
            risen = np.clip(np.minimum(HOURS - begin, begin + length - HOURS) / _EDGE_H, 0.0, 1.0)
            total += (120.0 + 230.0 * draws[3] ** 2) * risen * risen * (3 - 2 * risen)
    return total
