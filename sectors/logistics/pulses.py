"""Disturbances of a first-order system: each rises towards a height while it lasts, then dies away.

A disturbance of height A that began s ago has made A (1 - exp(-s / rise)); from its end on, what it made is left times
exp(-s / decay). Sums of them are exact at any instant, and so is what a slower body makes of them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.model import Bools, Floats, Ints

DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Pulses:
    """(R, K) disturbances of R bodies in the order of time, none overlapping the next.

    Attributes:
        start, length: seconds since 04:00; a length of 0 is none.
        height: K, (R, K).
        rise, decay: time constants, s; at least 130.
    """

    start: Floats
    length: Floats
    height: Floats
    rise: float
    decay: float

    @cached_property
    def end(self) -> Floats:
        """(R, K) seconds since 04:00."""
        return self.start + self.length

    @cached_property
    def peak(self) -> Floats:
        """(R, K) what each alone has made by its end."""
        return np.asarray(self.height * -np.expm1(-self.length / self.rise))

    def last(self, row: Ints, t: Floats) -> Ints:
        """(N,) place of the last that began at or before t; before the first of a row, that of a row's first less 1."""
        keys = (self.start + 2 * DAY_S * np.arange(len(self.start))[:, None]).reshape(-1)
        return np.searchsorted(keys, t + 2 * DAY_S * row, side="right") - 1

    def on(self, row: Ints, t: Floats) -> Bools:
        """(N,) whether one lasts."""
        place = self.last(row, t)
        mine = place >= row * self.start.shape[1]
        return np.asarray(mine & (t < self.end.reshape(-1).take(np.maximum(place, 0))))

    def at(self, row: Ints, t: Floats) -> Floats:
        """(N,) their sum."""
        place, ended, current, since = self._split(row, t)
        rising = self.height.reshape(-1).take(place) * -np.expm1(-since / self.rise)
        over = self._over(self.peak, self.decay, row, ended, t)
        return np.asarray(over + np.where(current, rising, 0.0))

    def lagged(self, lag: float, row: Ints, t: Floats) -> Floats:
        """(N,) their sum as a body of time constant `lag`, s, follows it: dy/dt = (x - y) / lag."""
        place, ended, current, since = self._split(row, t)
        rising = self.height.reshape(-1).take(place) * self._step(lag, since)
        at_end = self.height * self._step(lag, self.length)
        share = self.peak * self.decay / (self.decay - lag)
        fast = self._over(share, self.decay, row, ended, t)
        slow = self._over(at_end - share, lag, row, ended, t)
        return np.asarray(fast + slow + np.where(current, rising, 0.0))

    def _step(self, lag: float, since: Floats) -> Floats:
        gap = self.rise - lag
        return np.asarray(1 - (self.rise * np.exp(-since / self.rise) - lag * np.exp(-since / lag)) / gap)

    def _split(self, row: Ints, t: Floats) -> tuple[Ints, Ints, Bools, Floats]:
        place = self.last(row, t)
        mine = np.asarray(place >= row * self.start.shape[1])
        place = np.maximum(place, 0)
        since = t - self.start.reshape(-1).take(place)
        current = np.asarray(mine & (t < self.end.reshape(-1).take(place)))
        ended = np.where(mine, place - row * self.start.shape[1] + 1, 0) - current
        return place, ended, current, np.where(current, since, 0.0)

    def _over(self, left: Floats, constant: float, row: Ints, ended: Ints, t: Floats) -> Floats:
        """What the first `ended` of each row have left; `left` is each one's at its end."""
        sums = np.zeros((len(left), left.shape[1] + 1))
        np.cumsum(left * np.exp(self.end / constant), axis=1, out=sums[:, 1:])
        return np.asarray(sums.reshape(-1).take(row * sums.shape[1] + ended) * np.exp(-t / constant))
