"""Classes of surface water by GB 3838-2002, from figures as they are published.

A station's class is that of its worst parameter; total nitrogen, temperature and bacteria are left out, as the ministry
does where it grades rivers and lakes.
"""

from collections.abc import Mapping

import numpy as np

from park.model import Bools, Floats, Ints

#: Limits of the classes I to V; beyond the last it is worse than V (5).
OXYGEN = (7.5, 6.0, 5.0, 3.0, 2.0)
HIGHEST: Mapping[str, tuple[float, ...]] = {
    "permanganate_index": (2.0, 4.0, 6.0, 10.0, 15.0),
    "ammonia_nitrogen": (0.15, 0.5, 1.0, 1.5, 2.0),
}
PHOSPHORUS_RIVER = (0.02, 0.1, 0.2, 0.3, 0.4)
PHOSPHORUS_LAKE = (0.01, 0.025, 0.05, 0.1, 0.2)
_PH = (6.0, 9.0)
_HALF = 5e-4  # of the finest published step: a published value stands on one side of its limit


def grade(
    *, ph: Floats, oxygen: Floats, permanganate: Floats, ammonia: Floats, phosphorus: Floats, lake: Bools
) -> Ints:
    """0 for class I to 4 for class V, 5 for worse; all arguments as published.

    Args:
        ph: of the water.
        oxygen: dissolved, mg/L.
        permanganate: index, mg/L.
        ammonia: as nitrogen, mg/L.
        phosphorus: total, mg/L.
        lake: whether the stricter phosphorus limits of lakes hold.
    """
    acid = np.where((ph < _PH[0] - _HALF) | (ph > _PH[1] + _HALF), 5, 0)
    worst = np.maximum(acid, _above(-oxygen, tuple(-limit for limit in OXYGEN)))
    worst = np.maximum(worst, _above(permanganate, HIGHEST["permanganate_index"]))
    worst = np.maximum(worst, _above(ammonia, HIGHEST["ammonia_nitrogen"]))
    of_phosphorus = np.where(lake, _above(phosphorus, PHOSPHORUS_LAKE), _above(phosphorus, PHOSPHORUS_RIVER))
    return np.maximum(worst, of_phosphorus).astype(np.int64)


def _above(value: Floats, limits: tuple[float, ...]) -> Ints:
    return np.searchsorted(np.array(limits) + _HALF, value).astype(np.int64)


def trophic_index(
    *, chlorophyll: float, phosphorus: float, nitrogen: float, secchi: float, permanganate: float
) -> float:
    """Comprehensive trophic level index of a lake: 50, 60, 70 begin light, moderate and severe eutrophy.

    Args:
        chlorophyll: ug/L.
        phosphorus: total, mg/L.
        nitrogen: total, mg/L.
        secchi: transparency, m.
        permanganate: index, mg/L.
    """
    parts = (
        (0.2663, 10 * (2.5 + 1.086 * np.log(chlorophyll))),
        (0.1879, 10 * (9.436 + 1.624 * np.log(phosphorus))),
        (0.1790, 10 * (5.453 + 1.694 * np.log(nitrogen))),
        (0.1834, 10 * (5.118 - 1.94 * np.log(secchi))),
        (0.1834, 10 * (0.109 + 2.661 * np.log(permanganate))),
    )
    return float(sum(weight * part for weight, part in parts))
