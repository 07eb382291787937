"""Labels beside the readings: told when faults begin, last and end; stored and verified on every kind of store."""

import asyncio
import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores import Store
from park.event import Log, Phase
from sectors import EVENTS
from simulator.commands.outcomes import Outcomes
from simulator.faults.labels import labels
from simulator.faults.rules import Rules
from simulator.observed import readings_of
from simulator.plan import Selection
from simulator.verify import verify
from tests.simulator.conftest import HOUR, lines_of, select
from tests.simulator.faults.conftest import WINDOW, rule

_CLASSES = ("bias", "stuck", "rail", "dropout")
_Label = dict[str, Any]


def _rules(*names: str, **changes: Any) -> Rules:
    found = [rule(name, **({"hours": [10, 60]} | changes)) for name in names]
    return Rules(faults={name: one for rules in found for name, one in rules.faults.items()})


def _selection(**changes: Any) -> Selection:
    options = {"devices": 30, "kinds": ("soil_probe",), "interval_ms": HOUR, "labels": True}
    return select(**(options | {"faults": _rules(*_CLASSES)} | changes))


def _lines(selection: Selection, window: tuple[int, int] = WINDOW) -> list[str]:
    return lines_of(selection, *window).decode().splitlines()


def _told(lines: list[str]) -> list[_Label]:
    """The labels of what is printed, each with its device."""
    found = [json.loads(line) for line in lines]
    return [one["payload"] | {"device": one["topic"].split("/")[4]} for one in found if one["topic"].endswith("/label")]


def _write(store: Store, lines: list[str]) -> None:
    decoder, batch = Decoder(store.render), Batch(generation=1, opened=0.0, opened_ms=0)
    told = [json.loads(line) for line in lines]
    messages = [
        PlainMessage(topic=one["topic"], payload=json.dumps(one["payload"]).encode(), packet_id=1) for one in told
    ]
    decoder.take(messages, batch)
    assert not batch.rejections
    asyncio.run(store.write(batch.rows))


def test_they_are_those_that_park_labels_writes() -> None:
    selection = _selection()
    told, since = _told(_lines(selection)), readings_of(selection).events.since(WINDOW[0])
    written = {label.id: label for label in labels(selection, WINDOW, outcomes=Outcomes())}
    assert {one["id"] for one in told} >= set(written)
    for label in written.values():
        mine = [one for one in told if one["id"] == label.id]
        for one in mine:
            assert (one["device"], one["rule"], one["fault"], one["channel"]) == (
                *(label.device, label.rule, label.fault, label.channel),
            )
            assert (one["start"], one["end"]) == (label.start, label.end)
            assert one.get("severity") == label.severity
            assert one.get("amount") == (None if label.amount is None else pytest.approx(label.amount, abs=1e-6))
        phases = Counter(one["phase"] for one in mine)
        assert phases["begin"] == (label.start >= since)
        assert phases["end"] == (since <= label.end < WINDOW[1])


def test_one_that_lasts_is_told_at_the_start_and_each_morning_without_a_gap() -> None:
    selection = _selection()
    since = readings_of(selection).events.since(WINDOW[0])
    of: dict[str, list[_Label]] = {}
    for one in _told(_lines(selection)):
        of.setdefault(one["id"], []).append(one)
    assert any(some[0]["phase"] == "state" for some in of.values())
    assert any(len(some) > 3 for some in of.values())
    for some in of.values():
        lasting = [one for one in some if one["phase"] != "end"]
        assert not lasting or abs(lasting[0]["ts"] - max(since, some[0]["start"])) < 10
        for one, following in itertools.pairwise(lasting):
            assert 0 <= following["ts"] - one["until"] < 10
        if some[-1]["phase"] == "end" and lasting:
            assert lasting[-1]["until"] == some[-1]["end"]


def test_whatever_the_window_they_are_the_same_and_each_has_a_moment_of_its_own() -> None:
    selection = _selection()
    readings = readings_of(selection)
    middle = (WINDOW[0] + WINDOW[1]) // 2
    whole, first, second = (
        [line for line in _lines(selection, window) if "/label" in line]
        for window in (WINDOW, (WINDOW[0], middle), (middle, WINDOW[1]))
    )
    assert set(whole) == set(first) | set(second)
    cuts = range(WINDOW[0], WINDOW[1] + 1, 3 * HOUR)
    parts = [told for cut in itertools.pairwise(cuts) for told in readings.events.told(*cut)]
    assert sum(map(len, parts)) == sum(map(len, readings.events.told(WINDOW[0], cuts[-1])))
    moments = [(one["device"], one["ts"]) for one in _told(whole)]
    assert len(set(moments)) == len(moments)


def test_two_that_last_in_one_device_are_told_a_millisecond_apart() -> None:
    rules = _rules("bias", "stuck", hours=[400, 600])
    told = _told(_lines(_selection(faults=rules)))
    mornings = [(one["device"], one["ts"] // 1000) for one in told if one["phase"] == "state"]
    moments = [(one["device"], one["ts"]) for one in told]
    assert max(Counter(mornings).values()) > 1
    assert max(Counter(moments).values()) == 1


def test_nobody_is_told_unless_it_is_asked_for() -> None:
    lines = _lines(_selection(labels=False))
    assert lines
    assert not _told(lines)
    assert [line for line in _lines(_selection()) if "/label" not in line] == lines


@pytest.mark.parametrize("events", [True, False])
def test_they_are_stored_and_proven(store: Store, events: bool) -> None:
    selection = _selection(events=events)
    lines = _lines(selection)
    _write(store, lines)
    rows = [chunk for chunk in store.scan(EVENTS.logs[Log.LABEL.value], 0, 2**52) if len(chunk)]
    assert sum(map(len, rows)) == len(_told(lines))
    summary, findings = verify(readings_of(selection), store, WINDOW)
    assert summary.clean, findings.examples
    assert summary.events is not None
    assert summary.events.expected == sum("/telemetry" not in line for line in lines)
    # Who does not ask for them says nothing of them, and what else is stored is as it should be.
    untold, _ = verify(readings_of(replace(selection, labels=False)), store, WINDOW)
    assert untold.clean
    assert (untold.events is None) is not events


def test_one_that_is_lost_or_altered_is_named(store: Store) -> None:
    selection = _selection()
    lines = _lines(selection)
    mine = [number for number, line in enumerate(lines) if "/label" in line]
    lines[mine[1]] = lines[mine[1]].replace('"fault":"', '"fault":"x')
    del lines[mine[0]]
    _write(store, lines)
    summary, findings = verify(readings_of(selection), store, WINDOW)
    assert summary.events is not None
    assert (summary.events.lost, summary.events.altered, summary.events.duplicated) == (1, 1, 0)
    assert {one.kind for one in findings.examples} == {Log.LABEL.value}


def test_a_label_has_all_phases() -> None:
    assert {one["phase"] for one in _told(_lines(_selection()))} == set(Phase)
