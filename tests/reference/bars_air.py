"""Credibility bars of the district's air, which people and weather make.

No real record of such air is in a package that is used here: limits are published ranges, of British, American, Swiss
and Chinese stations, as each bar's source says.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from tests.reference.bar import Bar, Figures
from tests.reference.statistics import Floats, correlation, lag
from tests.reference.walk import world_of

_BATCH = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class District:
    """Hours of whole town days at the first site, (days, 24) from 04:00; ug/m3, m/s, Cel, W/m2, mm/h."""

    pm25: Floats
    no2: Floats
    o3: Floats
    wind_speed: Floats
    temperature: Floats
    ghi: Floats
    precipitation: Floats
    workday: npt.NDArray[np.bool_]
    month: npt.NDArray[np.int64]


@cache
def district_of(seed: int, days: int) -> District:
    """The air of the park's first site."""
    world = world_of(seed)
    walked = [day for first in range(1, days + 1, _BATCH) for day in world.days(first, min(first + _BATCH, days + 1))]

    def hours(name: str) -> Floats:
        return np.stack([getattr(day, name)[0, :-1].reshape(24, 12).mean(axis=1) for day in walked])

    return District(
        **{name: hours(name) for name in _SERIES},
        workday=np.array([day.workday for day in walked]),
        month=np.array([day.date.month for day in walked]),
    )


_SERIES = ("pm25", "no2", "o3", "wind_speed", "temperature", "ghi", "precipitation")


def _ranks(values: Floats) -> Floats:
    return np.argsort(np.argsort(values.ravel())).astype(np.float64)


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation."""
    return correlation(_ranks(a), _ranks(b))


def _at(series: Floats, first: int, last: int) -> float:
    """Mean over hours of the clock, both included."""
    return float(series[:, [(hour - 4) % 24 for hour in range(first, last + 1)]].mean())


def exhausts(air: District) -> Figures:
    """Nitrogen dioxide by the clock and by the wind."""
    work, rest = air.no2[air.workday], air.no2[~air.workday]
    return {
        "mean": float(air.no2.mean()),
        "07-08/12-14": _at(work, 7, 8) / _at(work, 12, 14),
        "18-20/12-14": _at(work, 18, 20) / _at(work, 12, 14),
        "rest/work": float(rest.mean() / work.mean()),
        "with wind": spearman(air.no2, air.wind_speed),
        "lag-1": lag(air.no2.ravel(), 1),
        "lag-24": lag(air.no2.ravel(), 24),
    }


def ozone(air: District) -> Figures:
    """Ozone, which the sun makes and exhausts eat."""
    summer = (air.month >= 5) & (air.month <= 9)
    best = air.o3.max(axis=1)
    eight = np.stack([air.o3[:, i : i + 8].mean(axis=1) for i in range(17)]).max(axis=0)
    return {
        "with NO2": correlation(air.no2.ravel(), air.o3.ravel()),
        "hour of maximum": float((np.median(air.o3[summer].argmax(axis=1)) + 4) % 24),
        "summer with tmax": spearman(best[summer], air.temperature.max(axis=1)[summer]),
        "summer with sun": spearman(best[summer], air.ghi.mean(axis=1)[summer]),
        "summer with wind": spearman(best[summer], air.wind_speed.mean(axis=1)[summer]),
        "8 h, 90 %": float(np.quantile(eight, 0.9)),
    }


def particles(air: District) -> Figures:
    """PM2.5: episodes, seasons, rain."""
    daily = air.pm25.mean(axis=1)
    winter, summer = np.isin(air.month, (12, 1, 2)), np.isin(air.month, (6, 7, 8))
    rain = air.precipitation.sum(axis=1)
    after = np.flatnonzero(rain[1:-1] > _HEAVY_MM) + 1
    return {
        "mean": float(daily.mean()),
        "daily CV": float(daily.std() / daily.mean()),
        "winter/summer": float(daily[winter].mean() / daily[summer].mean()),
        "daily lag-1": lag(np.log(daily), 1),
        "over rain": float(np.median(daily[after] / daily[after - 1]) - 1),
    }


_HEAVY_MM = 5.0


def _of_other_days(air: District, *names: str) -> District:
    order = np.random.default_rng(5).permutation(len(air.no2))
    return replace(air, **{name: getattr(air, name)[order] for name in names})


def _of_other_hours(air: District, name: str) -> District:
    rng = np.random.default_rng(5)
    return replace(air, **{name: rng.permutation(getattr(air, name).ravel()).reshape(-1, 24)})


BARS = [
    Bar(
        number="A1",
        title="Rush hour and calm make nitrogen dioxide",
        source="openair's stations (rest days are weaker in China); yearly means of Jiangsu's cities 2022, 18 to 29",
        sample=district_of,
        measure=exhausts,
        limits={
            "mean": (16, 34),
            "07-08/12-14": (1.25, 1.9),
            "18-20/12-14": (1.2, 1.95),
            "rest/work": (0.6, 1.03),
            "with wind": (-0.75, -0.25),
            "lag-1": (0.87, 0.965),
            "lag-24": (0.24, 0.6),
        },
        mutants={
            "shuffled hours": lambda air: _of_other_hours(air, "no2"),
            "wind of other days": lambda air: _of_other_days(air, "wind_speed"),
            "one day for ever": lambda air: replace(air, no2=np.repeat(air.no2[:1], len(air.no2), axis=0)),
        },
        least_days=365,
    ),
    Bar(
        number="A2",
        title="Sun makes ozone, exhausts eat it",
        source="New York 1973: tmax .77, sun .35, wind -.61; 90th percentile of Jiangsu's cities 2022, 172 to 188",
        sample=district_of,
        measure=ozone,
        limits={
            "with NO2": (-0.8, -0.3),
            "hour of maximum": (12, 16),
            "summer with tmax": (0.35, 0.85),
            "summer with sun": (0.2, 0.75),
            "summer with wind": (-0.75, -0.2),
            "8 h, 90 %": (120, 195),
        },
        mutants={
            "shuffled hours": lambda air: _of_other_hours(air, "o3"),
            "weather of other days": lambda air: _of_other_days(air, "temperature", "ghi", "wind_speed"),
        },
        least_days=365,
    ),
    Bar(
        number="A3",
        title="Particles come in episodes, in winter, and rain takes them",
        source="Nanjing 2015-16 (CV .66); Yangtze delta 2022, 25 to 40 a year; Luan et al. (2019) for rain",
        sample=district_of,
        measure=particles,
        limits={
            "mean": (22, 42),
            "daily CV": (0.45, 0.8),
            "winter/summer": (1.5, 3),
            "daily lag-1": (0.5, 0.85),
            "over rain": (-0.6, -0.02),
        },
        mutants={
            "shuffled days": lambda air: _of_other_days(air, "pm25"),
            "constant": lambda air: replace(air, pm25=np.full_like(air.pm25, 30.0)),
        },
        least_days=365,
    ),
]
