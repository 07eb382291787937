"""What the air of the last days does to lungs: more puffs, by the particles, ozone and nitrogen dioxide of lags 0-3 d.

Reference:
    Louisville, n = 1,039, 193,697 patient-days of connected inhalers: rescue puffs per patient-day +0.131 per
    interquartile range of PM2.5, +0.113 of O3, +0.153 of NO2, around a mean of 1.48.
"""

from collections.abc import Callable

import numpy as np

from park.days import Days
from park.grid import GRID_H
from park.model import GRID_POINTS, Floats, WorldDay

POLLUTANTS = 3
MEAN_PUFFS = 1.48
#: Of the exponential memory.
_MEMORY_H = 30.0
#: Mean, over a year, and interquartile range of the daily means in the district's air, ug/m3: pm25, no2, o3.
MIDDLE = np.array([27.3, 28.7, 58.6])
RANGE = np.array([17.6, 11.9, 38.0])
_PUFFS_PER_RANGE = np.array([0.131, 0.153, 0.113])
_LEAST, _MOST = 0.4, 2.5
_AIR: tuple[Callable[[WorldDay], Floats], ...] = (
    lambda world: world.pm25,
    lambda world: world.no2,
    lambda world: world.o3,
)

_TIME = np.arange(GRID_POINTS) * (GRID_H / _MEMORY_H)
_GROWN, _FADED = np.exp(_TIME), np.exp(-_TIME)


def remembered(days: Days, before: Floats) -> tuple[Floats, Floats]:
    """(D * C, 3, GRID_POINTS) exponential means of the air up to each instant, ug/m3; and (C, 3) at the days' end.

    `before`, (C, 3), is that of 04:00 on the first.
    """
    air = np.stack([days.weather(pollutant) for pollutant in _AIR], axis=1)
    weighed = air * _GROWN
    gained = np.zeros_like(air)
    np.cumsum(0.5 * (weighed[..., 1:] + weighed[..., :-1]) * (GRID_H / _MEMORY_H), axis=-1, out=gained[..., 1:])
    memory = gained[days.site]
    by_day = memory.reshape(len(days.worlds), *before.shape, GRID_POINTS)
    for day in range(len(by_day)):
        by_day[day] += before[..., None]
        by_day[day] *= _FADED
        before = by_day[day, ..., -1]
    return memory, before.copy()


def burden(air: Floats) -> Floats:
    """(C, GRID_POINTS) how much more is puffed than in middling air: 1 is the mean."""
    extra = np.zeros_like(air[:, 0])
    for k in range(POLLUTANTS):
        extra += _PUFFS_PER_RANGE[k] * (air[:, k] - MIDDLE[k]) / RANGE[k]
    return np.asarray(np.clip(1.0 + extra / MEAN_PUFFS, _LEAST, _MOST))
