"""What the environment sector reports, and the figures that its bars limit. Days run from 04:00 to 04:00."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from park.model import Bools, Floats, Ints, WorldDay
from sectors.environment.aqi import DAILY, index_of
from sectors.environment.lake import saturation
from tests.reference.bar import Figures
from tests.reference.bars_air import spearman
from tests.reference.statistics import correlation, lag, within_day
from tests.reference.walk import walk, world_of

CELLS = 2
_FIRST = 1
_BATCH = 16  # days whose air is worked out together
_SKY = ("temperature", "wind_speed", "ghi", "precipitation", "relative_humidity", "road_demand")


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What the sector reports, by the hour but for noise: channel to (cells, units, days, 24).

    Attributes:
        sky: the world's hourly means at each cell's site, (cells, days, 24): what the records say it was.
        air: stations' channels.
        sensor: low-cost sensors' channels.
        noise: every 600 s, (cells, units, days, 144).
        water: channels of water stations.
        stack: every 600 s, (cells, 1, days, 144).
    """

    workday: Bools
    month: Ints
    sky: Mapping[str, Floats]
    air: Mapping[str, Floats]
    sensor: Mapping[str, Floats]
    noise: Mapping[str, Floats]
    water: Mapping[str, Floats]
    stack: Mapping[str, Floats]


Ablation = Callable[[list[WorldDay], int], list[WorldDay]]


@cache
def seen(seed: int, days: int, spoilt: Ablation | None = None) -> Seen:
    """The park's data; with `spoilt`, of days whose weather or people were another's than the records say."""
    world = world_of(seed)
    last = _FIRST + days
    true = [day for first in range(_FIRST, last, _BATCH) for day in world.days(first, min(first + _BATCH, last))]
    given = {day.index: day for day in (spoilt(true, seed) if spoilt else true)}
    walked = walk(
        "environment", seed, days, CELLS, first=_FIRST, weather=lambda i: given[i] if i in given else world.day(i)
    )
    parts: dict[str, list[dict[str, Floats]]] = {name: [] for name in ("air", "sensor", "noise", "water", "stack")}
    site: Ints = np.zeros(0, dtype=np.int64)
    for day in walked:
        site = day.state.site
        parts["air"].append(_hourly(day.observe("air_station", 900.0)))
        parts["sensor"].append(_hourly(day.observe("air_sensor", 900.0)))
        parts["noise"].append(day.observe("noise_monitor", 600.0))
        parts["water"].append(_hourly(day.observe("water_station", 1800.0)))
        parts["stack"].append(day.observe("stack_monitor", 600.0))
    sky = {
        name: np.stack([getattr(day, name)[site, :-1].reshape(CELLS, 24, 12).mean(-1) for day in true], axis=1)
        for name in _SKY
    }
    return Seen(
        workday=np.array([day.workday for day in true]),
        month=np.array([day.date.month for day in true]),
        sky=sky,
        **{
            name: {key: np.stack([part[key] for part in some], axis=2) for key in some[0]}
            for name, some in parts.items()
        },
    )


def _hourly(observed: Mapping[str, Floats]) -> dict[str, Floats]:
    """Means of the hour over what is there; whole numbers as they stand at its beginning."""
    made = {}
    for name, values in observed.items():
        hours = values.reshape(*values.shape[:2], 24, -1)
        if values.dtype.kind != "f":
            made[name] = hours[..., 0]
            continue
        known = np.isfinite(hours)
        total = np.where(known, hours, 0.0).sum(-1)
        made[name] = np.where(known.any(-1), total / np.maximum(known.sum(-1), 1), np.nan)
    return made


def _clock(first: int, last: int) -> list[int]:
    return [(hour - 4) % 24 for hour in range(first, last + 1)]


def _both(a: Floats, b: Floats) -> float:
    """Correlation where both are known."""
    known = np.isfinite(a) & np.isfinite(b)
    return correlation(a[known], b[known])


def kerb(data: Seen) -> Figures:
    """NO2 at the kerb and behind it."""
    no2 = np.nan_to_num(data.air["no2"], nan=0.0)
    at, behind = no2[:, 0], no2[:, 1]
    work, rest = at[:, data.workday], at[:, ~data.workday]
    noon = work[..., _clock(12, 14)].mean()
    anomaly = [lag(series.ravel(), 1) for series in at]
    return {
        "07-08/12-14": float(work[..., _clock(7, 8)].mean() / noon),
        "18-20/12-14": float(work[..., _clock(18, 20)].mean() / noon),
        "rest/work": float(rest.mean() / work.mean()),
        "with wind": spearman(at[0], data.sky["wind_speed"][0]),
        "lag-1": float(np.mean(anomaly)),
        "above behind": float((at > behind).mean()),
        "increment with demand": _increment(data),
    }


def _increment(data: Seen) -> float:
    """Correlation of what the kerb has more of NOx with the roads' demand, over workdays' hours."""
    nox = data.air["no2"] + 1.53 * data.air["no"]
    more = (nox[:, 0] - nox[:, 1])[:, data.workday]
    return _both(more, data.sky["road_demand"][:, data.workday] / (data.sky["wind_speed"][:, data.workday] + 0.4))


def ozone(data: Seen) -> Figures:
    """Ozone by day, sun, heat and wind."""
    summer = (data.month >= 5) & (data.month <= 9)
    o3 = data.air["o3"][:, 1]
    best = np.nanmax(o3[:, summer], axis=-1).ravel()
    heat = data.sky["temperature"][:, summer].max(axis=-1).ravel()
    hour = np.nanargmax(np.nan_to_num(o3[:, summer], nan=-9.0), axis=-1)
    return {
        "with NO2": _both(data.air["no2"][:, 1], o3),
        "summer with tmax": spearman(best, heat),
        "summer with sun": spearman(best, data.sky["ghi"][:, summer].mean(axis=-1).ravel()),
        "summer with wind": spearman(best, data.sky["wind_speed"][:, summer].mean(axis=-1).ravel()),
        "winter with NO, days": _winter(data),
        "hour of maximum": float((np.median(hour) + 4) % 24),
    }


def _winter(data: Seen) -> float:
    """Correlation of days' ozone and NO in winter."""
    winter = np.isin(data.month, (12, 1, 2))
    o3, no = (np.nanmean(data.air[name][:, 1][:, winter], axis=-1).ravel() for name in ("o3", "no"))
    return correlation(o3, no)


def particles(data: Seen) -> Figures:
    """PM2.5 and PM10."""
    fine, whole = data.air["pm25"][:, 1], data.air["pm10"][:, 1]
    daily = fine.mean(axis=-1)
    rain = data.sky["precipitation"].sum(axis=-1)
    wet, dry = daily[rain > 5].mean(), daily[rain < 0.1].mean()
    ratio = daily / whole.mean(axis=-1)
    return {
        "PM2.5 above PM10": float((data.air["pm25"] > data.air["pm10"]).mean()),
        "ratio": float(ratio.mean()),
        "ratio varies": float(ratio.std()),
        "mean": float(fine.mean()),
        "wet/dry": float(wet / dry),
        "daily CV": float(daily.std() / daily.mean()),
    }


def index(data: Seen) -> Figures:
    """Daily indices by HJ 633-2026 of the stations behind the roads."""
    day = {name: np.nanmean(data.air[name][:, 1], axis=-1) for name in DAILY}
    o3 = np.nan_to_num(data.air["o3"][:, 1], nan=0.0)
    day["o3"] = np.stack([o3[..., i : i + 8].mean(axis=-1) for i in range(17)]).max(axis=0)
    value, primary = index_of(day, DAILY)
    names = list(DAILY)
    summer = (data.month >= 5) & (data.month <= 9)
    over = value > 100
    led_by_o3 = primary == names.index("o3") + 1
    winter = (data.month >= 11) | (data.month <= 2)
    led_by_pm = np.isin(primary, (names.index("pm25") + 1, names.index("pm10") + 1))
    return {
        "days to 100": float((~over).mean()),
        "summer led by O3": _share(led_by_o3, over & summer),
        "winter led by PM": _share(led_by_pm, over & winter),
    }


def _share(what: Bools, among: Bools) -> float:
    return float(what[among].mean()) if among.any() else 1.0


def beside(data: Seen) -> Figures:
    """The sensor beside the reference station behind the road, means of days."""
    raw, true = data.sensor["pm25"][:, 1].mean(axis=-1).ravel(), data.air["pm25"][:, 1].mean(axis=-1).ravel()
    humid = data.sky["relative_humidity"].mean(axis=-1).ravel()
    slope, at_zero = np.polyfit(true, raw, 1)
    corrected = 0.524 * raw - 0.0862 * humid + 5.75
    slope_after, zero_after = np.polyfit(true, corrected, 1)
    return {
        "slope": float(slope),
        "R2": correlation(true, raw) ** 2,
        "residual with RH": correlation(raw - slope * true - at_zero, humid),
        "slope corrected": float(slope_after),
        "intercept corrected": float(zero_after),
        "RMSE corrected": float(np.sqrt(((corrected - true) ** 2).mean())),
    }


def loudness(data: Seen) -> Figures:
    """Noise at the road."""
    level = {name: data.noise[name][:, 0] for name in ("l_aeq", "l_10", "l_50", "l_90")}
    demand = np.repeat(data.sky["road_demand"], 6, axis=-1)
    hours = np.repeat((np.arange(24) + 4) % 24, 6)
    by_day = (hours >= 6) & (hours < 22)
    energy = 10 ** (level["l_aeq"] / 10)
    day_level, night_level = (10 * np.log10(energy[..., some].mean()) for some in (by_day, ~by_day))
    tolerance = 1e-9
    ordered = (level["l_10"] >= level["l_50"] - tolerance) & (level["l_50"] >= level["l_90"] - tolerance)
    return {
        "ordered": float(ordered.mean()),
        "LAeq within": float(((level["l_aeq"] >= level["l_50"]) & (level["l_aeq"] <= level["l_10"])).mean()),
        "L10-L90": float(np.median(level["l_10"] - level["l_90"])),
        "L10-LAeq": float((level["l_10"] - level["l_aeq"]).mean()),
        "day-night": float(day_level - night_level),
        "with lg flow": correlation(level["l_aeq"].ravel(), np.log10(demand).ravel()),
        "road-homes": float((data.noise["l_aeq"][:, 0] - data.noise["l_aeq"][:, 1]).mean()),
    }


def bay(data: Seen) -> Figures:
    """The lake: oxygen, warmth, algae and waves."""
    warm, oxygen, ph = (data.water[name][:, 0] for name in ("water_temperature", "dissolved_oxygen", "ph"))
    summer = (data.month >= 6) & (data.month <= 9)
    wind = data.sky["wind_speed"]
    cloudy = data.water["turbidity"][:, 0]
    algae = np.log(np.maximum(data.water["chlorophyll_a"][:, 0][:, summer], 0.1))
    swing = np.ptp(oxygen, axis=-1)
    sun = data.sky["ghi"].mean(axis=-1)
    top = oxygen[:, summer].argmax(axis=-1)
    return {
        "least DO/DOs": float(np.quantile(oxygen / saturation(warm), 0.005)),
        "most DO/DOs": float(np.quantile(oxygen / saturation(warm), 0.995)),
        "range of DO": float(np.median(swing)),
        "range of DO with sun": _both(swing[:, summer], sun[:, summer]),
        "range of DO, bloom/clear water": _by_bloom(data, swing, summer),
        "hour of maximum": float((np.median(top) + 4) % 24),
        "DO with pH": correlation(within_day(oxygen.ravel()), within_day(ph.ravel())),
        "temperature lag-1": lag(warm[0].ravel(), 1),
        "range of temperature": float(np.median(np.ptp(warm, axis=-1))),
        "turbid in wind": float(cloudy[wind > 6].mean() / cloudy[wind < 3].mean()),
        "algae with wind": _both(algae, wind[:, summer]),
    }


def _by_bloom(data: Seen, swing: Floats, summer: Bools) -> float:
    """The day's range of oxygen on the summer's quarter of days with most algae over that with fewest."""
    algae, swing = data.water["chlorophyll_a"][:, 0].mean(axis=-1)[:, summer], swing[:, summer]
    few, many = np.quantile(algae, (0.25, 0.75))
    return float(swing[algae > many].mean() / swing[algae < few].mean())


def storms(data: Seen) -> Figures:
    """The river after rain: the day's extreme against the day before, where more than 12 mm fell on a dry one."""
    rain = data.sky["precipitation"].sum(axis=-1)
    storm = (rain[:, 1:] > 12) & (rain[:, :-1] < 3)
    cloudy, salty, level = (data.water[name][:, 1] for name in ("turbidity", "conductivity", "water_level"))
    return {
        "storms": float(storm.sum()),
        "turbidity up": float((cloudy.max(-1)[:, 1:] > 1.15 * cloudy.mean(-1)[:, :-1])[storm].mean()),
        "conductivity down": float((salty.min(-1)[:, 1:] < 0.95 * salty.mean(-1)[:, :-1])[storm].mean()),
        "level up, m": float((level.max(-1)[:, 1:] - level.mean(-1)[:, :-1])[storm].mean()),
        "level with rain": _both(np.diff(level.mean(-1), axis=-1), rain[:, 1:]),
    }


def chimneys(data: Seen) -> Figures:
    """Stacks: identities, load and exceedances."""
    seen_by = {name: values[:, 0] for name, values in data.stack.items()}
    running = np.isfinite(seen_by["flue_nox_reference"]) & (seen_by["load"] > 20)
    raw, reference, o2 = (seen_by[name][running] for name in ("flue_nox", "flue_nox_reference", "flue_oxygen"))
    mass = np.nan_to_num(seen_by["flue_nox"]) * seen_by["flue_gas_flow"] * 1e-6
    blind = ~np.isfinite(seen_by["flue_nox"])
    register = seen_by["emitted_nox"]
    total = (register[:, -1, -1] - register[:, 0, 0]).sum()
    summed = (np.where(blind, mass.mean() / (~blind).mean(), mass) / 6).sum()
    starting = seen_by["status"] == 1
    over = running & (np.nan_to_num(seen_by["flue_nox_reference"]) > 300)
    return {
        "reference O2": float(np.abs(reference / (raw * 10 / (21 - o2)) - 1).max()),
        "register/integral": float(total / summed),
        "flow with load": correlation(seen_by["load"][running], seen_by["flue_gas_flow"][running]),
        "above 300": float(over.sum() / running.sum()),
        "of them starting": _share(starting, over),
    }
