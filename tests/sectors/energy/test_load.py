"""Buildings: calendar and temperature."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from park.model import WorldDay
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
    power = load.Loads(BUILDINGS, STREAMS, DEVICE, SITE, weather).energy[:, -1] / 24
    return np.array([power[BUILDINGS.type == type_].mean() for type_ in TYPES])


@cache
def day_of(workday: bool) -> WorldDay:
    """A day of spring, of one kind or the other."""
    return next(day for day in map(world_of(9).day, range(100, 110)) if day.workday == workday and not day.holiday)


def at(temperature: float, *, workday: bool = True) -> SiteWeather:
    day = day_of(workday)
    return weather([replace(day, temperature=np.full_like(day.temperature, temperature))])


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


def test_days_meet_at_four() -> None:
    """Whatever runs through the seam runs on both sides of it."""
    world = world_of(9)
    days = [load.Loads(BUILDINGS, STREAMS, DEVICE, SITE, weather([world.day(index)])) for index in (100, 101)]
    late, early = (
        loads.at(DEVICE, np.full(300, place))[0] for loads, place in zip(days, (288 - 1e-7, 0.0), strict=True)
    )
    assert (late > 0).any()
    assert np.allclose(late, early, atol=1e-6)
    assert np.allclose(days[0].smooth[:, -1], days[1].smooth[:, 0])


def test_what_is_switched_is_counted_to_the_last_watt_second() -> None:
    loads = load.Loads(BUILDINGS, STREAMS, DEVICE, SITE, at(30))
    x = np.arange(0, 288, 1 / 300)  # every second
    for row in (0, 1, 2, 5):
        rows = np.full(len(x), row)
        power, energy = loads.at(rows, x)
        assert np.allclose(energy[60:] - energy[:-60], power[60:] / 60, atol=1e-9)
        # What is shown is half a minute late.
        shown = np.cumsum(power[1:] + power[:-1]) / 7200
        assert np.abs(energy[1:] - shown).max() <= power.max() / 120 + 1e-9
        assert (np.diff(energy) >= -1e-9).all()
        assert np.allclose(energy[::300], (loads.energy - loads.smooth_energy)[row, :-1], atol=1e-9)


def test_homes_are_left_and_offices_are_not() -> None:
    energy = np.array(
        [
            load.Loads(BUILDINGS, STREAMS, DEVICE, SITE, weather([world_of(9).day(index)])).energy[:, -1]
            for index in range(100, 114)
        ]
    )
    least = energy.min(axis=0) / np.median(energy, axis=0)
    assert 0.2 < (least[BUILDINGS.type == load.HOME] < 0.5).mean() < 0.9
    assert (least[BUILDINGS.type == load.SHOP] > 0.7).all()


@pytest.mark.parametrize("workday", [True, False])
def test_reactive_power_lags_within_the_power_factors_of_buildings(workday: bool) -> None:
    loads = load.Loads(BUILDINGS, STREAMS, DEVICE, SITE, at(19, workday=workday))
    switched = loads.at(np.repeat(DEVICE, 50), np.tile(np.arange(50) * 5.7, 300))[0].reshape(300, 50)
    points = (np.arange(50) * 5.7).astype(np.int64)
    active, reactive = loads.smooth[:, points] + switched, load.reactive_of(loads.motors[:, points], switched)
    factor = active / np.hypot(active, reactive)
    assert 0.75 < factor.min() < factor.max() < 0.99
