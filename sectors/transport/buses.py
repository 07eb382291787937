"""Buses between and at their stops: what their positioning, doors and counters report at any instant."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from park.grid import devices, rows
from park.model import Bools, Floats, Ints, Moments, Observation, Streams
from sectors.transport.corridor import LINK_KM, LINKS, Corridors
from sectors.transport.service import LEGS, ROUND_S, ROUNDS
from sectors.transport.timetable import RAMP, Trips, scheduled

_RUNS = ROUNDS * LEGS
_KNOTS = _RUNS * 2
#: Between two buses' times in the one sorted array; longer than any day.
APART_MS = 200_000_000
_METRES_PER_DEGREE = 111_200.0
#: Spread of a position fix in a street, m, per axis: what wanders as satellites and reflections change, over some
#: minutes, and what is new in every fix. u-blox NEO-M8 data sheet: 2.5 m CEP, which is 2.1 m per axis.
_WANDER_M, _FIX_M = 2.0, 0.6
_WANDER_MS = 180_000
_DEPOT, _DRIVING, _AT_STOP, _LAYOVER = 0, 1, 2, 3
_DOORS_AT_TERMINAL_S = 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Buses:
    """A day of V buses on each of C lines.

    Attributes:
        knots: (C V knots,) times at which buses leave and reach stops, in turn, those of bus b shifted by
            b x `APART_MS`, so that one sorted array serves all; those that a bus does not get to are far away.
            Whole milliseconds, or the shift would round them and a bus's place in the array would show.
        runs: (C V,) legs that each bus runs.
        leg: (C V, ROUNDS x LEGS) which legs of the day's plan these are, in order.
        load: (C V, ROUNDS x LEGS) passengers on them.
        first: (C V,) scheduled first departure, s since 04:00.
        driven: (C V,) odometer at 04:00, km.
    """

    roads: Corridors
    buses: int
    knots: Ints
    runs: Ints
    leg: Ints
    load: Ints
    first: Floats
    driven: Floats


def buses(streams: Streams, roads: Corridors, trips: Trips, carried: Ints) -> Buses:
    """The buses of these lines; `carried` (C, V) legs in all days before."""
    count = trips.first.shape[1]
    rows = len(roads) * count
    run = trips.served.reshape(rows, _RUNS)
    order, runs = np.argsort(~run, axis=1, kind="stable"), run.sum(axis=1)
    knots = np.stack([_in_order(trips.departs, order), _in_order(trips.arrives, order)], axis=-1)
    ms = np.where(np.arange(_RUNS)[:, None] < runs[:, None, None], np.rint(1000.0 * knots), APART_MS - 1)
    before = np.floor(20_000.0 + 160_000.0 * streams.uniform("transport.bus.driven", devices(roads.cells, count)))
    return Buses(
        roads=roads,
        buses=count,
        knots=(ms.astype(np.int64).reshape(rows, _KNOTS) + APART_MS * np.arange(rows)[:, None]).reshape(-1),
        runs=runs,
        leg=order.reshape(-1),
        load=_in_order(trips.load, order).reshape(-1),
        first=trips.first.reshape(-1),
        driven=(before + LINK_KM * carried).reshape(-1),
    )


def _in_order(legs: npt.NDArray[Any], order: Ints) -> npt.NDArray[Any]:
    return np.take_along_axis(legs.reshape(order.shape), order, axis=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Place:
    """Where N buses are: the how many-eth leg of the day, which one of the plan, share of it done, speed.

    Standing buses have done it all.
    """

    row: Ints
    knot: Ints
    count: Ints
    plan: Ints
    done: Floats
    speed: Floats
    since: Floats
    moving: Bools
    parked: Bools


def observe(streams: Streams, state: Buses, at: Moments) -> Observation:
    """What the buses report."""
    place = _place(state, at)
    leg = place.plan % LEGS
    standing = ~place.moving
    terminal = standing & (leg % LINKS == LINKS - 1) & ~place.parked
    boarded = np.where(standing, np.minimum(place.count + 1, _RUNS - 1), place.count)
    riding = state.load[place.row * _RUNS + boarded]
    stop = standing & ~terminal & ~place.parked
    latitude, longitude, heading = _fix(streams, state.roads, at, leg, place)
    return {
        "latitude": latitude,
        "longitude": longitude,
        "speed": place.speed,
        "heading": heading,
        "mileage_from_odometer": state.driven[place.row] + (place.count + place.done) * LINK_KM,
        "passengers": np.where(terminal | place.parked, 0, riding),
        "delay": np.where(place.parked, 0.0, _delay(state, place, leg)),
        "door_open": stop | (terminal & (place.since < _DOORS_AT_TERMINAL_S)),
        "status": np.where(
            place.moving, _DRIVING, np.where(place.parked, _DEPOT, np.where(terminal, _LAYOVER, _AT_STOP))
        ),
    }


def _place(state: Buses, at: Moments) -> _Place:
    row = rows(at, state.buses)
    now = at.ms + APART_MS * row
    knot = np.searchsorted(state.knots, now, side="right") - 1 - row * _KNOTS
    parked = (knot < 0) | (knot >= 2 * state.runs[row] - 1)
    knot = np.maximum(knot, 0)
    flat = row * _KNOTS + knot
    since = (now - state.knots[flat]) / 1000.0
    moving = (knot % 2 == 0) & ~parked
    after = state.knots[np.minimum(flat + 1, len(state.knots) - 1)]
    takes = np.where(moving, (after - state.knots[flat]) / 1000.0, 1.0)
    done, speed = _trapezoid(np.clip(since / takes, 0.0, 1.0))
    unborn = parked & (knot == 0)
    return _Place(
        row=row,
        knot=knot,
        count=knot // 2,
        plan=state.leg[row * _RUNS + knot // 2],
        done=np.where(moving, done, np.where(unborn, 0.0, 1.0)),
        speed=np.where(moving, speed * (LINK_KM * 3600.0) / takes, 0.0),
        since=since,
        moving=moving,
        parked=parked,
    )


def _trapezoid(u: Floats) -> tuple[Floats, Floats]:
    """Share of the way done, and speed over the mean speed, at share u of the time: a ramp, a cruise, a ramp."""
    top = 1 / (1 - RAMP)
    end = np.minimum(u, 1 - u)
    ramp = np.minimum(end, RAMP)
    half = top * (ramp * ramp / (2 * RAMP) + (end - ramp))
    return np.where(u < 0.5, half, 1 - half), top * ramp / RAMP


def _delay(state: Buses, place: _Place, leg: Ints) -> Floats:
    """Seconds behind the timetable at the last stop: on leaving it, or on reaching it while there."""
    departs, arrives = scheduled()
    due = state.first[place.row] + place.plan // LEGS * ROUND_S + np.where(place.moving, departs[leg], arrives[leg])
    done = state.knots[place.row * _KNOTS + place.knot] - APART_MS * place.row
    return np.asarray(done / 1000.0 - due)


def _fix(streams: Streams, roads: Corridors, at: Moments, leg: Ints, place: _Place) -> tuple[Floats, Floats, Floats]:
    """Latitude, longitude and course."""
    back = leg >= LINKS
    link = np.where(back, LEGS - 1 - leg, leg)
    along = np.where(back, 1.0 - place.done, place.done)
    vertex = at.row * (LINKS + 1) + link
    north, east = roads.latitude.reshape(-1), roads.longitude.reshape(-1)
    latitude = north[vertex] + (north[vertex + 1] - north[vertex]) * along
    longitude = east[vertex] + (east[vertex + 1] - east[vertex]) * along
    heading = roads.heading.reshape(-1)[at.row * LINKS + link]
    return (
        latitude + _stray(streams, "transport.bus.north", at),
        longitude + _stray(streams, "transport.bus.east", at) / np.cos(np.radians(latitude)),
        np.where(back, (heading + 180.0) % 360.0, heading),
    )


def _stray(streams: Streams, name: str, at: Moments) -> Floats:
    """Degrees of a great circle by which a fix is off along an axis."""
    number, part = np.divmod(at.ts, _WANDER_MS)
    part = part / _WANDER_MS
    before, after = (streams.normal(name + ".wander", at.device, number + end) for end in range(2))
    wander = (before * (1 - part) + after * part) / np.sqrt((1 - part) ** 2 + part**2)
    fresh = streams.normal(name, at.device, at.ts)
    return np.asarray((_WANDER_M * wander + _FIX_M * fresh) / _METRES_PER_DEGREE)
