"""The world as a pure function of its settings and the day."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.model import DAY_MS, GRID_POINTS, WorldDay
from simulator.streams import CounterStreams
from simulator.world import BeforeTheTownError, World
from simulator.world.fields import autoregressive, mixing, probability
from tests.simulator.world.towns import WUXI, world

MIDNIGHT_MS = 1_767_196_800_000  # 2026-01-01 00:00 at UTC+8
WUXI_WORLD = world()


def arrays(day: WorldDay) -> dict[str, np.ndarray]:
    values = {field.name: getattr(day, field.name) for field in dataclasses.fields(day)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def same(a: WorldDay, b: WorldDay) -> bool:
    plain = ("index", "date", "workday", "holiday", "weekday")
    return all(getattr(a, name) == getattr(b, name) for name in plain) and all(
        np.array_equal(value, arrays(b)[name]) for name, value in arrays(a).items()
    )


def test_day_0_contains_the_commissioning() -> None:
    day = WUXI_WORLD.day(0)
    assert day.date == dt.date(2025, 12, 31)
    assert day.times[0] == WUXI_WORLD.day_start_ms(0) == MIDNIGHT_MS - 20 * 3_600_000
    assert ((day.times[[0, 240, 288]] - MIDNIGHT_MS) // 3_600_000 % 24).tolist() == [4, 0, 4]
    assert WUXI_WORLD.day_index(MIDNIGHT_MS) == 0
    ts = np.array([day.times[0] - 1, day.times[0], day.times[-1] - 1, day.times[-1], day.times[0] + 10 * DAY_MS])
    assert WUXI_WORLD.day_index(ts).tolist() == [-1, 0, 0, 1, 10]


def test_days_before_are_refused() -> None:
    with pytest.raises(BeforeTheTownError, match="2026-01-01"):
        WUXI_WORLD.day(-1)
    with pytest.raises(BeforeTheTownError, match="2026-01-01"):
        WUXI_WORLD.days(-2, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"latitude": -34.0, "longitude": 151.0, "site_latitudes": (-34.0,), "site_longitudes": (151.0,)},
        {"latitude": 65.0, "longitude": 25.0, "utc_offset_ms": 7_200_000, "site_latitudes": (), "site_longitudes": ()},
        {"utc_offset_ms": 0},
        {"utc_offset_ms": 20_700_000},
    ],
    ids=["Wuxi", "south", "far north", "foreign clock", "offset of 5:45"],
)
def test_days_join_without_a_seam(changes: dict[str, object]) -> None:
    here = world(7, **changes)
    for first in (0, 150, 500):
        for index in range(first, first + 25):
            ends, begins = arrays(here.day(index)), arrays(here.day(index + 1))
            for name, values in ends.items():
                assert np.isfinite(values).all(), name
                assert np.array_equal(values[..., -1], begins[name][..., 0]), (name, index)


@given(st.integers(0, 3650), st.lists(st.integers(0, 1500), max_size=4))
@settings(max_examples=25, deadline=None)
def test_a_day_does_not_depend_on_those_asked_before(index: int, others: list[int]) -> None:
    fresh = world(42)
    for other in others:
        fresh.day(other)
    assert same(fresh.day(index), WUXI_WORLD.day(index))


@pytest.mark.parametrize(("first", "stop"), [(0, 2), (17, 34), (415, 430)])
def test_days_made_together_are_those_made_one_by_one(first: int, stop: int) -> None:
    together, one_by_one = world().days(first, stop), world()
    assert [day.index for day in together] == list(range(first, stop))
    assert all(same(day, one_by_one.day(day.index)) for day in together)
    assert not any(values.flags.writeable for day in together for values in arrays(day).values())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_site_does_not_depend_on_those_listed_after_it(count: int) -> None:
    few = world(site_latitudes=WUXI["site_latitudes"][:count], site_longitudes=WUXI["site_longitudes"][:count])
    for name, values in arrays(WUXI_WORLD.day(40)).items():
        assert np.array_equal(values[:count] if values.ndim == 2 else values, arrays(few.day(40))[name]), name


def test_seeds_differ() -> None:
    assert not np.allclose(world(1).day(3).temperature, world(2).day(3).temperature, atol=0.5)


def test_days_are_shared_and_read_only() -> None:
    day = WUXI_WORLD.day(9)
    assert WUXI_WORLD.day(9) is day
    for values in arrays(day).values():
        with pytest.raises(ValueError, match="read-only"):
            values[..., 0] = 0


def test_ranges_and_shapes() -> None:
    limits = {
        "temperature": (-20, 44),
        "relative_humidity": (5, 100),
        "atmospheric_pressure": (980, 1045),
        "wind_speed": (0, 20),
        "wind_direction": (0, 360),
        "cloud_cover": (0, 1),
        "precipitation": (0, 150),
        "ghi": (0, 1250),
        "dni": (0, 1100),
        "dhi": (0, 650),
        "ghi_clear": (0, 1100),
        "sun_elevation": (-90, 90),
        "sun_azimuth": (0, 360),
    }
    for index in range(0, 730, 9):
        day = arrays(WUXI_WORLD.day(index))
        for name, (low, high) in limits.items():
            assert day[name].shape == (4, GRID_POINTS)
            assert low <= day[name].min(), (name, index)
            assert day[name].max() <= high, (name, index)
        assert (day["ghi"][day["sun_elevation"] < -1] == 0).all()


def test_it_rains_from_clouds_and_nearby_sites_share_the_rain() -> None:
    days = [WUXI_WORLD.day(index) for index in range(200)]
    rain = np.concatenate([day.precipitation[:, :-1] for day in days], axis=1)
    cover = np.concatenate([day.cloud_cover[:, :-1] for day in days], axis=1)
    assert (cover[rain > 0] >= 0.9).all()
    wet = rain.reshape(4, 200, 288).sum(axis=2) > 1
    assert np.corrcoef(wet)[0, 1:].min() > 0.8


def test_sites_are_alike_and_more_so_when_near() -> None:
    far = world(site_latitudes=(31.49, 31.50, 31.90), site_longitudes=(120.31, 120.31, 120.80))
    days = [far.day(index) for index in range(120)]
    for name in ("temperature", "wind_speed", "ghi"):
        series = np.concatenate([getattr(day, name)[:, ::12] for day in days], axis=1)
        together = np.corrcoef(series)
        assert 0.3 < together[0, 2] < together[0, 1] < 0.9999, name


def test_sites_some_twenty_kilometres_apart_differ_as_real_stations_do() -> None:
    # Real pairs 17 to 33 km apart over a year: temperature .984 to .990, wind .73 to .77.
    pair = world(site_latitudes=(31.49, 31.70), site_longitudes=(120.31, 120.36))
    days = [day for first in range(1, 353, 16) for day in pair.days(first, first + 16)]
    for name, low, high in (("temperature", 0.978, 0.9945), ("wind_speed", 0.55, 0.85)):
        here, there = np.concatenate([getattr(day, name)[:, :-1:2] for day in days], axis=1)
        assert low < np.corrcoef(here, there)[0, 1] < high, name


def test_the_same_place_twice_has_the_same_weather() -> None:
    twins = world(site_latitudes=(31.5, 31.5), site_longitudes=(120.3, 120.3)).day(100)
    for name, values in arrays(twins).items():
        if values.ndim == 2:
            assert np.array_equal(values[0], values[1]), name


def test_seasons_follow_the_latitude() -> None:
    def means(latitude: float, elevation_m: float = 0.0) -> tuple[float, float]:
        here = world(latitude=latitude, elevation_m=elevation_m, climate="", site_latitudes=(), site_longitudes=())
        return tuple(float(np.mean([here.day(d).temperature.mean() for d in range(a, a + 25)])) for a in (10, 195))  # type: ignore[return-value]

    january, july = means(31.49)
    assert 2 <= january <= 8
    assert 26 <= july <= 32
    south = means(-31.49)
    assert south[0] - south[1] > 15
    assert np.ptp(means(2.0)) < 6
    assert means(55.0)[0] < january - 8
    assert means(31.49, 2000.0)[1] == pytest.approx(july - 13, abs=0.5)


def test_correlated_noise_is_what_it_says() -> None:
    weights = mixing(np.array([31.0, 31.2, 31.0]), np.array([120.0, 120.0, 120.3]), 40.0)
    phi = np.array([0.6, 0.9])
    noise = autoregressive(CounterStreams(3), "x", phi, np.arange(20_000), weights)
    assert noise.std(axis=2) == pytest.approx(1, abs=0.06)
    for series, expected in zip(noise, phi, strict=True):
        for site in series:
            assert np.corrcoef(site[1:], site[:-1])[0, 1] == pytest.approx(expected, abs=0.02)
        distance = 0.2 * np.pi / 180 * 6371
        assert np.corrcoef(series)[0, 1] == pytest.approx(np.exp(-distance / 40), abs=0.06)
    again = autoregressive(CounterStreams(3), "x", phi, np.arange(700, 720), weights)
    assert np.array_equal(again, noise[..., 700:720])


def test_probability_is_normal() -> None:
    assert probability(np.array([-2.0, -1.0, 0.0, 1.0, 3.0])) == pytest.approx(
        [0.02275, 0.15866, 0.5, 0.84134, 0.99865], abs=2e-4
    )


def test_a_decade_ahead_is_reached_at_once() -> None:
    # Carried state is a daily chain; ten years of it are one vectorised pass, never days of weather.
    here = World(CounterStreams(5), **WUXI)
    assert here.day(3650).date == dt.date(2035, 12, 29)
