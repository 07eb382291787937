"""What commands must keep to, and mutants of the device side that each bar catches."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from park.command import State
from simulator.commands.outcomes import Outcomes
from simulator.commands.record import Record
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from tests.simulator.commands.mutants import (
    ack_without_effect,
    does_what_is_retained,
    effect_at_request_time,
    forgets_at_a_restart,
    never_expires,
    no_interlocks,
    order_dependent_merge,
)
from tests.simulator.commands.town import NIGHT, NOON, SECOND, Town, answer, lamp, lamps, letter, town

UNTIL = NOON + 120 * SECOND
_Told = dict[str, Any]


def readings(records: Iterable[Record], device: str = lamp().device) -> list[_Told]:
    """What the first lamp measures in two minutes after noon, and ten seconds before."""
    made = readings_of(lamps(), Outcomes(records))
    lines = b"".join(some for _, some in make_lines(made, FORMATS["ndjson"], NOON - 10 * SECOND, UNTIL)).splitlines()
    told = [json.loads(line) for line in lines if b"telemetry" in line and device.encode() in line]
    return [one["payload"] for one in told]


def published(one: Town) -> list[_Told]:
    """What the town itself makes of its first lamp, with the orders that its models were given."""
    made = make_lines(one.readings, FORMATS["ndjson"], NOON - 10 * SECOND, UNTIL)
    lines = b"".join(some for _, some in made).splitlines()
    told = [json.loads(line) for line in lines if b"telemetry" in line and lamp().device.encode() in line]
    return [one["payload"] for one in told]


def success_shows() -> None:
    """C6: what is said to be done, the readings from then on show."""
    one = town()
    one.at(NOON, [letter(level=40.0, ramp=2.0)])
    ended = answer(one.at(NOON + 3 * SECOND))
    assert ended.state is State.SUCCEEDED
    after = [told["level"] for told in published(one) if told["ts"] >= ended.ts]
    assert after
    assert all(abs(level - 40.0) < 0.5 for level in after)
    assert published(one) == readings(one.records)


def the_past_stays() -> None:
    """C2: nothing before the cursor changes, whenever the command was issued."""
    one = town()
    before = published(one)
    one.at(NOON + 50 * SECOND, [letter(at=NOON + 5 * SECOND, lasts=60 * SECOND)], cursor_ms=NOON + 49 * SECOND)
    made = [told for told in published(one) if told["ts"] < NOON + 49 * SECOND]
    assert made == [told for told in before if told["ts"] < NOON + 49 * SECOND]
    assert published(one) != before


def one_is_done_once() -> None:
    """C3: the same id is done once, also if the broker says it again after a restart, retained or not."""
    one = town()
    asked = letter(id_="a", lasts=300 * SECOND)
    one.at(NOON, [asked] * 10)
    one.at(NOON + 5 * SECOND, [letter(at=NOON + 5 * SECOND, id_="b", level=90.0, ramp=0.0)])
    again = town(past=one.records)
    for retained in (False, True):
        again.at(NOON + 10 * SECOND, [replace(asked, arrived_ms=NOON + 10 * SECOND, retained=retained)])
    assert again.states("a") == one.states("a")
    assert len(again.outcomes.orders["municipal"]) == 2


def nothing_retained_is_done() -> None:
    """C4: a command that the broker keeps is never done, at no connection."""
    one = town()
    for after in (0, 10, 20):
        one.at(NOON + after * SECOND, [letter(at=NOON + after * SECOND, id_=f"r{after}", retained=True)])
    assert not one.records


def nothing_is_done_after_its_expiry() -> None:
    """C4."""
    one = town()
    for came, place in ((31, 0), (0, 31), (29, 0)):
        one.at(
            NOON + came * SECOND, [replace(letter(), arrived_ms=NOON + came * SECOND)], cursor_ms=NOON + place * SECOND
        )
    assert not [record for record in one.records if record.state is State.ACCEPTED]


def arrival_does_not_matter() -> None:
    """C1: the same log makes the same bytes, in whatever order it comes."""
    one = town()
    for after, level in ((0, 80.0), (1, 20.0), (2, 60.0)):
        one.at(NOON + after * SECOND, [letter(at=NOON + after * SECOND, level=level, ramp=0.0)])
    records = [record for record in one.records if record.state is State.ACCEPTED]
    wanted = readings(records)
    assert readings(reversed(records)) == wanted
    assert wanted[-1]["level"] == 60.0


def interlocks_reject() -> None:
    """C5: every one, with a reason."""
    one = town()
    for number in range(1, 13):
        told = answer(one.at(NIGHT, [letter(lamp(number), at=NIGHT, level=1.0, ramp=0.0)]), f"{_topic(number)}/ack")
        assert (told.state, told.reason) == (State.REJECTED, "below-class")


def _topic(number: int) -> str:
    return f"park/municipal/xinwu/street_lamp/{lamp(number).device}"


BARS = [
    success_shows,
    the_past_stays,
    one_is_done_once,
    nothing_retained_is_done,
    nothing_is_done_after_its_expiry,
    arrival_does_not_matter,
    interlocks_reject,
]


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.__name__)
def test_the_device_side_holds_the_bar(bar: Callable[[], None]) -> None:
    bar()


MUTANTS: dict[Callable[[pytest.MonkeyPatch], None], Callable[[], None]] = {
    ack_without_effect: success_shows,
    effect_at_request_time: the_past_stays,
    forgets_at_a_restart: one_is_done_once,
    does_what_is_retained: nothing_retained_is_done,
    never_expires: nothing_is_done_after_its_expiry,
    order_dependent_merge: arrival_does_not_matter,
    no_interlocks: interlocks_reject,
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_is_caught(mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        MUTANTS[mutant]()
