"""What is fixed about each field: crop, soil, pipes and greenhouse, drawn once from the cell's number."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from park.model import Bools, Floats, Ints, Setting
from sectors.agriculture import crops

#: Texture: field capacity and wilting point (middle of the ranges of FAO-56 table 19), saturation (Carsel
#: & Parrish 1988), m3/m3, and the rate at which wetted soil takes rain, mm/h.
SOILS = {
    "sandy loam": (0.23, 0.11, 0.41, 25.0),
    "loam": (0.25, 0.12, 0.43, 16.0),
    "silt loam": (0.29, 0.15, 0.45, 12.0),
    "silty clay loam": (0.335, 0.205, 0.46, 8.0),
}
_SOILS = np.array(list(SOILS.values()))


@dataclass(frozen=True, kw_only=True, eq=False)
class Fields:
    """C fields with Z irrigation zones.

    Attributes:
        site: (C,) rows of the weather.
        crop: (C,) indices into `crops.CROPS`.
        field_capacity, wilting_point, saturation: (C,) m3/m3.
        intake: (C,) rate at which the soil takes rain, mm/h.
        root_m: (C,) depth of the root zone.
        allowed: (C,) depletion at which the grower waters, share of the readily available water.
        tolerance: (C, Z) available water of a zone relative to its field's.
        area_m2: (C,) of one zone.
        pressure: (C,) static pressure of the main, kPa.
        pressure_drop: (C,) share of it that is lost when a valve opens.
        rate: (C,) application of an open zone at 200 kPa, mm/h.
        opens_s: (C,) when irrigation begins, seconds after the day's start.
        water_ec: (C,) conductivity of the irrigation water with its fertiliser, mS/cm.
    """

    site: Ints
    crop: Ints
    field_capacity: Floats
    wilting_point: Floats
    saturation: Floats
    intake: Floats
    root_m: Floats
    allowed: Floats
    tolerance: Floats
    area_m2: Floats
    pressure: Floats
    pressure_drop: Floats
    rate: Floats
    opens_s: Ints
    water_ec: Floats

    @property
    def available(self) -> Floats:
        """(C, Z) total available water of the root zone, mm (FAO-56 equation 82)."""
        depth_mm = 1000.0 * (self.field_capacity - self.wilting_point) * self.root_m
        return depth_mm[:, None] * self.tolerance

    @property
    def pores(self) -> Floats:
        """(C, 1) water that the root zone holds between field capacity and saturation, mm."""
        return (1000.0 * (self.saturation - self.field_capacity) * self.root_m)[:, None]

    @property
    def held(self) -> Floats:
        """(C, 1) water in the root zone at field capacity, mm."""
        return (1000.0 * self.field_capacity * self.root_m)[:, None]


def survey(setting: Setting, cells: Ints, zones: int) -> Fields:
    """The fields that stand in `cells`."""

    def draw(name: str) -> Callable[[float, float], Floats]:
        share = setting.streams.uniform(f"agriculture.{name}", cells)
        return lambda low, high: low + (high - low) * share

    soil = _SOILS[draw("soil")(0, len(_SOILS)).astype(np.int64)]
    wetter = draw("soil.shift")(-0.015, 0.015)
    crop = np.searchsorted(crops.SHARES[:-1], draw("crop")(0.0, 1.0), side="right")
    zone = setting.streams.uniform("agriculture.zone", cells[:, None], np.arange(zones)[None, :])
    evening: Bools = draw("evening")(0.0, 1.0) < 0.35
    return Fields(
        site=setting.site_of(cells),
        crop=crop,
        field_capacity=soil[:, 0] + wetter,
        wilting_point=soil[:, 1] + 0.5 * wetter,
        saturation=soil[:, 2],
        intake=soil[:, 3] * draw("intake")(0.7, 1.3),
        root_m=crops.ROOT_M[crop] * draw("roots")(0.85, 1.15),
        allowed=draw("allowed")(0.57, 0.93),
        tolerance=0.92 + 0.16 * zone,
        area_m2=draw("area")(1500.0, 6000.0),
        pressure=draw("pressure")(240.0, 380.0),
        pressure_drop=draw("pressure.drop")(0.12, 0.30),
        rate=draw("rate")(4.0, 8.0),
        # 04:30 to 06:30, or 17:30 to 19:00, on the half hour.
        opens_s=1800 * np.where(evening, draw("opens")(27, 30.99), draw("opens")(1, 5.99)).astype(np.int64),
        water_ec=draw("water.ec")(0.7, 1.8),
    )
