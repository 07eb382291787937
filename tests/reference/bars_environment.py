"""Bars of the environment sector: stations, sensors, noise, waters and stacks.

No real record of a Chinese station is in a package that is used here: limits are published ranges, mostly of British,
American and Swiss stations, and where a limit is judgement its source says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from park.model import Floats, WorldDay
from tests.reference.bar import Bar
from tests.reference.environment_samples import (
    Ablation,
    Seen,
    bay,
    beside,
    chimneys,
    index,
    kerb,
    loudness,
    ozone,
    particles,
    seen,
    storms,
)
from tests.reference.walk import shuffled_weather


def _no_rush(days: list[WorldDay], _seed: int) -> list[WorldDay]:
    """Roads as busy at any hour; the district's own air stays."""
    return [replace(day, more={**day.more, "road_demand": np.ones_like(day.temperature)}) for day in days]


def _of(data: Seen, ablation: Ablation) -> Seen:
    """What the sector makes of the spoilt days, judged by the true ones; it is the first seed's."""
    days = len(data.workday)
    return replace(seen(42, days, ablation), sky=data.sky)


def _noiseless(data: Seen) -> Seen:
    fake = np.random.default_rng(5)
    pm = data.air["pm25"][:, [0, 1, 0, 1]]
    return replace(data, sensor={**data.sensor, "pm25": 1.5 * pm + 3 * fake.normal(size=pm.shape)})


def _shuffled_hours(data: Seen) -> Seen:
    order = np.random.default_rng(3).permutation(24)
    return replace(data, air={name: values[..., order] for name, values in data.air.items()})


def _channel(part: str, name: str, change: Callable[[Seen, Floats], Floats]) -> Callable[[Seen], Seen]:
    def spoil(data: Seen) -> Seen:
        values: Mapping[str, Floats] = getattr(data, part)
        spoilt: dict[str, Any] = {part: {**values, name: change(data, values[name])}}
        return replace(data, **spoilt)

    return spoil


def _other_days(data: Seen, values: Floats) -> Floats:
    order = np.random.default_rng(4).permutation(values.shape[2])
    return values[:, :, order]


_JUDGED = "limits widened by judgement from "
YEAR = 365

BARS = [
    Bar(
        number="E1",
        title="NO2 at the kerb follows roads and wind",
        source=_JUDGED + "British roadside stations (aqeval, 90-day windows); weekends of Chinese towns are weaker",
        sample=seen,
        measure=kerb,
        limits={
            "07-08/12-14": (1.1, 2.2),
            "18-20/12-14": (1.1, 2.3),
            "rest/work": (0.6, 1.1),
            "with wind": (-0.75, -0.25),
            "lag-1": (0.85, 0.97),
            "above behind": (0.75, 1.0),
            "increment with demand": (0.6, 1.0),
        },
        mutants={
            "shuffled hours": _shuffled_hours,
            "one value for both sites": _channel("air", "no2", lambda _data, no2: no2[:, [1, 1]]),
            "roads without rush hours": lambda data: _of(data, _no_rush),
            "weather of another day": lambda data: _of(data, shuffled_weather),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E2",
        title="Ozone follows heat and wind",
        source="New York 1973 (Spearman .77 with Tmax, -.61 with wind); NO2 against O3 and the hour are judgement",
        sample=seen,
        measure=ozone,
        limits={
            "with NO2": (-0.85, -0.25),
            "summer with tmax": (0.4, 0.9),
            "summer with wind": (-0.8, -0.15),
            "hour of maximum": (12, 17),
        },
        mutants={
            "ozone of another day": _channel("air", "o3", _other_days),
            "ozone six hours late": _channel("air", "o3", lambda _data, o3: np.roll(o3, 6, axis=-1)),
            "weather of another day": lambda data: _of(data, shuffled_weather),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E3",
        title="Particles: two sizes, rain, episodes",
        source="Jiangsu cities' bulletins 2022-24 (mean), Nanjing 2015-16 (CV .66, ratio .57), Luan 2019 (rain)",
        sample=seen,
        measure=particles,
        limits={
            "PM2.5 above PM10": (0.0, 0.0),
            "ratio": (0.45, 0.7),
            "ratio varies": (0.04, 0.2),
            "mean": (22, 42),
            "wet/dry": (0.4, 0.85),
            "daily CV": (0.45, 0.85),
        },
        mutants={
            "PM10 = 1.7 x PM2.5": lambda data: replace(data, air={**data.air, "pm10": 1.7 * data.air["pm25"]}),
            "rain of another day": _channel("air", "pm25", _other_days),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E4",
        title="Days by the index of HJ 633-2026",
        source=_JUDGED + "Jiangsu cities 2022 (63-79 % good days) and the Yangtze delta 2023 (83.7 %)",
        sample=seen,
        measure=index,
        limits={"days to 100": (0.65, 0.93), "summer led by O3": (0.6, 1.0), "winter led by PM": (0.6, 1.0)},
        mutants={
            "no ozone": _channel("air", "o3", lambda _data, o3: 0.3 * o3),
            "twice the particles": _channel("air", "pm25", lambda _data, pm: 2.0 * pm),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E5",
        title="A raw sensor beside the reference",
        source="EPA performance targets (sensortoolkit) after Barkjohn's correction; raw figures of Barkjohn 2021",
        sample=seen,
        measure=beside,
        limits={
            "slope": (1.2, 2.2),
            "R2": (0.7, 0.99),
            "residual with RH": (0.3, 1.0),
            "slope corrected": (0.65, 1.35),
            "intercept corrected": (-5, 5),
            "RMSE corrected": (0, 7),
        },
        mutants={"reference and white noise": _noiseless},
        least_days=YEAR,
    ),
    Bar(
        number="E6",
        title="Noise at the road",
        source="International Soundscape Database (825 recordings: order, L10-L90 5.4, L10-LAeq 2.2 dB); a city's "
        "bulletin 2023 (day less night 7.4 dB); r with flow is judgement",
        sample=seen,
        measure=loudness,
        limits={
            "ordered": (1.0, 1.0),
            "LAeq within": (0.98, 1.0),
            "L10-L90": (4, 12),
            "L10-LAeq": (1, 4),
            "day-night": (4.5, 10.5),
            "with lg flow": (0.8, 1.0),
            "road-homes": (5, 25),
        },
        mutants={
            "levels of another day's hours": _channel("noise", "l_aeq", lambda _d, v: np.roll(v, 30, axis=-1)),
            "median for energy": lambda data: replace(data, noise={**data.noise, "l_aeq": data.noise["l_50"] - 0.1}),
            "roads without rush hours": lambda data: _of(data, _no_rush),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E7",
        title="A shallow bay breathes",
        source="Key West hourly water (lag-1 .9993, range .6 K); Qin on Taihu's waves; the others are judgement",
        sample=seen,
        measure=bay,
        limits={
            "least DO/DOs": (0.25, 0.95),
            "most DO/DOs": (1.0, 2.01),
            "range of DO": (0.3, 6),
            "range of DO with sun": (0.2, 1.0),
            "hour of maximum": (14, 19),
            "DO with pH": (0.6, 1.0),
            "temperature lag-1": (0.995, 1.0),
            "range of temperature": (0.3, 2.5),
            "turbid in wind": (2, 10),
            "algae with wind": (-0.9, -0.3),
        },
        mutants={
            "waves of another day": _channel("water", "turbidity", _other_days),
            "algae of another day": _channel("water", "chlorophyll_a", _other_days),
            "oxygen six hours late": _channel("water", "dissolved_oxygen", lambda _data, v: np.roll(v, 6, axis=-1)),
            "weather of another day": lambda data: _of(data, shuffled_weather),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E8",
        title="The river rises with the rain",
        source="Judgement: direction in 80 % of storms; no hourly record of a river is in any package used",
        sample=seen,
        measure=storms,
        limits={
            "storms": (5, 120),
            "turbidity up": (0.8, 1.0),
            "conductivity down": (0.8, 1.0),
            "level up, m": (0.1, 3.0),
            "level with rain": (0.4, 1.0),
        },
        mutants={"weather of another day": lambda data: _of(data, shuffled_weather)},
        least_days=YEAR,
    ),
    Bar(
        number="E9",
        title="Stacks at the reference oxygen",
        source="HJ 75 (the formula); limits on load and exceedances are judgement",
        sample=seen,
        measure=chimneys,
        limits={
            "reference O2": (0.0, 1e-9),
            "register/integral": (0.98, 1.02),
            "flow with load": (0.8, 1.0),
            "above 300": (0.0, 0.02),
            "of them starting": (0.5, 1.0),
        },
        mutants={
            "oxygen constant": _channel("stack", "flue_oxygen", lambda _data, o2: np.full_like(o2, 9.0)),
            "register a tenth short": _channel("stack", "emitted_nox", lambda _data, mass: 0.9 * mass),
        },
        least_days=YEAR,
    ),
]
