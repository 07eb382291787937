"""When each of a group comes: hours drawn one by one from a rate in time."""

import numpy as np

from park import grid
from park.model import DAY_STARTS_H, GRID_POINTS, GRID_S, Floats, Ints

#: Local hours of the grid's instants, from 4 to 28.
HOURS = DAY_STARTS_H + grid.HOURS
#: Grid steps over which people gather at a car park and leave it: who goes out for lunch goes on foot.
_GATHER = 36
#: Parts of one, and bits that hold them and more.
_FINE, _BITS = float(1 << 40), 41


def gathered(share: Floats) -> Floats:
    """Means over the steps about each, fewer at the day's ends."""
    run = np.cumsum(np.concatenate([np.zeros((len(share), 1)), share], axis=-1), axis=-1)
    low = np.maximum(np.arange(GRID_POINTS) - _GATHER // 2, 0)
    high = np.minimum(np.arange(GRID_POINTS) + _GATHER // 2, GRID_POINTS - 1) + 1
    return np.asarray((run[:, high] - run[:, low]) / (high - low))


def everyone(number: Ints) -> tuple[Ints, Ints]:
    """For everyone of groups of these sizes: the group, and the place in it."""
    group = np.repeat(np.arange(len(number)), number)
    return group, np.arange(len(group)) - np.repeat(np.cumsum(number) - number, number)


def within(rate: Floats, first_h: float, last_h: float) -> Floats:
    """(sites, GRID_POINTS - 1) what is above zero in these hours, and a trace of it at any."""
    inside = (HOURS[:-1] >= first_h) & (HOURS[1:] <= last_h + 1e-6)
    return np.where(inside, np.maximum(rate, 1e-7), 0.0)


def drawn(weight: Floats, row: Ints, u: Floats) -> Floats:
    """Hours, as likely as the weights (rows, GRID_POINTS - 1) of a row in each step of the grid."""
    below = np.cumsum(weight, axis=-1)
    below /= below[:, -1:]
    # One sorted array for all rows: a row's own values lie between its number and the next; in whole numbers, so that
    # what stands in the rows beside cannot round a comparison.
    flat = (_whole(below) + (np.arange(len(below))[:, None] << _BITS)).reshape(-1)
    wide = GRID_POINTS - 1
    step = np.clip(np.searchsorted(flat, _whole(u) + (row << _BITS), side="right") - row * wide, 0, wide - 1)
    start = np.where(step > 0, below[row, step - 1], 0.0)
    part = (u - start) / np.maximum(below[row, step] - start, 1e-12)
    return np.asarray(HOURS[0] + (step + np.clip(part, 0.0, 1.0)) * (GRID_S / 3600))


def _whole(share: Floats) -> Ints:
    return np.asarray(share * _FINE).astype(np.int64)
