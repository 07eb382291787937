"""What relaxes: dy/dt = (target - y) / tau on the day's grid, in closed form."""

import numpy as np

from park.grid import GRID_H, STEPS
from park.model import Floats

_STEP: Floats = np.arange(STEPS + 1, dtype=np.float64)


def relax_steps(start: Floats, target: Floats, tau_h: Floats | float) -> Floats:
    """(C, GRID_POINTS) the solution from `start`, exact for a target that is even within each step.

    Args:
        start: (C,) value at 04:00.
        target: (C, STEPS).
        tau_h: time constant, h, one or (C,): 8 or more, so that the powers of the decay stay small numbers.
    """
    rate = np.broadcast_to(GRID_H / np.asarray(tau_h, dtype=np.float64), start.shape)[:, None]
    decay = np.exp(-rate * _STEP)
    whole = np.empty_like(decay)
    whole[:, 0] = start
    whole[:, 1:] = decay[:, 1:] * (start[:, None] + np.cumsum(target * (1 - decay[:, 1:2]) / decay[:, 1:], axis=1))
    return whole


def relax(start: Floats, target: Floats, tau_h: Floats | float) -> Floats:
    """The same of a target on the grid, (C, GRID_POINTS): each step has the mean of its ends."""
    return relax_steps(start, 0.5 * (target[:, :-1] + target[:, 1:]), tau_h)
