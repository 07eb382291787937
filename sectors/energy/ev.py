"""Charging points: who comes when, how long the car stays, how its battery fills.

Arrivals are a non-homogeneous Poisson process by type of point, drawn by inverting the cumulated rate
(Cinlar 1975); an arrival at an occupied point drives on. A battery takes constant current, then constant
voltage with exponentially falling current (CC-CV). A day's sessions are a pure function of the day, so the
cars that stand at home at 04:00 are those that came the evening before.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from park.grid import GRID_H, STEPS, integral
from park.model import GRID_POINTS, Bools, Floats, Ints, Streams

HOME, WORK, PUBLIC = range(3)
_CANDIDATES = 6
_NEVER = -1e9
#: Time constants of the taper until the current has fallen to 5 % and charging ends.
_TAPERS = float(np.log(20.0))

RATED_KW = np.array([7.0, 11.0, 22.0])
PHASES = np.array([1.0, 3.0, 3.0])
#: Power that a slower vehicle takes, and the share of such vehicles.
_SLOW_KW = np.array([3.5, 7.0, 11.0])
_SLOW_SHARE = np.array([0.15, 0.4, 0.5])
_NEED_KWH = np.array([15.0, 14.0, 18.0])

#: Arrivals per hour from 04:00 on: (types, day off or working day, 24).
_RATES = np.array(
    [
        [[float(rate) for rate in row.split()] for row in pair]
        for pair in (
            (
                "0 0 0 0 0 0 0 .03 .05 .06 .08 .12 .22 .25 .22 .16 .10 .08 .05 .03 .02 0 0 0",
                "0 0 0 0 0 0 0 .01 .01 .01 .02 .05 .22 .45 .50 .28 .14 .09 .06 .04 .02 0 0 0",
            ),
            (
                "0 0 0 .02 .03 .03 .02 .02 .02 .02 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
                "0 0 .05 .35 .90 .70 .30 .10 .05 .15 .12 .05 0 0 0 0 0 0 0 0 0 0 0 0",
            ),
            (
                "0 0 .02 .05 .12 .25 .35 .40 .38 .38 .40 .42 .42 .42 .40 .35 .28 .18 .08 0 0 0 0 0",
                "0 0 .03 .08 .18 .25 .28 .30 .32 .30 .28 .28 .32 .38 .40 .36 .26 .15 .06 0 0 0 0 0",
            ),
        )
    ]
)
_CUMULATED = np.concatenate([np.zeros((*_RATES.shape[:2], 1)), np.cumsum(_RATES, axis=2)], axis=2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sessions:
    """Sessions of charging points, (rows, K) each, in order of arrival; those that are none come last.

    Attributes:
        arrival, departure: in steps of the grid since 04:00 of the day, fractions included.
        power: at constant current, kW.
        constant_h: hours of it.
        taper_h: time constant of the decay that follows.
    """

    arrival: Floats
    departure: Floats
    power: Floats
    constant_h: Floats
    taper_h: Floats

    def each(self, change: Callable[[Floats], Floats]) -> "Sessions":
        """The same change to every array."""
        return Sessions(
            arrival=change(self.arrival),
            departure=change(self.departure),
            power=change(self.power),
            constant_h=change(self.constant_h),
            taper_h=change(self.taper_h),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Charging:
    """A day at charging points: power in kW, (rows, points), and sessions, first that of the day before."""

    power: Floats
    sessions: Sessions

    @cached_property
    def _latest(self) -> Ints:
        """Number of the latest session to have begun before the next instant, as a flat index; (rows, points)."""
        rows, count = self.sessions.arrival.shape
        begins = np.zeros((rows, GRID_POINTS), dtype=np.int8)
        row, number = np.nonzero(np.isfinite(self.sessions.arrival) & (self.sessions.arrival >= 0))
        begins[row, self.sessions.arrival[row, number].astype(np.int64)] = 1
        begun = np.cumsum(begins, axis=1, dtype=np.int64)
        return np.asarray(begun + np.arange(rows)[:, None] * count)

    @cached_property
    def arrival(self) -> Floats:
        """Of the latest session, in steps; (rows, points)."""
        return self.sessions.arrival.reshape(-1).take(self._latest)

    @cached_property
    def departure(self) -> Floats:
        """Of the latest session, in steps; (rows, points)."""
        return self.sessions.departure.reshape(-1).take(self._latest)

    def session_base(self, energy: Floats) -> Floats:
        """The day's `energy` (its integral, kWh) at the start of the latest session; (rows, points).

        Below zero for a session of the day before, which had delivered that much by 04:00.
        """
        started = np.clip(np.ceil(self.sessions.arrival), 0, STEPS).astype(np.int64)
        base = np.take_along_axis(energy, started, axis=1)
        overnight = self.sessions.each(lambda part: part[:, :1])
        the_day_before = replace(overnight, arrival=overnight.arrival + STEPS, departure=overnight.departure + STEPS)
        base[:, 0] = -integral(_power(the_day_before))[:, -1]
        return base.reshape(-1).take(self._latest)


def sessions(streams: Streams, device: Ints, type_: Ints, day: Ints | int, working: Bools) -> Sessions:
    """The sessions that begin on a day, at points (rows,) whose users take it for a working day or not.

    `day` is one for all or (rows,).
    """
    at = (device[:, None], np.reshape(day, (-1, 1)), np.arange(_CANDIDATES))
    gaps = -np.log1p(-streams.uniform("energy.ev.gap", *at))
    arrival = _arrivals(np.cumsum(gaps, axis=1), type_, working)
    slow = streams.uniform("energy.ev.slow", *at) < _SLOW_SHARE[type_][:, None]
    power = np.where(slow, _SLOW_KW[type_][:, None], RATED_KW[type_][:, None])
    need = _NEED_KWH[type_][:, None] * np.exp(0.4 * np.minimum(streams.normal("energy.ev.need", *at), 3.0))
    tapered = need * (0.12 + 0.13 * streams.uniform("energy.ev.taper", *at))
    constant_h = (need - tapered) / power
    # From full power down to 5 % of it, 0.95 power x time constant is delivered.
    taper_h = tapered / (0.95 * power)
    filled_h = constant_h + _TAPERS * taper_h
    departure = _departures(arrival, filled_h, type_, streams.uniform("energy.ev.stay", *at))
    arrival = _served(arrival, departure)
    order = np.argsort(arrival, axis=1, kind="stable")
    drawn = Sessions(arrival=arrival, departure=departure, power=power, constant_h=constant_h, taper_h=taper_h)
    return drawn.each(lambda part: np.take_along_axis(part, order, axis=1))


def charging(today: Sessions, before: Sessions) -> Charging:
    """A day at charging points, from the sessions that begin on it and on the day before."""
    both = _with_overnight(today, before)
    return Charging(power=_power(both), sessions=both)


def _power(sessions: Sessions) -> Floats:
    """CC-CV power at the instants of a day: zero at the first of a session and at its last; (rows, points)."""
    drawn = np.zeros((len(sessions.arrival), GRID_POINTS))
    filled = (sessions.constant_h + _TAPERS * sessions.taper_h) / GRID_H
    begin = np.ceil(sessions.arrival)
    # Few instants of few sessions charge: they are listed, and the others left at zero.
    first = np.clip(begin + 1, 0, GRID_POINTS)
    last = np.clip(np.minimum(np.floor(sessions.departure), np.ceil(begin + filled)), first, GRID_POINTS)
    row, number = np.nonzero(last > first)
    first, begin = first[row, number].astype(np.int64), begin[row, number]
    count = last[row, number].astype(np.int64) - first
    which = np.repeat(np.arange(len(row)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count - first, count)
    row, number = row[which], number[which]
    decay = ((step - begin[which]) * GRID_H - sessions.constant_h[row, number]) / sessions.taper_h[row, number]
    drawn[row, step] = sessions.power[row, number] * np.exp(-np.maximum(decay, 0.0))
    return drawn


def _arrivals(events: Floats, type_: Ints, working: Bools) -> Floats:
    """Steps since 04:00 at which the cumulated rate reaches `events`; infinite if not on this day."""
    steps = np.arange(25) / GRID_H
    arrival = np.full_like(events, np.inf)
    for which in (HOME, WORK, PUBLIC):
        for work in (False, True):
            chosen = np.flatnonzero((type_ == which) & (working == work))
            rate = _CUMULATED[which, int(work)]
            arrival[chosen] = np.interp(events[chosen], rate, steps, right=np.inf)
    return arrival


def _departures(arrival: Floats, filled_h: Floats, type_: Ints, draw: Floats) -> Floats:
    """Home until the next morning, at work until the evening, in public until full or impatient; steps."""
    home = (26.0 + 3.5 * draw) / GRID_H
    work = arrival + (7.0 + 3.0 * draw) / GRID_H
    public = arrival + (np.minimum(filled_h, 1.0 + 2.0 * draw) + 0.5 * draw) / GRID_H
    before_four = np.minimum(np.where(type_[:, None] == WORK, work, public), STEPS - 6.0)
    return np.where(type_[:, None] == HOME, home, before_four)


def _served(arrival: Floats, departure: Floats) -> Floats:
    """Arrivals at a free point; the others become infinite. Two steps pass between cars."""
    free = np.zeros(len(arrival))
    served = np.empty_like(arrival)
    for k in range(arrival.shape[1]):
        comes = arrival[:, k] >= free
        served[:, k] = np.where(comes, arrival[:, k], np.inf)
        free = np.where(comes & np.isfinite(arrival[:, k]), departure[:, k] + 2.0, free)
    return served


def _with_overnight(today: Sessions, before: Sessions) -> Sessions:
    """The day's sessions, after the last of the day before if it still lasts at 04:00."""
    last = np.argmax(np.where(np.isfinite(before.arrival), before.departure, _NEVER), axis=1)[:, None]
    night = before.each(lambda part: np.take_along_axis(part, last, axis=1))
    stays = np.isfinite(night.arrival) & (night.departure > STEPS)
    return Sessions(
        arrival=np.hstack([np.where(stays, night.arrival - STEPS, _NEVER), today.arrival]),
        departure=np.hstack([np.where(stays, night.departure - STEPS, _NEVER), today.departure]),
        power=np.hstack([night.power, today.power]),
        constant_h=np.hstack([night.constant_h, today.constant_h]),
        taper_h=np.hstack([night.taper_h, today.taper_h]),
    )
