"""How many vehicles want to enter each carriageway, and when.

The day's total is drawn first and then spread over the day, so that lifetime registers are reached by
adding totals. A constant night flow underlies everything; what exceeds it is zero around 04:00, so that
a day ends in the very state in which the next begins.
"""

from functools import cache

import numpy as np

from park.model import Floats, Ints, Streams, WorldDay
from sectors.transport.corridor import Corridors

STEP_S = 30
STEPS = 2880
#: Hourly night flow as a share of a nominal workday's vehicles.
NIGHT_SHARE = 0.006
#: Variance over mean of the vehicles of one step: platoons of the signals upstream.
DISPERSION = 3.0

_HOURS = 4.0 + (np.arange(STEPS) + 0.5) * STEP_S / 3600
_QUIET_BEFORE, _QUIET_AFTER = 10, 40
_WEEKDAY = np.array([0.98, 1.0, 1.0, 1.01, 1.04, 0.79, 0.70])
_HOLIDAY = 0.68
_MAX_SHIFT = 45
_SLOW_KNOTS = 49


def night_rate(roads: Corridors) -> Floats:
    """(C, 2) vehicles per step that flow at 04:00."""
    return NIGHT_SHARE * roads.vehicles * STEP_S / 3600


def day_total(streams: Streams, roads: Corridors, world: WorldDay) -> Ints:
    """(C, 2) vehicles that enter each carriageway in the day."""
    # A make-up workday at a weekend is a Friday to traffic; a holiday within the week is its own.
    share = float(_WEEKDAY[min(world.weekday, 4) if world.workday else max(world.weekday, 5)])
    if world.holiday:
        share = _HOLIDAY
    spread = streams.normal("transport.day", roads.cells[:, None], np.arange(2), world.index)
    common = streams.normal("transport.day.common", roads.cells[:, None], world.index)
    night = 24 * NIGHT_SHARE
    excess = (share * (1 + 0.025 * spread + 0.025 * common) - night) * roads.vehicles
    return np.rint(night * roads.vehicles + excess).astype(np.int64)


def arrivals(streams: Streams, roads: Corridors, world: WorldDay) -> Floats:
    """(C, 2, STEPS) vehicles that want to enter in each step; a day's sum is `day_total`."""
    night = night_rate(roads)
    excess = day_total(streams, roads, world) - night * STEPS
    steps = np.arange(STEPS) - np.rint(roads.shift_h * 3600 / STEP_S).astype(np.int64)[:, None] + _MAX_SHIFT
    shape = profile(workday=world.workday)[:, steps].transpose(1, 0, 2)
    mean = shape * _slow(streams, roads, world)
    mean *= (excess / mean.sum(axis=2))[:, :, None]
    drawn = _gamma(streams.normal("transport.step", _key(roads, world), np.arange(STEPS)), mean)
    drawn *= (excess / drawn.sum(axis=2))[:, :, None]
    return drawn + night[:, :, None]


@cache
def profile(*, workday: bool) -> Floats:
    """(2, STEPS + 2 x 45) shape of a day's flow above the night's, per direction; the ends are padding.

    A workday has its two rush hours, the morning's heavier into town; a free day one broad hump.
    """
    hours = np.arange(-_MAX_SHIFT, STEPS + _MAX_SHIFT) * STEP_S / 3600 + _HOURS[0]
    if workday:
        rush = np.array([[1.0, 0.62], [0.66, 1.0]])
        plateau = 0.62 * _plateau(hours, 6.3, 0.35, 21.0, 0.9)
        rows = [plateau + 0.75 * am * _bump(hours, 7.7, 0.75) + 0.75 * pm * _bump(hours, 17.4, 1.0) for am, pm in rush]
    else:
        hump = _plateau(hours, 9.0, 0.9, 20.6, 1.2) * (0.75 + 0.25 * _bump(hours, 15.0, 3.5))
        rows = [hump, hump]
    quiet = np.clip((hours - 4.5) / 0.7, 0, 1) * np.clip((27.25 - hours) / 1.0, 0, 1)
    return np.asarray(np.stack(rows) * quiet)


def _bump(hours: Floats, centre: float, width: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((hours - centre) / width) ** 2))


def _plateau(hours: Floats, rise: float, rise_h: float, fall: float, fall_h: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(hours - rise) / rise_h)) / (1 + np.exp((hours - fall) / fall_h)))


def _key(roads: Corridors, world: WorldDay) -> Ints:
    """(C, 2, 1) a counter per carriageway and day."""
    return (roads.cells[:, None, None] * 2 + np.arange(2)[:, None]) * 1_000_003 + world.index


def _slow(streams: Streams, roads: Corridors, world: WorldDay) -> Floats:
    """(C, 2, STEPS) what makes one half-hour busier than the same one of another day."""
    knots = 1 + 0.06 * streams.normal("transport.slow", _key(roads, world), np.arange(_SLOW_KNOTS))
    at = np.arange(STEPS) * ((_SLOW_KNOTS - 1) / STEPS)
    left = at.astype(np.int64)
    return np.asarray(knots[..., left] + (knots[..., left + 1] - knots[..., left]) * (at - left))


def _gamma(z: Floats, mean: Floats) -> Floats:
    """Gamma variates of these means and of variance `DISPERSION` x mean, from standard normals.

    Wilson & Hilferty (1931): the cube root of a gamma variate is nearly normal.
    """
    k = np.maximum(mean / DISPERSION, 0.3)
    root = 1 - 1 / (9 * k) + z / (3 * np.sqrt(k))
    return np.asarray(mean * np.maximum(root, 0.0) ** 3)
