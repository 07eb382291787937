"""Buses between and at their stops: what their positioning, doors and counters report at any instant."""

from dataclasses import dataclass

import numpy as np

from park.grid import devices, rows
from park.model import GRID_S, Bools, Floats, Ints, Moments, Observation, Streams
from sectors.transport.corridor import LINK_KM, LINKS, Corridors
from sectors.transport.timetable import RAMP, ROUND_S, ROUNDS, Trips, scheduled

KM_A_DAY = ROUNDS * 2 * LINKS * LINK_KM

_LEGS = 2 * LINKS
_KNOTS = ROUNDS * _LEGS * 2
#: Between two buses' times in the one sorted array; longer than any day.
_APART_MS = 200_000_000
_METRES_PER_DEGREE = 111_200.0
#: Spread of a position fix in a street, m, per axis.
_FIX_M = 2.5
_DEPOT, _DRIVING, _AT_STOP, _LAYOVER = 0, 1, 2, 3
_DOORS_AT_TERMINAL_S = 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Buses:
    """A day of V buses on each of C lines.

    Attributes:
        knots: (C V knots,) times at which buses leave and reach stops, in turn, those of bus b shifted by
            b x `_APART_MS`, so that one sorted array serves all. Whole milliseconds, or the shift would
            round them and a bus's place in the array would show.
        load: (C V, ROUNDS x legs) passengers.
        first: (C V,) scheduled first departure, s since 04:00.
        driven: (C V,) odometer at 04:00, km.
    """

    roads: Corridors
    buses: int
    knots: Ints
    load: Ints
    first: Floats
    driven: Floats


def buses(streams: Streams, roads: Corridors, trips: Trips, day: int) -> Buses:
    """The buses of these lines on the day of this index."""
    count = trips.first.shape[1]
    rows = len(roads) * count
    knots = np.stack([trips.departs, trips.arrives], axis=-1).reshape(rows, _KNOTS)
    number = devices(roads.cells, count)
    before = np.floor(20_000.0 + 160_000.0 * streams.uniform("transport.bus.driven", number))
    return Buses(
        roads=roads,
        buses=count,
        knots=(np.rint(1000.0 * knots).astype(np.int64) + _APART_MS * np.arange(rows)[:, None]).reshape(-1),
        load=trips.load.reshape(rows, ROUNDS * _LEGS),
        first=trips.first.reshape(-1),
        driven=(before + day * KM_A_DAY).reshape(-1),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Place:
    """Where N buses are: leg in the day's order, share of it done, speed; standing buses have done it all."""

    row: Ints
    knot: Ints
    leg: Ints
    done: Floats
    speed: Floats
    since: Floats
    moving: Bools
    parked: Bools


def observe(streams: Streams, state: Buses, at: Moments) -> Observation:
    """What the buses report."""
    place = _place(state, at)
    leg = place.leg % _LEGS
    standing = ~place.moving
    terminal = standing & (leg % LINKS == LINKS - 1) & ~place.parked
    boarded = np.where(standing, np.minimum(place.leg + 1, ROUNDS * _LEGS - 1), place.leg)
    riding = state.load.reshape(-1)[place.row * (ROUNDS * _LEGS) + boarded]
    stop = standing & ~terminal & ~place.parked
    latitude, longitude, heading = _fix(streams, state.roads, at, leg, place)
    return {
        "latitude": latitude,
        "longitude": longitude,
        "speed": place.speed,
        "heading": heading,
        "mileage_from_odometer": state.driven[place.row] + (place.leg + place.done) * LINK_KM,
        "passengers": np.where(terminal | place.parked, 0, riding),
        "delay": np.where(place.parked, 0.0, _delay(state, place, leg)),
        "door_open": stop | (terminal & (place.since < _DOORS_AT_TERMINAL_S)),
        "status": np.where(
            place.moving, _DRIVING, np.where(place.parked, _DEPOT, np.where(terminal, _LAYOVER, _AT_STOP))
        ),
    }


def _place(state: Buses, at: Moments) -> _Place:
    row = rows(at, state.buses)
    now = np.rint(at.x * (1000.0 * GRID_S)).astype(np.int64) + _APART_MS * row
    knot = np.searchsorted(state.knots, now, side="right") - 1 - row * _KNOTS
    parked = (knot < 0) | (knot == _KNOTS - 1)
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
        leg=knot // 2,
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
    due = state.first[place.row] + place.leg // _LEGS * ROUND_S + np.where(place.moving, departs[leg], arrives[leg])
    done = state.knots[place.row * _KNOTS + place.knot] - _APART_MS * place.row
    return np.asarray(done / 1000.0 - due)


def _fix(streams: Streams, roads: Corridors, at: Moments, leg: Ints, place: _Place) -> tuple[Floats, Floats, Floats]:
    """Latitude, longitude and course."""
    back = leg >= LINKS
    link = np.where(back, _LEGS - 1 - leg, leg)
    along = np.where(back, 1.0 - place.done, place.done)
    vertex = at.row * (LINKS + 1) + link
    stray = _FIX_M / _METRES_PER_DEGREE
    north, east = roads.latitude.reshape(-1), roads.longitude.reshape(-1)
    latitude = north[vertex] + (north[vertex + 1] - north[vertex]) * along
    longitude = east[vertex] + (east[vertex + 1] - east[vertex]) * along
    heading = roads.heading.reshape(-1)[at.row * LINKS + link]
    return (
        latitude + stray * streams.normal("transport.bus.north", at.device, at.ts),
        longitude + stray * streams.normal("transport.bus.east", at.device, at.ts),
        np.where(back, (heading + 180.0) % 360.0, heading),
    )
