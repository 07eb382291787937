"""What carrying the town from day to day costs; that it changes no reading is told by the sectors' conformance."""

import pytest

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
