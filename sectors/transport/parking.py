"""Car parks: vehicle by vehicle through the gates.

Commuters come as people reach work and go as they leave it; visitors come as people go out and stay a while, many
for minutes only; of those who park overnight some leave in the morning and others are there in the evening. Times
come from the town's people (`WorldDay.at_work`, `out`, `at_home`); how many there are of each is drawn from
above, a day at a time. A full car park lets a vehicle in when another leaves: the others wait before the gate.

References:
    Massey & Whitt (1994). An analysis of the modified offered-load approximation for the nonstationary
    Erlang loss model. Annals of Applied Probability 4(4), 1145-1160.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from park.chance import binomial, many
from park.grid import rows
from park.model import (
    DAY_MS,
    Carry,
    Floats,
    Ints,
    Moments,
    Observation,
    Streams,
    WorldDay,
)
from sectors.transport.arrivals import HOURS, drawn, everyone, gathered, within
from sectors.transport.lots import Lots

_COMMUTERS, _VISITORS = 0, 1  # of `Lots.users`
#: Mean shares at work on a workday, and out on any day, against which a day is more or less busy.
_AT_WORK, _OUT = 0.21, 0.07
#: How far the number of visitors follows that of people who are out.
_FOLLOW = 0.8
_OWN_DAY = 0.05
#: Of the visitors, those who only fetch or bring; their mean stay, and median and log spread of the others', h.
_BRIEF, _BRIEF_H, _STAY_H, _STAY_SPREAD = 0.15, 0.2, 1.6, 0.33
#: Widths, h, of the edges of the hours in which shops draw visitors; on a rest day these begin and end later, the ends
#: by hours that differ from car park to car park. By how much they, the logarithm of stays and commuters' hours stray
#: from day to day.
_OPENS_WIDTH, _CLOSES_WIDTH = 0.6, 2.0
_REST_H, _REST_CLOSES_H, _REST_SPREAD = 0.6, 1.0, 0.9
_DAY_OPENS, _DAY_CLOSES, _DAY_STAYS, _DAY_LATE = 0.4, 0.6, 0.15, 0.2
#: Evening guests come from an hour on.
_EVENING_H, _EVENING_WIDTH = 17.0, 0.6
#: Two cars' times lie so far apart in the one sorted array.
_APART_MS = 2 * DAY_MS


@dataclass(frozen=True, kw_only=True, eq=False)
class Parking:
    """A day of C x U car parks.

    Attributes:
        before: (C U,) vehicles that had entered in all days before.
        overnight, first_night: (C U,) vehicles inside at this day's and at the very first 04:00.
        came, went: times, ms since 04:00, at which vehicles come to the gate and want out, ascending; those of car
            park b are shifted by b x `_APART_MS`, so that one sorted array serves all.
        came_from, went_from: (C U,) where each car park begins in them.
    """

    lots: Lots
    before: Ints
    overnight: Ints
    first_night: Ints
    came: Ints
    went: Ints
    came_from: Ints
    went_from: Ints


def overnight(streams: Streams, park: Lots, day: Ints | int) -> Ints:
    """(..., C, U) vehicles inside at 04:00 of a day: who is at home, away, or has left the car after a party."""
    fresh, old = (streams.normal("lot.night", park.number, day - back) for back in range(2))
    drawn = np.rint(park.residents + (2.5 + 0.02 * park.residents) * (0.85 * fresh + 0.53 * old))
    return np.asarray(np.clip(drawn, 0, park.spaces).astype(np.int64))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Users:
    """(D, C, U) how many come in each of D days; residents who leave in the morning, and who return."""

    commuters: Ints
    visitors: Ints
    leave: Ints
    come_back: Ints

    @property
    def entered(self) -> Ints:
        return self.commuters + self.visitors + self.come_back


def _users(streams: Streams, park: Lots, site: Ints, worlds: Sequence[WorldDay]) -> _Users:
    day = np.array([world.index for world in worlds])[:, None, None]
    own = np.exp(_OWN_DAY * streams.normal("lot.day", park.number, day))
    at_work = np.stack([_mean(world.at_work) for world in worlds])[:, site, None] / _AT_WORK
    out = np.stack([_mean(world.out) for world in worlds])[:, site, None] / _OUT
    before, after = overnight(streams, park, day), overnight(streams, park, day + 1)
    leave = binomial(before, np.clip(0.3 + 0.4 * at_work, 0, 0.9), streams.normal("lot.leave", park.number, day))
    leave = np.maximum(leave, before - after)
    return _Users(
        commuters=many(park.users[..., _COMMUTERS] * at_work * own, streams.normal("lot.work", park.number, day)),
        visitors=many(park.users[..., _VISITORS] * out**_FOLLOW * own, streams.normal("lot.visit", park.number, day)),
        leave=leave,
        come_back=leave + after - before,
    )


def visits(streams: Streams, park: Lots, site: Ints, worlds: Sequence[WorldDay]) -> Ints:
    """(C, U) vehicles that enter in the whole of these days."""
    return np.asarray(_users(streams, park, site, worlds).entered.sum(axis=0))


def parking(streams: Streams, park: Lots, site: Ints, carry: Carry, world: WorldDay) -> Parking:
    """One day of these car parks."""
    users = _users(streams, park, site, [world])
    groups = [
        _commuters(streams, park, site, world, users.commuters.reshape(-1)),
        _visitors(streams, park, site, world, users.visitors.reshape(-1)),
        _residents(streams, park, site, world, users),
    ]
    total = park.number.size
    came, came_from = _sorted(total, [(row, at) for row, at, _row, _out in groups])
    went, went_from = _sorted(total, [(row, at) for _row, _in, row, at in groups])
    return Parking(
        lots=park,
        before=np.asarray(carry["visits"]).reshape(-1),
        overnight=overnight(streams, park, world.index).reshape(-1),
        first_night=overnight(streams, park, 0).reshape(-1),
        came=came,
        went=went,
        came_from=came_from,
        went_from=went_from,
    )


def observe(state: Parking, at: Moments) -> Observation:
    """What the gates have counted."""
    row = rows(at, state.lots.spaces.shape[1])
    now = at.ms + _APART_MS * row
    spaces, overnight = state.lots.spaces.reshape(-1)[row], state.overnight[row]
    left = np.searchsorted(state.went, now, side="right") - state.went_from[row]
    came = np.searchsorted(state.came, now, side="right") - state.came_from[row]
    entered = np.minimum(came, left + spaces - overnight)
    occupied = overnight + entered - left
    before = state.before[row]
    return {
        "total_spot_number": spaces,
        "occupied_spot_number": occupied,
        "vehicle_entrance_count": before + entered,
        "vehicle_exit_count": before + state.first_night[row] - overnight + left,
        "occupancy": 100.0 * occupied / spaces,
    }


#: Of one sort of user: car park and hour of everyone who comes, and of everyone who goes.
_Times = tuple[Ints, Floats, Ints, Floats]


def _commuters(streams: Streams, park: Lots, site: Ints, world: WorldDay, number: Ints) -> _Times:
    change = np.diff(world.at_work, axis=-1)
    row, place = everyone(number)
    key, where = _key(park, world)[row], _site(park, site)[row]
    came = drawn(within(change, 4.0, 12.0), where, streams.uniform("lot.work.in", key, place))
    went = drawn(within(-change, 14.0, 26.5), where, streams.uniform("lot.work.out", key, place))
    late = park.late + _DAY_LATE * streams.normal("lot.day.late", park.number, world.index)
    return row, _later(late, row, came), row, _later(late, row, went)


def _visitors(streams: Streams, park: Lots, site: Ints, world: WorldDay, number: Ints) -> _Times:
    """Those who are out come while a car park's trade draws them, and stay a while."""
    row, place = everyone(number)
    key = _key(park, world)[row]
    came = drawn(_draw(streams, park, site, world), row, streams.uniform("lot.visit.in", key, place))
    usual = park.stay * np.exp(_DAY_STAYS * streams.normal("lot.day.stay", park.number, world.index))
    went = came + _stay(streams.uniform("lot.visit.stay", key, place), usual.reshape(-1)[row])
    # Whoever would still be there at 04:00 leaves before.
    late = np.flatnonzero(went >= HOURS[-1])
    part = streams.uniform("lot.visit.early", key[late], place[late])
    went[late] = came[late] + (HOURS[-1] - came[late]) * part
    return row, came, row, went


def _draw(streams: Streams, park: Lots, site: Ints, world: WorldDay) -> Floats:
    """(C U, GRID_POINTS - 1) how many visitors come in each step of the grid, relative to others."""
    out = gathered(world.out)[_site(park, site), :-1]
    early, late = (
        spread * streams.normal(f"lot.day.{what}", park.number, world.index)
        for what, spread in (("opens", _DAY_OPENS), ("closes", _DAY_CLOSES))
    )
    if not world.workday:
        early = early + _REST_H
        late = late + _REST_CLOSES_H + _REST_SPREAD * streams.normal("lot.rest", park.number)
    opens, closes, evening = (part.reshape(-1, 1) for part in (park.opens + early, park.closes + late, park.evening))
    hour = HOURS[:-1]
    shops = out * _step((hour - opens) / _OPENS_WIDTH) * _step((closes - hour) / _CLOSES_WIDTH)
    guests = out * _step((hour - _EVENING_H) / _EVENING_WIDTH)
    weight = (1 - evening) * shops / shops.sum(axis=-1, keepdims=True)
    weight += evening * guests / guests.sum(axis=-1, keepdims=True)
    return within(weight, 4.0, 28.0)


def _step(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _later(late: Floats, row: Ints, hour: Floats) -> Floats:
    """The hours of a car park's own trade; near 04:00 nothing moves, so that nobody waits for the day to turn."""
    near = np.clip(np.minimum(hour - HOURS[0], HOURS[-1] - hour) / 3.0, 0.0, 1.0)
    return np.asarray(hour + late.reshape(-1)[row] * near)


def _stay(u: Floats, usual: Floats) -> Floats:
    """Stays, h: of a few the time that it takes to fetch or bring, of the others log-logistic ones."""
    share = np.clip((u - _BRIEF) / (1 - _BRIEF), 0.005, 0.995)
    long = usual * _STAY_H * (share / (1 - share)) ** _STAY_SPREAD
    return np.asarray(np.where(u < _BRIEF, -_BRIEF_H * np.log1p(-np.minimum(u / _BRIEF, 0.999)), long))


def _residents(streams: Streams, park: Lots, site: Ints, world: WorldDay, users: _Users) -> _Times:
    change = np.diff(world.at_home, axis=-1)
    gone, first = everyone(users.leave.reshape(-1))
    back, second = everyone(users.come_back.reshape(-1))
    key = _key(park, world)
    went = drawn(within(-change, 4.0, 13.0), _site(park, site)[gone], streams.uniform("lot.home.out", key[gone], first))
    came = drawn(within(change, 14.0, 28.0), _site(park, site)[back], streams.uniform("lot.home.in", key[back], second))
    return back, came, gone, went


def _mean(share: Floats) -> Floats:
    return np.asarray(share[:, :-1].mean(axis=-1))


def _key(park: Lots, world: WorldDay) -> Ints:
    """(C U,) a counter per car park and day."""
    return park.number.reshape(-1) * 1_000_003 + world.index


def _site(park: Lots, site: Ints) -> Ints:
    return np.repeat(site, park.number.shape[1])


def _sorted(total: int, parts: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Ints]:
    row = np.concatenate([row for row, _ in parts])
    ms = np.floor((np.concatenate([at for _, at in parts]) - HOURS[0]) * 3_600_000.0)
    times = np.clip(ms, 0, DAY_MS - 1).astype(np.int64) + _APART_MS * row
    first = np.cumsum(np.bincount(row, minlength=total)) - np.bincount(row, minlength=total)
    return np.sort(times), first
