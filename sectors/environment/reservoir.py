"""What relaxes: dy/dt = (target - y) / tau on the day's grid, in closed form."""

import numpy as np

from park.grid import GRID_H, STEPS
from park.model import Floats

_STEP: Floats = np.arange(STEPS + 1, dtype=np.float64)


def relax_steps(
    start: Floats, target: Floats, tau_h: Floats | float, *, limits: tuple[float, float] = (-np.inf, np.inf)
) -> Floats:
    """The solution from `start`, exact for a target that is even within each step.

    Args:
        start: (C,) value at 04:00 of the first day.
        target: (D * C, STEPS), those of the first day, then of the next.
        tau_h: time constant, h, one or (D * C,): 8 or more, so that the powers of the decay stay small numbers.
        limits: within which a day begins.

    Returns:
        (D * C, GRID_POINTS)
    """
    rate = np.reshape(GRID_H / np.asarray(tau_h, dtype=np.float64), (-1, 1))
    decay = np.exp(-rate * _STEP)
    whole = np.empty((len(target), STEPS + 1))
    gained = np.cumsum(target * (1 - decay[:, 1:2]) / decay[:, 1:], axis=1)
    last = np.broadcast_to(decay[:, -1], (len(target),))
    for first in range(0, len(target), len(start)):
        day = slice(first, first + len(start))
        whole[day, 0] = start
        start = np.clip(last[day] * (start + gained[day, -1]), *limits)
    whole[:, 1:] = decay[:, 1:] * (whole[:, :1] + gained)
    return whole


def relax(
    start: Floats, target: Floats, tau_h: Floats | float, *, limits: tuple[float, float] = (-np.inf, np.inf)
) -> Floats:
    """The same of a target on the grid, (D * C, GRID_POINTS): each step has the mean of its ends."""
    return relax_steps(start, 0.5 * (target[:, :-1] + target[:, 1:]), tau_h, limits=limits)
