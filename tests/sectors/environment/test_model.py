import datetime as dt
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from park.columns import quantise
from park.grid import Sampler
from park.model import GRID_POINTS, NO_ORDERS, Floats, WorldDay
from sectors.environment import chemistry, dust, lake, stack
from sectors.environment.aqi import HOURLY, index_of
from sectors.environment.catalogue import AIR_STATION, SECTOR, WATER_STATION
from sectors.environment.noise import together
from sectors.environment.quality import grade
from sectors.environment.reservoir import relax_steps
from tests.reference.walk import Walked, setting_of, walk

SEED, CELLS = 11, 3


@cache
def days() -> tuple[Walked, ...]:
    """Three days of July."""
    return tuple(walk("environment", SEED, 3, CELLS, first=190))


def with_world(day: Walked, world: WorldDay) -> Walked:
    state = day.model.day(day.cells, day.before, world, NO_ORDERS)
    return replace(day, world=world, state=state)


def busier(world: WorldDay, factor: float) -> WorldDay:
    return replace(world, more={**world.more, "road_demand": factor * world.road_demand})


def published(kind: str, seen: dict[str, Floats], name: str) -> Floats:
    channel = next(k for k in SECTOR.kinds if k.name == kind).channel[name]
    whole, present = quantise(channel, seen[name])
    values = whole / channel.scale
    return values if present is None else np.where(present, values, np.nan)


def test_a_worked_equilibrium() -> None:
    ratio = np.array([0.0089 / 4.8e-4])
    no, no2, o3 = chemistry.split(np.array([40.0]), np.array([55.0]), ratio)
    np.testing.assert_allclose([no[0], no2[0], o3[0]], [15.2, 24.8, 30.2], atol=0.1)


def test_leighton_holds_at_every_instant_by_day() -> None:
    for day in days():
        air = day.state.air
        x = np.random.default_rng(3).uniform(0, GRID_POINTS - 1, 4000)
        row = np.arange(4000) % CELLS
        clean = air.at(Sampler(row, x), np.where(np.arange(4000) % 2 == 0, 1.0, 0.1))
        no, no2, o3 = clean.no / chemistry.NO_UG, clean.no2 / chemistry.NO2_UG, clean.o3 / chemistry.O3_UG
        by_day = clean.ratio > 0.5
        assert by_day.sum() > 1000
        np.testing.assert_allclose((no * o3)[by_day], (clean.ratio * no2)[by_day], rtol=1e-6)


def test_away_from_roads_the_air_is_the_worlds() -> None:
    for day in days():
        clean = day.state.air.on_grid(np.zeros((CELLS, 1)))
        site = day.state.site
        np.testing.assert_allclose(clean.no2[:, 0], day.world.no2[site], atol=0.05)
        np.testing.assert_allclose(clean.o3[:, 0], day.world.o3[site], atol=0.2)
        np.testing.assert_allclose(clean.pm25[:, 0], day.world.pm25[site])


def test_roads_alone_make_the_kerb_what_it_is() -> None:
    day = days()[0]
    quiet = with_world(day, busier(day.world, 0.0))
    loud = with_world(day, busier(day.world, 2.0))
    no2 = [np.nanmean(one.observe("air_station")["no2"], axis=(0, 2)) for one in (quiet, day, loud)]
    assert no2[0][0] + 5 < no2[1][0] < no2[2][0] - 5  # at the kerb
    assert abs(no2[0][0] - no2[0][1]) < 3  # without vehicles both stations see the district
    levels = [one.observe("noise_monitor", 60.0)["l_aeq"].mean(axis=(0, 2)) for one in (day, loud)]
    assert levels[1][0] - levels[0][0] == pytest.approx(3.0, abs=0.3)  # twice the energy
    # Among homes the hum of the town covers part of it.
    assert 0.5 < levels[1][1] - levels[0][1] < levels[1][0] - levels[0][0] - 0.3


def test_wind_thins_what_the_road_adds() -> None:
    day = days()[0]
    windy = with_world(day, replace(day.world, wind_speed=day.world.wind_speed + 5.0))
    more = [one.state.air.road.mean() for one in (day, windy)]
    assert more[1] < 0.6 * more[0]


def test_ozone_is_less_where_exhausts_eat_it() -> None:
    for day in days():
        seen = day.observe("air_station")["o3"]
        assert np.nanmean(seen[:, 0]) < np.nanmean(seen[:, 1])


def test_the_index_is_that_of_the_hour_before() -> None:
    for day in days():
        seen = day.observe("air_station", 300.0)
        hours = {name: day.state.stations.hours[name][:, 12:] for name in HOURLY}
        index, primary = index_of(hours, HOURLY)
        shown = seen["air_quality_index"].reshape(-1, 24, 12)
        assert (shown[:, 1:] == index[..., None]).all()
        named = seen["primary_pollutant"].reshape(-1, 24, 12)
        assert (named[:, 1:] == primary[..., None]).all()
        # What the station published in the hour has that hour's mean, but for its noise and the night's check.
        fine = published(AIR_STATION.name, seen, "pm25").reshape(-1, 24, 12).mean(-1)
        np.testing.assert_allclose(fine[:, :-1], hours["pm25"], atol=4.0)


def test_gases_are_absent_in_the_nights_check_alone() -> None:
    seen = days()[0].observe("air_station", 60.0)
    absent = np.isnan(seen["no2"])
    assert (absent.sum(axis=-1) == 14).all()
    assert not np.isnan(seen["pm25"]).any()
    assert absent[..., : 20 * 60].sum() == 0


def test_the_class_is_that_of_the_published_analysis() -> None:
    for day in days():
        seen = day.observe("water_station", 14_400.0)
        shown = {name: published(WATER_STATION.name, seen, name) for name in seen if name != "water_quality_class"}
        again = grade(
            ph=shown["ph"],
            oxygen=shown["dissolved_oxygen"],
            permanganate=shown["permanganate_index"],
            ammonia=shown["ammonia_nitrogen"],
            phosphorus=shown["total_phosphorus"],
            lake=np.arange(2)[None, :, None] == 0,
        )
        assert (seen["water_quality_class"] == again).all()
        held = day.observe("water_station", 600.0)["water_quality_class"].reshape(CELLS, 2, 6, 24)
        assert (held == again[..., None]).all()


def test_the_oxygen_probe_fouls_until_it_is_cleaned() -> None:
    water = days()[0].state.water
    own = np.zeros(1, dtype=np.int64)
    lost = []
    for index in range(60):
        day = replace(water, world=replace(water.world, index=index))
        lost.append(float(day.fouling(own, np.zeros(1))[0]))
    steps = np.diff(lost)
    assert 0.3 < max(lost) < 0.4
    assert (steps < 0).sum() in {2, 3}
    np.testing.assert_allclose(steps[steps > 0], 0.018, atol=1e-6)


def test_what_only_one_of_the_waters_has_is_absent_from_the_other() -> None:
    seen = days()[0].observe("water_station")
    assert np.isnan(seen["chlorophyll_a"][:, 1]).all()
    assert np.isnan(seen["water_level"][:, 0]).all()
    assert not np.isnan(seen["chlorophyll_a"][:, 0]).any()


def test_a_cloudburst_lifts_the_river_and_it_falls_within_days() -> None:
    day = days()[0]
    dry = with_world(day, replace(day.world, precipitation=np.zeros_like(day.world.precipitation)))
    rain = np.zeros_like(day.world.precipitation)
    rain[:, 96:120] = 20.0  # 40 mm from 12 to 14 h
    wet = with_world(day, replace(day.world, precipitation=rain))
    before, after = (one.observe("water_station")["water_level"][:, 1] for one in (dry, wet))
    assert np.abs(after - before)[:, :96].max() < 1e-9
    assert (after - before)[:, 121:].min() > 0.3
    rise = wet.state.river.rise
    assert (rise[:, 122:200].max(axis=1) > rise[:, -1]).all()
    seen = wet.observe("water_station")
    assert (seen["turbidity"][:, 1, 125] > 2 * seen["turbidity"][:, 1, 90]).all()
    assert (seen["conductivity"][:, 1, 125] < 0.8 * seen["conductivity"][:, 1, 90]).all()


def test_oxygen_in_equilibrium_is_benson_and_krauses() -> None:
    found = lake.saturation(np.array([5.0, 20.0, 25.0, 30.0]))
    np.testing.assert_allclose(found, [12.77, 9.09, 8.26, 7.56], atol=0.01)


def test_a_reservoir_keeps_its_balance() -> None:
    target = np.random.default_rng(3).uniform(0, 10, (2, GRID_POINTS - 1))
    start = np.array([1.0, 8.0])
    series = relax_steps(start, target, 9.0)
    stepped = start
    for i in range(GRID_POINTS - 1):
        stepped = target[:, i] + (stepped - target[:, i]) * np.exp(-1 / 12 / 9.0)
    np.testing.assert_allclose(series[:, -1], stepped, rtol=1e-12)


def test_the_days_join_without_a_seam() -> None:
    for before, after in zip(days(), days()[1:], strict=False):
        for name in ("temperature", "oxygen", "chlorophyll"):
            np.testing.assert_allclose(
                getattr(before.state.lake, name)[:, -1], getattr(after.state.lake, name)[:, 0], rtol=1e-9
            )
        for name in ("temperature", "storm", "wetness"):
            assert (getattr(before.state.river, name)[:, -1] == getattr(after.state.river, name)[:, 0]).all()
        for name in ("load", "oxygen", "flow"):
            np.testing.assert_allclose(
                getattr(before.state.stack, name)[:, -1], getattr(after.state.stack, name)[:, 0], rtol=1e-9
            )
        for name in ("road", "coarse", "so2", "co"):
            np.testing.assert_allclose(
                getattr(before.state.air, name)[:, -1], getattr(after.state.air, name)[:, 0], rtol=1e-9
            )


def test_the_stacks_register_is_the_integral_of_its_flow_and_concentration() -> None:
    day = days()[0]
    made = day.state.stack
    fine = np.linspace(0, GRID_POINTS - 1, 20_001)[:-1]
    for row in range(CELLS):
        here = Sampler(np.full(fine.shape, row), fine)
        mass = (here.line(made.raw["nox"]) * here.line(made.flow)).mean() * 24e-6
        assert made.let_out["nox"][row, -1] == pytest.approx(mass, rel=1e-3)
    gained = day.after["stack_emitted"] - day.before["stack_emitted"]
    np.testing.assert_allclose(gained[:, list(stack.SUBSTANCES).index("nox")], made.let_out["nox"][:, -1])


def test_dust_comes_in_spring_seldom_and_goes_on_over_the_morning() -> None:
    streams = setting_of("environment", SEED).streams
    first = dt.date(2026, 1, 1)
    days_of = [first + dt.timedelta(days=i) for i in range(5 * 365)]
    storms = [dust.storm(streams, date) for date in days_of]
    assert all(before[-1] == pytest.approx(after[0]) for before, after in pairwise(storms))
    dusty = [date for date, storm in zip(days_of, storms, strict=True) if storm.max() > 50]
    assert 5 <= len(dusty) <= 80
    assert {date.month for date in dusty} <= {3, 4, 5, 6}
    assert not dust.reached(1.35, 103.8)  # Singapore


def test_two_equal_sounds_are_three_decibels_louder() -> None:
    assert together(np.array([60.0]), np.array([60.0]))[0] == pytest.approx(63.01, abs=0.01)


def test_the_sector_keeps_within_its_share_of_the_towns_readings() -> None:
    assert 2 * sum(kind.per_cell * 86_400 / kind.interval_s for kind in SECTOR.kinds) <= 14_000


def test_another_seed_is_another_town() -> None:
    other = next(walk("environment", SEED + 1, 1, CELLS, first=190))
    for kind in SECTOR.kinds:
        name = kind.channels[1].name
        assert (other.observe(kind.name)[name] != days()[0].observe(kind.name)[name]).any()
