"""A year of every climate beside the normals from which it is made."""

import dataclasses
import datetime as dt
from functools import cache

import numpy as np
import pytest

from park.model import WorldDay
from simulator.streams import CounterStreams
from simulator.world import UnknownClimateError
from simulator.world.chain import Chain, Days
from simulator.world.climate import climate_of
from simulator.world.climates import CLIMATES
from tests.simulator.world.towns import world

PLACES = {
    "wuxi": (31.49, 120.31, 8),
    "singapore": (1.35, 103.99, 8),
    "dubai": (25.25, 55.36, 4),
    "dublin": (53.43, -6.24, 0),
    "cape-town": (-33.97, 18.6, 2),
    "winnipeg": (49.91, -97.24, -6),
    "oulu": (64.94, 25.35, 2),
}
MILDEST = {"singapore": (18, 40), "dubai": (4, 51), "dublin": (-13, 34), "cape-town": (-4, 45)}


def year(name: str, **changes: object) -> list[WorldDay]:
    latitude, longitude, offset = PLACES[name]
    here = {"latitude": latitude, "longitude": longitude, "utc_offset_ms": offset * 3_600_000, "country": ""}
    town = world(1, climate=name, site_latitudes=(), site_longitudes=(), **(here | changes))
    return [day for first in range(1, 366, 16) for day in town.days(first, min(first + 16, 366))]


@cache
def known_year(name: str) -> list[WorldDay]:
    return year(name)


def by_month(days: list[WorldDay], values: list[float]) -> np.ndarray:
    months = np.array([day.date.month for day in days])
    return np.array([np.mean(np.array(values)[months == month]) for month in range(1, 13)])


@cache
def ten_years(name: str) -> tuple[Days, np.ndarray]:
    """Ten years of the days' weather, and the month of each."""
    first, count = dt.date(2026, 1, 1), 3652
    chain = Chain(CounterStreams(1), climate_of(name, PLACES[name][0], 0.0), first)
    months = np.array([(first + dt.timedelta(days=i)).month for i in range(count)])
    return chain.days(0, count), months


def monthly(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    return np.array([values[months == month].mean() for month in range(1, 13)])


@pytest.mark.parametrize("name", CLIMATES)
def test_months_are_as_warm_as_the_source_says(name: str) -> None:
    days, months = ten_years(name)
    normals = CLIMATES[name]
    for found, expected in ((days.tmax, normals.tmax), (days.tmin, normals.tmin)):
        gap = monthly(found, months) - expected
        assert np.abs(gap).max() < 0.8 + 0.3 * np.max(normals.spread_tmax)
        assert abs(gap.mean()) < 0.8


@pytest.mark.parametrize("name", CLIMATES)
def test_months_are_as_wet_as_the_source_says(name: str) -> None:
    days, months = ten_years(name)
    normals = CLIMATES[name]
    length = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    rain = monthly(days.rain, months) * length
    assert rain.sum() == pytest.approx(np.sum(normals.rain_mm), rel=0.1)
    assert (monthly(days.wet, months) * length).sum() == pytest.approx(np.sum(normals.wet_days), rel=0.08)
    if np.ptp(normals.rain_mm) > 0.5 * np.max(normals.rain_mm):
        assert np.corrcoef(rain, normals.rain_mm)[0, 1] > 0.8


@pytest.mark.parametrize("name", CLIMATES)
def test_the_instants_of_a_year_add_up_to_it(name: str) -> None:
    days, normals = known_year(name), CLIMATES[name]
    daily = np.array([day.precipitation[0, :-1].sum() / 12 for day in days])
    assert daily.sum() == pytest.approx(np.sum(normals.rain_mm), rel=0.2, abs=35)
    assert (daily >= normals.least_mm / 2).sum() == pytest.approx(np.sum(normals.wet_days), rel=0.25, abs=8)
    mean = np.mean([day.temperature.mean() for day in days])
    expected = (np.mean(normals.tmax) + np.mean(normals.tmin)) / 2
    assert mean == pytest.approx(expected, abs=0.8 + 0.25 * float(np.mean(normals.spread_tmax)))


@pytest.mark.parametrize("name", CLIMATES)
def test_ranges(name: str) -> None:
    days = known_year(name)
    low, high = MILDEST.get(name, (-52, 45))
    limits = {
        "temperature": (low, high),
        "relative_humidity": (4, 100),
        "atmospheric_pressure": (940, 1070),
        "wind_speed": (0, 35),
        "precipitation": (0, 250),
        "ghi": (0, 1300),
        "cloud_cover": (0, 1),
        "pm25": (0, 800),
        "o3": (0, 600),
    }
    for field, (least, greatest) in limits.items():
        series = np.concatenate([getattr(day, field)[0] for day in days])
        assert np.isfinite(series).all(), field
        assert least <= series.min(), (field, series.min())
        assert series.max() <= greatest, (field, series.max())


def test_climates_differ_in_what_makes_them() -> None:
    cloud = {name: float(np.mean([day.cloud_cover.mean() for day in known_year(name)])) for name in CLIMATES}
    assert cloud["dubai"] < 0.35
    assert min(cloud["singapore"], cloud["dublin"]) > 0.55
    wind = {name: float(np.mean([day.wind_speed.mean() for day in known_year(name)])) for name in CLIMATES}
    assert wind["singapore"] < wind["winnipeg"] < wind["dublin"]
    for name, normals in CLIMATES.items():
        assert wind[name] == pytest.approx(np.mean(normals.wind_ms), rel=0.12), name


def test_across_the_equator_seasons_change_sides() -> None:
    south = year("dublin", latitude=-45.0)
    months = by_month(south, [float(day.temperature.mean()) for day in south])
    assert months[[11, 0, 1]].mean() > months[5:8].mean() + 5
    cape = known_year("cape-town")
    months = by_month(cape, [float(day.precipitation.mean()) for day in cape])
    assert months[5:8].mean() > 2 * months[[11, 0, 1]].mean()


def test_every_climate_names_its_source_and_has_all_months() -> None:
    for name, normals in CLIMATES.items():
        assert len(normals.source) > 20, name
        for field in dataclasses.fields(normals):
            value = getattr(normals, field.name)
            assert not isinstance(value, tuple) or len(value) == 12, (name, field.name)


def test_an_unknown_climate_names_the_key() -> None:
    with pytest.raises(UnknownClimateError, match=r"town\.climate.*'atlantis'.*wuxi, singapore"):
        world(climate="atlantis")
