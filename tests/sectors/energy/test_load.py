"""Buildings: calendar and temperature."""

from dataclasses import replace

import numpy as np
import pytest

from sectors.energy import load
from sectors.energy.weather import SiteWeather, weather
from simulator.streams import CounterStreams
from tests.reference.walk import world_of

STREAMS = CounterStreams(9)
DEVICE = np.arange(300)
SITE = np.zeros(300, dtype=np.int64)
BUILDINGS = load.buildings(STREAMS, DEVICE, DEVICE % 3)
TYPES = (load.HOME, load.OFFICE, load.SHOP, load.FACTORY, load.SCHOOL)


def drawn(weather: SiteWeather) -> np.ndarray:
    """Mean power by type of building, kW."""
    power = load.active_power(BUILDINGS, STREAMS, DEVICE, SITE, weather).mean(axis=1)
    return np.array([power[BUILDINGS.type == type_].mean() for type_ in TYPES])


def at(temperature: float, *, workday: bool = True) -> SiteWeather:
    day = world_of(9).day(100)
    return weather([replace(day, temperature=np.full_like(day.temperature, temperature), workday=workday)])


def test_a_town_has_every_type_of_building() -> None:
    assert set(np.unique(BUILDINGS.type)) == set(TYPES)


def test_frost_and_heat_raise_every_load() -> None:
    mild, frost, heat = drawn(at(19)), drawn(at(-5)), drawn(at(36))
    assert (frost > 1.05 * mild).all()
    assert (heat > 1.05 * mild).all()
    assert np.allclose(drawn(at(15)), drawn(at(23)))


def test_offices_rest_on_days_off_and_homes_do_not() -> None:
    ratio = drawn(at(19)) / drawn(at(19, workday=False))
    assert (ratio[[load.OFFICE, load.FACTORY, load.SCHOOL]] > 1.1).all()
    assert (ratio[[load.HOME, load.SHOP]] < 1.0).all()


def test_working_days_and_days_off_meet_at_four() -> None:
    for place in (0, -1):
        assert np.allclose(load.PROFILES[:, :, place], load.PROFILES[:, :1, 0])


@pytest.mark.parametrize("workday", [True, False])
def test_reactive_power_lags_within_the_power_factors_of_buildings(workday: bool) -> None:
    active = load.active_power(BUILDINGS, STREAMS, DEVICE, SITE, at(19, workday=workday))
    reactive = load.reactive_power(BUILDINGS, STREAMS, DEVICE, active, 100)
    factor = active / np.hypot(active, reactive)
    assert 0.75 < factor.min() < factor.max() < 0.99
