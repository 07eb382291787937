"""What the squares keep: people are conserved, levels and speeds are the published ones, alarms follow their limits."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.chance import binomial, dealt, leaves, poisson
from park.model import NO_ORDERS
from sectors.public_safety.cameras import chance_to_miss, missed
from sectors.public_safety.catalogue import CALL_STATES, CAMERA_STATES, DETECTOR_STATES, LEVELS
from sectors.public_safety.crowd import level_of_service, speed
from sectors.public_safety.fire import FIRES, NUISANCES, heat_release
from sectors.public_safety.gathering import gatherings
from sectors.public_safety.model import SafetyModel
from sectors.public_safety.square import squares
from simulator.streams import CounterStreams
from tests.reference.walk import Walked, setting_of, walk, world_of

STREAMS = CounterStreams(3, "public-safety")


@pytest.fixture(scope="module")
def day() -> Walked:
    """A day of six squares."""
    return next(iter(walk("public-safety", 7, 1, 6, first=9)))


@pytest.fixture(scope="module")
def fine(day: Walked) -> Mapping[str, Any]:
    """Its lines, every 20 s."""
    return day.observe("line_counter", 20.0)


def test_entered_less_left_is_inside_at_every_instant(fine: Mapping[str, Any]) -> None:
    inside = (fine["entered"] - fine["left"]).sum(axis=1)
    assert np.array_equal(inside, fine["people_inside"][:, 0])
    assert np.array_equal(inside, fine["people_inside"][:, 1])
    assert inside.min() >= 0
    assert inside.max() > 50


def test_registers_go_over_0400_without_a_step(day: Walked) -> None:
    for name in ("entered", "left"):
        last = day.observe("line_counter", 1.0)[name][..., -1]
        assert (day.after[name] - last >= 0).all()
        assert (day.after[name] - last <= 3).all()


def test_zones_hold_just_those_inside(day: Walked) -> None:
    visitors = day.state.visitors
    row = np.repeat(np.arange(6), 200)
    x = np.tile(np.linspace(0, 287.99, 200), 6)
    zones = sum(visitors.zone_at(row, np.full(len(row), zone), x) for zone in range(4))
    assert np.array_equal(zones, visitors.inside(row, x))


@pytest.mark.parametrize(
    ("m2", "level"),
    [
        (3.26, "A"),
        (3.24, "B"),
        (2.33, "B"),
        (2.31, "C"),
        (1.40, "C"),
        (1.38, "D"),
        (0.94, "D"),
        (0.92, "E"),
        (0.45, "F"),
    ],
)
def test_levels_are_fruins(m2: float, level: str) -> None:
    assert LEVELS[int(level_of_service(np.array([1 / m2]))[0])] == level


@pytest.mark.parametrize(("density", "metres"), [(0.0, 1.34), (0.5, 1.298), (1.0, 1.058), (2.0, 0.606), (4.0, 0.156)])
def test_speed_is_weidmanns(density: float, metres: float) -> None:
    assert speed(np.array([density]))[0] == pytest.approx(metres, abs=0.002)


def test_the_flow_peaks_at_his_density() -> None:
    density = np.linspace(0.01, 6, 2000)
    flow = density * speed(density)
    assert flow.max() == pytest.approx(1.22, abs=0.01)
    assert density[flow.argmax()] == pytest.approx(1.75, abs=0.03)
    assert (speed(np.array([5.4, 7.0])) == 0).all()


@given(st.floats(0, 6), st.floats(0, 1), st.floats(0, 1))
def test_cameras_miss_more_in_a_crowd_in_rain_and_at_night(density: float, wet: float, dark: float) -> None:
    def chance(*some: float) -> float:
        return float(chance_to_miss(*(np.array([value]) for value in some))[0])

    here = chance(density, wet, dark, 0)
    assert here >= chance(0, 0, 0, 0) == pytest.approx(0.02)
    assert here >= chance(density, 0, dark, 0)
    assert here <= chance(density, wet, dark, 1) < 0.3


def test_a_camera_that_is_down_says_nothing(day: Walked) -> None:
    seen = day.observe("zone_camera", 120.0)
    down = seen["level_of_service"] == LEVELS.index("unknown")
    for name in ("people_count", "crowd_density", "average_crowd_speed", "mean_dwell", "vehicle_count"):
        assert np.isnan(seen[name][down]).all()
    assert (seen["detection_confidence"][down] == 0).all()
    health = day.observe("camera_health", 120.0)["camera_status"][:, :4]
    assert np.array_equal(down, health >= CAMERA_STATES.index("signal-lost"))


@given(st.integers(0, 4000), st.integers(0, 40))
def test_people_are_dealt_out_whole(total: int, seed: int) -> None:
    z = np.random.default_rng(seed).normal(size=(1, leaves(24)))
    expected = np.maximum(np.sin(np.arange(24) / 4), 0)[None]
    counts = dealt(np.array([total]), expected, z)
    assert counts.sum() == total
    assert (counts >= 0).all()
    assert (counts[expected == 0] == 0).all()


def test_draws_have_the_moments_of_their_names() -> None:
    u, z = STREAMS.uniform("u", np.arange(200_000)), STREAMS.normal("z", np.arange(200_000))
    few = poisson(np.full(200_000, 2.5), u)
    assert few.mean() == pytest.approx(2.5, abs=0.02)
    assert few.var() == pytest.approx(2.5, abs=0.05)
    n = np.full(200_000, 300)
    assert binomial(n, np.full(200_000, 0.4), z).var() == pytest.approx(72, rel=0.02)
    assert missed(np.full(200_000, 20), np.full(200_000, 0.03), z, u).mean() == pytest.approx(0.6, abs=0.01)


def test_without_people_nobody_comes() -> None:
    setting, world = setting_of("public-safety", 7), world_of(7).day(9)
    gone = replace(world, more={**world.more, **dict.fromkeys(("out", "under_way", "at_work"), 0 * world.out)})
    model = SafetyModel(setting)
    cells = np.arange(4)
    before = model.begin(cells)
    came = model.advance(cells, before, gone, NO_ORDERS)["entered"] - before["entered"]
    held = gatherings(setting.streams, squares(setting.streams, cells), gone).people
    assert (came.sum(axis=1) - held <= 60).all()  # those who are there at 04:00


def test_a_gathering_fills_a_square_and_goes_home() -> None:
    setting, world = setting_of("public-safety", 7), world_of(7).day(9)
    cells = np.arange(400)
    held = gatherings(setting.streams, squares(setting.streams, cells), replace(world, holiday=True))
    assert 0.1 < (held.people > 0).mean() < 0.3
    assert (held.there[:, -1] == 0).all()
    assert (held.there[held.people == 0] == 0).all()
    assert held.there[held.people > 0].max() == pytest.approx(1)


def test_a_fire_grows_by_the_square_of_time_until_it_is_held() -> None:
    since = np.array([-5.0, 0.0, 100.0, 200.0, 300.0, 900.0])
    kw = heat_release(np.full(6, 0.0469), np.full(6, 300.0), since)
    assert kw[:5] == pytest.approx([0, 0, 469, 1876, 4221])
    assert kw[5] == pytest.approx(4221 / np.e)


def test_a_fire_is_found_by_several_heads_at_once() -> None:
    burnt = next(
        (cell, number)
        for number in range(60)
        for cell in np.flatnonzero(STREAMS_OF_FIRE.uniform("fire", np.arange(2000), number) < FIRES)
    )
    cell, number = int(burnt[0]), burnt[1]
    setting, world = setting_of("public-safety", 7), world_of(7).day(number)
    walked = next(iter(walk("public-safety", 7, 1, 1)))
    model, cells = walked.model, np.array([cell])
    state = model.day(cells, model.begin(cells), world, NO_ORDERS)
    seen = replace(walked, cells=cells, world=world, state=state).observe("fire_detector", 60.0)
    alarm = seen["detector_status"] == DETECTOR_STATES.index("alarm")
    assert setting.per_cell["fire_detector"] == 6
    assert alarm.any(axis=2).sum() >= 2
    assert seen["smoke"].max() > 0.15
    assert seen["carbon_monoxide"].max() > 30
    assert not alarm[..., -1].any()


STREAMS_OF_FIRE = CounterStreams(7, "public-safety")


def test_a_head_in_alarm_has_smelt_smoke(day: Walked) -> None:
    many = next(iter(walk("public-safety", 7, 1, 300, first=2)))
    seen = many.observe("fire_detector", 120.0)
    alarm = seen["detector_status"] == DETECTOR_STATES.index("alarm")
    heads = alarm.any(axis=2)
    assert 0 < heads.mean() < 4 * NUISANCES
    assert (seen["smoke"].max(axis=2)[heads] > 0.1).all()
    quiet = seen["detector_status"] == DETECTOR_STATES.index("normal")
    assert (seen["smoke"][quiet] < 0.08).all()


def test_calls_are_few_and_counted_and_the_last_ones_wait_is_remembered() -> None:
    # 300 columns through three days: at 1.2 to 4.4 calls a year, some five or ten.
    made = 0
    for day in walk("public-safety", 7, 3, 300):
        seen = day.observe("call_point", 10.0)
        called = seen["calls"][:, 0, -1] - seen["calls"][:, 0, 0]
        assert np.array_equal(day.after["calls"], seen["calls"][..., -1])
        waited = seen["answer_time"][:, 0]
        assert np.array_equal(np.nan_to_num(waited[:, -1]), day.after["answered"][:, 0])
        assert np.array_equal(waited[called == 0, 0], waited[called == 0, -1], equal_nan=True)
        assert (waited[called > 0, 0] != waited[called > 0, -1]).all()
        assert (seen["call_status"][called > 0] == CALL_STATES.index("answered")).any(axis=-1).all()
        idle = seen["call_status"][:, 0] == CALL_STATES.index("idle")
        assert np.array_equal(np.isnan(waited[idle]), seen["calls"][:, 0][idle] == 0)
        made += int(called.sum())
    assert 3 <= made <= 20
