"""Lamps from an instant on: what they were told last, and what has come of it until then."""

from dataclasses import dataclass

import numpy as np

from park.model import DAY_MS, Floats, Ints
from sectors.municipal.fade import Draw, Fade
from sectors.municipal.program import FOLLOW, Told

_WARM_K = 26.0  # of the board over the air, at full light
_WARM_S = 1200.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Instants:
    """L lamps from an instant on, (L,) each.

    Attributes:
        fade: how the level moves.
        since_ms: when that began, milliseconds of the day.
        told: level that is commanded, 0 to 1, or `FOLLOW`.
        warm: K of the board over the air when it began.
        alight_h, kwh: time alight and energy from the day's beginning until then.
    """

    fade: Fade
    since_ms: Ints
    told: Floats
    warm: Floats
    alight_h: Floats
    kwh: Floats

    def next(self, told: Told, k: int, left: Floats | None, draws: Draw) -> "Instants":
        """From the k-th instant on; `left`, at the first, are the seconds that a fade of yesterday still takes."""
        ms, level = told.ms[:, k], told.level[:, k]
        comes, said = ms < DAY_MS, ~np.isnan(level)
        seconds = np.where(comes, (ms - self.since_ms) / 1000.0, 0.0)
        orders = np.where(said, level, self.told)
        goal = np.where(orders == FOLLOW, told.program[:, k], np.maximum(orders, told.least[:, k]))
        now = self.fade.level(seconds)
        ramp = np.where(now == goal, 0.0, told.ramp[:, k])
        ramp = ramp if left is None else np.where(left > 0, left, ramp)
        anew = comes & ((goal != self.fade.goal) | said)
        return Instants(
            fade=Fade(
                start=np.where(anew, now, self.fade.start),
                goal=np.where(anew, goal, self.fade.goal),
                ramp=np.where(anew, ramp, self.fade.ramp),
            ),
            since_ms=np.where(anew, ms, self.since_ms),
            told=orders,
            warm=np.where(anew, warmth(self.warm, self.fade.goal, seconds, draws), self.warm),
            alight_h=np.where(anew, self.alight_h + self.fade.alight_h(seconds), self.alight_h),
            kwh=np.where(anew, self.kwh + self.fade.energy_kwh(seconds, draws), self.kwh),
        )

    @property
    def rows(self) -> Floats:
        """(L, 8), as `of` takes them."""
        fade = self.fade
        parts = (fade.start, fade.goal, fade.ramp, self.since_ms, self.told, self.warm, self.alight_h, self.kwh)
        return np.stack(parts, axis=1, dtype=np.float64)

    @staticmethod
    def of(rows: Floats) -> "Instants":
        """From `rows`."""
        start, goal, ramp, since, told, warm, alight, kwh = np.ascontiguousarray(rows.T)
        return Instants(
            fade=Fade(start=start, goal=goal, ramp=ramp),
            since_ms=since.astype(np.int64),
            told=told,
            warm=warm,
            alight_h=alight,
            kwh=kwh,
        )


def warmth(before: Floats, goal: Floats, seconds: Floats, draws: Draw) -> Floats:
    """K of a board over the air, some seconds after it was `before` and the lamp went to a level."""
    steady = _WARM_K * draws.power(goal) / (draws.on + draws.a + draws.b)
    left = np.where(seconds < 10 * _WARM_S, np.exp(-seconds / _WARM_S), 0.0)
    return np.asarray(steady + (before - steady) * left)
