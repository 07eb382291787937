"""How many vehicles want to enter each carriageway, and when: the town's people under way.

The day's total is drawn first, so that lifetime registers are reached by adding totals; then it is dealt out to
steps of 30 s by halving. Nothing of it is a rush hour of the roads' own: `WorldDay.road_demand` says how much, and
where people's work lies in the town says which way.
"""

from collections.abc import Sequence

import numpy as np

from park.chance import dealt, gamma, leaves, many, poisson
from park.grid import GRID_H, HOURS, smooth_noise
from park.model import GRID_POINTS, Floats, Ints, Streams, WorldDay
from sectors.transport.corridor import LINKS, SATURATION, Corridors

STEP_S = 30
STEPS = 2880
#: Variance over square of the mean of a step's expected vehicles: platoons of the signals upstream.
PLATOONS = 0.12
#: By how much a day of one road differs from its site's, and a day of one carriageway from its road's.
_OWN_DAY, _OWN_WAY = 0.02, 0.015
#: Log spread of one carriageway's demand at an instant: by day, and what quiet hours add to it; the demand below which
#: hours begin to be quiet, and at which they are so wholly. Some of it lasts for hours (a match, works near by), the
#: rest for half an hour.
_STRAY, _AT_NIGHT, _QUIET = 0.03, 0.2, (1.05, 0.25)
_STRAY_STEPS, _LASTING_STEPS, _LASTING = 6, 36, 0.8
#: Log spread of what a road's hours differ from other roads' on every day of the sort, and steps over which.
_HABIT, _HABIT_STEPS = 0.04, 24
#: Chance that something closes lanes of a carriageway in a day, the hours since 04:00 about which it may, how long it
#: lasts about, and the most of the logarithm of what goes another way.
_CLOSURE, _CLOSURE_H, _CLOSED_H, _CLOSED = 0.06, (2.0, 17.0), 0.7, 0.6
#: Most that wants to enter, of what the signal serves.
_OVERLOAD = 1.05
#: Most by which one direction exceeds the mean of both, and the hourly change of the share at work that brings it.
_TIDE, _TIDE_PER_H = 0.05, 0.25
_STEPS_PER_POINT = STEPS // (GRID_POINTS - 1)


def wetness(precipitation: Floats) -> Floats:
    """0 on a dry road to 1 in a downpour, from mm/h."""
    return np.asarray(1 - np.exp(-precipitation / 3.0))


def room(wet: Floats) -> Floats:
    """Factor of the capacities on a road so wet."""
    return 1 - 0.12 * wet


def wanted(world: WorldDay) -> Floats:
    """(sites, 2, GRID_POINTS) vehicles under way, into town and out of it, relative to a year's mean of either."""
    rising = np.gradient(world.at_work, GRID_H, axis=-1)
    tide = _TIDE * np.clip(rising / _TIDE_PER_H, -1.0, 1.0)
    # A day ends as the next begins: at 04:00 both directions are alike.
    tide[..., [0, -1]] = 0.0
    way = np.stack([1 + tide, 1 - tide], axis=1)
    return np.asarray(world.road_demand[:, None] * way)


def totals(streams: Streams, roads: Corridors, site: Ints, worlds: Sequence[WorldDay]) -> Ints:
    """(days, C, 2) vehicles that enter each carriageway in each day.

    Args:
        streams: the sector's randomness.
        roads: C corridors.
        site: (C,) row of each in the worlds' arrays.
        worlds: the days.
    """
    index = np.array([world.index for world in worlds])[:, None]
    mean = np.stack([wanted(world)[..., :-1].mean(axis=-1) for world in worlds])[:, site]
    own = _OWN_DAY * streams.normal("day", roads.cells, index)
    ways = [_OWN_WAY * streams.normal("day.way", roads.cells, index, way) for way in range(2)]
    drawn = [streams.normal("day.count", roads.cells, index, way) for way in range(2)]
    expected = roads.vehicles * mean * np.exp(own[..., None] + np.stack(ways, axis=-1))
    return many(expected, np.stack(drawn, axis=-1))


def arrivals(streams: Streams, roads: Corridors, site: Ints, world: WorldDay) -> Ints:
    """(C, 2, STEPS) vehicles that want to enter in each step; a day's sum is one of `totals`."""
    total = totals(streams, roads, site, [world])[0]
    expected = np.repeat(_half_hours(streams, roads, site, world), _STEPS_PER_POINT, axis=-1)
    key = _key(roads, world)
    expected *= gamma(streams.normal("platoon", key, np.arange(STEPS)), 1 / PLATOONS)
    return dealt(total, expected, streams.normal("step", key, np.arange(leaves(STEPS))))


def at_dawn(streams: Streams, roads: Corridors, site: Ints, world: WorldDay) -> Ints:
    """(C, 2, LINKS) vehicles on each link at 04:00: as many as enter in a step of the night."""
    rate = roads.vehicles * wanted(world)[site, :, 0] / STEPS
    return poisson(rate[..., None] + np.zeros(LINKS), streams.uniform("dawn", _key(roads, world), np.arange(LINKS)))


def _half_hours(streams: Streams, roads: Corridors, site: Ints, world: WorldDay) -> Floats:
    """(C, 2, GRID_POINTS - 1) demand in each step of the grid, with what makes one half-hour busier than another."""
    base = wanted(world)[site]
    high, low = _QUIET
    spread = _STRAY + _AT_NIGHT * np.clip((high - world.road_demand[site]) / (high - low), 0.0, 1.0)
    rows = (np.repeat(roads.cells, 2), np.tile(np.arange(2), len(roads)))
    brief = smooth_noise(streams, "half-hour", rows, world.index, _STRAY_STEPS)
    lasting = smooth_noise(streams, "hours", rows, world.index, _LASTING_STEPS)
    stray = (np.sqrt(1 - _LASTING) * brief + np.sqrt(_LASTING) * lasting).reshape(base.shape)
    size = np.exp(_of_its_own(streams, roads, world) + spread[:, None] * (stray - spread[:, None] / 2))
    demand = _spread_out(base * size, roads, room(wetness(world.precipitation[site])))
    return np.asarray((demand[..., 1:] + demand[..., :-1]) / 2)


def _of_its_own(streams: Streams, roads: Corridors, world: WorldDay) -> Floats:
    """(C, 2, GRID_POINTS) logarithm of what each carriageway has of its own.

    Hours that are the same on all days of a sort, and now and then lanes that are closed; none of it at 04:00, where
    days meet.
    """
    rows = (np.repeat(roads.cells, 2), np.tile(np.arange(2), len(roads)))
    habit = smooth_noise(streams, "hours.habit", rows, 2 * int(world.workday), _HABIT_STEPS)
    key = _key(roads, world)
    chance, when = streams.uniform("closure", key), streams.uniform("closure.hour", key)
    first, last = _CLOSURE_H
    near = np.exp(-0.5 * ((HOURS - first - (last - first) * when) / _CLOSED_H) ** 2)
    closed = np.maximum(1 - chance / _CLOSURE, 0.0) * near
    inside = np.clip(np.minimum(HOURS, HOURS[-1] - HOURS) / 2, 0.0, 1.0)
    return np.asarray(inside * (_HABIT * habit.reshape(closed.shape) - _CLOSED * closed))


def _spread_out(demand: Floats, roads: Corridors, left: Floats) -> Floats:
    """The same where the signal can serve it; where it cannot, people go earlier, later or round about."""
    served = (SATURATION * roads.green_ratio * 24)[:, None] / roads.vehicles
    excess = demand / (_OVERLOAD * served[..., None] * left[:, None])
    return np.asarray(demand / (1 + excess**8) ** 0.125)


def _key(roads: Corridors, world: WorldDay) -> Ints:
    """(C, 2, 1) a counter per carriageway and day."""
    return (roads.cells[:, None, None] * 2 + np.arange(2)[:, None]) * 1_000_003 + world.index
