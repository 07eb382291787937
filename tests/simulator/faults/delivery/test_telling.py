"""Labels of delivery faults beside the readings, among those of sensors: as `park labels` writes them; verified."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores import Store
from simulator.commands.outcomes import Outcomes
from simulator.faults.delivery.labels import delivery_labels
from simulator.faults.labels import labels
from simulator.faults.rules import Rules
from simulator.observed import readings_of
from simulator.plan import Selection
from simulator.verify import verify
from tests.simulator.conftest import HOUR, lines_of
from tests.simulator.faults.conftest import rule as of_sensors
from tests.simulator.faults.delivery.conftest import WINDOW, rules, selection_of

_Line = dict[str, Any]


def _selection(*, both: bool) -> Selection:
    sensors = of_sensors("bias", hours=[8, 40]).faults if both else {}
    faults = Rules(faults=sensors, delivery=rules(hours=[8, 24]).delivery)
    return replace(selection_of(faults, kinds=("soil_probe",)), labels=True)


def _lines(selection: Selection) -> list[_Line]:
    return [json.loads(line) for line in lines_of(selection, *WINDOW).splitlines()]


def _told(lines: list[_Line]) -> list[_Line]:
    return [one["payload"] | {"device": one["topic"].split("/")[4]} for one in lines if one["topic"].endswith("/label")]


@pytest.mark.parametrize("both", [False, True], ids=["delivery", "both"])
def test_they_are_those_that_park_labels_writes(both: bool) -> None:
    selection = _selection(both=both)
    told = _told(_lines(selection))
    written = {one.id: one for one in delivery_labels(selection, WINDOW)}
    sensors = {one.id for one in labels(selection, WINDOW, outcomes=Outcomes())}
    assert len(written) > 20
    assert bool(sensors) == both
    assert {one["id"] for one in told} >= written.keys() | sensors
    for one in told:
        if one["id"] in written:
            label = written[one["id"]]
            assert (one["device"], one["rule"], one["fault"]) == (label.device, label.rule, label.fault)
            assert (one["start"], one["end"], one.get("amount")) == (label.start, label.end, label.amount)
            assert "channel" not in one
            assert "severity" not in one
    assert {one["fault"] for one in told if "amount" in one and "channel" not in one} == {
        "clock_offset",
        "clock_drift",
    }
    # A device tells one thing at a time, whatever it is about.
    assert max(Counter((one["device"], one["ts"]) for one in told).values()) == 1


def test_they_are_the_same_however_the_window_is_cut() -> None:
    events = readings_of(_selection(both=True)).events
    cuts = range(WINDOW[0], WINDOW[1] + 1, 3 * HOUR)
    parts = [told for cut in pairwise(cuts) for told in events.told(*cut)]
    assert sum(map(len, parts)) == sum(map(len, events.told(WINDOW[0], cuts[-1]))) > 0


def test_readings_are_as_without_them() -> None:
    selection = _selection(both=True)
    plain = [one for one in _lines(replace(selection, labels=False)) if not one["topic"].endswith("/label")]
    assert plain == [one for one in _lines(selection) if not one["topic"].endswith("/label")]


def test_they_are_stored_and_proven(store: Store) -> None:
    selection = _selection(both=True)
    lines = _lines(selection)
    asyncio.run(store.write(_rows(store, lines)))
    summary, findings = verify(readings_of(selection), store, WINDOW)
    assert summary.clean, findings.examples
    assert summary.events is not None
    assert summary.events.expected == len(_told(lines))


def test_one_that_is_lost_or_altered_is_named(store: Store) -> None:
    selection = _selection(both=False)
    lines = _lines(selection)
    mine = [one for one in lines if one["topic"].endswith("/label")]
    mine[1]["payload"]["end"] += 1
    asyncio.run(store.write(_rows(store, [one for one in lines if one is not mine[0]])))
    summary, _ = verify(readings_of(selection), store, WINDOW)
    assert summary.events is not None
    assert (summary.events.lost, summary.events.altered, summary.events.duplicated) == (1, 1, 0)


def _rows(store: Store, lines: list[_Line]) -> list[Any]:
    batch = Batch(generation=1, opened=0.0, opened_ms=0)
    messages = [
        PlainMessage(topic=one["topic"], payload=json.dumps(one["payload"]).encode(), packet_id=1) for one in lines
    ]
    Decoder(store.render).take(messages, batch)
    assert not batch.rejections
    return list(batch.rows)
