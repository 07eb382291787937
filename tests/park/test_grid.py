"""The models' tool chest: what is read between the points of a series is what lies on its lines."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.grid import GRID_H, STEPS, Sampler, devices, integral, integral_above_zero, rows, smooth_noise
from park.model import GRID_POINTS, Moments
from simulator.streams import CounterStreams

SEEDS = st.integers(0, 2**32)


def powers(seed: int, count: int, spread: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, (count, GRID_POINTS))


@pytest.mark.parametrize("points", [GRID_POINTS, 49])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_a_series_is_a_straight_line_between_its_points(points: int, precision: type) -> None:
    rng = np.random.default_rng(points)
    series: npt.NDArray[np.floating] = rng.normal(0, 10, (3, points)).astype(precision)
    row, x = rng.integers(0, 3, 500), rng.uniform(0, points - 1, 500)
    here = Sampler(row, x, points)
    expected = [np.interp(place, np.arange(points), series[one]) for one, place in zip(row, x, strict=True)]
    assert np.allclose(here.line(series), expected, rtol=1e-12)
    assert here.line(series).dtype == np.float64
    assert (here.hold(series) == series[row, x.astype(np.int64)]).all()


def test_a_direction_turns_the_short_way_round() -> None:
    degrees = np.array([[350.0, 10.0, 350.0, 90.0]])
    here = Sampler(np.zeros(3, dtype=np.int64), np.array([0.75, 1.75, 2.5]), 4)
    assert np.allclose(here.turn(degrees) % 360.0, [5.0, 355.0, 40.0])


def test_a_reading_finds_its_device_among_those_of_the_cells() -> None:
    cells, row, unit = np.array([2, 9, 40]), np.array([0, 2, 1, 2]), np.array([3, 0, 2, 1])
    number = cells[row] * 4 + unit
    at = Moments(row=row, unit=unit, device=number, ts=row, x=row.astype(np.float64))
    assert (devices(cells, 4).reshape(-1)[rows(at, 4)] == number).all()


@given(SEEDS)
def test_energy_above_zero_less_energy_below_is_the_integral(seed: int) -> None:
    power = powers(seed, 3, 10)
    net = integral_above_zero(power) - integral_above_zero(-power)
    assert np.allclose(net, integral(power), atol=1e-8)
    assert (np.diff(integral_above_zero(power), axis=1) >= 0).all()


@given(SEEDS, st.lists(st.floats(0, 287.999), min_size=2, max_size=20))
def test_energy_between_instants_is_the_area_under_the_line(seed: int, places: list[float]) -> None:
    power = powers(seed, 1, 10)
    x = np.sort(np.array(places))
    here = Sampler(np.zeros(len(x), dtype=np.int64), x)
    fine = np.linspace(0, STEPS, STEPS * 400 + 1)
    line = np.interp(fine, np.arange(GRID_POINTS), power[0])
    for sampled, curve in (
        (here.energy(power, integral(power)), line),
        (here.energy_above_zero(power, integral_above_zero(power)), np.maximum(line, 0)),
    ):
        area = np.concatenate([[0.0], np.cumsum((curve[1:] + curve[:-1]) / 2)]) * (fine[1] * GRID_H)
        assert np.allclose(sampled, np.interp(x, fine, area), atol=2e-3)
    assert (np.diff(here.energy_above_zero(power, integral_above_zero(power))) >= -1e-9).all()


def test_noise_joins_from_day_to_day() -> None:
    streams, rows = CounterStreams(3), np.arange(4)
    for every in (1, 3, 12):
        today, tomorrow = (smooth_noise(streams, "x", (rows,), day, every) for day in (8, 9))
        assert (today[:, -1] == tomorrow[:, 0]).all()
        assert today.shape == (4, GRID_POINTS)
