"""Bars of the environment sector, by the numbers of the field's own list: the air. bars_environment.py has them all."""

from dataclasses import replace

import numpy as np

from sectors.environment.aqi import DAILY, individual
from tests.reference.bar import Bar
from tests.reference.environment_air import (
    ablated,
    ablated_year,
    exhausts,
    gases_beside,
    leighton,
    memory,
    rush,
    seasons,
    sunlit,
)
from tests.reference.environment_index import by_the_letter, tables
from tests.reference.environment_mutants import (
    YEAR,
    channel,
    clouds_of_another_day,
    days_of_any_type,
    no_rush,
    noiseless,
    of,
    other_days,
    sensor_of_other_days,
    shuffled_hours,
    white,
    wind_of_another_year,
)
from tests.reference.environment_samples import beside, index, kerb, ozone, particles, seen
from tests.reference.walk import shuffled_weather

_JUDGED = "limits widened by judgement from "

AIR = [
    Bar(
        number="E1",
        title="NO2 at the kerb follows roads and wind",
        source=_JUDGED + "British roadside stations (aqeval, 90-day windows); weekends of Chinese towns are weaker",
        sample=seen,
        measure=kerb,
        limits={
            "07-08/12-14": (1.25, 1.9),
            "18-20/12-14": (1.2, 1.95),
            "rest/work": (0.6, 1.0),
            "with wind": (-0.75, -0.25),
            "lag-1": (0.85, 0.97),
            "above behind": (0.75, 1.0),
            "increment with demand": (0.6, 1.0),
        },
        mutants={
            "shuffled hours": shuffled_hours,
            "one value for both sites": channel("air", "no2", lambda _data, no2: no2[:, [1, 1]]),
            "roads without rush hours": lambda data: of(data, no_rush),
            "weather of another day": lambda data: of(data, shuffled_weather),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E4",
        title="Ozone follows heat and wind",
        source="New York 1973 (Spearman .77 with Tmax, .35 with the sun, -.61 with wind), Leeds in winter (-.39 with "
        "NO); NO2 against O3 and the hour are judgement",
        sample=seen,
        measure=ozone,
        limits={
            "with NO2": (-0.8, -0.3),
            "summer with tmax": (0.4, 0.85),
            "summer with sun": (0.2, 0.75),
            "summer with wind": (-0.75, -0.2),
            "hour of maximum": (12, 16),
            "winter with NO, days": (-0.7, -0.2),
        },
        mutants={
            "ozone of another day": channel("air", "o3", other_days),
            "ozone six hours late": channel("air", "o3", lambda _data, o3: np.roll(o3, 6, axis=-1)),
            "cloud of another day": clouds_of_another_day,
            "weather of another day": lambda data: of(data, shuffled_weather),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E5",
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
            "rain of another day": channel("air", "pm25", other_days),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E6",
        title="Days by the index of HJ 633-2026",
        source=_JUDGED + "Jiangsu cities 2022 (63-79 % good days) and the Yangtze delta 2023 (83.7 %)",
        sample=seen,
        measure=index,
        limits={"days to 100": (0.65, 0.93), "summer led by O3": (0.6, 1.0), "winter led by PM": (0.6, 1.0)},
        mutants={
            "no ozone": channel("air", "o3", lambda _data, o3: 0.3 * o3),
            "twice the particles": channel("air", "pm25", lambda _data, pm: 2.0 * pm),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E7",
        title="A raw sensor beside the reference",
        source="EPA performance targets (sensortoolkit) after Barkjohn's correction; raw figures of Barkjohn 2021",
        sample=seen,
        measure=beside,
        limits={
            "slope": (1.2, 2.2),
            "R2": (0.7, 0.98),
            "residual with RH": (0.3, 1.0),
            "slope corrected": (0.65, 1.35),
            "intercept corrected": (-5, 5),
            "RMSE corrected": (0, 7),
        },
        mutants={"reference and white noise": noiseless},
        least_days=YEAR,
    ),
    Bar(
        number="E1",
        title="The rush hour is the workdays'",
        source="British roadside stations (aqeval): Sundays' 07-08 h over workdays' .4 to .85",
        sample=seen,
        measure=rush,
        limits={"07-08: rest/work": (0.4, 0.85)},
        mutants={"shuffled types of days": days_of_any_type},
        least_days=YEAR,
    ),
    Bar(
        number="E2",
        title="NOx by roads and wind",
        source=_JUDGED
        + "a Swiss motorway's (NOxEmissions: .64, -.43, R2 .66), for a street whose NOx is the district's for "
        "a good part; powers of the wind of British stations",
        sample=seen,
        measure=exhausts,
        limits={
            "log NOx with log roads": (0.25, 0.8),
            "log NOx with root of wind": (-0.75, -0.25),
            "R2 of both": (0.4, 0.9),
            "NO2 as wind to the": (-0.85, -0.3),
        },
        mutants={"wind of another year": wind_of_another_year, "shuffled hours": shuffled_hours},
        least_days=YEAR,
    ),
    Bar(
        number="E3",
        title="Nitrogen dioxide remembers hours and days",
        source="British stations, road and background (aqeval, 90-day windows); days' memory by judgement from .45",
        sample=seen,
        measure=memory,
        limits={
            "lag-1 h": (0.87, 0.96),
            "lag-24 h": (0.2, 0.6),
            "anomalies, lag-1 h": (0.87, 0.96),
            "days behind, lag-1": (0.35, 0.75),
            "CV": (0.4, 1.1),
            "p99/mean": (2.0, 5.5),
        },
        mutants={
            "white noise": channel("air", "no2", white),
            "one day for ever": channel(
                "air", "no2", lambda _data, no2: np.repeat(no2[:, :, :1], no2.shape[2], axis=2)
            ),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E4",
        title="NO, NO2 and O3 stand in equilibrium in sunlight",
        source="Leighton 1961, with MCM's J4 and CB05's k; 10 % are the bar's",
        sample=sunlit,
        measure=leighton,
        limits={"99 % within": (0.0, 0.1), "NO/NO2": (0.02, 1.5)},
        mutants={
            "ozone a fifth more": lambda data: replace(data, o3=1.2 * data.o3),
            "NO half of NO2": lambda data: replace(data, no=0.5 * data.no2),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E5",
        title="Particles of seasons, districts and rain",
        source="Yangtze delta (winter 1.6 to 3 times summer), Luan 2019 (5 % in light, 39 % in moderate rain); two "
        "districts of a town: judgement",
        sample=seen,
        measure=seasons,
        limits={"winter/summer": (1.5, 3.0), "two districts, log of days": (0.5, 0.97), "over rain": (-0.6, -0.05)},
        mutants={
            "shuffled days": channel("air", "pm25", other_days),
            "another district's year": channel(
                "air", "pm25", lambda _data, pm: np.stack([pm[0], np.roll(pm[1], 90, axis=1)])
            ),
        },
        least_days=2 * YEAR,
    ),
    Bar(
        number="E6",
        title="The index by the letter",
        source="HJ 633-2026, table 3, in fractions, on every whole concentration",
        sample=tables,
        measure=by_the_letter,
        limits={"wrong": (0, 0), "tried": (10_000, 100_000)},
        mutants={
            "steps of 2012": lambda made: {
                **made,
                ("daily", "pm25"): individual(np.arange(700), (0, 35, 75, 115, 150, 250, 350, 500)),
            },
            "rounded down": lambda made: {**made, ("daily", "o3"): made["daily", "o3"] - (np.arange(1000) % 7 == 3)},
            "daily table in the hourly index": lambda made: {
                **made,
                ("hourly", "no2"): individual(np.arange(len(made["hourly", "no2"])), DAILY["no2"]),
            },
        },
        least_days=1,
    ),
    Bar(
        number="E7",
        title="A sensor's gases",
        source="EPA performance targets (sensortoolkit): O3 slope .8 to 1.2, R2 .8, 5 ppb; NO2 slope .65 to 1.35, "
        "15 ppb, after a correction",
        sample=seen,
        measure=gases_beside,
        limits={
            "O3 slope": (0.8, 1.2),
            "O3 R2": (0.8, 1.0),
            "O3 RMSE, ppb": (0.0, 5.0),
            "NO2 slope corrected": (0.65, 1.35),
            "NO2 RMSE corrected, ppb": (0.0, 15.0),
            "NO2 error with O3, by warmth": (0.05, 1.0),
        },
        mutants={
            "cells of another day": sensor_of_other_days,
            "cells without cross talk": lambda data: replace(
                data, sensor={**data.sensor, "no2": data.air["no2"][:, [0, 1, 0, 1]] + 3.0}
            ),
        },
        least_days=YEAR,
    ),
    Bar(
        number="E10, ablated",
        title="Under the weather of other days, stations know nothing of today's",
        source="An effect must go with its cause",
        sample=ablated_year,
        measure=ablated,
        limits={"mean |r| of four": (0.0, 0.1)},
        mutants={"weather not shuffled": lambda data: {**data, "given": data["sky"]}},
        least_days=YEAR,
    ),
]
