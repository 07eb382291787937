"""When a cabinet's photocell switches its lamps, to the second.

After CJJ 89, street lamps go on when daylight has fallen below 20 to 30 lx and off when it has risen above 30 to 45;
either is held for a minute, so that lightning or a lorry's lights switch nothing.
"""

import numpy as np

from park.grid import STEPS
from park.model import DAY_MS, GRID_S, Bools, Floats, Ints
from sectors.municipal.chain import NEVER

_ON_LX, _OFF_LX = 25.0, 40.0
_HOLD_MS = 60_000
#: Most switchings of a day that are looked for: a morning's, an evening's, and a black cloud between.
SWITCHINGS = 4


def dark_at_first(illuminance: Floats, gain: Floats) -> Floats:
    """(R,) whether lamps are lit when the day begins, as 0 or 1.

    Args:
        illuminance: (R, GRID_POINTS) lx.
        gain: (R,) what the cell reads of a true lux.
    """
    return np.asarray((illuminance[:, 0] * gain < np.sqrt(_ON_LX * _OFF_LX)).astype(np.float64))


def switchings(illuminance: Floats, gain: Floats) -> Ints:
    """(R, SWITCHINGS) milliseconds of the day at which dark and light change places, `NEVER` beyond the last.

    Between two points of the grid daylight is a straight line in its logarithm, as twilight nearly is.
    """
    log = np.log(np.maximum(illuminance * gain[:, None], 1e-3))
    rows, points = np.arange(len(log)), np.arange(STEPS + 1)
    dark: Bools = dark_at_first(illuminance, gain) > 0
    after: Ints = np.zeros(len(log), dtype=np.int64)
    found = np.full((len(log), SWITCHINGS), NEVER)
    for number in range(SWITCHINGS):
        edge: Floats = np.log(np.where(dark, _OFF_LX, _ON_LX))
        beyond: Bools = np.where(dark[:, None], log > edge[:, None], log < edge[:, None])
        past: Bools = beyond & (points > after[:, None])
        point: Ints = past.argmax(axis=1)
        comes: Bools = past[rows, point]
        point = np.maximum(point, 1)
        left, right = log[rows, point - 1], log[rows, point]
        # A cell that is past the edge at the point before has been so since then.
        part = np.clip((edge - left) / np.where(right == left, 1.0, right - left), 0.0, 1.0)
        ms = np.rint((point - 1 + part) * (GRID_S * 1000)).astype(np.int64) + _HOLD_MS
        found[:, number] = np.where(comes & (ms < DAY_MS), ms, NEVER)
        after = np.where(comes, point, STEPS)
        dark = np.not_equal(dark, comes)
    return found
