"""The registers of a grid connection on a day on which something behind it obeys: both directions, to the millisecond.

Without orders a step of the grid is netted and read as a line. From the first order on, what obeys is added to that
line as it runs, and each direction counts what flows its way: so no reading knows of a later order, registers never
fall, and import less export is the energy through the connection.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import GRID_H, STEPS
from park.model import DAY_MS, Bools, Floats, Ints
from sectors.energy.course import HOUR_MS, STEP_MS

_JUST_BEFORE_MS = 1e-3
_ROUNDS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Net:
    """One connection.

    Attributes:
        first_ms: of the first order, since 04:00.
        counted: (2,) kWh since 04:00 by then, in and out.
        steps: (STEPS,) kWh from the grid in each step if nobody had been told anything.
        bends: (B,) milliseconds at which what obeys changes its course.
        more: power from the grid, kW, and its energy since 04:00, kWh, on top of that, at milliseconds, (N,).
    """

    first_ms: int
    counted: Floats
    steps: Floats
    bends: Floats
    more: Callable[[Floats], tuple[Floats, Floats]]

    def at(self, ms: Floats) -> tuple[Floats, Floats]:
        """(N,) kWh taken from the grid and fed into it since 04:00."""
        place = np.searchsorted(self._knots, ms, side="right") - 1
        return self._ways(place, ms)

    @cached_property
    def _knots(self) -> Floats:
        """Where each stretch begins, (K,)."""
        nodes = np.arange(STEPS, dtype=np.float64) * STEP_MS
        knots = np.unique(np.concatenate([np.array([float(self.first_ms)]), nodes, self.bends]))
        return np.asarray(knots[(knots >= self.first_ms) & (knots < DAY_MS)])

    @cached_property
    def _begins(self) -> tuple[Floats, Floats]:
        """(K,) power and further energy when each stretch begins."""
        power, energy = self.more(self._knots)
        return self._flat(self._knots) + power, energy

    @cached_property
    def _turns(self) -> tuple[Floats, Bools]:
        """(K,) when the flow turns within each stretch, infinite if it does not; and whether it begins inwards."""
        since, until = self._knots, np.append(self._knots[1:], DAY_MS) - _JUST_BEFORE_MS
        first, last = self._begins[0], self._flat(since) + self.more(until)[0]
        turns = np.full(len(since), np.inf)
        for one in np.flatnonzero((first > 0) & (last < 0) | (first < 0) & (last > 0)):
            turns[one] = self._root(since[one], until[one], first[one], last[one])
        return turns, np.where(first == 0, last, first) >= 0

    def _root(self, low: float, high: float, first: float, last: float) -> float:
        """When a flow that turns once is nil: false position."""
        at, flat = low, float(self._flat(np.array([low]))[0])
        for _ in range(_ROUNDS):
            at = low + (high - low) * first / (first - last)
            now = flat + float(self.more(np.array([at]))[0][0])
            if now == 0 or (now > 0) != (first > 0):
                high, last = at, now
            else:
                low, first = at, now
            if first == last:
                break
        return at

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """(K,) kWh in and out when each stretch begins."""
        until = np.append(self._knots[1:], DAY_MS)
        into, out = self._gained(np.arange(len(self._knots)), until)
        taken, fed = self.counted
        return taken + np.append(0.0, np.cumsum(into)[:-1]), fed + np.append(0.0, np.cumsum(out)[:-1])

    def _ways(self, place: Ints, ms: Floats) -> tuple[Floats, Floats]:
        into, out = self._gained(place, ms)
        return self._sums[0][place] + into, self._sums[1][place] + out

    def _gained(self, place: Ints, ms: Floats) -> tuple[Floats, Floats]:
        """(N,) kWh in and out since the beginning of their stretches."""
        turns, inwards = (part[place] for part in self._turns)
        straight = self._through(place, np.minimum(ms, turns))
        turned = np.where(ms > turns, self._through(place, ms) - straight, 0.0)
        first, then = np.where(inwards, straight, -straight), np.where(inwards, -turned, turned)
        first, then = np.maximum(first, 0.0), np.maximum(then, 0.0)
        return np.where(inwards, first, then), np.where(inwards, then, first)

    def _through(self, place: Ints, ms: Floats) -> Floats:
        """(N,) kWh from the grid since the beginning of their stretches, of either sign."""
        since = self._knots[place]
        return np.asarray(self._flat(since) * ((ms - since) / HOUR_MS) + self.more(ms)[1] - self._begins[1][place])

    def _flat(self, since: Floats) -> Floats:
        """(N,) kW of a step without orders."""
        return np.asarray(self.steps[(since // STEP_MS).astype(np.int64)] / GRID_H)
