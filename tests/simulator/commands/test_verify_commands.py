"""Commands and their effects in a store, held against one another, on every kind of store."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.stores import Store
from park.codecs.json.read import LATEST_MS
from park.command import State
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import stored_records
from simulator.commands.record import Record
from simulator.ledger import Findings
from simulator.observed import readings_of
from simulator.verify import VerifySummary, verify
from tests.simulator.commands.test_outcomes import RECORDS, SELECTION, START, UNTIL, lines, record
from tests.simulator.commands.town import SECOND, lamp
from tests.simulator.test_verify_events import write

ENDS = [
    record(number, at + 2 * SECOND, 40.0, State.SUCCEEDED, id=f"c{number}-{at}")
    for number, at in ((14, 5000), (2, 7000))
]
ALL = [*RECORDS, record(2, 7000 - 1, 70.0, State.SUPERSEDED, id="c2-5000"), *ENDS]
_Told = dict[str, Any]


def told(records: list[Record] = ALL) -> list[_Told]:
    return [json.loads(line) for line in lines(records).splitlines()]


def is_of(state: State, command_id: str) -> Callable[[_Told], bool]:
    return lambda one: (one["payload"].get("state"), one["payload"].get("id")) == (state.value, command_id)


def proof(held: Store, outcomes: Outcomes | None = None) -> tuple[VerifySummary, Findings]:
    known = Outcomes(stored_records(held, SELECTION.town, LATEST_MS)) if outcomes is None else outcomes
    return verify(readings_of(SELECTION, known), held, (START, UNTIL), outcomes=known)


def test_what_a_store_holds_is_what_gateways_wrote(store: Store) -> None:
    write(store, told())
    held = stored_records(store, SELECTION.town, LATEST_MS)
    assert sorted(held, key=repr) == sorted(ALL, key=repr)
    summary, findings = proof(store)
    assert summary.clean, findings
    assert summary.events is not None
    assert summary.events.expected == summary.events.found
    assert proof(store, Outcomes(ALL))[0].clean


def test_without_the_outcome_its_effect_is_altered(store: Store) -> None:
    gone = is_of(State.ACCEPTED, "c1-0")
    write(store, [one for one in told() if not gone(one)])
    summary, findings = proof(store)
    assert summary.altered > 0
    assert summary.events is not None
    assert summary.events.lost == 1
    words = {one.verdict: one.detail for one in findings.examples}
    assert "nothing says that it was accepted" in words["lost"]
    assert words["altered"].startswith("an effect without its outcome")
    # Who has the log knows more: the event is lost, and no reading is altered.
    summary, _ = proof(store, Outcomes(ALL))
    assert summary.altered == 0
    assert summary.events is not None
    assert summary.events.lost == 1


def test_an_outcome_without_its_effect_is_named(store: Store) -> None:
    """As of a device that says yes, and does nothing."""
    events = [one for one in told() if one["topic"].endswith("/event")]
    plain = [one for one in told([]) if one["topic"].endswith("/telemetry")]
    write(store, [*plain, *events])
    summary, findings = proof(store)
    assert summary.altered > 0
    altered = [one for one in findings.examples if one.verdict == "altered"]
    assert altered
    assert all(one.detail.startswith("an outcome without its effect") for one in altered)


def test_what_is_neither_is_said_to_be_neither(store: Store) -> None:
    def harmed(one: _Told) -> _Told:
        payload = one["payload"]
        if lamp(1).device in one["topic"] and "level" in payload and payload["ts"] > START + 1_300_000:
            payload["level"] = 33.3
        return one

    write(store, [harmed(one) for one in told()])
    _, findings = proof(store)
    assert {one.detail.split(":")[0] for one in findings.examples} == {
        "an effect without its outcome, or a changed reading"
    }


@pytest.mark.parametrize(
    ("state", "command_id", "words"),
    [
        (State.SUCCEEDED, "c14-5000", "nothing says how it ended"),
        (State.SUPERSEDED, "c2-5000", "nothing says how it ended"),
    ],
)
def test_a_command_without_its_end_is_lost(store: Store, state: State, command_id: str, words: str) -> None:
    gone = is_of(state, command_id)
    write(store, [one for one in told() if not gone(one)])
    summary, findings = proof(store)
    assert summary.events is not None
    assert (summary.altered, summary.events.lost) == (0, 1)
    assert words in findings.examples[0].detail


def test_what_cannot_follow_is_one_too_many(store: Store) -> None:
    write(store, told([*ALL, record(1, 9 * SECOND, 40.0, State.FAILED, id="c1-0")]))
    summary, findings = proof(store)
    assert summary.events is not None
    assert summary.events.duplicated == 1
    assert "failed after succeeded" in findings.examples[0].detail


def forged(number: int, at_ms: int, *, site: str = "", **changes: Any) -> _Told:
    """What whoever holds a gateway's password may have stored of a lamp."""
    (one,) = told_of([record(number, at_ms, 70.0, id=f"f{number}-{at_ms}")])
    topic = one["topic"].split("/")
    topic[2] = site or topic[2]
    payload = {name: value for name, value in (one["payload"] | changes).items() if value is not None}
    return {"topic": "/".join(topic), "payload": payload}


def told_of(records: list[Record]) -> list[_Told]:
    return [json.loads(one.line) for one in records]


def elsewhere(one: _Told) -> str:
    return next(name for name in ("xinwu", "binhu", "huishan") if name != one["topic"].split("/")[2])


def test_what_strangers_write_of_commands_keeps_nobody_from_the_proof(store: Store) -> None:
    other = elsewhere(forged(1, 0))
    lies = [
        forged(1, 11, state=None),
        forged(1, 12, state="believed"),
        forged(1, 13, issued=None),
        forged(1, 14, value_1=1e300),
        forged(1, 15, value_1=None, value_2=None),
        forged(1, 16, action="explode"),
        forged(1, 17, site=other),
    ]
    invented = forged(1, 18)
    invented["topic"] = invented["topic"].replace(lamp(1).device, "anybody")
    write(store, [*told(), *lies, invented])
    assert sorted(stored_records(store, SELECTION.town, LATEST_MS), key=repr) == sorted(ALL, key=repr)
    summary, _ = proof(store)
    assert summary.events is not None
    assert (summary.lost, summary.altered, summary.events.lost, summary.events.altered) == (0, 0, 0, 0)
    assert summary.events.duplicated == len(lies) + 1
