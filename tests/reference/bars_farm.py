"""Credibility bars of what farmers look at: stations of one site, soil by depth, winter's watering, leaves at night."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from tests.reference.bar import Bar, Figures
from tests.reference.bars_agriculture import Waterings, waterings_of
from tests.reference.statistics import correlation, lag
from tests.reference.walk import walk

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_CELLS = 6
_RNG = 29
_HOURS = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbours:
    """Two stations of one site, and the first of another, at 10 min: channel to (3, n)."""

    temperature: Floats
    wind_speed: Floats
    precipitation: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Depths:
    """Hourly water content, m3/m3, (P, n): of all probes, and of those near the surface and at depth in some zones."""

    every: Floats
    shallow: Floats
    deep: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaves:
    """Wetness of leaves under glass by night, %, (n,)."""

    wet: Floats


@cache
def neighbours_of(seed: int, days: int) -> Neighbours:
    """Every sixth day: the stations of cells 0 and 2, and of cell 1 of the other site."""
    seen = [
        day.observe("weather_station", 600.0)
        for number, day in enumerate(walk("agriculture", seed, days, cells=3))
        if number % 6 == 0
    ]
    names = ("temperature", "wind_speed", "precipitation")
    return Neighbours(**{name: np.concatenate([one[name][[0, 2, 1], 0] for one in seen], axis=1) for name in names})


def neighbours(two: Neighbours) -> Figures:
    """Correlations within a site, and between sites."""
    return {
        f"{name}, {where}": correlation(series[0], series[other])
        for name, series in (("temperature", two.temperature), ("wind", two.wind_speed), ("rain", two.precipitation))
        for where, other in (("a site", 1), ("two sites", 2))
    }


@cache
def depths_of(seed: int, days: int) -> Depths:
    """The shallowest and the deepest probe of each of some fields' zones; the first month is left out."""
    seen = []
    for number, day in enumerate(walk("agriculture", seed, days, cells=_CELLS)):
        if number >= 30:
            seen.append(day.observe("soil_probe", 3600.0)["soil_moisture"])
    depth = day.state.farm.probes.depth.reshape(_CELLS, -1)
    moisture = np.concatenate(seen, axis=-1)
    # Units of one parity share a zone.
    lots = [(cell, np.arange(zone, depth.shape[1], 2)) for cell in range(_CELLS) for zone in (0, 1)]
    ends = [(cell, units[depth[cell, units].argmin()], units[depth[cell, units].argmax()]) for cell, units in lots]
    apart = [(cell, top, low) for cell, top, low in ends if depth[cell, low] - depth[cell, top] > 0.4]
    return Depths(
        every=moisture.reshape(-1, moisture.shape[-1]),
        shallow=np.stack([moisture[cell, top] for cell, top, _ in apart]),
        deep=np.stack([moisture[cell, low] for cell, _, low in apart]),
    )


def soil_by_depth(soil: Depths) -> Figures:
    """How much probes of a year differ from hour to hour and through the year, and how depth damps and delays."""
    wetting = [np.maximum(np.diff(side, axis=1), 0.0).ravel() for side in (soil.shallow, soil.deep)]
    bend = np.diff(soil.every, 2, axis=1)
    return {
        "SD of the year": float(np.median(soil.every.std(axis=1))),
        "lag 24 h": float(np.median([lag(series, 24) for series in soil.every])),
        "noise": float(np.median(np.abs(bend)) / 0.6745 / np.sqrt(6)),
        "largest wetting in an hour, deep over shallow": float(wetting[1].max() / wetting[0].max()),
        "deep later, h": float(np.median([_later(*pair) for pair in zip(soil.shallow, soil.deep, strict=True)])),
    }


def _later(shallow: Floats, deep: Floats) -> float:
    """Mean of the lags, up to three days, by how much a probe's wetting is followed by the other's."""
    above, below = (np.maximum(np.diff(one), 0.0) for one in (shallow, deep))
    below = below - below.mean()
    lags = np.arange(72)
    follows = np.array([max(float((above[: len(above) - k] * below[k:]).sum()), 0.0) for k in lags])
    return float((lags * follows).sum() / max(follows.sum(), 1e-12))


def winter(days: Waterings) -> Figures:
    """Share of the year's waterings in December, January and February, and how many a zone has in a year."""
    cold = (days.day_of_year < 60) | (days.day_of_year > 334)
    return {
        "share in winter": float(days.watered[cold].sum() / max(days.watered.sum(), 1e-12)),
        "days a zone is watered": float(days.watered.sum()),
    }


@cache
def leaves_of(seed: int, days: int) -> Leaves:
    """Every sixth day of some houses, every half-hour while the sun is down."""
    wet = []
    for number, day in enumerate(walk("agriculture", seed, days, cells=_CELLS)):
        if number % 6 == 0:
            seen = day.observe("greenhouse", 1800.0)["leaf_wetness"][:, 0]
            wet.append(seen[:, day.world.sun_elevation[0, :-1:6] < 0.0].ravel())
    return Leaves(wet=np.concatenate(wet))


def leaf_wetness(leaves: Leaves) -> Figures:
    """Share of night hours with leaves more than half wet."""
    return {"wet at night": float((leaves.wet > 50.0).mean())}


def _one_station(two: Neighbours) -> Neighbours:
    def alike(series: Floats) -> Floats:
        return series[[0, 0, 2]] + np.random.default_rng(_RNG).normal(0, 1e-3, series.shape)

    return Neighbours(
        temperature=alike(two.temperature), wind_speed=alike(two.wind_speed), precipitation=alike(two.precipitation)
    )


def _noisy(soil: Depths) -> Depths:
    rng = np.random.default_rng(_RNG)
    return replace(soil, every=soil.every + rng.normal(0, 1e-3, soil.every.shape))


def _through_the_year(days: Waterings) -> Waterings:
    return replace(days, watered=np.roll(days.watered, 183))


BARS = [
    Bar(
        number="F1",
        title="Stations of a site are near, not one",
        source="pairs of real stations: temperature r 0.984-0.990, wind 0.73-0.77 over 17-33 km; nearer, never one",
        sample=neighbours_of,
        measure=neighbours,
        limits={
            "temperature, a site": (0.97, 0.996),
            "wind, a site": (0.6, 0.9),
            "rain, a site": (0.4, 0.97),
            "temperature, two sites": (0.975, 0.993),
            "wind, two sites": (0.55, 0.85),
            "rain, two sites": (0.05, 0.9),
        },
        mutants={"one weather for a site": _one_station},
        least_days=365,
    ),
    Bar(
        number="F2",
        title="Soil wets downwards, and keeps its water for weeks",
        source="networks of soil probes: SD of a year 0.03-0.07 m3/m3, lag 24 h 0.957, noise 0.00006",
        sample=depths_of,
        measure=soil_by_depth,
        limits={
            "SD of the year": (0.03, 0.07),
            "lag 24 h": (0.93, 0.985),
            "noise": (0.0, 0.0002),
            "largest wetting in an hour, deep over shallow": (0.0, 0.6),
            "deep later, h": (4.0, 60.0),
        },
        mutants={
            "one depth": lambda soil: replace(soil, deep=soil.shallow),
            "noise of 0.001": _noisy,
        },
        least_days=365,
    ),
    Bar(
        number="F3",
        title="Hardly anyone waters in winter",
        source="open fields of the lower Yangtze: 0-0.05 of a year's watering days in December to February",
        sample=waterings_of,
        measure=winter,
        limits={"share in winter": (0.0, 0.05), "days a zone is watered": (5.0, 60.0)},
        mutants={"half a year later": _through_the_year},
        least_days=365,
    ),
    Bar(
        number="F4",
        title="Leaves under glass are dry on most nights",
        source="growers keep leaves wet for less than 0.3 of the night; what is wet: Sentelhas et al. 2008",
        sample=leaves_of,
        measure=leaf_wetness,
        limits={"wet at night": (0.02, 0.3)},
        mutants={"damp": lambda leaves: replace(leaves, wet=leaves.wet + 70.0)},
        least_days=365,
    ),
]
