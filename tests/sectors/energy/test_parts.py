"""Turbine, battery and charging points, each by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from park.grid import GRID_H, HOURS
from park.model import GRID_POINTS
from sectors.energy import battery, ev, wind
from simulator.streams import CounterStreams

SEEDS = st.integers(0, 2**32)


def powers(seed: int, rows: int, spread: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, (rows, GRID_POINTS))


def test_the_power_curve_is_cubic_between_cut_in_and_rated() -> None:
    speed = np.array([0.0, 2.99, 3.0, 7.0, 9.0, 24.99, 25.0, 40.0])
    middle = 10 * (7**3 - 3**3) / (9**3 - 3**3)
    assert np.allclose(wind.power_curve(speed), [0, 0, 0, middle, 10, 10, 0, 0])


def test_the_rotor_keeps_its_tip_speed_ratio_up_to_the_rated_wind() -> None:
    speed = np.array([2.0, 6.0, 9.0, 20.0, 26.0])
    tip = wind.rotor_speed(speed) / 60 * 2 * np.pi * wind.ROTOR_RADIUS
    assert np.allclose(tip, [0, 6 * 6.5, 9 * 6.5, 9 * 6.5, 0])


@given(SEEDS, st.floats(0.5, 60))
def test_a_battery_returns_to_the_next_mornings_charge_whatever_the_day(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    made = np.abs(powers(seed, 5, scale)) * np.clip(np.sin((HOURS - 2) / 12 * np.pi), 0, None)
    used = np.abs(powers(seed + 1, 5, scale))
    start, end = rng.uniform(0.3, 0.55, (2, 5))
    batteries = battery.Batteries(capacity=rng.uniform(50, 100, 5))
    power = battery.dispatch(batteries, start, end, made, used)
    charge = battery.state_of_charge(batteries, start, power)
    assert np.allclose(charge[:, -1], end, atol=1e-9)
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
    never = ev.Sessions(**{name: np.array([[np.inf]]) for name in vars(one)})
    return ev.charging(one, never)


def test_a_car_takes_constant_power_then_a_falling_one_then_none() -> None:
    power = one_session(10.4, 200.2, 7.0, 2.0, 0.5).power[0]
    assert (power[:12] == 0).all()
    assert (power[12:36] == 7.0).all()
    taper = power[36 : 36 + 17]
    assert np.allclose(taper[1:] / taper[:-1], np.exp(-GRID_H / 0.5))
    assert (power[36 + 18 :] == 0).all()
    assert 0.05 * 7 <= power[power > 0].min() < 0.06 * 7


def test_a_car_that_leaves_early_takes_nothing_afterwards() -> None:
    power = one_session(10.4, 20.7, 11.0, 2.0, 0.5).power[0]
    assert (power[12:20] == 11.0).all()
    assert (power[20:] == 0).all()


def test_arrivals_are_poisson_where_the_bay_is_free() -> None:
    """Somebody comes on a working day unless a Poisson variable of mean 1.9 is zero."""
    streams, points = CounterStreams(5), np.arange(20_000)
    types = np.full(len(points), ev.HOME)
    drawn = ev.sessions(streams, points, types, 3, np.ones(len(points), dtype=np.bool_))
    came = np.isfinite(drawn.arrival[:, 0])
    expected = 1 - np.exp(-1.9)
    assert abs(came.mean() - expected) < 0.01
    hours = (drawn.arrival[came, 0] * GRID_H + 4) // 1
    assert 16 <= np.bincount(hours.astype(np.int64)).argmax() <= 19


def test_no_two_cars_share_a_bay() -> None:
    streams, points = CounterStreams(5), np.arange(3000)
    drawn = ev.sessions(streams, points, points % 3, 3, np.ones(len(points), dtype=np.bool_))
    real = np.isfinite(drawn.arrival[:, 1:])
    assert real.any()
    assert (drawn.arrival[:, 1:][real] >= drawn.departure[:, :-1][real] + 2).all()
    assert (drawn.departure > drawn.arrival)[np.isfinite(drawn.arrival)].all()
