from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from park.model import GRID_POINTS, Floats
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
from sectors.transport.demand import STEP_S, STEPS, arrivals, day_total, night_rate
from sectors.transport.traffic import links_of, traffic, wetness
from tests.reference.walk import setting_of, world_of

NIGHT = 1.0


@cache
def roads(count: int = 2) -> Corridors:
    return corridors(setting_of("transport", 7), np.arange(count))


def dry(count: int = 2) -> Floats:
    return np.zeros((count, GRID_POINTS))


def steady(per_hour: float, count: int = 2) -> Floats:
    return np.full((count, 2, STEPS), per_hour * STEP_S / 3600)


def run(entering: Floats, wet: Floats | None = None) -> Floats:
    night = np.full(entering.shape[:2], NIGHT)
    return links_of(roads(), dry() if wet is None else wet).run(entering, night)


@settings(max_examples=8, deadline=None)
@given(
    hourly=hnp.arrays(np.float64, (2, 2, 24), elements=st.floats(0, 6000)),
    rain=hnp.arrays(np.float64, (2, 24), elements=st.floats(0, 60)),
)
def test_vehicles_are_conserved_and_fit_on_their_link(hourly: Floats, rain: Floats) -> None:
    entering = np.repeat(hourly, STEPS // 24, axis=2) * STEP_S / 3600
    wet = wetness(np.append(np.repeat(rain, 12, axis=1), rain[:, -1:], axis=1))
    n = run(entering, wet)
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
    clear = traffic(streams, some, dry(), world, wanted)
    wet = traffic(streams, some, dry() + 0.9, world, wanted)
    assert (wet.speed <= clear.speed + 1e-4).mean() > 0.99
    assert 0.90 < float((wet.speed / clear.speed)[..., 20:30].mean()) < 0.95
    assert wet.waiting.sum() > clear.waiting.sum()
    assert (wet.passed[..., -1] == clear.passed[..., -1]).all()


def test_a_day_ends_as_the_next_begins() -> None:
    streams = setting_of("transport", 7).streams
    some = roads()
    first, second = (
        links_of(some, dry()).run(arrivals(streams, some, world_of(7).day(i)), night_rate(some)) for i in (5, 6)
    )
    np.testing.assert_allclose(first[-1, ..., :-1], second[0, ..., :-1], rtol=1e-3)


def test_a_days_arrivals_are_its_total() -> None:
    streams = setting_of("transport", 7).streams
    for index in range(4, 12):
        world = world_of(7).day(index)
        entering = arrivals(streams, roads(), world)
        assert entering.min() >= 0
        np.testing.assert_allclose(entering.sum(axis=2), day_total(streams, roads(), world))
        np.testing.assert_allclose(entering[..., [0, -1]], night_rate(roads())[..., None].repeat(2, axis=2))


def test_more_than_a_block_of_corridors_is_the_same() -> None:
    streams, world = setting_of("transport", 7).streams, world_of(7).day(5)
    many = traffic(streams, roads(66), dry(66), world, np.arange(LINKS))
    few = traffic(streams, roads(66).take(slice(63, 66)), dry(3), world, np.arange(LINKS))
    for name in ("passed", "speed", "waiting", "junction"):
        assert np.array_equal(getattr(many, name)[63:], getattr(few, name)), name
