"""Turbine, battery and charging points, each by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from park.grid import GRID_H, HOURS
from park.model import GRID_POINTS
from sectors.energy import battery, ev, wind
from sectors.energy.weather import weather
from simulator.streams import CounterStreams
from tests.reference.walk import world_of

SEEDS = st.integers(0, 2**32)


def powers(seed: int, rows: int, spread: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, (rows, GRID_POINTS))


def test_the_power_curve_is_cubic_between_cut_in_and_rated() -> None:
    speed = np.array([0.0, 1.99, 2.0, 7.0, 9.0, 24.99, 25.0, 40.0])
    middle = 10 * (7**3 - 2**3) / (9**3 - 2**3)
    assert np.allclose(wind.power_curve(speed), [0, 0, 0, middle, 10, 10, 0, 0])


def test_the_rotor_keeps_its_tip_speed_ratio_up_to_the_rated_wind() -> None:
    speed = np.array([1.9, 6.0, 9.0, 20.0, 26.0])
    tip = wind.rotor_speed(speed) / 60 * 2 * np.pi * wind.ROTOR_RADIUS
    assert np.allclose(tip, [0, 6 * 6.5, 9 * 6.5, 9 * 6.5, 0])


def test_a_nacelle_is_still_within_its_dead_band_and_in_a_calm() -> None:
    direction = np.tile(np.concatenate([np.full(100, 350.0), np.full(100, 355.0), np.full(89, 20.0)]), (2, 1))
    speed = np.array([[6.0], [1.0]]) * np.ones((2, GRID_POINTS))
    facing = wind.yawing(direction, speed)
    assert set(np.unique(facing[0])) == {350.0, 20.0}
    assert (facing[0, :200] == 350.0).all()
    assert (facing[1] == 350.0).all()


@given(SEEDS, st.floats(0.5, 60))
def test_a_battery_takes_surplus_alone_and_keeps_what_is_left(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    made = np.abs(powers(seed, 5, scale)) * np.clip(np.sin((HOURS - 2) / 12 * np.pi), 0, None)
    used = np.abs(powers(seed + 1, 5, scale))
    start = rng.uniform(battery.EMPTY, battery.FULL, 5)
    batteries = battery.Batteries(capacity=rng.uniform(50, 100, 5), standby=np.full(5, 0.1))
    power, charges = battery.dispatch(batteries, start, made - used)
    charge = battery.state_of_charge(batteries, start, power)
    assert np.allclose(charges, np.concatenate([start, charge[:, -1]]))
    assert (made >= used)[power < 0].all()
    assert (used >= made)[power > 0].all()
    assert charge.min() >= battery.EMPTY - 1e-9
    assert charge.max() <= battery.FULL + 1e-9
    assert (np.abs(power) <= batteries.rated[:, None] + 1e-9).all()
    # No line of the grid joins charging to discharging.
    assert (power[:, 1:] * power[:, :-1] >= 0).all()


def one_session(arrival: float, departure: float, power: float, constant_h: float, taper_h: float) -> ev.Charging:
    one = ev.Sessions(
        **{
            name: np.array([[value]])
            for name, value in (
                ("arrival", arrival),
                ("departure", departure),
                ("power", power),
                ("constant_h", constant_h),
                ("taper_h", taper_h),
            )
        }
    )
    voltage = np.ones((1, GRID_POINTS - 1))
    return ev.Charging(sessions=ev.with_overnight(one, ev.no_sessions(1)), delivered=np.zeros(1), voltage=voltage)


def test_a_car_takes_constant_power_then_a_falling_one_then_none() -> None:
    charging = one_session(10.4, 200.2, 7.0, 2.0, 0.5)
    x = np.arange(0, 288, 0.2)
    power, energy = charging.at(np.zeros(len(x), dtype=np.int64), x)
    hours = (x - 10.6) * GRID_H
    assert (power[hours < -1e-9] == 0).all()
    assert (power[(hours > 1e-9) & (hours < 2)] == 7.0).all()
    tapering = (hours > 2) & (hours < 2 + 0.5 * np.log(20) - 1e-9)
    assert np.allclose(power[tapering], 7 * np.exp(-(hours[tapering] - 2) / 0.5))
    assert (power[hours > 2 + 0.5 * np.log(20)] == 0).all()
    assert np.allclose(energy[-1], 7 * (2 + 0.5 * 0.95))


def test_a_car_that_leaves_early_takes_nothing_afterwards() -> None:
    charging = one_session(10.4, 20.7, 11.0, 2.0, 0.5)
    x = np.array([10.5, 10.7, 20.6, 20.8, 100.0])
    power, energy = charging.at(np.zeros(5, dtype=np.int64), x)
    assert (power == [0, 11.0, 11.0, 0, 0]).all()
    assert np.allclose(energy[-1], 11.0 * (20.7 - 10.6) * GRID_H)


def points(count: int, type_: int | None = None) -> tuple[np.ndarray, np.ndarray, ev.Sessions]:
    """Types, expected arrivals and sessions of points on a working day."""
    world = world_of(9)
    day = next(day for day in map(world.day, range(100, 110)) if day.workday)
    types = np.arange(count) % 3 if type_ is None else np.full(count, type_)
    sky, row = weather([day]), np.zeros(count, dtype=np.int64)
    drawn = ev.sessions(CounterStreams(5), np.arange(count), types, row, sky)
    return types, ev.cumulated(types, row, sky), drawn


def test_arrivals_are_poisson_where_the_bay_is_free() -> None:
    """Somebody comes on a day unless a Poisson variable is zero."""
    _, expected, drawn = points(20_000, ev.HOME)
    came = np.isfinite(drawn.arrival[:, 0])
    assert abs(came.mean() - (1 - np.exp(-expected[0, -1]))) < 0.01
    hours = (drawn.arrival[came, 0] * GRID_H + 4) // 1
    assert 16 <= np.bincount(hours.astype(np.int64)).argmax() <= 19


def test_no_two_cars_share_a_bay() -> None:
    _, _, drawn = points(3000)
    real = np.isfinite(drawn.arrival[:, 1:])
    assert real.any()
    assert (drawn.arrival[:, 1:][real] >= drawn.departure[:, :-1][real] + 2).all()
    assert (drawn.departure > drawn.arrival)[np.isfinite(drawn.arrival)].all()


def test_a_home_is_free_when_the_first_may_come_home() -> None:
    types, _, drawn = points(3000)
    home = types == ev.HOME
    real = np.isfinite(drawn.arrival)
    assert (drawn.departure[home][real[home]] - 288).max() < drawn.arrival[home][real[home]].min()
    assert drawn.departure[~home][real[~home]].max() < 288
