"""Crops: their coefficients through the year, their roots, and how dry they may stand.

Kc from FAO-56 table 12, lengths of growth stages from table 11, the depletion fraction p and the range
of rooting depths from table 22; planting dates are those of the lower Yangtze. Between stages Kc moves
on straight lines (equation 66 and figure 34).
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats

FALLOW_KC = 0.30
DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Crop:
    """One crop of the calendar.

    Attributes:
        share: of all fields.
        planted: day of the year on which the initial stage begins; perennials leaf out.
        stages: days of the initial, development, mid-season and late stage.
        kc: at the initial stage, in mid-season, at the end.
        p: fraction of the available water that may be depleted before stress, at 5 mm/day.
        root_m: depth of the root zone that is balanced, m.
    """

    name: str
    share: float
    planted: int
    stages: tuple[int, int, int, int]
    kc: tuple[float, float, float]
    p: float
    root_m: float


CROPS = (
    Crop(name="peach", share=0.35, planted=60, stages=(20, 70, 120, 60), kc=(0.45, 0.90, 0.65), p=0.50, root_m=1.0),
    Crop(name="tea", share=0.15, planted=1, stages=(60, 60, 180, 65), kc=(0.95, 1.00, 1.00), p=0.40, root_m=0.9),
    Crop(name="wheat", share=0.15, planted=305, stages=(30, 140, 40, 30), kc=(0.70, 1.15, 0.30), p=0.55, root_m=1.0),
    Crop(name="maize", share=0.10, planted=110, stages=(30, 40, 50, 30), kc=(0.30, 1.20, 0.45), p=0.55, root_m=1.0),
    Crop(name="tomato", share=0.10, planted=110, stages=(30, 40, 45, 30), kc=(0.60, 1.15, 0.80), p=0.40, root_m=0.7),
    Crop(name="cabbage", share=0.15, planted=244, stages=(40, 60, 50, 15), kc=(0.70, 1.05, 0.95), p=0.45, root_m=0.5),
)


def kc_by_day(crop: Crop) -> Floats:
    """Kc on each day of the year, (366,); `FALLOW_KC` outside the season."""
    initial, development, mid, late = crop.stages
    ends = np.cumsum([initial, development, mid, late])
    initial_kc, mid_kc, end_kc = crop.kc
    age = (np.arange(1, DAYS + 1) - crop.planted) % DAYS
    curve = np.interp(age, [0, *ends], [initial_kc, initial_kc, mid_kc, mid_kc, end_kc])
    return np.where(age <= ends[-1], curve, FALLOW_KC)


#: Kc by crop and day of the year, (crops, 366).
KC = np.stack([kc_by_day(crop) for crop in CROPS])
#: Whether the crop stands in the field, (crops, 366).
IN_SEASON = np.stack([(np.arange(1, DAYS + 1) - crop.planted) % DAYS <= sum(crop.stages) for crop in CROPS])
P = np.array([crop.p for crop in CROPS])
ROOT_M = np.array([crop.root_m for crop in CROPS])
SHARES = np.cumsum([crop.share for crop in CROPS])
