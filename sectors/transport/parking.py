"""Car parks: vehicles in, vehicles out, spaces taken.

Groups of visitors arrive over a window and stay for a while, as in the queue M_t/G/inf; a car park of c
spaces clips it (the modified offered load approximation to M_t/G/c/c): while more would be inside than
there is room for, a vehicle gets in only when another leaves. At 04:00 only the residents are there.

References:
    Massey & Whitt (1994). An analysis of the modified offered-load approximation for the nonstationary
    Erlang loss model. Annals of Applied Probability 4(4), 1145-1160.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import erf, sqrt

import numpy as np

from park.grid import Sampler, devices, rows
from park.model import GRID_POINTS, GRID_S, Carry, Floats, Ints, Moments, Observation, Streams, WorldDay

_HOURS = 4.0 + np.arange(GRID_POINTS) * GRID_S / 3600
_COMMUTERS, _RESIDENTS, _VISITORS = 0, 1, 2
_DROP_OFF_BINS = 2
#: Car parks whose day fits into the processor's cache; or one's so many days.
_BLOCK = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Lots:
    """(C, U) fixed properties of the car parks of C cells.

    Attributes:
        spaces: in all.
        overnight: residents' vehicles at 04:00.
        users: (C, U, 3) vehicles that want to come (residents: leave) on a workday: commuters, residents, visitors.
    """

    number: Ints
    spaces: Ints
    overnight: Ints
    users: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Parking:
    """A day of C x U car parks: `entered` and `left` are (C x U, GRID_POINTS) running counts since 04:00."""

    lots: Lots
    visits: Ints
    entered: Floats
    left: Floats


def lots(streams: Streams, cells: Ints, units: int) -> Lots:
    """The car parks of these cells."""
    number = devices(cells, units)
    spaces = 20 * np.floor(6 + 16 * streams.uniform("transport.lot.spaces", number))
    offices = 0.25 + 0.65 * streams.uniform("transport.lot.offices", number)
    overnight = np.rint(spaces * (0.12 + 0.14 * streams.uniform("transport.lot.residents", number)))
    users = [0.75 * offices * spaces, 0.65 * overnight, (3.6 - 2.6 * offices) * spaces]
    return Lots(
        number=number,
        spaces=spaces.astype(np.int64),
        overnight=overnight.astype(np.int64),
        users=np.stack(users, axis=-1),
    )


def counts(streams: Streams, park: Lots, day: Ints | int, *, workday: bool) -> tuple[Floats, Floats]:
    """(C, U, GRID_POINTS) vehicles that have entered and left since 04:00; (D, ...) of days (D, 1, 1, 1)."""
    groups = _groups(workday=workday)
    key = park.number[..., None] * 1_000_003 + day
    entered, left = _drop_offs(streams, park, key, workday=workday)
    vary = np.maximum(1 + 0.18 * streams.normal("transport.lot.group", key, np.arange(len(groups))), 0.2)
    for k, (user, share, arriving, leaving) in enumerate(groups):
        size = (park.users[..., user] * share * np.minimum(vary[..., k], 1 / 0.65))[..., None]
        entered += size * arriving
        left += size * leaving
    offered = park.overnight[..., None] + entered - left
    excess = np.diff(np.maximum(offered - park.spaces[..., None], 0.0), axis=-1)
    entered[..., 1:] -= np.cumsum(np.maximum(excess, 0.0), axis=-1)
    left[..., 1:] -= np.cumsum(np.maximum(-excess, 0.0), axis=-1)
    return np.maximum.accumulate(entered, axis=-1), np.maximum.accumulate(left, axis=-1)


def visits(streams: Streams, park: Lots, days: Ints, *, workday: bool) -> Ints:
    """(C, U) vehicles that came, and left, in the whole of these days, (D,), which are all workdays or none."""
    total = np.zeros(park.number.shape, dtype=np.int64)
    days_at_once = max(1, _BLOCK // park.number.size)
    for first in range(0, len(days), days_at_once):
        some = days[first : first + days_at_once, None, None, None]
        entered, _left = counts(streams, park, some, workday=workday)
        total += np.floor(entered[..., -1]).astype(np.int64).sum(axis=0)
    return total


def parking(streams: Streams, park: Lots, carry: Carry, world: WorldDay) -> Parking:
    """One day of these car parks."""
    entered, left = counts(streams, park, world.index, workday=world.workday)
    return Parking(
        lots=park,
        visits=np.asarray(carry["visits"]),
        entered=entered.reshape(-1, GRID_POINTS),
        left=left.reshape(-1, GRID_POINTS),
    )


def observe(state: Parking, at: Moments) -> Observation:
    """What the gates have counted."""
    row = rows(at, state.lots.spaces.shape[1])
    here = Sampler(row, at.x)
    spaces, overnight = state.lots.spaces.reshape(-1)[row], state.lots.overnight.reshape(-1)[row]
    before, today = state.visits.reshape(-1)[row], np.floor(state.entered[:, -1]).astype(np.int64)[row]
    entered = np.minimum(here.line(state.entered).astype(np.int64), today)
    left = np.minimum(here.line(state.left).astype(np.int64), today)
    # Counted in whole vehicles the car park may seem to hold one too many, or to lose one never let in.
    left = np.minimum(left, entered + overnight)
    entered = np.minimum(entered, left + spaces - overnight)
    occupied = overnight + entered - left
    return {
        "total_spot_number": spaces,
        "occupied_spot_number": occupied,
        "vehicle_entrance_count": before + entered,
        "vehicle_exit_count": before + left,
        "occupancy": 100.0 * occupied / spaces,
    }


@cache
def _groups(*, workday: bool) -> tuple[tuple[int, float, Floats, Floats], ...]:
    """(user, share, arriving, leaving): running shares of a group that have arrived and left by each instant."""
    found = []
    for first, share in ((7.0, 0.3), (8.0, 0.5), (9.0, 0.2)):
        arriving = _uniform(first, first + 1)
        found.append((_COMMUTERS, share if workday else 0.12 * share, arriving, _after(arriving, 9.2, 0.9)))
    weights = (2, 7, 9, 12, 10, 10, 14, 6) if workday else (1, 7, 17, 18, 20, 19, 16, 7)
    for (first, last), weight in zip(pairwise(range(6, 23, 2)), weights, strict=True):
        arriving = _uniform(first, last)
        found.append((_VISITORS, weight / 80, arriving, _after(arriving, 1.8, 0.7)))
    out = _uniform(6.6, 9.2) if workday else _uniform(8.5, 13.0)
    away = _after(out, 10.2, 1.2) if workday else _after(out, 5.0, 1.5)
    found.append((_RESIDENTS, 1.0 if workday else 0.6, away, out))
    return tuple(found)


def _uniform(first: float, last: float) -> Floats:
    return np.clip((_HOURS - first) / (last - first), 0.0, 1.0)


def _after(arriving: Floats, stay_h: float, spread_h: float) -> Floats:
    """Those who have left again, staying `stay_h` +- `spread_h` (normal, cut at zero); all by the day's end."""
    lag = np.arange(GRID_POINTS) * GRID_S / 3600
    gone = np.array([0.5 * (1 + erf((hours - stay_h) / (spread_h * sqrt(2)))) for hours in lag])
    gone = (gone - gone[0]) / (1 - gone[0])
    left = np.convolve(np.diff(arriving, prepend=0.0), gone)[:GRID_POINTS]
    return np.asarray(np.minimum(left / left[-1], arriving))


@cache
def _busy(*, workday: bool) -> Floats:
    """(GRID_POINTS - 1) how many come for minutes only, in each bin of the grid; the mean is one."""
    shape = np.exp(-0.5 * ((_HOURS - (13.5 if workday else 15.0)) / 3.2) ** 2) * (_HOURS > 6.0)
    shape[-2 * _DROP_OFF_BINS - 1 :] = 0.0
    shape = shape[:-1]
    return np.asarray(shape / shape.mean())


def _drop_offs(streams: Streams, park: Lots, key: Ints, *, workday: bool) -> tuple[Floats, Floats]:
    """Those who stay some ten minutes, as many as chance brings; `key` is a counter per car park and day."""
    drawn = -np.log1p(-streams.uniform("transport.lot.drop-off", key, np.arange(GRID_POINTS - 1)))
    drawn *= (0.6 * park.users[..., _VISITORS] / (GRID_POINTS - 1))[..., None] * _busy(workday=workday)
    entered = np.zeros((*drawn.shape[:-1], GRID_POINTS))
    np.cumsum(drawn, axis=-1, out=entered[..., 1:])
    left = np.zeros_like(entered)
    left[..., _DROP_OFF_BINS:] = entered[..., :-_DROP_OFF_BINS]
    return entered, left
