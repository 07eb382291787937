"""Halls from one decision of their heat pumps to the next: where each step needs the one before."""

from dataclasses import dataclass

import numpy as np

from park.model import Floats

_GAIN = 3.5  # kW/K: how much a pump gives in proportion to what is missing
_FEW = 8  # halls, up to which Python's own numbers are faster than arrays of them


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """What halls come to from one decision to the next, (K, R) each: time first, so that a step lies together.

    Attributes:
        kept: share that is left of its temperature.
        steady: Cel that weather, people and lights add.
        per_kw: Cel that a kW of the pump adds.
        feed: kW that hold the target.
        low, high: kW at least and at most.
    """

    kept: Floats
    steady: Floats
    per_kw: Floats
    feed: Floats
    target: Floats
    low: Floats
    high: Floats

    def walk(self, start: Floats) -> tuple[Floats, Floats]:
        """(K, R) Cel, and kW of heat; `start` are temperatures at the first instant of the first day's halls."""
        cel, heat = np.empty_like(self.target), np.zeros_like(self.target)
        walk_day = self._walk_few if len(start) <= _FEW else self._walk_day
        for first in range(0, self.target.shape[1], len(start)):
            halls = slice(first, first + len(start))
            cel[:, halls], heat[:, halls] = walk_day(halls, start)
            start = cel[-1, halls]
        return cel, heat

    def _walk_day(self, halls: slice, now: Floats) -> tuple[Floats, Floats]:
        kept, steady, per_kw, feed, target, low, high = (part[:, halls] for part in self._parts())
        cel, heat = np.empty_like(target), np.zeros_like(target)
        runs = np.any((low < 0) | (high > 0), axis=1)
        for k in range(len(target)):
            cel[k] = now
            now = kept[k] * now + steady[k]
            if runs[k]:
                given = np.minimum(np.maximum(feed[k] + _GAIN * (target[k] - cel[k]), low[k]), high[k])
                heat[k] = given
                now += per_kw[k] * given
        return cel, heat

    def _walk_few(self, halls: slice, start: Floats) -> tuple[Floats, Floats]:
        """The same to the bit, one hall after the other: a call of numpy costs as much as some of these steps."""
        parts = [part[:, halls].T.tolist() for part in self._parts()]
        cel, heat = np.empty((2, len(self.target), len(start)))
        for hall, now in enumerate(start.tolist()):
            warm, given = [], []
            at = now
            for kept, steady, per_kw, feed, target, low, high in zip(*(part[hall] for part in parts), strict=True):
                warm.append(at)
                kw = min(max(feed + _GAIN * (target - at), low), high)
                given.append(kw)
                at = kept * at + steady + per_kw * kw
            cel[:, hall], heat[:, hall] = warm, given
        return cel, heat

    def _parts(self) -> tuple[Floats, ...]:
        return self.kept, self.steady, self.per_kw, self.feed, self.target, self.low, self.high
