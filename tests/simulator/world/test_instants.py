"""The weather between the grid's instants, from place to place."""

import dataclasses

import numpy as np
import pytest

from park.model import Place, WorldDay
from tests.simulator.world.towns import world

WUXI_WORLD = world()
EVERY_MINUTE = np.arange(0, 288, 0.2)


def spot(north_km: float, count: int) -> Place:
    latitude = WUXI_SITE[0] + north_km / 111.2
    return Place(latitude=np.full(count, latitude), longitude=np.full(count, WUXI_SITE[1]))


WUXI_SITE = (31.57, 120.11)


def series(name: str, days: range, north_km: float, x: np.ndarray = EVERY_MINUTE) -> np.ndarray:
    site = np.zeros(len(x), dtype=np.int64)
    return np.concatenate(
        [getattr(WUXI_WORLD.day(index).instants, name)(site, spot(north_km, len(x)), x) for index in days]
    )


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("temperature", 0.97, 0.9995), ("wind_speed", 0.6, 0.93), ("relative_humidity", 0.9, 0.999)],
)
def test_stations_of_a_site_differ_as_real_ones_do(name: str, low: float, high: float) -> None:
    x = np.arange(0, 288, 2.0)
    here, there = (series(name, range(100, 160), north_km, x) for north_km in (0.2, 6.0))
    assert low < np.corrcoef(here, there)[0, 1] < high


@pytest.mark.parametrize("name", ["temperature", "relative_humidity", "wind_speed", "wind_direction", "precipitation"])
def test_a_moment_is_the_same_whatever_is_asked_beside_it(name: str) -> None:
    day = WUXI_WORLD.day(33)
    whole = series(name, range(33, 34), 1.0)
    some = np.array([5, 700, 1439])
    alone = getattr(day.instants, name)(np.zeros(3, dtype=np.int64), spot(1.0, 3), EVERY_MINUTE[some])
    assert np.array_equal(alone, whole[some])


@pytest.mark.parametrize("name", ["temperature", "relative_humidity", "wind_speed", "precipitation"])
def test_days_join(name: str) -> None:
    for index in range(140, 160):
        ends = series(name, range(index, index + 1), 2.0, np.array([288.0]))
        begins = series(name, range(index + 1, index + 2), 2.0, np.array([0.0]))
        assert ends == pytest.approx(begins, abs=1e-6)


def test_a_day_made_by_hand_says_that_it_has_none() -> None:
    day: WorldDay = dataclasses.replace(WUXI_WORLD.day(1), fine=None)
    with pytest.raises(ValueError, match=r"WorldDay\.fine"):
        _ = day.instants
