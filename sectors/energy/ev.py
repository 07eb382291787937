"""Charging points: who comes when, how long the car stays, how its battery fills.

Arrivals are a Poisson process by type of point whose rate follows the people of the world: they come home as homes
fill, to work as work fills, to public points while they are out. It is drawn by inverting the cumulated rate (Cinlar
1975); an arrival at an occupied point drives on. Stay and need are one draw, sized by the sessions of workplaces (Lee,
Li & Low 2019, ACN-Data): stays spread by half their mean, some are visits, energies spread as much as their mean.

The vehicle sets a current; it takes constant current, then constant voltage with exponentially falling current
(CC-CV). So its power follows the supply's voltage. What stands at 04:00 is carried into the day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from park.grid import GRID_H, STEPS, Sampler
from park.model import GRID_POINTS, Bools, Floats, Ints, Streams
from sectors.energy.weather import SiteWeather

HOME, WORK, PUBLIC = range(3)
_CANDIDATES = 6
_NEVER = -1e9
HIGHEST = 1.05  # voltage per unit: no charging point exceeds its rating
#: Time constants of the taper until the current has fallen to 5 % and charging ends.
TAPERS = float(np.log(20.0))
READY = 0.2  # steps from plugging in to charging

RATED_KW = np.array([7.0, 11.0, 22.0])
PHASES = np.array([1.0, 3.0, 3.0])
#: Power that a slower vehicle takes, and the share of such vehicles.
_SLOW_KW = np.array([3.5, 7.0, 11.0])
_SLOW_SHARE = np.array([0.15, 0.4, 0.5])
_NEED_KWH = np.array([13.0, 9.5, 15.0])  # median
_NEED_SPREAD = np.array([0.6, 0.95, 0.7])  # of its logarithm
_NEED_BY_STAY = 0.40  # correlation of the logarithm of the need with the stay
_VISITS = np.array([0.18, 0.13, 0.0])  # share of short stays
#: Steps of the grid in which nobody comes home or to work; and how arrivals follow people, per hour and share.
_HOMECOMING = (84, 270)  # 11:00 to 02:30
_GOING_TO_WORK = (0, 132)  # until 15:00
_HOUR_STEPS = 12
_HOME_RATE, _HOME_BASE = 1.7, 0.3
_WORK_RATE, _WORK_BASE = 2.7, 0.46
_PUBLIC_OUT, _PUBLIC_WAY = 1.9, 1.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Sessions:
    """Sessions of charging points, (rows, K) each, in order of arrival; those that are none come last.

    Attributes:
        arrival, departure: in steps of the grid since 04:00 of the day, fractions included.
        power: at constant current and nominal voltage, kW.
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
        return Sessions(**{part.name: change(getattr(self, part.name)) for part in fields(self)})

    @property
    def parts(self) -> Mapping[str, Floats]:
        """The arrays by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


def no_sessions(rows: int) -> Sessions:
    """One session a row that is none."""
    never = np.full((rows, 1), _NEVER)
    return Sessions(arrival=never, departure=never, power=never * 0, constant_h=never * 0, taper_h=never * 0 + 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Charging:
    """A day at charging points.

    Attributes:
        sessions: the first is that of the day before.
        delivered: kWh that it had been given by 04:00 of the first day, (rows of a day,).
        voltage: of the supply over nominal, mean of each step, (rows, points - 1).
    """

    sessions: Sessions
    delivered: Floats
    voltage: Floats

    @cached_property
    def _latest(self) -> Ints:
        """Number of the latest session to have begun before the end of each step, flat; (rows, points)."""
        rows, count = self.sessions.arrival.shape
        begins = np.zeros((rows, GRID_POINTS), dtype=np.int8)
        row, number = np.nonzero(np.isfinite(self.sessions.arrival) & (self.sessions.arrival >= 0))
        begins[row, self.sessions.arrival[row, number].astype(np.int64)] = 1
        begun = np.cumsum(begins, axis=1, dtype=np.int64)
        return np.asarray(begun + np.arange(rows)[:, None] * count)

    @cached_property
    def _left(self) -> Floats:
        """Of the step's session, kWh at nominal voltage at its beginning; (rows, points - 1)."""
        return self._nominal(self._latest[:, :-1], np.arange(STEPS))[1]

    @cached_property
    def energy(self) -> Floats:
        """Since the start of the day, kWh; (rows, points)."""
        all_of = self.sessions
        rows, count = all_of.arrival.shape
        begin = all_of.arrival + READY
        filled = begin + (all_of.constant_h + TAPERS * all_of.taper_h) / GRID_H
        # Few steps of few sessions charge: they are listed, and the others left at zero.
        first = np.clip(np.floor(begin), 0, STEPS)
        last = np.clip(np.ceil(np.minimum(filled, all_of.departure)), first, STEPS)
        which = np.flatnonzero(last > first)
        first, steps = (part.reshape(-1)[which].astype(np.int64) for part in (first, last - first))
        each = np.repeat(which, steps)
        step = np.arange(len(each)) - np.repeat(np.cumsum(steps) - steps - first, steps)
        drawn = np.zeros((rows, STEPS))
        drawn[each // count, step] = self._nominal(each, step + 1)[1] - self._nominal(each, step)[1]
        drawn *= self.voltage
        total = np.zeros((rows, GRID_POINTS))
        np.cumsum(drawn, axis=1, out=total[:, 1:])
        return total

    @cached_property
    def given(self) -> Floats:
        """What vehicles that stand at the day's end have been given, kWh; (rows,)."""
        last = self._latest[:, -1]
        stays = self.sessions.departure.reshape(-1).take(last) > STEPS
        return np.where(stays, self.energy[:, -1] - self._begun.reshape(-1).take(last), 0.0)

    @cached_property
    def _begun(self) -> Floats:
        """The day's energy when each session began, 0 for that of the day before; (rows, K)."""
        step = np.clip(np.where(np.isfinite(self.sessions.arrival), self.sessions.arrival, 0), 0, STEPS)
        return np.take_along_axis(self.energy, step.astype(np.int64), axis=1)

    @cached_property
    def _base(self) -> Floats:
        """As `_begun`; below zero for a session of the day before, which had been given that much by 04:00."""
        base = self._begun.copy()
        base[:, 0] = -np.concatenate([self.delivered, self.given[: -len(self.delivered)]])
        return base

    def at(self, row: Ints, x: Floats) -> tuple[Floats, Floats]:
        """(N,) power, kW, and energy since 04:00, kWh, of these rows at places of the grid."""
        here = Sampler(row, x)
        power, nominal = self._nominal(here.hold(self._latest), x)
        at = row * STEPS + x.astype(np.int64)
        volts = self.voltage.reshape(-1).take(at)
        return power * volts, here.hold(self.energy) + volts * (nominal - self._left.reshape(-1).take(at))

    def session(self, row: Ints, x: Floats) -> tuple[Bools, Floats, Floats]:
        """(N,) whether a vehicle is connected, the day's energy when it came, and its power at nominal voltage."""
        which = Sampler(row, x).hold(self._latest)
        arrival, departure, base = (
            part.reshape(-1).take(which) for part in (self.sessions.arrival, self.sessions.departure, self._base)
        )
        return (x >= arrival) & (x < departure), base, self._nominal(which, x)[0]

    def arrived(self, row: Ints, x: Floats) -> Floats:
        """(N,) when the latest session began, in steps since 04:00."""
        return self.sessions.arrival.reshape(-1).take(Sampler(row, x).hold(self._latest))

    def _nominal(self, which: Ints, x: Floats | Ints) -> tuple[Floats, Floats]:
        """Power, kW, and energy since its beginning, kWh, of sessions at nominal voltage."""
        arrival, departure, power, constant_h, taper_h = (
            part.reshape(-1).take(which) for part in self.sessions.parts.values()
        )
        since = (x - arrival - READY) * GRID_H
        filled = constant_h + TAPERS * taper_h
        end = np.minimum((departure - arrival - READY) * GRID_H, filled)
        charged = np.clip(since, 0.0, np.maximum(end, 0.0))
        taper = np.exp(-np.maximum(charged - constant_h, 0.0) / taper_h)
        energy = power * (np.minimum(charged, constant_h) + taper_h * (1.0 - taper))
        return np.where((since >= 0) & (since < end), power * taper, 0.0), energy


def sessions(streams: Streams, device: Ints, type_: Ints, row: Ints, weather: SiteWeather) -> Sessions:
    """The sessions that begin on a day, at points (rows,) under these rows of the weather."""
    at = (device[:, None], weather.index[row][:, None], np.arange(_CANDIDATES))
    gaps = -np.log1p(-streams.uniform("energy.ev.gap", *at))
    arrival = _arrivals(np.cumsum(gaps, axis=1), cumulated(type_, row, weather))
    slow = streams.uniform("energy.ev.slow", *at) < _SLOW_SHARE[type_][:, None]
    own = 0.90 + 0.05 * streams.uniform("energy.ev.set", *at)
    power = np.where(slow, _SLOW_KW[type_][:, None], RATED_KW[type_][:, None]) * own
    stay, like = streams.normal("energy.ev.stay", *at), streams.normal("energy.ev.need", *at)
    logs = _NEED_BY_STAY * stay + np.sqrt(1 - _NEED_BY_STAY**2) * like
    need = np.minimum(_NEED_KWH[type_][:, None] * np.exp(_NEED_SPREAD[type_][:, None] * logs), 75.0)
    tapered = need * (0.12 + 0.13 * streams.uniform("energy.ev.taper", *at))
    constant_h = (need - tapered) / power
    # From full power down to 5 % of it, 0.95 power x time constant is delivered.
    taper_h = tapered / (0.95 * power)
    filled_h = constant_h + TAPERS * taper_h
    visit = streams.uniform("energy.ev.visit", *at) < _VISITS[type_][:, None]
    departure = _departures(arrival, filled_h, type_, stay, visit)
    arrival = _served(arrival, departure)
    order = np.argsort(arrival, axis=1, kind="stable")
    drawn = Sessions(arrival=arrival, departure=departure, power=power, constant_h=constant_h, taper_h=taper_h)
    return drawn.each(lambda part: np.take_along_axis(part, order, axis=1))


def overnight(today: Sessions) -> Sessions:
    """What stands at the day's end, as the next day has it; (rows, 1)."""
    last = np.maximum(np.isfinite(today.arrival).sum(axis=1) - 1, 0)[:, None]
    left = today.each(lambda part: np.take_along_axis(part, last, axis=1))
    stays = np.isfinite(left.arrival) & (left.departure > STEPS)
    none = no_sessions(len(last)).parts
    after = {
        name: np.where(stays, part - STEPS if name in {"arrival", "departure"} else part, none[name])
        for name, part in left.parts.items()
    }
    return Sessions(**after)


def with_overnight(today: Sessions, night: Sessions) -> Sessions:
    """The day's sessions after that which stood at 04:00."""
    return Sessions(**{name: np.hstack([night.parts[name], part]) for name, part in today.parts.items()})


def cumulated(type_: Ints, row: Ints, weather: SiteWeather) -> Floats:
    """Expected arrivals since 04:00 at every full hour, (rows, 25)."""
    home, work = _risen(weather.at_home, *_HOMECOMING), _risen(weather.at_work, *_GOING_TO_WORK)
    way, out = _hourly(weather.under_way), _hourly(weather.out)
    come_home = _HOME_RATE * home + _HOME_BASE * way * (np.arange(24) >= 7) * (np.arange(24) < 22)
    come_to_work = _WORK_RATE * work + _WORK_BASE * _hourly(weather.at_work) * (np.arange(24) < 13)
    come_by = (_PUBLIC_OUT * out + _PUBLIC_WAY * way) * (np.arange(24) < 20)
    rates = np.choose(type_[:, None], [come_home[row], come_to_work[row], come_by[row]])
    total = np.zeros((len(row), 25))
    np.cumsum(rates, axis=1, out=total[:, 1:])
    return total


def _risen(share: Floats, first: int, last: int) -> Floats:
    """By how much a share of people rises in each hour, between two points of the grid; (sites, 24)."""
    inside = share[:, np.clip(np.arange(0, GRID_POINTS, _HOUR_STEPS), first, last)]
    return np.maximum(np.diff(inside, axis=1), 0.0)


def _hourly(share: Floats) -> Floats:
    """At the middle of each hour, (sites, 24)."""
    return share[:, _HOUR_STEPS // 2 :: _HOUR_STEPS]


def _arrivals(events: Floats, expected: Floats) -> Floats:
    """Steps since 04:00 at which the expected number reaches `events`; infinite if not on this day."""
    hour = np.zeros(events.shape, dtype=np.int64)
    for one in range(1, 25):
        hour += events >= expected[:, one, None]
    within = np.minimum(hour, 23)
    left = np.take_along_axis(expected, within, axis=1)
    right = np.take_along_axis(expected, within + 1, axis=1)
    part = (events - left) / np.maximum(right - left, 1e-12)
    return np.where(hour < 24, (within + part) / GRID_H, np.inf)


def _departures(arrival: Floats, filled_h: Floats, type_: Ints, stay: Floats, visit: Bools) -> Floats:
    """Home until the next morning, at work until the evening, in public until full or impatient; steps.

    Some are visits of an hour or two, at home and at work alike.
    """
    short = arrival + np.clip(1.2 + 0.5 * stay, 0.3, 3.5) / GRID_H
    home = np.clip(27.7 + 0.9 * stay, 25.0, 30.5) / GRID_H
    work = arrival + np.clip(7.2 + 2.9 * stay, 0.6, 14.0) / GRID_H
    public = arrival + (np.minimum(filled_h, 2.0 + 0.7 * stay.clip(-2, 3)) + 0.25 * (1 + stay.clip(-1, 1))) / GRID_H
    kind = type_[:, None]
    long = np.where(kind == HOME, home, np.where(kind == WORK, work, public))
    ends = np.where(visit, short, long)
    # Only at home does anybody stay over 04:00.
    return np.where((kind == HOME) & ~visit, ends, np.minimum(ends, STEPS - 6.0))


def _served(arrival: Floats, departure: Floats) -> Floats:
    """Arrivals at a free point; the others become infinite. Two steps pass between cars."""
    free = np.zeros(len(arrival))
    served = np.empty_like(arrival)
    for k in range(arrival.shape[1]):
        comes = (arrival[:, k] >= free) & (departure[:, k] > arrival[:, k] + 1)
        served[:, k] = np.where(comes, arrival[:, k], np.inf)
        free = np.where(comes & np.isfinite(arrival[:, k]), departure[:, k] + 2.0, free)
    return served
