"""A day of a bus line: when each bus leaves and reaches each stop, and how many ride.

The line runs the length of the corridor and back, a stop at every link's end. The time at a stop grows
with those who have gathered there since the bus before, so a late bus falls further back and the next one
catches up: bunching. At both ends the timetable leaves time to recover.

References:
    Newell & Potts (1964). Maintaining a bus schedule. Proc. 2nd ARRB Conference, 388-393.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import GRID_POINTS, GRID_S, Bools, Floats, Ints, Streams, WorldDay
from sectors.transport.corridor import LINK_KM, LINKS, Corridors
from sectors.transport.demand import wanted
from sectors.transport.service import LEGS, ROUND_S, ROUNDS, first_departure, served
from sectors.transport.traffic import Floats32, Traffic

SEATS_AND_STANDING = 80
#: Share of the time between two stops in which a bus picks up speed, and in which it brakes.
RAMP = 0.2

_LINK_S = 79.0
_STANDING_S = 18.0
_TURN_S = 60.0
#: Mean time by which a driver starts late.
_START_S = 90.0
#: Least headway at a terminal, of the scheduled one.
_HELD = 0.4
_BOARDING_S = 2.2
_DOORS_S = 8.0
_MOST_KMH = 50.0
#: People who come to a stop per second in the mean of a year.
_RIDERS_PER_S = 0.2 / 60.0
_ALIGHT = np.linspace(0.02, 0.42, LINKS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trips:
    """All runs of a day of C lines with V buses each. A round has 2 x LINKS legs.

    Attributes:
        departs, arrives: (C, V, ROUNDS, 2 LINKS) seconds since 04:00 at the ends of each leg.
        load: (C, V, ROUNDS, 2 LINKS) passengers on each leg.
        served: (C, V, ROUNDS, 2 LINKS) legs that are run; of the others nothing holds.
        first: (C, V) scheduled first departure of each bus.
    """

    departs: Floats
    arrives: Floats
    load: Ints
    served: Bools
    first: Floats


def scheduled() -> tuple[Floats, Floats]:
    """(2 LINKS,) scheduled departure and arrival of each leg, seconds since the round began."""
    leg = np.arange(2 * LINKS)
    departs = leg // LINKS * (ROUND_S / 2) + leg % LINKS * _LINK_S
    return departs, departs + (_LINK_S - _STANDING_S)


def trips(streams: Streams, roads: Corridors, site: Ints, world: WorldDay, *, traffic: Traffic, buses: int) -> Trips:
    """Runs the day's timetable through the day's traffic."""
    day = _Day.prepare(streams, roads, site, world, traffic=traffic, buses=buses)
    rounds = buses * ROUNDS
    headway = ROUND_S / buses
    departs = np.empty((rounds, len(roads), LEGS))
    arrives = np.empty_like(departs)
    first = first_departure(streams, roads)
    previous = first[:, None] - headway + scheduled()[0]
    free = np.repeat(first[:, None] - _TURN_S, buses, axis=1)
    for r in range(rounds):
        bus, run = r % buses, day.served[r]
        leaves = np.maximum(first + r * headway, free[:, bus] + _TURN_S)
        for way in range(2):
            legs = slice(way * LINKS, (way + 1) * LINKS)
            # The dispatcher at the terminal holds a bus that would leave right behind another.
            held = np.where(run[:, legs.start], previous[:, legs.start] + _HELD * headway, 0.0)
            leaves = np.maximum(leaves, held) + day.start[r][:, way]
            departs[r][:, legs], arrives[r][:, legs] = day.run(r, way, leaves, previous[:, legs])
            due = first + r * headway + scheduled()[0][legs.stop % LEGS]
            leaves = np.maximum(due, arrives[r][:, legs.stop - 1] + _TURN_S)
        free[:, bus] = np.where(run[:, -1], arrives[r][:, -1], free[:, bus])
        departs[r] = np.where(run, departs[r], previous)
        previous = departs[r]
    gaps = np.diff(departs, axis=0, prepend=(departs[0] - headway)[None])
    load = _loads(streams, roads, world, day.riders_at(departs) * np.clip(gaps, 0.0, 4 * headway))
    return Trips(
        departs=_by_bus(departs, buses),
        arrives=_by_bus(arrives, buses),
        load=_by_bus(load, buses),
        served=_by_bus(day.served, buses),
        first=first[:, None] + headway * np.arange(buses),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Day:
    """What the runs of a day meet. Noise is (rounds, C, 2 LINKS), at the `start` (rounds, C, 2)."""

    speed: Floats32
    riders: Floats
    pace: Floats
    stopped: Floats
    boarding: Floats
    start: Floats
    served: Bools

    @staticmethod
    def prepare(
        streams: Streams, roads: Corridors, site: Ints, world: WorldDay, *, traffic: Traffic, buses: int
    ) -> "_Day":
        rounds = np.arange(buses * ROUNDS)[:, None, None]
        key = (roads.cells * 1_000_003 + world.index)[None, :, None]
        leg = np.arange(2 * LINKS)
        driver = 0.11 * streams.normal("transport.bus.driver", key, rounds, leg // LINKS)
        road = 0.15 * streams.normal("transport.bus.road", key, rounds, leg)
        red = streams.uniform("transport.bus.red", key, rounds, leg)
        slow = streams.uniform("transport.bus.doors", key, rounds, leg)
        start = streams.uniform("transport.bus.start", key, rounds, np.arange(2))
        # A bus passes the signals of side streets on green six times out of ten.
        return _Day(
            speed=traffic.speed.reshape(len(roads), 2 * LINKS, GRID_POINTS),
            riders=_riders(roads, site, world),
            pace=np.exp(np.maximum(driver + road, -0.15)),
            stopped=np.maximum(red - 0.6, 0.0) * 75.0,
            start=-_START_S * np.log1p(-start),
            boarding=_DOORS_S - 6.0 * np.log1p(-slow),
            served=served(streams, roads, site, world, buses),
        )

    def run(self, r: int, way: int, leaves: Floats, previous: Floats) -> tuple[Floats, Floats]:
        """(C, LINKS) departures and arrivals of one direction of round r, left at `leaves` (C,).

        `previous` (C, LINKS) holds the departures of the bus before. With D departures, run times t,
        fixed dwell d and beta seconds of boarding per second of gap, D_s = (1 + beta_s)(D_(s-1) + t_s)
        + d_s - beta_s D'_s: linear in s, hence one running sum. A leg that is not run takes no time.
        """
        legs = np.arange(way * LINKS, (way + 1) * LINKS)
        about = leaves[:, None] + _LINK_S * np.arange(LINKS)
        point = np.minimum((about / GRID_S).astype(np.int64), GRID_POINTS - 1)
        row = np.arange(len(leaves))[:, None]
        # A bus is slower than cars, but not in a queue.
        speed = self.speed[row, legs, point].astype(np.float64)
        cruise = np.minimum(np.minimum(speed, 0.75 * speed + 4.0), _MOST_KMH)
        run = self.served[r][:, legs]
        running = LINK_KM * 3600.0 / (1 - RAMP) / cruise * self.pace[r][:, legs] + self.stopped[r][:, legs]
        running = np.where(run, running, 0.0)
        # Stop s ends leg s - 1 and begins leg s; at the terminal nobody boards.
        beta = np.where(run[:, 1:], _BOARDING_S * self.riders[row, way, point][:, 1:], 0.0)
        stay = np.where(run[:, 1:], self.boarding[r][:, legs[1:]], 0.0) - beta * previous[:, 1:]
        grown = np.cumprod(1 + beta, axis=1)
        moved = leaves[:, None] + np.cumsum(((1 + beta) * running[:, :-1] + stay) / grown, axis=1)
        departs = np.concatenate([leaves[:, None], grown * moved], axis=1)
        arrives = departs + running
        # A bus right behind another finds nobody waiting, yet opens its doors.
        departs[:, 1:] = np.maximum(departs[:, 1:], arrives[:, :-1] + 0.5 * _DOORS_S * run[:, 1:])
        return departs, np.maximum(arrives, departs + 0.9 * running)

    def riders_at(self, departs: Floats) -> Floats:
        """(rounds, C, 2 LINKS) people per second who come to each stop at these times."""
        point = np.clip(departs / GRID_S, 0, GRID_POINTS - 1).astype(np.int64)
        way = np.arange(2 * LINKS) // LINKS
        return np.asarray(self.riders[np.arange(departs.shape[1])[:, None], way, point])


def _riders(roads: Corridors, site: Ints, world: WorldDay) -> Floats:
    """(C, 2, GRID_POINTS) people per second who come to a stop: of those under way, their share."""
    return np.asarray(_RIDERS_PER_S * roads.riders[:, None, None] * wanted(world)[site])


def _loads(streams: Streams, roads: Corridors, world: WorldDay, waiting: Floats) -> Ints:
    """Passengers on each leg: at each stop some get off and those waiting get on, as far as there is room."""
    key = (roads.cells * 1_000_003 + world.index)[None, :, None]
    rounds = np.arange(len(waiting))[:, None, None]
    chance = streams.normal("transport.bus.riders", key, rounds, np.arange(2 * LINKS))
    boarding = np.maximum(np.rint(waiting + np.sqrt(waiting) * chance), 0.0)
    load = np.empty_like(boarding)
    for way in range(2):
        on = np.zeros(boarding.shape[:2])
        for s in range(LINKS):
            on = np.minimum(np.rint(on * (1 - _ALIGHT[s])) + boarding[..., way * LINKS + s], SEATS_AND_STANDING)
            load[..., way * LINKS + s] = on
    return load.astype(np.int64)


def _by_bus(legs: npt.NDArray[Any], buses: int) -> npt.NDArray[Any]:
    """(rounds, C, legs) to (C, buses, ROUNDS, legs): the rounds are dealt to the buses in turn."""
    rounds, lines, count = legs.shape
    return np.ascontiguousarray(legs.reshape(rounds // buses, buses, lines, count).transpose(2, 1, 0, 3))
