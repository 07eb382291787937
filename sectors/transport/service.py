"""What a bus line has to run in a day: the timetable by sort of day, days off, and what the dispatcher takes out.

Where the roads will be full, the dispatcher cuts trips and lets buses turn short of the far end, so that the line
comes back to its timetable. He decides by the demand on the roads, not by what became of it; so the distance of a
day is known without running it.
"""

from collections.abc import Sequence

import numpy as np

from park.model import GRID_S, Bools, Floats, Ints, Streams, WorldDay
from sectors.transport.corridor import LINKS, Corridors

ROUND_S = 2700.0
ROUNDS = 23
FIRST_S = 5400.0
LEGS = 2 * LINKS
#: Stops short of the far end at which a bus may turn: it leaves out the legs to the end and back.
SHORT = slice(LINKS - 4, LINKS + 4)

#: First and last round that is not run any more, on a workday, a Saturday, a Sunday or holiday.
_WORKDAY, _SATURDAY, _SUNDAY = (0, ROUNDS), (1, ROUNDS - 1), (2, ROUNDS - 2)
#: On a day that is no workday: chance that one of the line's buses rests, that it does so all day, and the round
#: from which it does otherwise.
_RESTS, _ALL_DAY, _FROM = 0.2, 0.15, 11
#: Chances of a cut trip and of a short turn: on empty roads, and what demand of three times the mean adds.
_CUT, _CUT_FULL = 0.006, 0.02
_SHORT, _SHORT_FULL = 0.02, 0.16


def first_departure(streams: Streams, roads: Corridors) -> Floats:
    """(C,) seconds since 04:00."""
    return FIRST_S + 60.0 * np.floor(15 * streams.uniform("transport.bus.first", roads.cells))


def served(streams: Streams, roads: Corridors, site: Ints, world: WorldDay, buses: int) -> Bools:
    """(rounds x buses, C, LEGS) which legs are run; rounds are dealt to the buses in turn."""
    number = np.arange(buses * ROUNDS)[:, None]
    busy = _busy(streams, roads, site, world, buses)
    cells = roads.cells
    cut = streams.uniform("bus.cut", cells, world.index, number) < _CUT + _CUT_FULL * busy
    short = streams.uniform("bus.short", cells, world.index, number) < _SHORT + _SHORT_FULL * busy
    first, last = _timetable(world)
    run = ~cut & (number // buses >= first) & (number // buses < last)
    if not world.workday and buses > 1:
        resting = np.floor(buses * streams.uniform("bus.rests", cells, world.index) / _RESTS)
        since = np.where(streams.uniform("bus.rests.all-day", cells, world.index) < _ALL_DAY, 0, _FROM)
        run &= (number % buses != resting) | (number // buses < since)
    legs = np.repeat(run[..., None], LEGS, axis=-1)
    legs[..., SHORT] &= ~short[..., None]
    return legs


def legs_run(streams: Streams, roads: Corridors, site: Ints, worlds: Sequence[WorldDay], buses: int) -> Ints:
    """(C, buses) legs of each bus in the whole of these days."""
    total = np.zeros((buses, len(roads)), dtype=np.int64)
    for world in worlds:
        run = served(streams, roads, site, world, buses).sum(axis=-1)
        total += run.reshape(ROUNDS, buses, -1).sum(axis=0)
    return total.T


def _timetable(world: WorldDay) -> tuple[int, int]:
    if world.workday:
        return _WORKDAY
    return _SUNDAY if world.holiday or world.weekday == 6 else _SATURDAY


def _busy(streams: Streams, roads: Corridors, site: Ints, world: WorldDay, buses: int) -> Floats:
    """(rounds, C) how full the roads will be half-way through each round: 0 up to the mean, 1 at three times it."""
    start = first_departure(streams, roads) + np.arange(buses * ROUNDS)[:, None] * (ROUND_S / buses)
    point = ((start + ROUND_S / 2) / GRID_S).astype(np.int64)
    return np.asarray(np.clip((world.road_demand[site, point] - 1) / 2, 0.0, 1.0))
