"""The same faults whatever window, part of the town, rewind or order: by seed, device and time alone."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.faults.delivery.delivered import Delivered
from simulator.faults.delivery.fates import Messages
from simulator.faults.rules import read_rules
from simulator.fleet import Fleet
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from tests.simulator.conftest import HOUR, lines_of, select
from tests.simulator.faults.conftest import rule as sensor_rule
from tests.simulator.faults.delivery.conftest import WINDOW, delivered, rules, selection_of

_SELECTION = selection_of(rules(), devices=120)
#: Inside a day of the town, so that many examples are quick.
_START, _UNTIL = WINDOW[0] + 9 * HOUR, WINDOW[0] + 15 * HOUR

#: Device, taken, delivered, told, sequence number, form, copy, and the values.
_Row = tuple[Any, ...]


def _rows(parts: list[Messages]) -> Iterator[_Row]:
    for part in parts:
        columns = part.columns
        values = [columns.values[name].tolist() for name in sorted(columns.values)]
        told = zip(
            columns.device.tolist(),
            part.taken_ms.tolist(),
            part.due_ms.tolist(),
            columns.ts.tolist(),
            columns.seq.tolist(),
            part.form.tolist(),
            part.copy.tolist(),
            *values,
            strict=True,
        )
        yield from ((columns.kind.name, *row) for row in told)


@pytest.fixture(scope="module")
def readings() -> Delivered:
    return delivered(_SELECTION)


@pytest.fixture(scope="module")
def whole(readings: Delivered) -> list[_Row]:
    """What a run delivers, asked for in one piece."""
    outbox = readings.outbox(_START)
    return [*_rows(outbox.messages(_START, _UNTIL)), *_rows(outbox.rest(_UNTIL))]


_MOST_CUTS = 8
#: After each window, which of those so far are asked for again.
_again = st.lists(st.integers(0, _MOST_CUTS), max_size=2)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(_START + 1, _UNTIL - 1), unique=True, max_size=_MOST_CUTS),
    st.lists(_again, min_size=_MOST_CUTS + 1, max_size=_MOST_CUTS + 1),
)
def test_a_run_delivers_the_same_in_whatever_windows_and_however_often_it_goes_back(
    readings: Delivered, whole: list[_Row], cuts: list[int], back: list[list[int]]
) -> None:
    edges = [_START, *sorted(cuts), _UNTIL]
    windows = list(pairwise(edges))
    outbox, found = readings.outbox(_START), {}
    for number, window in enumerate(windows):
        found[window] = list(_rows(outbox.messages(*window)))
        for again in back[number]:
            before = windows[again % (number + 1)]
            assert list(_rows(outbox.messages(*before))) == found[before]
    rest = list(_rows(outbox.rest(_UNTIL)))
    assert rest == list(_rows(readings.outbox(_START).rest(_UNTIL)))
    assert sorted([*(row for rows in found.values() for row in rows), *rest]) == sorted(whole)
    assert all(first <= row[3] < last for (first, last), rows in found.items() for row in rows)


def test_nothing_is_delivered_before_it_is_taken_and_all_of_it_once(readings: Delivered, whole: list[_Row]) -> None:
    assert all(row[3] >= row[2] for row in whole)
    once = [row[:3] for row in whole if not row[7]]
    assert len(set(once)) == len(once)
    first = readings.count(_START, _UNTIL)
    assert 0.8 * first < len(once) < first


def _lines(readings: Delivered, window: tuple[int, int]) -> bytes:
    return b"".join(lines for _, lines in make_lines(readings, FORMATS["ndjson"], *window))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(_START + 1, _UNTIL - 1), unique=True, max_size=6))
def test_what_is_stored_is_the_same_however_it_is_cut(readings: Delivered, cuts: list[int]) -> None:
    parts = [_lines(readings, window) for window in pairwise([_START, *sorted(cuts), _UNTIL])]
    assert b"".join(parts) == _lines(readings, (_START, _UNTIL))


def test_any_part_of_the_town_and_any_process_has_the_same() -> None:
    whole = set(lines_of(_SELECTION, _START, _UNTIL).splitlines())
    few = set(lines_of(replace(_SELECTION, devices=11), _START, _UNTIL).splitlines())
    assert few < whole
    one_kind = set(lines_of(replace(_SELECTION, kinds=("soil_probe",), devices=8), _START, _UNTIL).splitlines())
    assert one_kind < whole


def test_times_that_are_told_are_found_whatever_the_window(readings: Delivered) -> None:
    """By the time that they tell, in pieces, are the readings that by the time of their taking are one piece."""
    clock_ms = readings.fates.schedule.clock_ms
    edges = range(_START - clock_ms, _UNTIL + clock_ms + HOUR, 2 * HOUR)
    told = {
        (part.kind.name, device, ts)
        for first, last in pairwise(edges)
        for part in readings.told(first, last, (_START, _UNTIL))
        for device, ts in zip(part.device.tolist(), part.ts.tolist(), strict=True)
    }
    taken = {
        (part.kind.name, device, ts)
        for part in readings.columns(_START, _UNTIL)
        for device, ts in zip(part.device.tolist(), part.ts.tolist(), strict=True)
    }
    assert told == taken


def test_sensor_faults_and_delivery_faults_do_not_change_one_another() -> None:
    sensors, lost = sensor_rule("bias"), rules("lost")
    both = lost.model_copy(update={"faults": sensors.faults})
    stored, sensed, arrived, clean = (
        set(lines_of(selection_of(faults, devices=30), *WINDOW).splitlines()) for faults in (both, sensors, lost, None)
    )
    assert stored < sensed
    assert arrived < clean
    assert sensed != clean
    assert len(sensed) - len(stored) == len(clean) - len(arrived) > 0


def test_without_delivery_faults_nothing_stands_in_the_way() -> None:
    assert type(readings_of(select(kinds=("soil_probe",), devices=4))) is Fleet
    assert not isinstance(
        readings_of(select(kinds=("soil_probe",), devices=4, faults=read_rules("typical"))), Delivered
    )


def test_what_is_ordinary_is_rare() -> None:
    faults = read_rules("delivery")
    selection = select(devices=300, faults=faults, interval_ms=900_000)
    readings = delivered(selection)
    taken = lost = odd = 0
    for first, last in readings.windows(WINDOW[0], WINDOW[0] + 28 * 24 * HOUR):
        for columns in readings.clean.slots(first, last):
            fated = readings.fates.of(columns)
            taken += len(columns)
            odd += int((fated.episode >= 0).sum())
            lost += len(columns) - len(fated.stored())
    assert 0.0003 < lost / taken < 0.003
    assert 0.003 < odd / taken < 0.05
