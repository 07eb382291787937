from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from park.model import GRID_POINTS, Floats, Ints
from sectors.transport.corridor import (
    CAPACITY,
    JAM_PER_KM,
    JUNCTION,
    LINK_KM,
    LINKS,
    SATURATION,
    Corridors,
    corridors,
)
from sectors.transport.demand import STEP_S, STEPS, arrivals, at_dawn, totals, wetness
from sectors.transport.traffic import Links, disturbed, links_of, traffic
from tests.reference.walk import setting_of, world_of

NIGHT = 1.0


@cache
def roads(count: int = 2) -> Corridors:
    return corridors(setting_of("transport", 7), np.arange(count))


def dry(count: int = 2) -> Floats:
    return np.zeros((count, GRID_POINTS))


def steady(per_hour: float, count: int = 2) -> Floats:
    return np.full((count, 2, STEPS), per_hour * STEP_S / 3600)


def run(entering: Floats, links: Links | None = None) -> Floats:
    night = np.full((*entering.shape[:2], LINKS), NIGHT)
    return (links or links_of(roads(), dry())).run(entering, night)


def site(count: int = 2) -> Ints:
    return setting_of("transport", 7).site_of(np.arange(count))


@settings(max_examples=8, deadline=None)
@given(
    hourly=hnp.arrays(np.float64, (2, 2, 24), elements=st.floats(0, 6000)),
    rain=hnp.arrays(np.float64, (2, 24), elements=st.floats(0, 60)),
)
def test_vehicles_are_conserved_and_fit_on_their_link(hourly: Floats, rain: Floats) -> None:
    entering = np.repeat(hourly, STEPS // 24, axis=2) * STEP_S / 3600
    wet = wetness(np.append(np.repeat(rain, 12, axis=1), rain[:, -1:], axis=1))
    n = run(
        entering, disturbed(setting_of("transport", 7).streams, links_of(roads(), wet), roads(), world_of(7).day(5))
    )
    came = np.cumsum(entering, axis=2)[..., 1::2].transpose(2, 0, 1)
    np.testing.assert_allclose(n[1:].sum(axis=-1), n[0].sum(axis=-1) + came, rtol=1e-9)
    assert n.min() >= -1e-9
    assert n[..., 1:-1].max() <= JAM_PER_KM * LINK_KM + 1e-9
    assert (np.diff(n[..., -1], axis=0) >= -1e-9).all()


def test_a_platoon_on_an_empty_road_crosses_a_link_a_step() -> None:
    entering = steady(120.0)
    entering[:, :, 600] += 1e-3
    extra = run(entering) - run(steady(120.0))
    # It waits at the source for a step after that in which it came.
    for minute in (1, 3, 5):
        where = extra[300 + minute, 0, 0]
        assert np.argmax(where) == 2 * minute - 1
        assert where.max() > 0.8e-3


@pytest.mark.parametrize("direction", [0, 1])
def test_a_queue_leaves_at_the_capacity_of_the_green(direction: int) -> None:
    n = run(steady(3000.0))
    out = np.diff(n[..., direction, JUNCTION[direction] + 2 :].sum(axis=-1), axis=0)[600:]
    np.testing.assert_allclose(out * 60, np.tile(SATURATION * roads().green_ratio, (len(out), 1)))
    assert (SATURATION * roads().green_ratio < CAPACITY).all()


def test_the_queue_fills_the_links_before_the_signal_and_none_behind() -> None:
    n = run(steady(3000.0))[-1, :, 0, 1:-1]
    critical = 0.5 * CAPACITY / 60
    assert (n[:, : JUNCTION[0] + 1] > 1.2 * critical).all()
    assert (n[:, JUNCTION[0] + 1 :] < critical).all()


def test_rain_slows_and_narrows_the_road() -> None:
    world, some = world_of(7).day(5), roads()
    streams = setting_of("transport", 7).streams
    wanted = np.array([1])
    dry_day, wet_day = (replace(world, precipitation=np.full_like(world.precipitation, mm)) for mm in (0.0, 7.0))
    clear = traffic(streams, some, site(), dry_day, wanted)
    wet = traffic(streams, some, site(), wet_day, wanted)
    assert 0.90 < float((wet.speed / clear.speed)[..., 20:30].mean()) < 0.95
    assert (wet.passed[..., -1] == clear.passed[..., -1]).all()


def test_a_days_arrivals_are_its_total() -> None:
    streams = setting_of("transport", 7).streams
    worlds = [world_of(7).day(index) for index in range(4, 12)]
    sums = totals(streams, roads(), site(), worlds)
    for world, total in zip(worlds, sums, strict=True):
        entering = arrivals(streams, roads(), site(), world)
        assert entering.min() >= 0
        np.testing.assert_array_equal(entering.sum(axis=2), total)
        np.testing.assert_array_equal(totals(streams, roads(), site(), [world])[0], total)


def test_a_night_ends_as_it_begins() -> None:
    streams, some = setting_of("transport", 7).streams, roads(40)
    world = world_of(7).day(5)
    night = arrivals(streams, some, site(40), world)[..., -40:].mean()
    assert at_dawn(streams, some, site(40), world).mean() == pytest.approx(night, rel=0.12)


def test_a_road_of_busier_people_is_busier() -> None:
    streams, world = setting_of("transport", 7).streams, world_of(7).day(5)
    more = {**world.more, "road_demand": 1.2 * world.road_demand}
    usual, busy = totals(streams, roads(), site(), [world, replace(world, more=more)])
    assert ((busy > 1.1 * usual) & (busy < 1.25 * usual)).all()


def test_more_than_a_block_of_corridors_is_the_same() -> None:
    streams, world = setting_of("transport", 7).streams, world_of(7).day(5)
    many = traffic(streams, roads(66), site(66), world, np.arange(LINKS))
    few = traffic(streams, roads(66).take(slice(63, 66)), site(66)[63:], world, np.arange(LINKS))
    for name in ("passed", "pace", "speed", "waiting", "junction"):
        assert np.array_equal(getattr(many, name)[63:], getattr(few, name)), name
