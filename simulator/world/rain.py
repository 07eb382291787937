"""When within a wet day it rains, and how hard.

A latent series runs on, persistent from hour to hour; it rains where the latent passes the day's threshold, which is
set so that the day has its hours of rain. Both are straight lines between full hours, so rain begins and ends at any
second, wherever the lines cross.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats

_STEEPNESS = 1.2
# Near midnight before or after a dry day the latent is lowered, so that rain seldom runs over into it.
_SHY = (1.2, 0.5)
_DRY_MARGIN = 0.35


@dataclass(frozen=True, kw_only=True, eq=False)
class Spells:
    """Rain at full hours, (..., sites, 24 x days).

    Attributes:
        excess: by how much the latent passes the threshold: it rains where positive.
        depth: mm/h at an excess that is `intensity`'s unit.
    """

    excess: Floats
    depth: Floats


def intensity(excess: Floats, depth: Floats) -> Floats:
    """mm/h, 0 where the excess is negative."""
    return np.asarray(depth * np.expm1(_STEEPNESS * np.maximum(excess, 0)))


def spells(latent: Floats, amount: Floats, wet_hours: Floats) -> Spells:
    """Rain of consecutive days.

    Args:
        latent: standard normal, persistent, (..., sites, 24 x days).
        amount: of each day at each site, and of a day before and after, (..., sites, days + 2), mm.
        wet_hours: hours of rain of each day, (..., 1, days).
    """
    dry = amount <= 0
    by_day = latent.reshape(*amount.shape[:-1], -1, 24).copy()
    for hour, shy in enumerate(_SHY):
        by_day[..., hour] -= shy * dry[..., :-2]
        by_day[..., 23 - hour] -= shy * dry[..., 2:]
    falling = -np.sort(-by_day, axis=-1)
    last = np.clip(np.rint(wet_hours), 1, 23).astype(np.int64)[..., None]
    last = np.broadcast_to(last, (*by_day.shape[:-1], 1))
    nearest = np.take_along_axis(falling, last - 1, axis=-1), np.take_along_axis(falling, last, axis=-1)
    wet = ~dry[..., 1:-1, None]
    excess = by_day - np.where(wet, (nearest[0] + nearest[1]) / 2, falling[..., :1] + _DRY_MARGIN)
    shape = intensity(excess, np.ones(1))
    middles = intensity((excess[..., 1:] + excess[..., :-1]) / 2, np.ones(1))
    total = (shape.sum(axis=-1) + middles.sum(axis=-1)) / 2
    depth = np.where(wet[..., 0], amount[..., 1:-1] / np.where(total > 0, total, 1.0), 0.0)
    return Spells(
        excess=excess.reshape(latent.shape),
        depth=np.asarray(np.broadcast_to(depth[..., None], by_day.shape)).reshape(latent.shape),
    )
