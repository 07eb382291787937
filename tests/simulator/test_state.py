"""What carrying the town from day to day costs, and what it holds in memory.

That it changes no reading is told by the sectors' conformance.
"""

import tracemalloc

import numpy as np
import pytest

from park.columns import Columns
from park.model import WorldDay
from park.town import default_town
from sectors import SECTORS
from simulator.fleet import Fleet
from simulator.plan import Selection, make_plan


def carried(monkeypatch: pytest.MonkeyPatch, *days: int) -> list[int]:
    """Through how many days a new town is carried for each of these, observed one after the other."""
    selection = Selection(town=default_town(SECTORS), seed=5, devices=6, kinds=("parking_lot",))
    fleet = Fleet(make_plan(selection))
    passed: list[int] = []
    make = fleet.world.days

    def counting(first: int, stop: int) -> list[WorldDay]:
        passed.append(stop - first)
        return make(first, stop)

    monkeypatch.setattr(fleet.world, "days", counting)
    counts = []
    for day in days:
        passed.clear()
        start = fleet.world.day_start_ms(day)
        assert fleet.columns(start, start + 60_000)
        counts.append(sum(passed))
    return counts


def test_a_town_is_carried_through_every_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert carried(monkeypatch, 1, 40, 41, 41, 60) == [1, 39, 1, 0, 19]


def test_going_back_does_not_begin_at_the_commissioning(monkeypatch: pytest.MonkeyPatch) -> None:
    there, *back = carried(monkeypatch, 326, 319, 250, 100, 300)
    assert there == 326
    assert all(days < 326 // 4 for days in back)


def fleet_of(devices: int, kinds: tuple[str, ...], first_device: int = 0) -> Fleet:
    selection = Selection(
        town=default_town(SECTORS), seed=5, devices=devices, first_device=first_device, kinds=kinds, interval_ms=600_000
    )
    return Fleet(make_plan(selection))


@pytest.mark.parametrize("kind", ["weather_station", "greenhouse"])
def test_a_town_of_many_cells_reads_like_its_parts(kind: str) -> None:
    """Cells are worked out a block at a time; where a block ends is not to be seen."""
    whole = fleet_of(2500, (kind,))
    start = whole.world.day_start_ms(3) - 300_000
    (seen,) = whole.columns(start, start + 600_000)
    parts = [fleet_of(900, (kind,)), fleet_of(1600, (kind,), first_device=900)]
    wanted = {
        (device, ts): row
        for part in parts
        for columns in part.columns(start, start + 600_000)
        for device, ts, *row in rows_of(columns)
    }
    assert {(device, ts): row for device, ts, *row in rows_of(seen)} == wanted
    assert len(wanted) == 2500


def rows_of(columns: Columns) -> list[tuple[object, ...]]:
    shown = [np.where(columns.present.get(name, True), values, -1) for name, values in sorted(columns.values.items())]
    return list(zip(columns.device.tolist(), columns.ts.tolist(), *(values.tolist() for values in shown), strict=True))


def test_no_more_than_the_day_in_use_is_held_in_memory() -> None:
    fleet = fleet_of(2000, ("building_meter",))
    morning = fleet.world.day_start_ms(1)
    fleet.columns(morning - 1000, morning)
    tracemalloc.start()
    try:
        fleet.columns(morning, morning + 600_000)
        one_day, _ = tracemalloc.get_traced_memory()
        for day in (2, 3, 4):
            fleet.columns(fleet.world.day_start_ms(day) - 300_000, fleet.world.day_start_ms(day) + 300_000)
        later, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert one_day > 20e6
    assert later < 1.2 * one_day
    assert most < 1.7 * one_day
