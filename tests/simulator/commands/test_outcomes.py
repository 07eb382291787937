"""What came of commands as an input of readings and events: pure, causal, whatever the order of arrival."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from park.codecs.json.event import event_decoder
from park.command import State
from park.errors import ParkError
from park.event import COMMAND, PARK_EVENTS
from simulator.commands.log import Log
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import records_in
from simulator.commands.record import Record, record_of
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from tests.simulator.commands.town import NOON, SECOND, lamp, lamps
from tests.simulator.conftest import MINUTE, lines_of

START, UNTIL = NOON - 20 * MINUTE, NOON + 20 * MINUTE
SELECTION = lamps(interval_ms=60_000)


def record(number: int, at: int, level: float, state: State = State.ACCEPTED, **changes: Any) -> Record:
    told: dict[str, Any] = {
        "where": lamp(number, "xinwu" if number <= 12 else "binhu"),
        "ts": NOON + at,
        "id": f"c{number}-{at}",
        "state": state,
        "action": "set_level",
        "values": (level, 2.0),
        "actor": "anna",
        "issued": NOON + at,
        "expires": NOON + at + 60 * SECOND,
    }
    return Record(**told | changes)


RECORDS = [
    record(1, 0, 40.0),
    record(1, 2 * SECOND, 40.0, State.SUCCEEDED, id="c1-0"),
    record(2, 5 * SECOND, 70.0),
    record(14, 5 * SECOND, 30.0),
    record(2, 6 * SECOND, 1.0, State.REJECTED, reason="below-class", values=()),
    record(2, 7 * SECOND, 20.0),
]


def lines(records: list[Record], selection: Any = SELECTION, until: int = UNTIL, form: str = "ndjson") -> bytes:
    readings = readings_of(selection, Outcomes(records))
    return b"".join(some for _, some in make_lines(readings, FORMATS[form], START, until))


def test_without_commands_all_is_as_before() -> None:
    assert lines([]) == lines_of(SELECTION, START, UNTIL)


def test_the_order_of_arrival_does_not_matter() -> None:
    wanted = lines(RECORDS)
    for order in itertools.islice(itertools.permutations(RECORDS), 1, 720, 97):
        assert lines(list(order)) == wanted
    assert lines([*RECORDS, *RECORDS]) == wanted
    bit_by_bit = Outcomes()
    for one in reversed(RECORDS):
        bit_by_bit.add([one])
    assert np.array_equal(
        bit_by_bit.orders["municipal"].value, Outcomes(RECORDS).orders["municipal"].value, equal_nan=True
    )
    assert bit_by_bit.orders["municipal"].digest == Outcomes(RECORDS).orders["municipal"].digest


def test_only_what_comes_after_an_order_changes_and_only_at_its_lamp_and_cabinet() -> None:
    plain, told = (
        [json.loads(line) for line in lines(records).splitlines() if b"telemetry" in line]
        for records in ([], RECORDS[:2])
    )
    changed = [one for one, other in zip(plain, told, strict=True) if one != other]
    assert changed
    assert all(one["payload"]["ts"] >= NOON for one in changed)
    assert {one["topic"].split("/")[4] for one in changed} <= {"street-lamp-000001", "light-cabinet-000001"}


def test_outcomes_are_told_as_events_and_read_back() -> None:
    told = [one for line in lines(RECORDS).splitlines(keepends=True) if (one := record_of(line)) is not None]
    assert sorted(told, key=repr) == sorted(RECORDS, key=repr)
    read = event_decoder({COMMAND.name: COMMAND})
    assert all(read(json.dumps(json.loads(one.line)["payload"]).encode()) == one.event for one in RECORDS)
    assert lines(RECORDS, form="line").count(b"\npark_command,") == len(RECORDS)


def test_outcomes_are_told_where_no_other_events_are() -> None:
    some = lines(RECORDS, lamps(interval_ms=60_000, events=False)).splitlines(keepends=True)
    assert sum(record_of(line) is not None for line in some) == len(RECORDS)
    assert not any(b'"place"' in line for line in some)


def test_what_a_gateway_keeps_makes_the_same_again(tmp_path: Path) -> None:
    log = Log(tmp_path, 7, "gw-xinwu-0")
    log.append(RECORDS)
    log.close()
    assert lines(records_in(tmp_path)) == lines(RECORDS)
    (tmp_path / "all.ndjson").write_bytes(lines(RECORDS))
    assert lines(records_in(tmp_path / "all.ndjson")) == lines(RECORDS)


def test_any_cut_of_a_window_tells_the_same() -> None:
    readings = readings_of(SELECTION, Outcomes(RECORDS))
    whole = [one for told in readings.events.told(START, UNTIL) if told.type is COMMAND for one in told.ids()]
    cuts = [START, NOON, NOON + 1, NOON + 5 * SECOND, NOON + 7 * SECOND, UNTIL]
    parts = [
        one
        for first, last in itertools.pairwise(cuts)
        for told in readings.events.told(first, last)
        if told.type is COMMAND
        for one in told.ids()
    ]
    assert sorted(parts) == sorted(whole)
    assert len(whole) == len(RECORDS)


def test_a_command_is_an_event_of_the_park() -> None:
    assert COMMAND in PARK_EVENTS
    with pytest.raises(ParkError):
        record(1, 0, 40.0, id="not an id").line  # noqa: B018
