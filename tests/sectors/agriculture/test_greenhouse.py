"""The climate under glass answers sun, frost and wind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.model import GRID_POINTS
from sectors.agriculture.greenhouse import OUTSIDE_CO2, build, house_day
from tests.sectors.agriculture.weather import HOUR, day, setting

HOUSES = build(setting(), np.arange(30))
NIGHT = (HOUR < 5.0) | (HOUR > 21.0)
NOON = (HOUR > 11.0) & (HOUR < 14.0)


def test_heating_holds_a_frosty_night() -> None:
    house = house_day(HOUSES, day(temperature=-3.0))
    held = house.temperature[:, NIGHT]
    assert (held < HOUSES.heats_below[:, None]).all()
    assert (held > HOUSES.heats_below[:, None] - 3.0).all()
    assert house.heating_on.all()
    assert not house.vent_opening.any()


def test_a_dark_mild_day_is_the_outside_but_damper() -> None:
    house = house_day(HOUSES, day(temperature=19.0))
    np.testing.assert_allclose(house.temperature, 19.0, atol=0.05)
    assert not house.heating_on.any()
    assert (house.relative_humidity > 70.0).all()


def test_sun_opens_the_vents_and_feeds_the_plants() -> None:
    house = house_day(HOUSES, day(temperature=24.0, sun=850.0))
    assert (house.vent_opening[:, NOON].mean(axis=1) > 30.0).all()
    warming = house.temperature[:, NOON].mean(axis=1) - 24.0
    assert ((warming > 1.0) & (warming < 14.0)).all()
    assert (house.co2[:, NOON] < OUTSIDE_CO2).all()
    assert (house.co2[:, NIGHT][:, :12] > OUTSIDE_CO2).all()


def test_closed_vents_on_a_cold_bright_day_starve_the_plants() -> None:
    cold = house_day(HOUSES, day(temperature=2.0, sun=450.0))
    warm = house_day(HOUSES, day(temperature=26.0, sun=450.0))
    assert cold.co2[:, NOON].mean() < warm.co2[:, NOON].mean() - 80.0


def test_more_wind_cools_an_open_house() -> None:
    calm = house_day(HOUSES, day(temperature=30.0, sun=850.0, wind_speed=np.full((1, GRID_POINTS), 0.5)))
    windy = house_day(HOUSES, day(temperature=30.0, sun=850.0, wind_speed=np.full((1, GRID_POINTS), 8.0)))
    assert (windy.temperature[:, NOON].mean(axis=1) < calm.temperature[:, NOON].mean(axis=1) - 1.0).all()


@settings(max_examples=15)
@given(temperature=st.floats(-20, 40), sun=st.floats(0, 1050), humidity=st.floats(5, 100), wind=st.floats(0, 20))
def test_it_stays_physical_in_any_weather(*, temperature: float, sun: float, humidity: float, wind: float) -> None:
    house = house_day(
        HOUSES,
        day(
            temperature=temperature,
            sun=sun,
            relative_humidity=np.full((1, GRID_POINTS), humidity),
            wind_speed=np.full((1, GRID_POINTS), wind),
        ),
    )
    assert (house.temperature > temperature - 0.5).all()
    assert (house.temperature < max(temperature, HOUSES.vents_above.max()) + 28.0).all()
    assert ((house.relative_humidity > 0.0) & (house.relative_humidity <= 100.0)).all()
    # No leaf takes carbon dioxide below its compensation point, 40 to 60 ppm.
    assert ((house.co2 > 50.0) & (house.co2 < 4000.0)).all()
    assert ((house.vent_opening >= 0.0) & (house.vent_opening <= 100.0)).all()
    # Five minutes cannot heat a house by much: the steps are stable.
    assert np.abs(np.diff(house.temperature, axis=1)).max() < 6.0


def test_a_day_ends_where_the_next_begins() -> None:
    first = day(1, temperature=8.0 + np.linspace(0.0, 3.0, GRID_POINTS), sun=500.0)
    second = day(2, temperature=11.0, sun=300.0)
    one, two = house_day(HOUSES, first), house_day(HOUSES, second)
    for name in ("temperature", "relative_humidity", "co2", "vent_opening", "heating_on"):
        assert getattr(one, name)[:, -1] == pytest.approx(getattr(two, name)[:, 0], abs=1e-6)
    # And without a jump on the way there.
    assert np.abs(np.diff(one.temperature[:, -20:], axis=1)).max() < 0.3
