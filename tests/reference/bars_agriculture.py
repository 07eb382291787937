"""Credibility bars of agriculture: evaporation, the water in the soil, and who waters when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sectors.agriculture import et0
from sectors.agriculture.fields import survey
from sectors.agriculture.irrigation import EFFICIENCY
from sectors.agriculture.soil import soil_day
from tests.reference import fao56
from tests.reference.bar import Bar, Figures
from tests.reference.records import Record
from tests.reference.statistics import correlation, deseasoned
from tests.reference.walk import Walked, setting_of, shuffled_weather, walk, world_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_CELLS = 4
_EVERY_S = 1800.0
_PER_DAY = 48
_SIGMA = 0.00006  # m3/m3, of a probe's noise
_QUIET = 144  # half-hours: in three days what was on its way down has come
_RNG = 23
_SHUFFLES = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Air:
    """Hourly weather of whole days at one station, (24 x days,); sun in W/m2, wind at 10 m."""

    temperature: Floats
    humidity: Floats
    wind: Floats
    sun: Floats
    wet: Floats
    day_of_year: Floats
    latitude: float
    elevation_m: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What probes, gauges and valves report of F fields, P probes and n half-hours, and the limits of the soil.

    Attributes:
        moisture: (P, n) m3/m3.
        rain: (P, n) rain on the probe's field since commissioning, mm.
        water: (P, n) meter of the probe's valve, m3.
        dry, full: (P,) wilting point and saturation at the probe, m3/m3.
        stored, entered, left: (zones, days) change of the water in the root zone; what the weather and the
            meters put in; what evaporated and drained; mm.
    """

    moisture: Floats
    rain: Floats
    water: Floats
    dry: Floats
    full: Floats
    stored: Floats
    entered: Floats
    left: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Waterings:
    """By day: rain of the day, mm; share of the zones that were watered; day of the year."""

    rain: Floats
    watered: Floats
    day_of_year: Floats


@cache
def air_of(seed: int, days: int) -> Air:
    """What the first weather station publishes: the sun as means of the hour, all else on the hour."""
    seen: dict[str, list[Floats]] = {}
    yeardays = []
    for day in walk("agriculture", seed, days, cells=1):
        for name, values in day.observe("weather_station", every_s=600.0).items():
            hours = values[0, 0].reshape(24, 6)
            seen.setdefault(name, []).append(hours.mean(axis=1) if name == "solar_radiation" else hours[:, 0])
        yeardays.append(day.world.date.timetuple().tm_yday)
    series = {name: np.concatenate(parts) for name, parts in seen.items()}
    setting = setting_of("agriculture", seed)
    return Air(
        temperature=series["temperature"],
        humidity=series["relative_humidity"],
        wind=series["wind_speed"],
        sun=series["solar_radiation"],
        wet=(series["precipitation"] >= 0.1).astype(np.float64),
        day_of_year=np.repeat(np.array(yeardays, dtype=np.float64), 24),
        latitude=setting.latitude,
        elevation_m=setting.elevation_m,
    )


def air_in(record: Record, latitude: float, elevation_m: float) -> Air:
    """A real record in the same shape."""
    return Air(
        temperature=record.temperature,
        humidity=record.humidity,
        wind=record.wind,
        sun=record.ghi,
        wet=record.wet,
        day_of_year=record.day_of_year,
        latitude=latitude,
        elevation_m=elevation_m,
    )


def daily_et0(air: Air) -> Floats:
    """Equation 6 of FAO-56, mm/day."""
    by_day = {field.name: getattr(air, field.name).reshape(-1, 24) for field in fields(Air)[:6]}
    return fao56.et0_daily(
        tmax=by_day["temperature"].max(axis=1),
        tmin=by_day["temperature"].min(axis=1),
        rhmax=by_day["humidity"].max(axis=1),
        rhmin=by_day["humidity"].min(axis=1),
        wind_2m=et0.wind_at_2m(by_day["wind"].mean(axis=1)),
        solar=0.0864 * by_day["sun"].mean(axis=1),
        latitude=air.latitude,
        elevation_m=air.elevation_m,
        day_of_year=by_day["day_of_year"][:, 0],
    )


def evaporation(air: Air) -> Figures:
    """Daily reference evapotranspiration: its range, with the warmth, and on wet against dry summer days."""
    daily, day_of_year = daily_et0(air), air.day_of_year[::24]
    summer = (day_of_year > 151) & (day_of_year < 244)
    wet = air.wet.reshape(-1, 24).max(axis=1) > 0
    return {
        "least": float(daily.min()),
        "most": float(daily.max()),
        "wet/dry summer": float(daily[summer & wet].mean() / daily[summer & ~wet].mean()),
        "r with tmax": correlation(daily, air.temperature.reshape(-1, 24).max(axis=1)),
    }


@cache
def ground_of(seed: int, days: int) -> Ground:
    """All probes of a few fields."""
    seen: dict[str, list[Floats]] = {name: [] for name in ("moisture", "rain", "water", "stored", "entered", "left")}
    day: Walked | None = None
    for day in walk("agriculture", seed, days, cells=_CELLS):
        probes = day.observe("soil_probe", every_s=_EVERY_S)["soil_moisture"]
        rain = day.before["precipitation_total"][:, None] + day.state.fallen[:, :-1:6]
        water = day.observe("irrigation_valve", every_s=_EVERY_S)["water_total"]
        seen["moisture"].append(probes.reshape(-1, _PER_DAY))
        seen["rain"].append(np.repeat(rain, probes.shape[1], axis=0))
        seen["water"].append(np.tile(water, (1, probes.shape[1] // water.shape[1], 1)).reshape(-1, _PER_DAY))
        for name, amount in _balance(seed, day).items():
            seen[name].append(amount[:, None])
    assert day is not None
    soil = day.state.farm.probes
    series = {name: np.concatenate(parts, axis=1) for name, parts in seen.items()}
    return Ground(dry=soil.dry, full=soil.dry + soil.span + soil.pores, **series)


def _balance(seed: int, day: Walked) -> dict[str, Floats]:
    """A day's water of every zone: storage from the carried states, irrigation from the meters."""
    setting = setting_of("agriculture", seed)
    land = survey(setting, day.cells, 2)
    path = soil_day(setting, day.cells, land, day.before, day.world)
    metered = (day.after["water_total"] - day.before["water_total"]) / land.area_m2[:, None] * 1000.0
    held = [carry["surplus"] - carry["depletion"] for carry in (day.before, day.after)]
    return {
        "stored": (held[1] - held[0]).ravel(),
        "entered": (path.infiltrated[..., -1] + EFFICIENCY * metered).ravel(),
        "left": (path.evaporated[..., -1] + path.drained[..., -1]).ravel(),
    }


def soil_water(ground: Ground) -> Figures:
    """Rises of an hour after days without rain or irrigation, in sigmas of their noise; room within the limits;
    balance."""
    rises = ground.moisture[:, _QUIET:] - ground.moisture[:, _QUIET - 2 : -2]
    poured = ground.rain + ground.water
    idle = poured[:, _QUIET:] - poured[:, :-_QUIET] < 0.01
    sigma = rises[idle] / (np.sqrt(2.0) * _SIGMA)
    return {
        "idle hours": float(idle.mean()),
        "rises above 3 sigma": float((sigma > 3.0).mean()),
        "highest rise, sigma": float(sigma.max()),
        "mean change, sigma": float(sigma.mean()),
        "over wilting point": float((ground.moisture.min(axis=1) - ground.dry).min()),
        "least span": float(np.ptp(ground.moisture, axis=1).min()),
        "below saturation": float((ground.full - ground.moisture.max(axis=1)).min()),
        "imbalance, mm": float(np.abs(ground.stored - ground.entered + ground.left).max()),
        "moved, mm a day": float(np.abs(ground.entered).mean()),
    }


@cache
def waterings_of(seed: int, days: int) -> Waterings:
    """Thirty fields under the town's weather."""
    return _waterings(seed, days, world_of(seed).day)


@cache
def ablated(seed: int, days: int) -> Waterings:
    """The fields live through the town's days in other orders, one after another; the rain stays the town's."""
    town = [world_of(seed).day(index) for index in range(days)]
    true = waterings_of(seed, days)
    orders = [shuffled_weather(town, _SHUFFLES * seed + order) for order in range(_SHUFFLES)]
    lived = [_waterings(seed, days, order.__getitem__) for order in orders]
    return Waterings(
        rain=np.tile(true.rain, _SHUFFLES),
        watered=np.concatenate([one.watered for one in lived]),
        day_of_year=np.tile(true.day_of_year, _SHUFFLES),
    )


def _waterings(seed: int, days: int, weather: Callable[[int], Any]) -> Waterings:
    rain, watered, yeardays = [], [], []
    for day in walk("agriculture", seed, days, cells=30, weather=weather):
        opened = day.after["water_total"] > day.before["water_total"]
        watered.append(opened.mean())
        rain.append((day.after["precipitation_total"] - day.before["precipitation_total"]).mean())
        yeardays.append(day.world.date.timetuple().tm_yday)
    return Waterings(rain=np.array(rain), watered=np.array(watered), day_of_year=np.array(yeardays, dtype=np.float64))


def rain_and_irrigation(days: Waterings) -> Figures:
    """Correlation of the share of zones watered with the rain of the week, both less the season."""
    week = np.convolve(np.minimum(days.rain, 20.0), np.ones(7))[: len(days.rain)]
    return {
        "rain-irrigation": correlation(deseasoned(days.watered, days.day_of_year), deseasoned(week, days.day_of_year))
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """The inputs of FAO-56's examples 18 (a day in Brussels) and 19 (an hour by night and by day in N'Diaye)."""

    daily: Mapping[str, Any]
    night: Mapping[str, Any]
    noon: Mapping[str, Any]


def examples(_seed: int = 0, _days: int = 0) -> Examples:
    """The examples; they know neither seed nor days."""

    def hour(temperature: float, humidity: float, wind: float, solar: float, clearness: float) -> dict[str, Any]:
        return {
            "temperature": np.array(temperature),
            "relative_humidity": np.array(humidity),
            "wind_2m": np.array(wind),
            "solar": np.array(solar),
            "clearness": np.array(clearness),
            "daylight": np.array(solar > 0),
            "pressure_kpa": fao56.pressure(8.0),
        }

    return Examples(
        daily={
            "tmax": np.array(21.5),
            "tmin": np.array(12.3),
            "rhmax": np.array(84.0),
            "rhmin": np.array(63.0),
            "wind_2m": et0.wind_at_2m(np.array(10 / 3.6)),
            "solar": np.array(22.07),
            "latitude": 50.8,
            "elevation_m": 100.0,
            "day_of_year": np.array(187.0),
        },
        night=hour(28.0, 90.0, 1.9, 0.0, 0.8),
        noon=hour(38.0, 52.0, 3.3, 2.450, 0.922),
    )


def published(given: Examples) -> Figures:
    """What the equations make of the examples."""
    return {
        "example 18, mm/day": float(fao56.et0_daily(**given.daily)),
        "example 19 by day, mm/h": float(et0.et0_hourly(**given.noon)),
        "example 19 by night, mm/h": float(et0.et0_hourly(**given.night)),
    }


def _shuffled(air: Air) -> Air:
    rng = np.random.default_rng(_RNG)
    series: dict[str, Any] = {field.name: rng.permutation(getattr(air, field.name)) for field in fields(Air)[:5]}
    return replace(air, **series)


def _like(values: Floats) -> Floats:
    return np.asarray(np.random.default_rng(_RNG).normal(values.mean(), values.std(), values.shape))


BARS = [
    Bar(
        number="1",
        title="Reference evapotranspiration as published",
        source="FAO-56, examples 18 and 19",
        sample=examples,
        measure=published,
        limits={
            "example 18, mm/day": (3.86, 3.90),
            "example 19 by day, mm/h": (0.625, 0.635),
            "example 19 by night, mm/h": (-0.005, 0.005),
        },
        mutants={
            "wind at 10 m taken for 2 m": lambda given: replace(
                given, daily={**given.daily, "wind_2m": np.array(10 / 3.6)}
            ),
            "soil heat of the night by day": lambda given: replace(
                given, noon={**given.noon, "daylight": np.zeros((), dtype=np.bool_)}
            ),
        },
        least_days=1,
    ),
    Bar(
        number="10",
        title="Evapotranspiration follows warmth, sun and dry air",
        # r is 0.84 in Greensboro, humid subtropical, and 0.53 in Miami, where it is always warm; plum rains
        # dim the early summer of the lower Yangtze, so that its sunniest weeks are not its warmest.
        source="FAO-56 on TMY records: Greensboro 0.21 to 7.0 mm/day, wet/dry 0.79; Miami 1.6 to 7.5, 0.79",
        sample=air_of,
        measure=evaporation,
        limits={"least": (0.2, 2.0), "most": (4.0, 9.0), "wet/dry summer": (0.6, 0.85), "r with tmax": (0.7, 1.0)},
        mutants={
            "shuffled hours": _shuffled,
            "white noise": lambda air: replace(air, sun=_like(air.sun), humidity=_like(air.humidity)),
            "constant": lambda air: replace(
                air, sun=np.full_like(air.sun, 180.0), humidity=np.full_like(air.sun, 70.0)
            ),
        },
        least_days=365,
    ),
    Bar(
        number="11",
        title="Soil wets only by rain and irrigation, within its limits, and loses no water",
        source="FAO-56 equation 85; 3 sigma of normal noise are passed 0.00135 of the time",
        sample=ground_of,
        measure=soil_water,
        limits={
            "idle hours": (0.1, 0.6),
            "rises above 3 sigma": (0.0, 0.0018),
            "highest rise, sigma": (0.0, 6.0),
            "mean change, sigma": (-20.0, -0.3),
            "over wilting point": (-6 * _SIGMA, np.inf),
            "least span": (0.015, np.inf),
            "below saturation": (-6 * _SIGMA, np.inf),
            "imbalance, mm": (0.0, 1e-6),
            "moved, mm a day": (0.3, 15.0),
        },
        mutants={
            "time reversed": lambda ground: replace(ground, moisture=ground.moisture[:, ::-1]),
            "shuffled hours": lambda ground: replace(
                ground, moisture=np.random.default_rng(_RNG).permutation(ground.moisture, axis=1)
            ),
            "white noise": lambda ground: replace(ground, moisture=_like(ground.moisture)),
            "constant": lambda ground: replace(ground, moisture=np.full_like(ground.moisture, 0.26)),
            "a leak": lambda ground: replace(ground, left=0.999 * ground.left),
        },
        # Winter, spring and high summer.
        least_days=210,
    ),
    Bar(
        number="18 agriculture",
        title="Growers water after dry days",
        source="equation 83 of FAO-56 puts irrigation after a rainless spell",
        sample=waterings_of,
        measure=rain_and_irrigation,
        limits={"rain-irrigation": (-0.8, -0.2)},
        mutants={
            "shuffled days": lambda days: replace(days, watered=np.random.default_rng(_RNG).permutation(days.watered)),
        },
        least_days=365,
    ),
    Bar(
        number="18 agriculture, ablated",
        title="Under the weather of other days growers know nothing of the rain",
        source="an effect must go with its cause",
        sample=ablated,
        measure=rain_and_irrigation,
        limits={"rain-irrigation": (-0.1, 0.1)},
        mutants={
            "weather not shuffled": lambda _: waterings_of(0, 365),
        },
        least_days=365,
    ),
]
