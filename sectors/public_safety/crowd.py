"""How close people stand, what that is called, and how fast they walk.

References:
    Fruin (1971). Pedestrian planning and design. Levels of walkways, by area per person. The Highway Capacity
    Manual's walkways are stricter (A from 5.6 m2 on).
    Weidmann (1993). Transporttechnik der Fussgaenger. IVT ETH Zurich 90.
"""

import numpy as np

from park.model import Floats, Ints

#: m2 per person above which a level holds; F is below the last.
FRUIN_M2 = (3.25, 2.32, 1.39, 0.93, 0.46)
_FRUIN = 1.0 / np.array(FRUIN_M2)
_FREE, _GAMMA, _JAM = 1.34, 1.913, 5.4


def level_of_service(density: Floats) -> Ints:
    """0 (A) to 5 (F), from people per m2."""
    return np.searchsorted(_FRUIN, density, side="left")


def speed(density: Floats) -> Floats:
    """Weidmann's mean walking speed, m/s, at people per m2; nobody walks from 5.4 on."""
    crowded = np.maximum(density, 1e-6)
    return np.asarray(_FREE * np.maximum(1.0 - np.exp(-_GAMMA * (1.0 / crowded - 1.0 / _JAM)), 0.0))
