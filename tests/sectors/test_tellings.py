"""What every model that tells events keeps, found by looking: a new sector is held to it without a line here."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.event import BEGIN_AND_END, EventType, Phase
from park.happenings import Happenings, above
from park.happenings import told as happenings
from park.model import DAY_MS, NO_ORDERS
from park.orders import Orders
from park.town import default_town
from sectors import EVENTS, SECTORS
from simulator.blocks import CommandedBlocks
from simulator.fleet import Fleet
from simulator.observed import Readings, readings_of
from simulator.plan import Selection, make_plan
from simulator.state import TownState
from tests.reference.walk import setting_of, world_of
from tests.sectors.heaters import HEATER, HeaterDay, Heaters
from tests.sectors.obedience import UNKNOWN
from tests.simulator.conftest import lines_of

#: 2026-08-01T04:00 local time.
START = 1_785_528_000_000
FORTNIGHT = (START, START + 14 * DAY_MS)
MODELS = {name: import_module(f"sectors.{name.replace('-', '_')}.model").MODEL for name in SECTORS}
DOCS = Path(__file__).parents[2] / "docs" / "events.md"
_FREQUENCY = r"(?m)^\| `(\w+)` \| `(\w+)` \| ([\d.]+) \|"
BY_SECTOR = pytest.mark.parametrize("sector", [name for name, model in MODELS.items() if hasattr(model, "tell")])


@dataclass(frozen=True, order=True)
class Event:
    """One event, as values that compare."""

    ts: int
    kind: str
    device: int
    type: str
    phase: str
    id: int
    values: tuple[tuple[str, float | int | str], ...]


@cache
def readings(sector: str, devices: int = 60, first: int = 0) -> Readings:
    return readings_of(selection(sector, devices, first))


def selection(sector: str, devices: int, first: int = 0) -> Selection:
    town = default_town(SECTORS)
    return Selection(town=town, seed=5, devices=devices, first_device=first, sectors=(sector,), events=True)


def told(of: Readings, start: int, until: int) -> list[Event]:
    """The events that are the sector's own, in order."""
    return sorted(_events(of, start, until))


def _events(of: Readings, start: int, until: int) -> Iterator[Event]:
    for one in of.events.told(start, until):
        if one.type.name in EVENTS.sectors:
            for at, (ts, device, number) in enumerate(zip(one.ts, one.device, one.id, strict=True)):
                values = tuple(one.row(at).items())
                yield Event(int(ts), one.kind.name, int(device), one.type.name, one.phase.value, int(number), values)


@cache
def season(sector: str) -> tuple[list[Event], list[Event]]:
    """Of sixty devices in six weeks from the commissioning on, and in six of the summer."""
    of = readings_of(selection(sector, 60))
    first = of.events.since(0)
    return told(of, first, first + 45 * DAY_MS), told(of, START, START + 45 * DAY_MS)


@BY_SECTOR
@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(*FORTNIGHT), max_size=6))
def test_a_window_cut_anywhere_tells_the_same(sector: str, cuts: list[int]) -> None:
    whole = told(readings(sector), *FORTNIGHT)
    assert whole
    bounds = [FORTNIGHT[0], *sorted(cuts), FORTNIGHT[1]]
    assert sorted(one for first, last in pairwise(bounds) for one in told(readings(sector), first, last)) == whole


@BY_SECTOR
@settings(max_examples=5, deadline=None)
@given(first=st.integers(0, 30), devices=st.integers(1, 30))
def test_a_part_of_the_devices_tells_what_it_tells_among_all(sector: str, first: int, devices: int) -> None:
    part = readings_of(selection(sector, devices, first))
    mine = {(group.kind.name, int(device)) for group in part.plan.groups for device in group.device}
    among_all = [one for one in told(readings(sector), *FORTNIGHT) if (one.kind, one.device) in mine]
    assert told(part, *FORTNIGHT) == among_all


@BY_SECTOR
def test_coming_from_another_day_does_not_change_what_is_told(sector: str) -> None:
    travelled = readings_of(selection(sector, 60))
    told(travelled, START + 30 * DAY_MS, START + 31 * DAY_MS)
    told(travelled, START - 50 * DAY_MS, START - 49 * DAY_MS)
    assert told(travelled, *FORTNIGHT) == told(readings(sector), *FORTNIGHT)


@BY_SECTOR
def test_what_begins_ends_once_and_before_the_next_begins(sector: str) -> None:
    by_device: dict[tuple[int, str, int, str], list[Event]] = {}
    for part, events in enumerate(season(sector)):
        for one in events:
            by_device.setdefault((part, one.kind, one.device, one.type), []).append(one)
    for (_, kind, device, name), found in by_device.items():
        where = f"{kind} {device} {name}"
        assert len({one.ts for one in found}) == len(found), where
        if Phase.BEGIN not in EVENTS.types[name].phases:
            continue
        events = found[found[0].phase == Phase.END :]  # it may have begun before
        pairs = list(zip(events[::2], events[1::2], strict=False))
        assert [one.phase for one in events] == ["begin", "end"] * len(pairs) + ["begin"] * (len(events) % 2), where
        assert all(begin.id == end.id for begin, end in pairs), where
        assert len({one.id for one in events[::2]}) == len(events[::2]), where


@BY_SECTOR
def test_every_type_that_is_declared_is_told_and_no_other(sector: str) -> None:
    found, declared = {one.type for part in season(sector) for one in part}, {e.name for e in SECTORS[sector].events}
    if found != declared:  # what happens a few times a year is seen in most of one
        of = readings_of(selection(sector, 60))
        found |= {one.type for one in told(of, of.events.since(0), START)}
    assert found <= declared
    # That the rarest are told at all is seen among more devices, in test_shown.py.
    assert {name for name in declared - found if expected(sector)[name] > 1.5} == set()


@BY_SECTOR
def test_events_are_about_as_frequent_as_the_docs_say(sector: str) -> None:
    begun = Counter(one.type for part in season(sector) for one in part if one.phase == Phase.BEGIN)
    for name, number in expected(sector).items():
        assert number / 5 - 3 <= begun[name] <= 5 * number + 3, name


def expected(sector: str) -> dict[str, float]:
    """Type to how many of them the docs have in a season."""
    said = {name: (kind, float(rate)) for name, kind, rate in re.findall(_FREQUENCY, DOCS.read_text(encoding="utf-8"))}
    devices = {group.kind.name: len(group.device) for group in readings(sector).plan.groups}
    rates = {event.name: said[event.name] for event in SECTORS[sector].events}
    return {name: rate * devices[kind] * 90 / 365 for name, (kind, rate) in rates.items()}


@BY_SECTOR
def test_what_is_said_lies_within_the_channels(sector: str) -> None:
    for one in (one for part in season(sector) for one in part):
        channels = {channel.name: channel for channel in EVENTS.types[one.type].channels}
        for name, value in one.values:
            assert channels[name].low <= float(value) <= channels[name].high, one


@BY_SECTOR
def test_generate_prints_what_is_told(sector: str) -> None:
    some: Any = selection(sector, 30)
    until = START + DAY_MS // 2
    printed = [json.loads(line) for line in lines_of(some, START, until).splitlines()]
    events = [one["payload"] for one in printed if one["topic"].endswith("/event")]
    mine = sorted((one["ts"], one["type"], one["phase"], one["id"]) for one in events if one["type"] in EVENTS.sectors)
    assert mine == sorted((one.ts, one.type, one.phase, str(one.id)) for one in told(readings_of(some), START, until))


@BY_SECTOR
def test_cells_that_are_worked_out_by_themselves_tell_what_they_do_among_all(sector: str) -> None:
    plan = make_plan(selection(sector, 60))
    state = TownState([plan])
    fleet, week = Fleet(plan, state), (START, START + 7 * DAY_MS)
    assert told(fleet, *week) == (before := told(readings(sector), *week))
    effective = [START + 7, START + 2 * DAY_MS]
    state.obey(sector, Orders.of(cell=[0, 2], unit=[0, 0], action=[UNKNOWN] * 2, effective=effective, value=[0.0] * 2))
    assert told(fleet, *week) == before


class Telling(Heaters):
    """Tells when a heated room is warm."""

    warm = EventType(name="warm", title="Warm", description="It is warm.", phases=BEGIN_AND_END)

    def tell(self, kind: str, state: HeaterDay) -> list[Happenings]:
        assert kind == HEATER.name
        return happenings(self.warm, above(state.temperature, 20.0), self._units, np.zeros(10_000, dtype=np.int64))


def test_what_is_commanded_changes_what_is_told_of_its_cells_alone() -> None:
    world, cells = world_of(5), np.arange(130)
    setting = replace(setting_of("energy", 5), per_cell={HEATER.name: 2})
    model = Telling(setting)
    blocks = CommandedBlocks(model, cells, world, lambda _: model.begin(cells))
    orders = Orders.of(
        cell=[70, 129], unit=[0, 1], action=[0, 0], effective=[world.day_start_ms(3) + 1] * 2, value=[[28.0, 2.0]] * 2
    )
    blocks.obey(orders)
    undisturbed = model.tell(HEATER.name, model.day(cells, model.begin(cells), world.day(3), NO_ORDERS))
    day = model.day(cells, model.begin(cells), world.day(3), orders)
    assert marks(blocks.tell(HEATER.name, 3, undisturbed)) == marks(model.tell(HEATER.name, day))
    assert {row for _, row, _, _ in marks(model.tell(HEATER.name, day)) ^ marks(undisturbed)} == {70, 129}


def marks(some: list[Happenings]) -> set[tuple[str, int, int, int]]:
    return {
        (one.phase.value, row, unit, ms)
        for one in some
        for row, unit, ms in zip(one.row.tolist(), one.unit.tolist(), one.ms.tolist(), strict=True)
    }
