"""Reefer bodies that are told another set point: how far their air and load are from where they would have been.

The unit shows a set point from the millisecond on; the body follows from the next instant of the grid. Pulled down, its
air comes to the new one as fast as the unit pulls it down each morning; told a higher one, the unit rests until what
leaks in has warmed it. Loads follow the air as a slower body follows a sum of decays, so all is exact at any instant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from park.model import GRID_S, Bools, Floats, Ints
from park.orders import Told
from sectors.logistics.catalogue import SET_TEMPERATURE

SETPOINT = 4.0
PULL_S, WARM_S = 700.0, 5400.0  # time constants of the body's air, unit on and off
_STEP_MS = GRID_S * 1000
_NEAR_K = 0.3  # of its set point, a body is there


@dataclass(frozen=True, kw_only=True, eq=False)
class Shift:
    """(N,) moments of a body: K of its air off where it would have been, and whether it is on its way down or up."""

    air: Floats
    falls: Bools
    rises: Bools


def _acts(one: Told) -> float:
    """The instant of the grid from which a body follows an order."""
    return float(-(-one.ms // _STEP_MS) * GRID_S)


class Body:
    """One lorry's day, seconds since 04:00.

    Args:
        on, off: when its unit is switched.
        loads: when its load comes in.
        entering: the set point in the morning, Cel.
        told: the day's orders to it, by time.
    """

    def __init__(self, *, on: float, off: float, loads: float, entering: float, told: Sequence[Told]) -> None:
        self._off, self._comes, self._entering, self._told = off, loads, entering, told
        self._loads_of: dict[float, Floats] = {}
        changes = {on, loads, off, *(_acts(one) for one in told)}
        self._begin = np.array(sorted(at for at in changes if on <= at <= off))
        self._goal = np.array([self._asked(at) - SETPOINT if at < off else 0.0 for at in self._begin])
        self._start, self._lag = np.zeros(len(self._begin)), np.full(len(self._begin), PULL_S)
        for number in range(1, len(self._begin)):
            self._enter(number)

    def _enter(self, number: int) -> None:
        """How a stretch begins that follows another."""
        at, before, goal = self._begin[number], number - 1, self._goal[number]
        faded = np.exp(-(at - self._begin[before]) / self._lag[before])
        air = self._goal[before] + (self._start[before] - self._goal[before]) * faded
        self._start[number] = air
        if goal == self._goal[before] and at < self._off:
            self._lag[number] = self._lag[before]
        elif goal > air or at >= self._off:
            self._lag[number] = WARM_S

    @property
    def left(self) -> float:
        """The set point in the evening, Cel."""
        return self._said(len(self._told))

    def _asked(self, second: float) -> float:
        """Cel that the body is led to from a moment on."""
        return self._said(sum(_acts(one) <= second for one in self._told))

    def shown(self, ms: Ints) -> Floats:
        """(N,) set points, Cel, at milliseconds since 04:00."""
        said = np.array([self._said(number) for number in range(len(self._told) + 1)])
        return said[np.searchsorted([one.ms for one in self._told], ms, side="right")]

    def shift(self, t: Floats) -> Shift:
        """(N,) of its air."""
        place = np.searchsorted(self._begin, t, side="right") - 1
        within, place = place >= 0, np.maximum(place, 0)
        goal, lag = self._goal[place], self._lag[place]
        air = np.where(within, goal + (self._start[place] - goal) * np.exp(-(t - self._begin[place]) / lag), 0.0)
        runs = within & (t < self._off)
        far = np.abs(air - goal) > _NEAR_K
        return Shift(air=air, falls=runs & far & (air > goal) & (lag == PULL_S), rises=runs & far & (lag == WARM_S))

    def load(self, t: Floats, slow: float) -> Floats:
        """(N,) K of a load with this time constant off where it would have been; it comes in as warm as ever."""
        if slow not in self._loads_of:
            self._loads_of[slow] = self._starts(slow)
        place = np.searchsorted(self._begin, t, side="right") - 1
        found = self._follow(np.maximum(place, 0), t, slow, self._loads_of[slow][np.maximum(place, 0)])
        return np.where((place >= 0) & (t >= self._comes), found, 0.0)

    def burnt(self, t: Floats, share: float, per_kelvin: float, bounds: tuple[float, float]) -> Floats:
        """(N,) hours of cooling since 04:00, of a unit that cools for a `share` of its time at the usual set point."""
        ends = np.append(self._begin[1:], self._off)
        cools = np.clip(share - per_kelvin * self._goal, *bounds)
        spent = np.clip(t[:, None] - self._begin, 0.0, np.maximum(ends - self._begin, 0.0))
        return np.asarray((spent * cools).cumsum(axis=1)[:, -1] / 3600.0)

    def _said(self, number: int) -> float:
        if not number:
            return self._entering
        one = self._told[number - 1]
        return float(one.value[0]) if one.action == SET_TEMPERATURE else SETPOINT

    def _starts(self, slow: float) -> Floats:
        loads = np.zeros(len(self._begin))
        for number in range(1, len(self._begin)):
            if self._begin[number] > self._comes:
                before = np.array([number - 1])
                loads[number] = self._follow(before, self._begin[number : number + 1], slow, loads[before])[0]
        return loads

    def _follow(self, place: Ints, t: Floats, slow: float, load: Floats) -> Floats:
        """A load that is off by `load` when the stretch begins: dy/dt = (air - y) / slow."""
        goal, lag, since = self._goal[place], self._lag[place], t - self._begin[place]
        fast = (self._start[place] - goal) * lag / (lag - slow)
        return np.asarray(goal + fast * np.exp(-since / lag) + (load - goal - fast) * np.exp(-since / slow))
