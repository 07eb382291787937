"""A lamp's level through a day as fades, with its energy and its time alight, all in closed form.

A level stays, or moves in a straight line to the next. Power is a parabola of it, so energy is a cubic.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats, Ints

_S_PER_H = 3600.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """What lamps draw, kW, (...) each: P = standby + lit * (on + a x + b x^2) at a level x of 0 to 1."""

    standby: Floats
    on: Floats
    a: Floats
    b: Floats

    def take(self, row: Ints) -> "Draw":
        """Those of some lamps."""
        return Draw(standby=self.standby[row], on=self.on[row], a=self.a[row], b=self.b[row])

    def power(self, x: Floats) -> Floats:
        """KW at a level."""
        return np.asarray(self.standby + np.where(x > 0, self.on + x * (self.a + self.b * x), 0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Fade:
    """The movement of levels, 0 to 1, (...) each: from `start` to `goal` in `ramp` seconds, then still."""

    start: Floats
    goal: Floats
    ramp: Floats

    def level(self, seconds: Floats) -> Floats:
        """After so many seconds."""
        moved = np.minimum(seconds, self.ramp) / np.maximum(self.ramp, 1e-3)
        return np.asarray(np.where(seconds >= self.ramp, self.goal, self.start + (self.goal - self.start) * moved))

    def alight_h(self, seconds: Floats) -> Floats:
        """Hours alight in the first seconds."""
        moving = np.minimum(seconds, self.ramp)
        lit = np.where((self.start > 0) | (self.goal > 0), moving, 0.0)
        return np.asarray((lit + np.where(self.goal > 0, seconds - moving, 0.0)) / _S_PER_H)

    def energy_kwh(self, seconds: Floats, draw: Draw) -> Floats:
        """Energy drawn in the first seconds."""
        moving = np.minimum(seconds, self.ramp)
        now = self.level(moving)
        # Means of x and x^2 along the line from start to now.
        mean = 0.5 * (self.start + now)
        square = (self.start * self.start + self.start * now + now * now) / 3.0
        still = (seconds - moving) / _S_PER_H
        moved = moving / _S_PER_H * (draw.a * mean + draw.b * square)
        rest = still * self.goal * (draw.a + draw.b * self.goal)
        return np.asarray(draw.standby * seconds / _S_PER_H + draw.on * self.alight_h(seconds) + moved + rest)
