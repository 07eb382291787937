from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.catalogue import DeviceKind, ValueType
from park.model import DAY_MS, GRID_S, NO_ORDERS, Ints, Moments
from sectors.transport.catalogue import BUS, PARKING_LOT, SECTOR, TRAFFIC_DETECTOR, TRAFFIC_SIGNAL
from sectors.transport.corridor import LINK_KM, LINKS
from sectors.transport.model import MODEL
from sectors.transport.signals import cycle_at
from tests.reference.walk import Walked, setting_of, walk, world_of

SEED = 11
CELLS = 3
KINDS = pytest.mark.parametrize("kind", SECTOR.kinds, ids=lambda kind: kind.name)


@cache
def days() -> tuple[Walked, ...]:
    """A Friday to a Sunday and the Monday after."""
    return tuple(walk("transport", SEED, 4, CELLS, first=9))


def moments(kind: DeviceKind, cells: Ints, *, row: Ints, unit: Ints, ms: Ints, day: Walked) -> Moments:
    return Moments(
        row=row,
        unit=unit,
        device=cells[row] * kind.per_cell + unit,
        ts=int(day.world.times[0]) + ms,
        x=ms / (GRID_S * 1000.0),
    )


def at_random(kind: DeviceKind, cells: Ints, count: int = 4000) -> Moments:
    rng = np.random.default_rng(3)
    row = rng.integers(0, len(cells), count)
    unit = rng.integers(0, kind.per_cell, count)
    return moments(kind, cells, row=row, unit=unit, ms=rng.integers(0, DAY_MS, count), day=days()[0])


@KINDS
def test_every_channel_is_observed_within_its_range(kind: DeviceKind) -> None:
    for day in days():
        seen = day.observe(kind.name, 60.0)
        assert set(seen) == set(kind.channel)
        for channel in kind.channels:
            values = seen[channel.name]
            high = len(channel.texts) - 1 if channel.type is ValueType.TEXT else channel.high
            known = values[np.isfinite(values)]
            assert known.min() >= channel.low, channel.name
            assert known.max() <= high, channel.name
            assert channel.type is ValueType.FLOAT or values.dtype.kind in "ib", channel.name


@KINDS
def test_a_value_does_not_depend_on_what_stands_beside_it(kind: DeviceKind) -> None:
    model, day = MODEL(setting_of("transport", SEED)), days()[0]
    at = at_random(kind, day.cells)
    together = model.observe(kind.name, day.state, at)
    lone = np.array([1])
    carry = {name: values[1:2] for name, values in day.before.items()}
    alone = model.day(lone, carry, day.world, NO_ORDERS)
    mine = np.flatnonzero(day.cells[at.row] == 1)[::-1]
    ms = at.ts[mine] - int(day.world.times[0])
    apart = model.observe(
        kind.name, alone, moments(kind, lone, row=at.row[mine] * 0, unit=at.unit[mine], ms=ms, day=day)
    )
    for name, values in together.items():
        np.testing.assert_array_equal(values[mine], apart[name], err_msg=name)


def test_carried_days_are_the_same_for_a_cell_alone() -> None:
    model = MODEL(setting_of("transport", SEED))
    lone = model.advance(np.array([2]), model.begin(np.array([2])), world_of(SEED).day(0), NO_ORDERS)
    first = next(walk("transport", SEED, 1, CELLS)).after
    for name, values in first.items():
        np.testing.assert_array_equal(values[2:], lone[name])


@KINDS
def test_registers_pass_four_in_the_morning_without_a_jump(kind: DeviceKind) -> None:
    most = {"vehicle_total": 8, "mileage_from_odometer": 0.0, "vehicle_entrance_count": 2, "vehicle_exit_count": 2}
    for before, after in zip(days(), days()[1:], strict=False):
        late, early = before.observe(kind.name, 10.0), after.observe(kind.name, 10.0, until=1)
        for name in most.keys() & late.keys():
            step = early[name][..., 0] - late[name][..., -1]
            assert step.min() >= 0, name
            assert step.max() <= most[name], name
            assert np.diff(late[name], axis=-1).min() >= -1e-9, name


def test_a_detector_counts_what_it_reports_as_flow() -> None:
    for day in days():
        seen = day.observe(TRAFFIC_DETECTOR.name, 60.0)
        total, flow = seen["vehicle_total"], seen["intensity"]
        np.testing.assert_array_equal(np.diff(total, axis=-1) * 60, flow[..., 1:])
        gone = total[..., -1] - np.asarray(day.before["entered"])[:, [0, 1, 0, 1, 0, 1]]
        assert np.abs(gone - flow[..., 1:].sum(axis=-1) / 60).max() == 0


def test_a_detector_is_silent_on_speed_only_when_nobody_passes() -> None:
    seen = days()[0].observe(TRAFFIC_DETECTOR.name, 10.0)
    nobody = seen["intensity"] == 0
    for name in ("average_vehicle_speed", "average_headway_time"):
        np.testing.assert_array_equal(np.isnan(seen[name]), nobody)
    assert (seen["density"][nobody] == 0).all()


def test_a_bus_covers_the_distance_that_its_speed_says() -> None:
    seen = days()[0].observe(BUS.name, 2.0)
    metres = 1000 * np.diff(seen["mileage_from_odometer"], axis=-1)
    speed = seen["speed"] / 3.6
    trapezium = (speed[..., 1:] + speed[..., :-1]) / 2 * 2.0
    # Leaving and stopping fall within an interval; speeds are low then.
    assert np.abs(metres - trapezium).max() < 3.0
    assert abs(metres.sum() / trapezium.sum() - 1) < 1e-3
    run = np.asarray(days()[1].before["legs"]) - np.asarray(days()[0].before["legs"])
    np.testing.assert_allclose(metres.sum(axis=-1), 1000 * LINK_KM * run)


def test_a_bus_is_where_its_odometer_says_and_heads_there() -> None:
    day = days()[0]
    seen = day.observe(BUS.name, 10.0)
    north = np.diff(seen["latitude"], axis=-1) * 111_200
    east = np.diff(seen["longitude"], axis=-1) * 111_200 * np.cos(np.radians(31.49))
    along = 1000 * np.diff(seen["mileage_from_odometer"], axis=-1)
    # A fix strays by 2.5 m on each axis at both ends, and the way round a bend is longer than the chord.
    assert np.quantile(np.abs(np.hypot(north, east) - along), 0.99) < 15
    fast = (along > 60) & (np.diff(seen["heading"], axis=-1) == 0)
    turn = np.degrees(np.arctan2(east, north)) - seen["heading"][..., 1:]
    assert np.abs((turn[fast] + 180) % 360 - 180).max() < 15
    depot = seen["latitude"][..., :100]
    assert 0.7 < depot.std(axis=-1).mean() * 111_200 < 3.0


def test_doors_open_only_at_rest_and_nobody_rides_to_the_depot() -> None:
    seen = days()[0].observe(BUS.name, 10.0)
    texts = BUS.channel["status"].texts
    driving, parked = seen["status"] == texts.index("driving"), seen["status"] == texts.index("depot")
    assert (seen["speed"][seen["door_open"]] == 0).all()
    assert not (driving & seen["door_open"]).any()
    assert (seen["passengers"][parked] == 0).all()
    assert (seen["speed"][parked] == 0).all()
    assert parked[..., 0].all()
    assert parked[..., -1].all()
    assert seen["passengers"].max() <= BUS.channel["passengers"].high
    assert 0.3 < driving.mean() < 0.6


def test_buses_run_no_faster_than_the_traffic_about_them() -> None:
    day = days()[0]
    seen = day.observe(BUS.name, 10.0)
    mileage = seen["mileage_from_odometer"]
    legs = day.state.buses.leg.reshape(*mileage.shape[:2], -1)
    run = np.minimum((mileage - mileage[..., :1]) / LINK_KM, legs.shape[-1] - 1).astype(np.int64)
    leg = np.take_along_axis(legs, run, axis=-1) % (2 * LINKS)
    point = np.arange(mileage.shape[-1]) // 30
    road = day.state.traffic.speed.reshape(CELLS, 2 * LINKS, -1)[np.arange(CELLS)[:, None, None], leg, point]
    driving = seen["status"] == BUS.channel["status"].texts.index("driving")
    assert np.mean(seen["speed"][driving] <= 1.05 * road[driving]) > 0.97
    assert (road[driving] < 20).any()


@settings(max_examples=30, deadline=None)
@given(ms=st.lists(st.integers(0, DAY_MS - 1), min_size=1, max_size=40), cell=st.integers(0, CELLS - 1))
def test_a_car_park_balances_at_any_moment(ms: list[int], cell: int) -> None:
    at = np.sort(np.array(ms))
    same = np.full(len(at), cell)
    books = []
    for day in days():
        now = moments(PARKING_LOT, day.cells, row=same, unit=same * 0, ms=at, day=day)
        books.append(day.model.observe(PARKING_LOT.name, day.state, now))
    entered, left, occupied, spaces = (
        np.concatenate([book[name] for book in books])
        for name in ("vehicle_entrance_count", "vehicle_exit_count", "occupied_spot_number", "total_spot_number")
    )
    assert len(set((occupied - entered + left).tolist())) == 1
    assert (np.diff(entered) >= 0).all()
    assert (np.diff(left) >= 0).all()
    assert ((occupied >= 0) & (occupied <= spaces)).all()


def test_a_signal_shows_green_for_its_share_and_never_skips_yellow() -> None:
    day = days()[0]
    seen = day.observe(TRAFFIC_SIGNAL.name, 1.0)
    texts = TRAFFIC_SIGNAL.channel["phase"].texts
    phase, green = seen["phase"][:, 0], texts.index("green")
    shown = (phase != texts.index("red")).mean(axis=-1)
    np.testing.assert_allclose(shown, day.state.roads.green_ratio, atol=0.01)
    x = np.arange(86400) / GRID_S
    steady = cycle_at(x[1:]) == cycle_at(x[:-1])
    after_green = phase[:, 1:][(phase[:, :-1] == green) & steady]
    assert set(after_green.tolist()) == {green, texts.index("yellow")}


def test_another_seed_is_another_town() -> None:
    other = next(walk("transport", SEED + 1, 1, CELLS, first=9))
    for kind in SECTOR.kinds:
        name = kind.channels[1].name
        assert (other.observe(kind.name)[name] != days()[0].observe(kind.name)[name]).any()
