"""What twins tell: pure, of commanded cells alone, and what they and the devices' own readings say of it."""

import itertools
import json
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.stores import Store
from park.catalogue import TWINNED
from park.event import TWIN
from park.topics import DeviceTopic
from sectors import KINDS, SECTOR_OF
from simulator.commands.outcomes import Outcomes
from simulator.commands.record import Record
from simulator.event_columns import Tells
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.plan import Selection
from simulator.verify import verify
from tests.simulator.commands.test_outcomes import record
from tests.simulator.commands.town import NOON, SECOND, lamps
from tests.simulator.conftest import HOUR, MINUTE, select
from tests.simulator.test_verify_events import write

QUARTER = 15 * MINUTE
_Told = dict[str, Any]
#: A lamp of the second block is dimmed at 22 h, one of the first a little later.
NIGHT = 10 * HOUR
DIMMED = [record(14, NIGHT, 50.0), record(2, NIGHT + 20 * SECOND, 60.0)]
START, UNTIL = NOON + NIGHT - HOUR, NOON + NIGHT + 3 * HOUR


def told(
    records: list[Record], selection: Selection | None = None, start: int = START, until: int = UNTIL
) -> list[_Told]:
    readings = readings_of(selection or lamps(interval_ms=60_000), Outcomes(records))
    lines = b"".join(some for _, some in make_lines(readings, FORMATS["ndjson"], start, until)).splitlines()
    return [json.loads(line) for line in lines]


def twins(lines: list[_Told]) -> list[_Told]:
    return [{"device": one["topic"].split("/")[4], **one["payload"]} for one in lines if is_twin(one)]


def is_twin(one: _Told) -> bool:
    return bool(one["payload"].get("type") == TWIN.name)


@dataclass(frozen=True)
class Register:
    """A device's channel as its readings say it."""

    times: list[int]
    values: list[float]

    def holds(self, ts: int, value: float) -> bool:
        """Whether a reading at a time, between two that there are, could be this; registers do not fall."""
        after = bisect_right(self.times, ts)
        return self.values[after - 1] <= value <= self.values[after]


def register(lines: list[_Told], device: str, channel: str) -> Register:
    mine = [one["payload"] for one in lines if f"/{device}/telemetry" in one["topic"]]
    return Register([one["ts"] for one in mine], [one[channel] for one in mine])


def test_nobody_tells_of_a_twin_until_its_cell_is_commanded() -> None:
    lines = told([])
    assert not any(map(is_twin, lines))
    found = twins(told(DIMMED))
    assert {one["device"] for one in found} == {"light-cabinet-000001", "light-cabinet-000002"}
    for device, since in (("light-cabinet-000002", NOON + NIGHT), ("light-cabinet-000001", NOON + NIGHT + 20_000)):
        times = [one["ts"] for one in found if one["device"] == device]
        assert since <= times[0] < since + QUARTER
        assert {after - before for before, after in itertools.pairwise(times)} == {QUARTER}
        assert len(times) == 12


def test_a_twin_reports_what_is_reported_without_orders_and_what_that_is_more() -> None:
    plain, dimmed = told([]), told(DIMMED)
    for device in ("light-cabinet-000001", "light-cabinet-000002"):
        mine = [one for one in twins(dimmed) if one["device"] == device]
        clean, real = (register(some, device, "total_active_energy_import") for some in (plain, dimmed))
        for one in mine[:-1]:
            assert clean.holds(one["ts"], one["energy"])
            assert real.holds(one["ts"], round(one["energy"] - one["energy_saved"], 4))
        saved = [one["energy_saved"] for one in mine]
        # Each is the difference of two registers, told to 0.0001 kWh.
        assert all(after > before - 0.00015 for before, after in itertools.pairwise(saved))
        assert saved[-1] > saved[0] + 0.01
        assert saved[0] >= 0


def test_the_order_of_arrival_does_not_matter() -> None:
    wanted = twins(told(DIMMED))
    assert twins(told(DIMMED[::-1])) == wanted
    bit_by_bit = Outcomes()
    readings = readings_of(lamps(interval_ms=60_000), bit_by_bit)
    assert not [one for one in readings.events.told(START, DIMMED[0].ts) if one.type is TWIN]
    assert twins(told([*DIMMED, *DIMMED])) == wanted


def rows(events: Tells, start: int, until: int) -> list[tuple[Any, ...]]:
    return [
        (part.kind.name, ts, device, number)
        for part in events.told(start, until)
        if part.type is TWIN
        for ts, device, number in zip(part.ts.tolist(), part.device.tolist(), part.ids(), strict=True)
    ]


@pytest.fixture(scope="module")
def events() -> Tells:
    return readings_of(lamps(interval_ms=60_000), Outcomes(DIMMED)).events


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(min_value=START, max_value=UNTIL), max_size=6))
def test_any_cut_of_a_window_tells_the_same(events: Tells, cuts: list[int]) -> None:
    parts = [rows(events, first, last) for first, last in itertools.pairwise(sorted([START, *cuts, UNTIL]))]
    assert sorted(one for part in parts for one in part) == sorted(rows(events, START, UNTIL))


def order(kind: str, action: str, *values: float) -> Record:
    where = DeviceTopic(sector=SECTOR_OF[kind].name, site="xinwu", kind=kind, device=KINDS[kind].device(1))
    return record(1, 0, 0.0, where=where, action=action, values=values)


@pytest.mark.parametrize(
    ("given", "metered", "field", "sign"),
    [
        (order("street_lamp", "set_level", 100.0, 0.0), "light_cabinet", "energy", -1),
        (order("pressure_zone", "set_pressure", 140.0), "pressure_zone", "water_flow", 1),
        (order("green_valve", "open", 30.0), "green_valve", "water", -1),
        (order("irrigation_valve", "open", 30.0), "irrigation_valve", "water", -1),
        (order("climate_zone", "set_mode", 3.0), "climate_zone", "energy", -1),
        (order("ev_charger", "set_limit", 0.0), "site_meter", "energy", 1),
    ],
    ids=lambda one: one.where.kind if isinstance(one, Record) else str(one),
)
def test_every_meter_tells_what_its_cell_saves(given: Record, metered: str, field: str, sign: int) -> None:
    kinds = tuple({given.where.kind, metered})
    selection = select(kinds=kinds, devices=sum(KINDS[kind].per_cell for kind in kinds) * 2, events=True)
    start, until = NOON, NOON + 12 * HOUR
    found = [one for one in twins(told([given], selection, start, until)) if one["device"] == KINDS[metered].device(1)]
    assert len(found) == 48
    assert all(one.keys() == {"device", "ts", "id", "type", "phase", field, f"{field}_saved"} for one in found)
    assert any(sign * one[f"{field}_saved"] > 0 for one in found)


def test_what_kinds_are_held_against_is_counted_once_in_each_cell() -> None:
    """No kind whose energy or water passes another's meter has a twin, and each is in a unit of `TWINNED`."""
    metered = {kind.name: [kind.channel[name].unit for name in kind.twin] for kind in KINDS.values() if kind.twin}
    assert all(set(units) <= TWINNED.keys() for units in metered.values())
    assert {"street_lamp", "ev_charger", "battery", "building_meter", "water_meter"}.isdisjoint(metered)


def test_a_store_is_held_to_them(store: Store) -> None:
    selection, outcomes = lamps(interval_ms=60_000), Outcomes(DIMMED)
    lines = told(DIMMED)
    write(store, lines)
    summary, findings = verify(readings_of(selection, outcomes), store, (START, UNTIL))
    assert summary.clean, findings
    lines = [one for one in lines if is_twin(one)]
    lines[3]["payload"]["energy_saved"] += 1.0
    write(store, lines)
    summary, findings = verify(readings_of(selection, outcomes), store, (START, UNTIL))
    assert summary.events is not None
    assert (summary.altered, summary.events.altered) == (0, 1)
    assert "energy_saved" in findings.examples[0].detail
