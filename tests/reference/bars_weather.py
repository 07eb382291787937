"""Credibility bars of the weather. PV and ET0, which the weather drives, are judged with their sectors."""

from dataclasses import replace

import numpy as np

from tests.reference.bar import Bar, Figures
from tests.reference.records import (
    Daily,
    Floats,
    Record,
    daily_of,
    grid_of,
    record_of,
    shuffled_days,
    shuffled_hours,
)
from tests.reference.statistics import (
    correlation,
    deseasoned,
    lag,
    persistence,
    weibull_shape,
    within_day,
)
from tests.reference.walk import world_of

_RNG = 11
_CALM_MS = 0.5


def _noise(like: Floats) -> Floats:
    return np.asarray(np.random.default_rng(_RNG).normal(like.mean(), like.std(), like.shape))


def _smooth(series: Floats) -> Floats:
    """Means of five hours."""
    return np.convolve(series, np.ones(5) / 5, mode="same")


def possible_irradiance(record: Record) -> Figures:
    """W/m2 by which the brightest hour passes the physically possible, and the darkest hour."""
    ceiling = 1.2 * record.normal * record.sine**1.2 + 50
    return {"excess": float((record.ghi - ceiling).max()), "least": float(record.ghi.min())}


def clear_share(record: Record) -> Figures:
    """99th percentile of the hourly share of clear-sky irradiance."""
    day = record.ghi_clear > 100
    return {"p99": float(np.quantile(record.ghi[day] / record.ghi_clear[day], 0.99))}


def daily_clearness(record: Record) -> Floats:
    """(days,) irradiation over that outside the atmosphere."""
    by_day = record.ghi.reshape(-1, 24).sum(axis=1)
    return np.asarray(by_day / record.extraterrestrial.reshape(-1, 24).sum(axis=1))


def clearness(record: Record) -> Figures:
    """Daily clearness index."""
    kt = daily_clearness(record)
    return {"mean": float(kt.mean()), "SD": float(kt.std()), "lag-1": lag(kt, 1)}


def smooth_temperature(record: Record) -> Figures:
    """How temperature moves from hour to hour, and the median hours of its extremes."""
    by_day = record.temperature.reshape(-1, 24)
    return {
        "lag-1": lag(record.temperature, 1),
        "p99 change": float(np.quantile(np.abs(np.diff(record.temperature)), 0.99)),
        "coldest": float(np.median(by_day.argmin(axis=1))),
        "warmest": float(np.median(by_day.argmax(axis=1))),
    }


def daily_residuals(daily: Daily) -> Figures:
    """Daily extremes less the season."""
    high = deseasoned(daily.tmax, daily.day_of_year)
    low = deseasoned(daily.tmin, daily.day_of_year)
    return {
        "tmax lag-1": lag(high, 1),
        "tmin lag-1": lag(low, 1),
        "tmax SD": float(high.std()),
        "tmin SD": float(low.std()),
        "tmin-tmax": correlation(high, low),
    }


def heat(daily: Daily) -> Figures:
    """The hottest day, Cel, and how many are hotter than 35."""
    years = len(daily.tmax) / 365
    return {"hottest": float(daily.tmax.max()), "days above 35": float((daily.tmax > 35).sum() / years)}


def rain_amount(daily: Daily) -> Figures:
    """Wet days of at least 0.1 mm and millimetres, a year."""
    years = len(daily.rain) / 365
    return {"wet days": float((daily.rain >= 0.1).sum() / years), "mm": float(daily.rain.sum() / years)}


def rain_spells(daily: Daily) -> Figures:
    """p(wet|wet) - p(wet|dry)."""
    return {"persistence": persistence(daily.rain >= 0.1)}


def wet_air(record: Record) -> Figures:
    """Points of relative humidity by which wet hours exceed dry ones."""
    wet = record.wet > 0
    return {"points": float(record.humidity[wet].mean() - record.humidity[~wet].mean())}


def range_and_sun(record: Record) -> Figures:
    """Diurnal range with clearness; temperature with humidity within the day."""
    span = np.ptp(record.temperature.reshape(-1, 24), axis=1)
    return {
        "range-clearness": correlation(span, daily_clearness(record)),
        "temperature-humidity": correlation(within_day(record.temperature), within_day(record.humidity)),
    }


def wind(record: Record) -> Figures:
    """Margin and persistence of the wind, and its correlation with the sun."""
    return {
        "Weibull k": weibull_shape(record.wind),
        "lag-1": lag(record.wind, 1),
        "|sun-wind|": abs(correlation(record.wind, record.ghi)),
    }


def changes(record: Record) -> Figures:
    """How one hour's change remembers the last one's, and how large pressure's are, hPa.

    The records' barometers were read in whole hPa, and what is lost so makes half of their changes' variance.
    """
    moves = {name: np.diff(getattr(record, name)) for name in ("temperature", "humidity")}
    moves["pressure"] = np.diff(np.rint(record.pressure))
    return {f"{name} lag-1": lag(series, 1) for name, series in moves.items()} | {
        "pressure SD": float(moves["pressure"].std())
    }


def calms(record: Record) -> Figures:
    """Share of hours without wind, and of the rarest octant among the others."""
    moving = record.wind >= _CALM_MS
    octant = ((record.direction[moving] + 22.5) % 360 // 45).astype(np.int64)
    return {
        "calm": float(1 - moving.mean()),
        "rarest octant": float(np.bincount(octant, minlength=8).min() / max(len(octant), 1)),
    }


def showers_of(seed: int, days: int) -> Floats:
    """Rain at the park's first site every 5 min, (days, 288), mm/h."""
    return grid_of(world_of(seed), days)["precipitation"].reshape(days, -1)


def showers(rain: Floats) -> Figures:
    """Share of the spells that begin, and that end, in the first sixth of an hour."""
    wet = rain.ravel() > 0
    found = {}
    for name, edge in (("begin", wet[1:] & ~wet[:-1]), ("end", ~wet[1:] & wet[:-1])):
        minute = (np.flatnonzero(edge) + 1) % 12
        found[f"{name} in the first sixth"] = float((minute < 2).mean())
        found[f"{name} in the last"] = float((minute >= 10).mean())
    return found


BARS = [
    Bar(
        number="2",
        title="Irradiance is physically possible",
        source="Long & Shi (2008), QCRad",
        sample=record_of,
        measure=possible_irradiance,
        limits={"excess": (-np.inf, 0), "least": (-2, np.inf)},
        mutants={
            "shuffled hours": shuffled_hours,
            "white noise": lambda record: replace(record, ghi=_noise(record.ghi)),
        },
    ),
    Bar(
        number="3",
        title="Clouds seldom brighten an hour beyond the clear sky",
        source="broken-cloud enhancement averages out within the hour",
        sample=record_of,
        measure=clear_share,
        limits={"p99": (0.85, 1.20)},
        mutants={
            "shuffled hours": shuffled_hours,
            "constant": lambda record: replace(record, ghi=np.full_like(record.ghi, 300.0)),
        },
    ),
    Bar(
        number="4",
        title="Daily clearness",
        source="Liu & Jordan (1960) and the records of humid subtropical stations",
        sample=record_of,
        measure=clearness,
        limits={"mean": (0.35, 0.55), "SD": (0.12, 0.20), "lag-1": (0.15, 0.45)},
        mutants={
            "shuffled days": shuffled_days,
            "constant sky": lambda record: replace(record, ghi=0.45 * record.extraterrestrial),
        },
        least_days=365,
    ),
    Bar(
        number="5",
        title="Temperature is smooth and follows the sun",
        source="hourly records of temperate and subtropical stations",
        sample=record_of,
        measure=smooth_temperature,
        limits={"lag-1": (0.97, 0.9999), "p99 change": (0.5, 4.5), "coldest": (4, 7), "warmest": (13, 16)},
        mutants={
            "shuffled hours": shuffled_hours,
            "white noise": lambda record: replace(record, temperature=_noise(record.temperature)),
            "constant": lambda record: replace(record, temperature=np.full_like(record.temperature, 15.0)),
        },
    ),
    Bar(
        number="6",
        title="Warm and cold spells",
        source="Richardson (1981)",
        sample=daily_of,
        measure=daily_residuals,
        limits={
            "tmax lag-1": (0.5, 0.75),
            "tmin lag-1": (0.5, 0.75),
            "tmax SD": (2.5, 5),
            "tmin SD": (2.5, 5),
            "tmin-tmax": (0.35, 0.7),
        },
        mutants={
            "white noise": lambda daily: replace(daily, tmax=_noise(daily.tmax), tmin=_noise(daily.tmin)),
            "constant": lambda daily: replace(daily, tmax=np.full_like(daily.tmax, 20.0)),
        },
        least_days=365,
    ),
    Bar(
        number="6b",
        title="A hot summer of Wuxi",
        source="the hottest day of most years has 37 to 39 Cel, of all years 40 to 41; about 15 days pass 35",
        sample=daily_of,
        measure=heat,
        limits={"hottest": (36.5, 39.5), "days above 35": (4, 30)},
        mutants={
            "warmer days alone": lambda daily: replace(daily, tmax=daily.tmax + 3),
            "a cool summer": lambda daily: replace(daily, tmax=np.minimum(daily.tmax, 34.0)),
        },
        least_days=365,
    ),
    Bar(
        number="7a",
        title="Rain of Wuxi",
        source="1,080 to 1,170 mm and 121 to 131 days a year are normal",
        sample=daily_of,
        measure=rain_amount,
        limits={"wet days": (110, 140), "mm": (950, 1300)},
        mutants={
            "drizzle every day": lambda daily: replace(daily, rain=np.full_like(daily.rain, 3.1)),
            "dry": lambda daily: replace(daily, rain=np.zeros_like(daily.rain)),
        },
        least_days=365,
    ),
    Bar(
        number="7b",
        title="Rain comes in spells",
        source="Richardson (1981)",
        sample=daily_of,
        measure=rain_spells,
        limits={"persistence": (0.2, 0.8)},
        mutants={
            "shuffled days": lambda daily: replace(daily, rain=np.random.default_rng(_RNG).permutation(daily.rain)),
        },
        least_days=365,
    ),
    Bar(
        number="7c",
        title="Rain moistens the air",
        source="hourly records of humid subtropical stations",
        sample=record_of,
        measure=wet_air,
        limits={"points": (15, 40)},
        mutants={"shuffled hours": shuffled_hours},
    ),
    Bar(
        number="7d",
        title="Rain begins and ends at any minute",
        source="one sixth of the hour has one sixth of the cases",
        sample=showers_of,
        measure=showers,
        limits={
            f"{what} in the {sixth}": (0.08, 0.26) for what in ("begin", "end") for sixth in ("first sixth", "last")
        },
        mutants={
            "by the hour": lambda rain: np.repeat(rain[:, ::12], 12, axis=1),
            "by the hour, a little late": lambda rain: np.roll(np.repeat(rain[:, ::12], 12, axis=1), -1),
        },
        least_days=365,
    ),
    Bar(
        number="8",
        title="Sun, warmth and moisture go together",
        source="hourly records of humid subtropical stations",
        sample=record_of,
        measure=range_and_sun,
        limits={"range-clearness": (0.5, 1), "temperature-humidity": (-1, -0.5)},
        mutants={
            "shuffled hours": shuffled_hours,
            "another's sky": lambda record: replace(record, ghi=shuffled_days(record).ghi),
        },
    ),
    Bar(
        number="9",
        title="Wind",
        source="Justus et al. (1978): Weibull shapes of surface winds",
        sample=record_of,
        measure=wind,
        limits={"Weibull k": (1.6, 2.6), "lag-1": (0.75, 0.92), "|sun-wind|": (0, 0.25)},
        mutants={
            "shuffled hours": shuffled_hours,
            "constant": lambda record: replace(record, wind=np.full_like(record.wind, 3.0)),
            "driven by the sun": lambda record: replace(record, wind=record.wind + 0.01 * record.ghi),
        },
        # Greensboro keeps this in its year (.77, .22), not in two months of it: .61 to .81, .24 to .35.
        least_days=365,
    ),
    Bar(
        number="9b",
        title="Calms come, and wind from all sides",
        source="typical years of Greensboro and Miami: calm .12 and .02 of hours, rarest octant .037 and .057",
        sample=record_of,
        measure=calms,
        limits={"calm": (0.015, 0.14), "rarest octant": (0.03, 0.11)},
        mutants={
            "monsoon alone": lambda record: replace(record, direction=record.direction * 0.3 + 60),
            "never calm": lambda record: replace(record, wind=record.wind + 0.5),
            "often calm": lambda record: replace(record, wind=record.wind - 1.0),
        },
        least_days=365,
    ),
    Bar(
        number="5b",
        title="Hours are rough",
        source="typical years of Greensboro and Miami: temperature .52, .40; humidity .27, .24; pressure .15, .05",
        sample=record_of,
        measure=changes,
        limits={
            "temperature lag-1": (0.23, 0.56),
            "humidity lag-1": (0.1, 0.33),
            "pressure lag-1": (-0.05, 0.3),
            "pressure SD": (0.4, 0.95),
        },
        mutants={
            "smoothed": lambda record: replace(
                record, **{name: _smooth(getattr(record, name)) for name in ("temperature", "humidity", "pressure")}
            ),
            "white noise": lambda record: replace(record, temperature=record.temperature + _noise(record.wind)),
            "tide alone": lambda record: replace(record, pressure=_smooth(_smooth(record.pressure))),
        },
        least_days=365,
    ),
]
