"""The town's electricity: the voltage at a transformer, and what a kilowatt-hour costs.

References:
    GB/T 12325-2008: 220 V supply within +7 % and -10 % of nominal.
    Jiangsu Provincial Price Bureau: residential peak and valley tariff, 0.5583 yuan/kWh from 08 to 21 h, else 0.3583.
"""

from functools import cache

import numpy as np

from park.model import Floats, Streams
from simulator.world.clock import HOURS, grid_clock
from simulator.world.fields import autoregressive, windows

_PEAK, _VALLEY = 0.5583, 0.3583
_PEAK_H = (8.0, 21.0)
_DROP = 0.022  # per unit, from the idle to the busiest district
_NOMINAL_IDLE = 1.034
_LIFT = 0.010  # per unit, of roofs under full sun
_STRAY = np.array((0.0045, 0.0010))  # per unit: by hour, by step of the grid
_LAGS = np.array((0.75, 0.55))


def load(at_home: Floats, at_work: Floats, temperature: Floats) -> Floats:
    """A district's load as a share of its greatest, about 0.2 to 1.1: (..., GRID_POINTS).

    Work, homes that are awake, most of all in the evening, and cooling and heating.
    """
    hour = grid_clock().hour
    awake = np.clip(np.minimum((hour - 5) / 2, (24.5 - hour) / 2.5), 0, 1)
    evening = np.exp(-0.5 * ((hour - 20) / 2) ** 2)
    climate = 0.016 * np.maximum(temperature - 24, 0) + 0.010 * np.maximum(12 - temperature, 0)
    return np.asarray(0.22 + 0.45 * at_work + (0.22 + 0.28 * evening) * awake * at_home + climate * (0.4 + 0.6 * awake))


def voltage(streams: Streams, ordinal: int, demand: Floats, ghi: Floats) -> Floats:
    """Voltage at the low side of each site's transformer, per unit of nominal, (days, sites, GRID_POINTS).

    Each site strays by itself: its neighbours hang on other feeders.

    Args:
        streams: randomness.
        ordinal: proleptic number of the first day's date.
        demand: from `load`.
        ghi: W/m2.
    """
    days, sites, points = demand.shape
    hours = 24 * ordinal + np.arange(24 * (days - 1) + HOURS)
    steps = (points - 1) * ordinal + np.arange((points - 1) * days + 1)
    apart = np.eye(sites)
    slow = windows(autoregressive(streams, "world/volts-hour", _LAGS[:1], hours, apart)[0], step=24, size=HOURS)
    fast = windows(
        autoregressive(streams, "world/volts-step", _LAGS[1:], steps, apart)[0], step=points - 1, size=points
    )
    stray = _STRAY[0] * grid_clock().from_hours(slow) + _STRAY[1] * fast
    return np.asarray(np.clip(_NOMINAL_IDLE - _DROP * demand + _LIFT * ghi / 1000 + stray, 0.90, 1.07))


@cache
def price() -> Floats:
    """Currency per kWh on the grid of any day, (GRID_POINTS,): yuan."""
    hour = grid_clock().hour
    dear = (hour >= _PEAK_H[0]) & (hour < _PEAK_H[1])
    return np.where(dear, _PEAK, _VALLEY)
