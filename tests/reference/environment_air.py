"""Figures of the stations' air that bars of the environment sector limit: wind, memory, equilibrium, cheap sensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from park.model import Floats
from sectors.environment.station import shares
from tests.reference.bar import Figures
from tests.reference.bars_air import spearman
from tests.reference.environment_samples import CELLS, Seen, seen
from tests.reference.statistics import correlation, deseasoned, lag
from tests.reference.walk import shuffled_weather, walk

_NO_UG, _NO2_UG, _O3_UG = 1.23, 1.88, 1.96  # of a ppb at 298.15 K
_SUN_EVERY = 30


def exhausts(data: Seen) -> Figures:
    """NOx at the kerb by roads and wind."""
    nox = data.air["no2"][:, 0] + 1.53 * data.air["no"][:, 0]
    known = np.isfinite(nox) & (nox > 0)
    made, roads = np.log(nox[known]), np.log(data.sky["road_demand"][known])
    wind = data.sky["wind_speed"][known]
    both = np.column_stack([np.ones_like(roads), roads, np.sqrt(wind)])
    left = made - both @ np.linalg.lstsq(both, made, rcond=None)[0]
    no2 = np.maximum(data.air["no2"][:, 0][known], 0.5)
    return {
        "log NOx with log roads": correlation(made, roads),
        "log NOx with root of wind": correlation(made, np.sqrt(wind)),
        "R2 of both": float(1.0 - left.var() / made.var()),
        "NO2 as wind to the": float(np.polyfit(np.log(np.maximum(wind, 0.2)), np.log(no2), 1)[0]),
    }


def memory(data: Seen) -> Figures:
    """NO2 of hours, of hours of the week, and of days: at the kerb, days behind it."""
    no2 = np.nan_to_num(data.air["no2"], nan=0.0)
    at, behind = no2[0, 0], no2[0, 1]
    days = len(at) // 7 * 7
    weeks = at[:days].reshape(-1, 7, 24)
    return {
        "lag-1 h": lag(at.ravel(), 1),
        "lag-24 h": lag(at.ravel(), 24),
        "anomalies, lag-1 h": lag((weeks - weeks.mean(axis=0)).ravel(), 1),
        "days behind, lag-1": lag(behind.mean(axis=1), 1),
        "CV": float(at.std() / at.mean()),
        "p99/mean": float(np.quantile(at, 0.99) / at.mean()),
    }


def rush(data: Seen) -> Figures:
    """The kerb's rush hour on rest days."""
    no2 = np.nan_to_num(data.air["no2"][:, 0], nan=0.0)[..., 3:5]
    return {"07-08: rest/work": float(no2[:, ~data.workday].mean() / no2[:, data.workday].mean())}


@dataclass(frozen=True, kw_only=True, eq=False)
class Sunlit:
    """(N,) clean values by day: ppb, and J/k of MCM and CB05, ppb."""

    no: Floats
    no2: Floats
    o3: Floats
    ratio: Floats


@cache
def sunlit(seed: int, days: int) -> Sunlit:
    """Of both stations of each district on every 30th day, where the sun is above 10 degrees."""
    found: dict[str, list[Floats]] = {name: [] for name in ("no", "no2", "o3", "ratio")}
    for day in walk("environment", seed, days, CELLS):
        if day.world.index % _SUN_EVERY:
            continue
        site, clean = day.state.site, day.state.air.on_grid(shares(day.cells, 2))
        elevation, sun = day.world.sun_elevation[site], day.world.ghi[site] / np.maximum(day.world.ghi_clear[site], 1.0)
        cosine = np.maximum(np.sin(np.radians(elevation)), 1e-3)
        j = 0.01165 * cosine**0.244 * np.exp(-0.267 / cosine) * sun
        kelvin = day.world.temperature[site] + 273.15
        k = 3.0e-12 * np.exp(-1500.0 / kelvin) * 2.46e10 * 298.15 / kelvin
        high = np.broadcast_to((elevation > 10.0)[:, None], clean.no.shape)
        parts = (
            clean.no / _NO_UG,
            clean.no2 / _NO2_UG,
            clean.o3 / _O3_UG,
            np.broadcast_to((j / k)[:, None], high.shape),
        )
        for name, values in zip(found, parts, strict=True):
            found[name].append(values[high])
    return Sunlit(**{name: np.concatenate(values) for name, values in found.items()})


def leighton(data: Sunlit) -> Figures:
    """How far NO, NO2 and O3 are from their equilibrium in sunlight."""
    off = np.abs(data.no * data.o3 / (data.ratio * data.no2) - 1.0)
    return {"99 % within": float(np.quantile(off, 0.99)), "NO/NO2": float((data.no / data.no2).mean())}


def seasons(data: Seen) -> Figures:
    """PM2.5 of winter and summer, of two districts, and over rain."""
    fine = data.air["pm25"][:, 1].mean(axis=-1)
    winter, summer = np.isin(data.month, (12, 1, 2)), np.isin(data.month, (6, 7, 8))
    rain = data.sky["precipitation"].sum(axis=-1)
    change = [float(fine[c, d] / fine[c, d - 1] - 1.0) for c, d in np.argwhere(rain > 5.0) if d > 0]
    return {
        "winter/summer": float(fine[:, winter].mean() / fine[:, summer].mean()),
        "two districts, log of days": correlation(np.log(fine[0]), np.log(fine[1])),
        "over rain": float(np.median(change)),
    }


def gases_beside(data: Seen) -> Figures:
    """A sensor's ozone as it is, and its NO2 after a correction that is made on the year's first half, days' means."""
    mean = {name: np.nanmean(data.sensor[name][:, 1], axis=-1).ravel() for name in ("no2", "o3", "temperature")}
    true = {name: np.nanmean(data.air[name][:, 1], axis=-1).ravel() for name in ("no2", "o3")}
    heat = np.maximum(mean["temperature"] - 25.0, 0.0)
    known = np.column_stack([np.ones_like(heat), mean["no2"], mean["o3"], heat])
    error = _beyond(heat, mean["no2"] - true["no2"])
    learnt = np.arange(len(heat)) % 2 == 0
    made = known @ np.linalg.lstsq(known[learnt], true["no2"][learnt], rcond=None)[0]
    made, no2 = made[~learnt], true["no2"][~learnt]
    return {
        "O3 slope": float(np.polyfit(true["o3"], mean["o3"], 1)[0]),
        "O3 R2": correlation(true["o3"], mean["o3"]) ** 2,
        "O3 RMSE, ppb": float(np.sqrt(((mean["o3"] - true["o3"]) ** 2).mean()) / _O3_UG),
        "NO2 slope corrected": float(np.polyfit(no2, made, 1)[0]),
        "NO2 RMSE corrected, ppb": float(np.sqrt(((made - no2) ** 2).mean()) / _NO2_UG),
        "NO2 error with O3, by warmth": correlation(error, _beyond(heat, true["o3"])),
    }


def _beyond(heat: Floats, values: Floats) -> Floats:
    """What a straight line of the heat does not tell: a cell drifts when it is warm, and ozone comes on such days."""
    known = np.column_stack([np.ones_like(heat), heat])
    return np.asarray(values - known @ np.linalg.lstsq(known, values, rcond=None)[0])


def ablated(data: Mapping[str, Seen]) -> Figures:
    """What the stations' days under other days' weather have of the days' own, less the year's course of both."""
    sky, other = data["sky"], data["given"]
    day = np.arange(len(sky.workday))

    def anomaly(values: Floats) -> Floats:
        return deseasoned(np.nanmean(values, axis=-1).mean(axis=0), day)

    pairs = {
        "NO2 with wind": (other.air["no2"][:, 1], sky.sky["wind_speed"]),
        "PM2.5 with rain": (other.air["pm25"][:, 1], sky.sky["precipitation"]),
        "O3 with warmth": (other.air["o3"][:, 1], sky.sky["temperature"]),
        "river with rain": (other.water["turbidity"][:, 1], sky.sky["precipitation"]),
    }
    found = [spearman(anomaly(a), anomaly(b)) for a, b in pairs.values()]
    return {"mean |r| of four": float(np.mean(np.abs(found)))}


@cache
def ablated_year(seed: int, days: int) -> Mapping[str, Seen]:
    """A year as it was, and as the sector makes it of the weather of other days."""
    return {"sky": seen(seed, days), "given": seen(seed, days, shuffled_weather)}
