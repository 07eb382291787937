"""What a battery does on a day on which it is told something: to the millisecond, in closed form.

It holds the power that it was told until the time is over or it is told otherwise, or until it is full or empty; then
it plans the rest of the day with the charge that it has. Between two knots its power is a line.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from park.grid import GRID_H, STEPS, area_above_zero
from park.model import DAY_MS, GRID_S, Floats, Ints
from park.orders import Told
from sectors.energy.battery import EMPTY, FULL, ONE_WAY_EFFICIENCY, WARMTH, Batteries
from sectors.energy.catalogue import SET_POWER

STEP_MS = GRID_S * 1000
HOUR_MS = 3_600_000

_Lines: TypeAlias = tuple[Ints, Floats, Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """How a battery enters the day.

    Attributes:
        charge: 0 to 1.
        power: at its terminal, kW, that it was told to hold.
        left_ms: for so much longer; 0 if it follows its plan.
        warm: of its cells, K, over what its plan would have made them.
    """

    charge: float
    power: float
    left_ms: float
    warm: float

    @property
    def usual(self) -> bool:
        """Whether nothing is left of what it was told."""
        return self.left_ms == 0 and self.warm == 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What one battery would do on the day if it was told nothing, (GRID_POINTS,) each, kW.

    Attributes:
        charging, discharging: what sun and shortfall would have it do, were there always room and charge.
        planned: what it has room and charge for; positive discharges.
    """

    charging: Floats
    discharging: Floats
    planned: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """A battery at N moments.

    Attributes:
        power: without its converter's own, kW; positive discharges.
        charge: 0 to 1.
        taken, given: at its terminal since 04:00, kWh.
        warm: K over what its plan would have made its cells.
    """

    power: Floats
    charge: Floats
    taken: Floats
    given: Floats
    warm: Floats


class Course:
    """The day of one battery.

    Args:
        one: the battery, (1,).
        plan: without orders.
        standing: how it enters the day.
        told: the day's orders to it, by time.
    """

    def __init__(self, one: Batteries, plan: Plan, standing: Standing, told: Sequence[Told]) -> None:
        self._capacity, self._rated = float(one.capacity[0]), float(one.rated[0])
        self._standby = float(one.standby[0])
        self._plan, self._charge = plan, standing.charge
        #: From here on it is no longer its plan; milliseconds since 04:00.
        self.first_ms = told[0].ms if standing.usual else 0
        self._parts: list[_Lines] = []
        power, until = self._run(standing, told)
        self._sum_up(standing)
        last = self.at(np.array([float(DAY_MS)]))
        # A hundredth of a degree is less than anybody reads.
        warm = float(last.warm[0]) if abs(float(last.warm[0])) > 0.01 else 0.0
        self.left = Standing(charge=float(last.charge[0]), power=power, left_ms=max(until - DAY_MS, 0.0), warm=warm)

    def at(self, ms: Floats | Ints) -> Seen:
        """At milliseconds since 04:00, (N,)."""
        place = np.searchsorted(self.ms, ms, side="right") - 1
        hours = (ms - self.ms[place]) / HOUR_MS
        power = self._left[place]
        now = power + self._slope[place] * hours
        span = hours / GRID_H
        out, into = self._sums[1][place], self._sums[0][place]
        own = self._standby
        forcing = self._forcing[0][place], self._forcing[1][place]
        return Seen(
            power=now,
            charge=self._sums[2][place] - _flow((power + now) / 2 * hours) / self._capacity,
            taken=into + area_above_zero(own - power, own - now, span),
            given=out + area_above_zero(power - own, now - own, span),
            warm=_warmed(self._sums[3][place], *forcing, hours),
        )

    def _run(self, standing: Standing, told: Sequence[Told]) -> tuple[float, float]:
        """Lay the day's lines; the power that is held in the end and until when, beyond the day if it goes on."""
        power, until = standing.power, standing.left_ms
        since = 0
        if until == 0:
            since = told[0].ms if told else DAY_MS
            self._lay(0, since, self._plan.planned)
        for number, one in enumerate((None, *told)):
            if one is not None:
                power, until = _said(one)
            end = told[number].ms if number < len(told) else DAY_MS
            if end > since:
                self._hold(since, min(end, int(until)), power)
                self._replan(max(since, int(until)), end)
            since = max(since, end)
        return power, until

    def _hold(self, since: int, end: int, power: float) -> None:
        """The power at the terminal, as long as there is room or charge for it."""
        if end <= since:
            return
        own = min(max(power + self._standby, -self._rated), self._rated)
        if own > 0:
            hours = max(self._charge - EMPTY, 0.0) * self._capacity * ONE_WAY_EFFICIENCY / own
        elif own < 0:
            hours = max(FULL - self._charge, 0.0) * self._capacity / (-own * ONE_WAY_EFFICIENCY)
        else:
            hours = 24.0
        stops = min(end, since + math.floor(min(hours, 48.0) * HOUR_MS))
        self._lay(since, stops, np.full(STEPS + 1, own))
        self._lay(stops, end, np.zeros(STEPS + 1))

    def _replan(self, since: int, end: int) -> None:
        """What the plan would do from now on, with the charge that there is."""
        if end <= since:
            return
        plan, room = self._plan, (FULL - self._charge) * self._capacity
        taken = _area(_lines(since, DAY_MS, plan.charging), DAY_MS) * ONE_WAY_EFFICIENCY
        given = _area(_lines(since, DAY_MS, plan.discharging), DAY_MS) / ONE_WAY_EFFICIENCY
        takes = min(1.0, max(room, 0.0) / max(taken, 1e-9))
        stored = (self._charge - EMPTY) * self._capacity + takes * taken
        gives = min(1.0, max(stored, 0.0) / max(given, 1e-9))
        self._lay(since, end, plan.discharging * gives - plan.charging * takes)

    def _lay(self, since: int, end: int, power: Floats) -> None:
        if end <= since:
            return
        lines = _lines(since, end, power)
        self._parts.append(lines)
        ms, left, slope = lines
        hours = np.diff(ms, append=end) / HOUR_MS
        self._charge -= float(np.cumsum(_flow((left + slope * hours / 2) * hours))[-1]) / self._capacity

    def _sum_up(self, standing: Standing) -> None:
        self.ms, self._left, self._slope = (
            np.concatenate([part[number] for part in self._parts]) for number in range(3)
        )
        hours = np.diff(self.ms, append=DAY_MS) / HOUR_MS
        right, own, span = self._left + self._slope * hours, self._standby, hours / GRID_H
        into = area_above_zero(own - self._left, own - right, span)
        out = area_above_zero(self._left - own, right - own, span)
        used = _flow((self._left + right) / 2 * hours) / self._capacity
        # |power| is a line between knots, as it keeps its sign there.
        _, usual, usual_slope = _lines_at(self.ms, np.abs(self._plan.planned))
        lead = WARMTH * (np.abs(self._left) - usual) / self._rated
        rise = WARMTH * (np.where(self._left + right < 0, -self._slope, self._slope) - usual_slope) / self._rated
        self._forcing = lead, rise
        gained = _warmed(np.zeros_like(lead), lead, rise, hours)
        after = np.exp(self.ms / HOUR_MS)
        warm = (standing.warm + _since_start(gained * np.exp(hours) * after)) / after
        charge = standing.charge - _since_start(used)
        self._sums = _since_start(into), _since_start(out), charge, warm


def _said(one: Told) -> tuple[float, float]:
    """What is to be held and until when; both are of the past if the plan is to be followed."""
    if one.action != SET_POWER:
        return 0.0, 0.0
    return float(one.value[0]), one.ms + float(one.value[1]) * 60_000.0


def _lines(since: int, end: int, power: Floats) -> _Lines:
    """Where the lines of a series of the grid begin between two moments, what they are there, and rise an hour."""
    nodes = np.arange(since // STEP_MS + 1, -(-end // STEP_MS)) * STEP_MS
    return _lines_at(np.concatenate([[since], nodes]).astype(np.int64), power)


def _lines_at(ms: Ints, power: Floats) -> _Lines:
    step = ms // STEP_MS
    slope = (power[step + 1] - power[step]) / GRID_H
    return ms, power[step] + slope * ((ms - step * STEP_MS) / HOUR_MS), slope


def _area(lines: _Lines, end: int) -> float:
    ms, left, slope = lines
    hours = np.diff(ms, append=end) / HOUR_MS
    return float(np.sum((left + slope * hours / 2) * hours))


def _flow(energy: Floats) -> Floats:
    """What the cells lose of it, of one sign between knots."""
    return np.where(energy > 0, energy / ONE_WAY_EFFICIENCY, energy * ONE_WAY_EFFICIENCY)


def _warmed(before: Floats, lead: Floats, rise: Floats, hours: Floats) -> Floats:
    """A lag of an hour after a line of what would warm so much an hour."""
    return np.asarray((before - lead + rise) * np.exp(-hours) + lead - rise + rise * hours)


def _since_start(steps: Floats) -> Floats:
    """What steps have added up to at the beginning of each."""
    return np.concatenate([[0.0], np.cumsum(steps)[:-1]])
