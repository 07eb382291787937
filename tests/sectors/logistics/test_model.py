from functools import cache

import numpy as np
import pytest

from park.grid import GRID_H
from sectors.logistics.parcel import mean_kinetic
from sectors.logistics.pulses import Pulses
from sectors.logistics.room import SETPOINT
from tests.reference.walk import Walked, walk

SEED, CELLS = 11, 3


@cache
def days() -> tuple[Walked, ...]:
    """Three days of July."""
    return tuple(walk("logistics", SEED, 3, CELLS, first=190))


@pytest.mark.parametrize(
    ("felt", "kinetic"), [([5.0] * 23 + [15.0], 5.764), ([2.0, 8.0], 5.536), ([20.0, 22.0, 25.0, 30.0], 25.032)]
)
def test_published_mean_kinetic_temperatures(felt: list[float], kinetic: float) -> None:
    held = np.repeat(np.array(felt), 2000)  # so many points that lines are steps
    hours = np.arange(len(held), dtype=np.float64) * GRID_H
    assert mean_kinetic(held, hours)[-1] == pytest.approx(kinetic, abs=0.002)


def test_pulses_are_what_the_equations_give() -> None:
    pulses = Pulses(
        start=np.array([[600.0, 2000.0, 9000.0]]),
        length=np.array([[300.0, 0.0, 900.0]]),
        height=np.array([[10.0, 5.0, -4.0]]),
        rise=200.0,
        decay=500.0,
    )
    t = np.arange(0.0, 20_000.0, 1.0)
    row = np.zeros(len(t), dtype=np.int64)
    air, goods = pulses.at(row, t), pulses.lagged(3600.0, row, t)
    assert air[900] == pytest.approx(10.0 * (1 - np.exp(-1.5)))
    assert air[1400] == pytest.approx(air[900] * np.exp(-1.0))
    assert np.abs(np.diff(air)).max() < 0.06  # no jump
    slope, gap = np.diff(goods), (air - goods) / 3600.0
    np.testing.assert_allclose(slope, (gap[1:] + gap[:-1]) / 2, atol=3e-6)


def test_energy_is_the_integral_of_power() -> None:
    for day in days():
        seen = day.observe("cold_room", 5.0)
        drawn = seen["active_power"].sum(axis=-1) * 5.0 / 3600.0
        told = (day.after["room_energy"] - day.before["room_energy"]).reshape(drawn.shape)
        np.testing.assert_allclose(drawn, told, rtol=0.004)


def test_registers_and_temperatures_have_no_seam() -> None:
    for before, after in zip(days(), days()[1:], strict=False):
        old, new = before.observe("cold_room", 1.0)["air_temperature"][..., -5:], after.observe("cold_room", 1.0, 1)
        assert np.abs(old.mean(-1) - new["air_temperature"][..., :5].mean(-1)).max() < 0.3
        goods = before.state.rooms.goods(np.arange(2 * CELLS), np.full(2 * CELLS, 86_400.0))
        np.testing.assert_allclose(goods, after.before["room_goods"].ravel())
        lorry, next_day = before.observe("reefer_truck", 30.0), after.observe("reefer_truck", 30.0, 2)
        for name in ("odometer", "fuel_used", "tru_hours"):
            np.testing.assert_allclose(lorry[name][..., -1], next_day[name][..., 0], atol=0.01)
        assert np.abs(lorry["return_air_temperature"][..., -1] - next_day["return_air_temperature"][..., 0]).max() < 0.6


def test_the_odometer_is_the_integral_of_the_speed_and_of_the_way() -> None:
    for day in days():
        seen = day.observe("reefer_truck", 2.0)
        km = seen["odometer"][..., -1] - seen["odometer"][..., 0]
        np.testing.assert_allclose(seen["speed"].sum(axis=-1) * 2.0 / 3600.0, km, rtol=0.01)
        np.testing.assert_allclose(day.state.trucks.rounds.length.sum(axis=1) / 1000.0, km[:, 0], rtol=1e-9)


def test_loads_grow_lighter_from_stop_to_stop() -> None:
    for day in days():
        weight, status = (day.observe("reefer_truck", 30.0)[name][:, 0] for name in ("cargo_weight", "status"))
        lighter = np.diff(weight, axis=-1) <= 1e-9
        assert (lighter | (status[:, :-1] <= 1)).all()
        assert (weight[status == 0] == 0).all()
        assert (np.diff(weight, axis=-1)[(status[:, 1:] == 2) & (status[:, :-1] == 2)] == 0).all()


def test_whoever_came_leaves_in_order_and_one_at_a_time() -> None:
    for day in days():
        docks = day.state.docks
        for arrives, begins, leaves, comes in zip(docks.arrives, docks.begins, docks.leaves, docks.comes, strict=True):
            a, b, e = arrives[comes], begins[comes], leaves[comes]
            assert (b >= a - 1e-6).all()
            assert (b[1:] >= e[:-1] - 1e-6).all()
            waits = np.maximum(a[1:], e[:-1])
            np.testing.assert_allclose(b[1:], waits)  # nobody waits before a free door
        counted = (day.after["dock_trucks"] - day.before["dock_trucks"]).ravel()
        assert (counted == docks.comes.sum(axis=1)).all()


def test_a_failed_compressor_warms_its_room_and_nothing_is_drawn() -> None:
    found = 0
    for day in walk("logistics", 3, 40, 12, first=180):
        failed = day.state.rooms.failed
        if not failed.any():
            continue
        found += 1
        seen = day.observe("cold_room", 300.0)
        off = seen["air_temperature"].reshape(failed.shape) - np.tile(SETPOINT, 12)[:, None]
        assert not seen["compressor_on"].reshape(failed.shape)[failed].any()
        one = np.flatnonzero(failed.any(axis=1))[0]
        assert off[one, np.flatnonzero(failed[one])[-1]] > 3.0
    assert found


def test_minutes_out_of_range_are_those_of_the_series() -> None:
    for day in days():
        parcels = day.state.parcels
        out = ((parcels.series[:, :-1] < 2.0) | (parcels.series[:, :-1] > 8.0)).sum(axis=1) * 5.0
        told = (day.after["parcel_minutes"] - day.before["parcel_minutes"]).ravel()
        np.testing.assert_allclose(told, out)
