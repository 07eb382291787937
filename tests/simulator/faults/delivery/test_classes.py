"""Every class of delivery fault: it is where its label says and nowhere else, and it does what it says."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sectors import KINDS as CATALOGUE
from simulator.faults.delivery.classes import CLASSES, Form
from simulator.faults.delivery.fates import taken_ms
from simulator.faults.delivery.labels import DeliveryLabel, delivery_labels
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.simulator.conftest import HOUR
from tests.simulator.faults.delivery.conftest import KINDS, WINDOW, delivered, rules, selection_of

every_class = pytest.mark.parametrize("name", CLASSES)
#: Device and the time at which one of its readings was taken.
_Reading = tuple[str, int]


@cache
def _clean(devices: int) -> dict[_Reading, int]:
    """The sequence numbers of the clean twin."""
    return {
        (part.kind.device(device + 1), ts): seq
        for part in readings_of(selection_of(None, devices=devices)).columns(*WINDOW)
        for device, ts, seq in zip(part.device.tolist(), part.ts.tolist(), part.seq.tolist(), strict=True)
    }


def _befallen(selection: Selection) -> set[_Reading]:
    """The readings that differ from the clean twin in what is stored, or in when and how often they are delivered."""
    clean, readings = _clean(selection.devices), delivered(selection)
    stored: dict[_Reading, int] = {}
    for part in readings.columns(*WINDOW):
        for device, ts, seq in zip(part.device.tolist(), part.ts.tolist(), part.seq.tolist(), strict=True):
            stored[part.kind.device(device + 1), ts] = seq
    found = {reading for reading, seq in clean.items() if stored.get(reading) != seq}
    outbox = readings.outbox(WINDOW[0])
    for messages in (*outbox.messages(*WINDOW), *outbox.rest(WINDOW[1])):
        odd = (messages.due_ms != messages.taken_ms) | messages.copy | (messages.form != Form.SOUND)
        kind = messages.columns.kind
        found |= {
            (kind.device(device + 1), ts)
            for device, ts in zip(messages.columns.device[odd].tolist(), messages.taken_ms[odd].tolist(), strict=True)
        }
    return found


def _disagree(labels: list[DeliveryLabel], befallen: set[_Reading]) -> list[str]:
    """What labels and readings do not agree upon."""
    wrong = []
    for label in labels:
        mine = sorted(ts for device, ts in befallen if device == label.device and label.start <= ts < label.end)
        if (mine[0] if mine else None) != label.first_observable or len(mine) != label.changed:
            wrong.append(f"{label.id}: {label.changed} from {label.first_observable}, and not {len(mine)}: {mine[:1]}")
    for device, ts in befallen:
        if not any(device == label.device and label.start <= ts < label.end for label in labels):
            wrong.append(f"{device} at {ts}: no label")
    return wrong


@every_class
def test_it_is_where_its_label_says_and_nowhere_else(name: str) -> None:
    selection = selection_of(rules(name))
    labels, befallen = list(delivery_labels(selection, WINDOW)), _befallen(selection)
    assert len(labels) > 5
    assert {label.fault for label in labels} == {name}
    assert befallen
    assert not _disagree(labels, befallen)


def test_all_at_once_are_where_their_labels_say() -> None:
    selection = selection_of(rules(), devices=120)
    labels = list(delivery_labels(selection, WINDOW))
    assert {label.fault for label in labels} == set(CLASSES)
    assert not _disagree(labels, _befallen(selection))


def test_what_is_wrong_in_labels_is_seen() -> None:
    selection = selection_of(rules("lost"))
    labels, befallen = list(delivery_labels(selection, WINDOW)), _befallen(selection)
    shown = next(label for label in labels if label.first_observable is not None)
    others = [label for label in labels if label is not shown]
    late = replace(shown, start=shown.start + HOUR, first_observable=(shown.first_observable or 0) + HOUR)
    assert _disagree([*others, late], befallen)
    assert _disagree(others, befallen)
    assert _disagree([*labels, replace(shown, id="none", device="soil-probe-999999")], befallen)
    assert _disagree([replace(shown, changed=shown.changed + 1), *others], befallen)


def test_labels_are_the_same_whatever_the_window() -> None:
    selection, middle = selection_of(rules()), (WINDOW[0] + WINDOW[1]) // 2
    first, second, whole = (
        {label.id: label for label in delivery_labels(selection, window)}
        for window in ((WINDOW[0], middle), (middle, WINDOW[1]), WINDOW)
    )
    assert first.keys() | second.keys() == whole.keys()
    for name, label in whole.items():
        parts = [some[name] for some in (first, second) if name in some]
        assert {(one.start, one.end, one.amount, one.device) for one in parts} == {
            (label.start, label.end, label.amount, label.device)
        }
        assert sum(one.changed for one in parts) == label.changed


def test_a_device_has_one_at_a_time_and_others_keep_away() -> None:
    selection = selection_of(rules())
    readings = delivered(selection)
    for group in readings.plan.groups:
        found = readings.fates.schedule.of(group, WINDOW[0], WINDOW[0] + 60 * 24 * HOUR)
        assert len(found) > 100
        for device in group.device.tolist():
            mine = found.take(found.device == device)
            first, last = mine.start_ms - mine.reach_ms, mine.end_ms + mine.reach_ms
            assert (first[1:] >= last[:-1]).all()


def test_a_wrong_clock_is_as_wrong_as_its_label_says_and_takes_no_other_readings_place() -> None:
    selection = selection_of(rules("clock_offset", "clock_drift"))
    labels = list(delivery_labels(selection, WINDOW))
    shifts: dict[str, list[tuple[int, int]]] = {}
    told: Counter[_Reading] = Counter()
    for part in delivered(selection).columns(*WINDOW):
        taken = taken_ms(part)
        for device, ts, real in zip(part.device.tolist(), part.ts.tolist(), taken.tolist(), strict=True):
            told[part.kind.device(device + 1), ts] += 1
            if ts != real:
                shifts.setdefault(part.kind.device(device + 1), []).append((real, ts - real))
    assert set(told.values()) == {1}
    for label in labels:
        wrong = [(ts, shift) for ts, shift in shifts.get(label.device, []) if label.start <= ts < label.end]
        assert len(wrong) == label.changed
        assert label.amount is not None
        for ts, shift in wrong:
            days = (ts - label.start) / (24 * HOUR) if label.fault == "clock_drift" else 1.0
            assert shift == pytest.approx(label.amount * 1000 * days, abs=2.0)


def test_a_sequence_begins_again_at_nothing() -> None:
    selection = selection_of(rules("sequence_restart"))
    labels = list(delivery_labels(selection, WINDOW))
    assert labels
    parts = {part.kind.name: part for part in delivered(selection).columns(*WINDOW)}
    for label in labels:
        part = parts[label.kind]
        number = int(label.device.rpartition("-")[2]) - 1
        mine = (part.device == number) & (part.ts >= label.start) & (part.ts < label.end)
        first = 0 if label.start >= WINDOW[0] else part.seq[mine][0]
        assert part.seq[mine].tolist() == list(range(first, first + label.changed))
        assert (part.seq[(part.device == number) & ~mine] > 1000).all()


def test_a_silent_gateway_delivers_everything_at_the_end_in_order() -> None:
    selection, window = selection_of(rules("burst", together="site")), (WINDOW[0], WINDOW[0] + 7 * 24 * HOUR)
    outbox = delivered(selection).slots_outbox(window[0])
    silent: dict[tuple[str, int, int], set[str]] = {}
    for label in delivery_labels(selection, window):
        silent.setdefault((label.site, label.start, label.end), set()).add(label.kind)
        assert label.changed == label.readings
    assert silent
    assert any(kinds == set(KINDS) for kinds in silent.values())
    for messages in (*outbox.messages(*window), *outbox.rest(window[1])):
        held = messages.due_ms != messages.taken_ms
        assert set(messages.due_ms[held].tolist()) <= {end for _, _, end in silent}
        for device in np.unique(messages.columns.device[held]):
            assert (np.diff(messages.taken_ms[messages.columns.device == device]) > 0).all()


def test_only_the_kinds_and_sites_of_a_rule_are_befallen() -> None:
    faults = rules("lost", kinds=["soil_probe"])
    assert {label.kind for label in delivery_labels(selection_of(faults), WINDOW)} == {"soil_probe"}
    site = next(delivery_labels(selection_of(faults), WINDOW)).site
    some = list(delivery_labels(selection_of(rules("lost", sites=[site])), WINDOW))
    assert {label.site for label in some} == {site}
    assert {label.kind for label in some} <= set(CATALOGUE)
