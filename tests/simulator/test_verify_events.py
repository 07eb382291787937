"""Events that a store holds against those that it should, on every kind of store."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores import Store
from ingest.stores.duckdb.url import DuckdbUrl
from ingest.stores.duckdb.write import DuckdbStore
from sectors import EVENTS
from simulator.errors import OtherVersion
from simulator.observed import readings_of
from simulator.verify import verify
from simulator.version import MODELS_VERSION
from tests.simulator.conftest import HOUR, MINUTE, lines_of, select

#: From 16:00 of a wet January day into the next noon; it rains at 04:00.
WINDOW = (1_769_068_800_000, 1_769_068_800_000 + 20 * HOUR)
RAINED_ON = ("agriculture", "energy", "transport")  # few kinds, so that few devices have stations among them
SELECTION = select(sectors=RAINED_ON, events=True, devices=12, interval_ms=20 * MINUTE)

_Told = dict[str, Any]


@pytest.fixture(scope="module")
def told() -> list[_Told]:
    return [json.loads(line) for line in lines_of(SELECTION, *WINDOW).splitlines()]


def write(store: Store, told: list[_Told]) -> None:
    """As the ingester would."""
    decoder, batch = Decoder(store.render), Batch(generation=1, opened=0.0, opened_ms=0)
    messages = [
        PlainMessage(topic=one["topic"], payload=json.dumps(one["payload"]).encode(), packet_id=1) for one in told
    ]
    decoder.take(messages, batch)
    assert not batch.rejections
    asyncio.run(store.write(batch.rows))


def event_rows(told: list[_Told], change: Callable[[int, _Told], _Told | None]) -> list[_Told]:
    """The same, with events changed by their number among the events, or left out."""
    kept, number = [], 0
    for one in told:
        if one["topic"].endswith("/telemetry"):
            kept.append(one)
            continue
        changed = change(number, json.loads(json.dumps(one)))
        number += 1
        if changed is not None:
            kept.append(changed)
    return kept


def test_what_generate_prints_is_what_should_be_stored(store: Store, told: list[_Told]) -> None:
    write(store, told)
    summary, findings = verify(readings_of(SELECTION), store, WINDOW)
    events = [one for one in told if one["topic"].endswith("/event")]
    assert {one["payload"]["type"] for one in events} >= {"place", "rain_spell"}
    assert summary.events is not None
    assert summary.events.expected == summary.events.found == len(events)
    assert summary.expected == summary.found == len(told) - len(events)
    assert summary.clean
    assert not findings.examples


def test_what_models_make_happen_is_stored_and_verified_by_its_kind_too(store: Store) -> None:
    whole = select(events=True, devices=300, interval_ms=240 * MINUTE)
    days = WINDOW[0], WINDOW[0] + 240 * HOUR
    told = [json.loads(line) for line in lines_of(whole, *days).splitlines()]
    own = [one["payload"]["type"] for one in told if one["payload"].get("type") in EVENTS.sectors]
    assert len(own) > 20
    assert len({EVENTS.sectors[name] for name in own}) >= 5
    write(store, told)
    assert verify(readings_of(whole), store, days)[0].clean
    # The night after the first day is in both of these windows; what goes on over it is told once.
    for part in ((WINDOW[0] + 3 * HOUR, WINDOW[0] + 11 * HOUR), (WINDOW[0] + 13 * HOUR, days[1])):
        assert verify(readings_of(whole), store, part)[0].clean
    kinds = ("cold_room", "call_point", "traffic_detector")
    few = readings_of(select(events=True, devices=10, kinds=kinds, interval_ms=240 * MINUTE))
    summary, _ = verify(few, store, days, ignore_unselected=True)
    assert summary.events is not None
    assert summary.events.lost == summary.events.altered == 0


def test_an_event_of_a_model_that_is_not_there_is_lost_and_one_too_many_is_doubled(store: Store) -> None:
    supplies = select(events=True, devices=150, kinds=("backup_supply",), interval_ms=60 * MINUTE)
    told = [json.loads(line) for line in lines_of(supplies, *WINDOW).splitlines()]
    mine = [number for number, one in enumerate(told) if one["payload"].get("type") == "supply_interruption"]
    assert len(mine) > 3
    lost, late = told.pop(mine[-1]), told[mine[0]]["payload"]
    late["ts"] += 1
    assert lost["payload"]["id"]
    write(store, told)
    summary, findings = verify(readings_of(supplies), store, WINDOW)
    assert summary.events is not None
    assert (summary.events.lost, summary.events.duplicated, summary.events.altered) == (2, 1, 0)
    assert {one.kind for one in findings.examples} == {"park_event"}


def test_lost_altered_and_doubled_events_are_named(store: Store, told: list[_Told]) -> None:
    def harm(number: int, one: _Told) -> _Told | None:
        payload = one["payload"]
        if number < 3:
            return None
        if number < 5:
            payload["latitude"] += 0.001
        if number == 5:
            payload["ts"] += 1  # one lost, one doubled
        return one

    write(store, event_rows(told, harm))
    summary, findings = verify(readings_of(SELECTION), store, WINDOW)
    assert summary.events is not None
    assert (summary.events.lost, summary.events.altered, summary.events.duplicated) == (4, 2, 1)
    assert (summary.lost, summary.altered, summary.duplicated) == (0, 0, 0)
    assert not summary.clean
    assert {(one.verdict, one.kind) for one in findings.examples} == {
        ("lost", "park_device"),
        ("altered", "park_device"),
        ("duplicated", "park_device"),
    }


def test_events_of_other_devices_are_no_fault_where_the_store_is_shared(store: Store, told: list[_Told]) -> None:
    write(store, told)
    fewer = readings_of(select(sectors=RAINED_ON, events=True, devices=6, interval_ms=20 * MINUTE))
    assert not verify(fewer, store, WINDOW)[0].clean
    assert verify(fewer, store, WINDOW, ignore_unselected=True)[0].clean
    one_sector = readings_of(select(events=True, devices=12, interval_ms=20 * MINUTE, sectors=("energy",)))
    summary, _ = verify(one_sector, store, WINDOW)
    assert summary.events is not None
    assert summary.events.duplicated == 0


def test_any_part_of_a_window_verifies_by_itself(store: Store, told: list[_Told]) -> None:
    write(store, told)
    readings = readings_of(SELECTION)
    for start, until in ((0, MINUTE), (29 * MINUTE, HOUR), (HOUR, 15 * HOUR), (13 * HOUR, 20 * HOUR)):
        summary, _ = verify(readings, store, (WINDOW[0] + start, WINDOW[0] + until))
        assert summary.clean
        assert summary.events is not None
        assert summary.events.expected >= 12


@pytest.mark.parametrize("events", [True, False])
def test_a_window_of_another_version_cannot_be_verified(store: Store, told: list[_Told], events: bool) -> None:
    def age(_number: int, one: _Told) -> _Told:
        if "models" in one["payload"]:
            one["payload"]["models"] = MODELS_VERSION + 1
        return one

    write(store, event_rows(told, age))
    readings = readings_of(select(sectors=RAINED_ON, events=events, devices=12, interval_ms=20 * MINUTE))
    with pytest.raises(OtherVersion, match=rf"version {MODELS_VERSION + 1} .* version {MODELS_VERSION}:"):
        verify(readings, store, WINDOW)


def test_one_sites_word_of_another_version_keeps_no_town_from_its_proof(tmp_path: Path, told: list[_Told]) -> None:
    """Its own places are altered, and what it says of another site's devices is one too many."""

    def lie(_number: int, one: _Told) -> _Told:
        if "models" in one["payload"] and one["topic"].split("/")[2] == liar:
            one["payload"]["models"] = MODELS_VERSION + 1
        return one

    places = [one for one in told if "models" in one["payload"]]
    liar = places[0]["topic"].split("/")[2]
    other = next(one for one in places if one["topic"].split("/")[2] != liar)
    foreign = json.loads(json.dumps(other))
    foreign["topic"] = foreign["topic"].replace(other["topic"].split("/")[2], liar)
    store = DuckdbStore(DuckdbUrl(path=tmp_path / "park.duckdb"))
    try:
        write(store, event_rows([*told, foreign], lie))
        summary, _ = verify(readings_of(SELECTION), store, WINDOW)
    finally:
        asyncio.run(store.close())
    assert summary.events is not None
    assert (summary.lost, summary.altered, summary.events.duplicated) == (0, 0, 1)
    assert summary.events.altered == sum(one["topic"].split("/")[2] == liar for one in places)
