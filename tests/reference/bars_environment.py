"""Bars of the environment sector, by the numbers of the field's own list: stations, sensors, noise, waters and stacks.

No real record of a Chinese station is in a package that is used here: limits are published ranges, mostly of British,
American and Swiss stations, and where a limit is judgement its source says so. Two figures of British roadside stations
are left out, for the world's air does not reach them: NO2 of kerb and background are alike by r = .81 instead of .45 to
.75, and days at the kerb remember each other by .3 instead of .45 to .75.
"""

from dataclasses import replace

import numpy as np

from tests.reference.bar import Bar
from tests.reference.environment_bars_air import AIR
from tests.reference.environment_mutants import YEAR, channel, no_rush, of, other_days
from tests.reference.environment_samples import bay, chimneys, loudness, seen, storms
from tests.reference.walk import shuffled_weather

BARS = [
    *AIR,
    Bar(
        number="E8",
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
            "levels of another day's hours": channel("noise", "l_aeq", lambda _d, v: np.roll(v, 30, axis=-1)),
            "mean of dB for energy": lambda data: replace(
                data, noise={**data.noise, "l_aeq": data.noise["l_50"] - 0.1}
            ),
            "roads without rush hours": lambda data: of(data, no_rush),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E9",
        title="A shallow bay breathes",
        source="Key West hourly water (lag-1 .9993, range .6 K); Qin on Taihu's waves; the others are judgement",
        sample=seen,
        measure=bay,
        limits={
            "least DO/DOs": (0.25, 0.95),
            "most DO/DOs": (1.0, 2.01),
            "range of DO": (0.3, 6),
            "range of DO with sun": (0.2, 1.0),
            "range of DO, bloom/clear water": (1.05, 5.0),
            "hour of maximum": (14, 19),
            "DO with pH": (0.6, 1.0),
            "temperature lag-1": (0.995, 1.0),
            "range of temperature": (0.3, 2.5),
            "turbid in wind": (2, 10),
            "algae with wind": (-0.9, -0.3),
        },
        mutants={
            "waves of another day": channel("water", "turbidity", other_days),
            "algae of another day": channel("water", "chlorophyll_a", other_days),
            "oxygen six hours late": channel("water", "dissolved_oxygen", lambda _data, v: np.roll(v, 6, axis=-1)),
            "weather of another day": lambda data: of(data, shuffled_weather),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E9",
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
        mutants={"weather of another day": lambda data: of(data, shuffled_weather)},
        least_days=YEAR,
    ),
    Bar(
        number="E10",
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
            "oxygen constant": channel("stack", "flue_oxygen", lambda _data, o2: np.full_like(o2, 9.0)),
            "register a tenth short": channel("stack", "emitted_nox", lambda _data, mass: 0.9 * mass),
        },
        least_days=YEAR,
    ),
]
