"""What a gateway decides about commands."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.command import REMEMBERED_MS, Refusal, State, broken_edge
from park.topics import ack_topic, reply_topic
from simulator.commands.desk import Decided, Letter
from simulator.commands.memory import ReplyTo
from simulator.commands.record import Record, record_of
from simulator.plan import Shards, make_plan
from tests.simulator.commands.town import (
    NIGHT,
    NOON,
    SECOND,
    Town,
    answer,
    answers,
    lamp,
    lamps,
    letter,
    town,
)
from tests.simulator.conftest import HOUR, MINUTE


def test_a_command_is_accepted_and_succeeds_when_it_is_done() -> None:
    one = town()
    accepted = answer(one.at(NOON, [letter(id_="a", level=40.0, ramp=2.0)]))
    assert (accepted.id, accepted.state, accepted.ts, accepted.due) == ("a", State.ACCEPTED, NOON, NOON + 2 * SECOND)
    assert not one.at(NOON + 1999).replies
    ended = answer(one.at(NOON + 2050))
    assert (ended.state, ended.ts) == (State.SUCCEEDED, NOON + 2 * SECOND)
    assert ended.measured["level"] == 40.0
    assert ended.measured["control_mode"] == "commanded"
    assert one.states("a") == [State.ACCEPTED, State.SUCCEEDED]


def test_an_answer_goes_to_the_ack_and_to_the_actor() -> None:
    replies = town().at(NOON, [letter(id_="a")]).replies
    assert [(one.topic, one.correlation) for one in replies] == [
        (ack_topic(lamp()), None),
        (reply_topic("anna", "xinwu"), b"7"),
    ]
    assert replies[0].payload == replies[1].payload


@pytest.mark.parametrize(
    "topic",
    [
        "park/municipal/xinwu/street_lamp/street-lamp-000001/telemetry",
        "park/municipal/xinwu/street_lamp/street-lamp-000001/event",
        "park/gateways/xinwu/0/state",
        "park/replies/berta/xinwu",
        "park/replies/anna/binhu",
        "park/replies/anna/xinwu/#",
        "$SYS/anything",
    ],
)
def test_no_answer_goes_anywhere_else(topic: str) -> None:
    asked = letter()
    harmful = Letter(
        topic=asked.topic, payload=asked.payload, arrived_ms=NOON, reply_to=ReplyTo(topic=topic, correlation=None)
    )
    one = town()
    assert {reply.topic for reply in one.at(NOON, [harmful, harmful]).replies} == {ack_topic(lamp())}


def test_ten_of_the_same_are_done_once_and_answered_alike() -> None:
    one = town()
    same = [letter(id_="a") for _ in range(10)]
    first = answers(one.at(NOON, same))
    assert len(first) == 10
    assert len(set(map(repr, first))) == 1
    assert one.states("a") == [State.ACCEPTED]
    one.at(NOON + 5 * SECOND)
    again = answer(one.at(NOON + 6 * SECOND, [letter(id_="a", level=90.0, ramp=0.0)]))
    assert (again.state, again.ts) == (State.SUCCEEDED, NOON + 2 * SECOND)
    assert len(one.outcomes.orders["municipal"]) == 1


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (letter(action="explode"), Refusal.UNKNOWN_ACTION),
        (letter(level=140.0, ramp=1.0), Refusal.BAD_ARGUMENT),
        (letter(level=40.0), Refusal.BAD_ARGUMENT),
        (letter(lasts=1000), Refusal.NO_TIME_LEFT),
        (letter(at=NIGHT, level=1.0, ramp=1.0), "below-class"),
    ],
)
def test_what_a_device_cannot_do_is_rejected_and_recorded(asked: Letter, reason: str) -> None:
    one = town()
    told = answer(one.at(asked.arrived_ms, [asked]))
    assert (told.state, told.reason) == (State.REJECTED, reason)
    assert [record.state for record in one.records] == [State.REJECTED]
    assert one.records[0].reason == reason
    assert not one.outcomes.orders
    assert answer(one.at(asked.arrived_ms + SECOND, [asked])) == told
    assert len(one.records) == 1


def test_what_has_no_place_in_time_is_answered_and_not_recorded() -> None:
    one = town(max_ids=2)
    for asked, reason, standpoint in (
        (letter(retained=True), Refusal.RETAINED, {}),
        (letter(lasts=25 * HOUR), Refusal.BAD_TIME, {}),
        (letter(lasts=-1), Refusal.BAD_TIME, {}),
        (letter(at=NOON - MINUTE), Refusal.EXPIRED, {"cursor_ms": NOON}),
        (letter(), Refusal.NOT_LIVE, {"live": False}),
        (letter(), Refusal.NOT_LIVE, {"until_ms": NOON}),
    ):
        told = answer(one.at(NOON, [asked], **standpoint))
        assert (told.state, told.reason) == (State.REJECTED, reason)
    assert not one.records
    full = [letter(lamp(number)) for number in (2, 3)]
    one.at(NOON, full)
    assert answer(one.at(NOON, [letter(id_="third")])).reason == Refusal.BUSY
    assert one.states("third") == []
    # They are remembered until an hour after their expiry, and no longer.
    late = NOON + 30 * SECOND + REMEMBERED_MS
    one.at(late - 1)
    assert answer(one.at(late - 1, [letter(at=late, id_="third")])).reason == Refusal.BUSY
    assert answer(one.at(late, [letter(at=late, id_="third")])).state is State.ACCEPTED


def test_what_was_not_taken_may_be_taken_later() -> None:
    one = town()
    asked = letter(id_="a")
    assert answer(one.at(NOON, [asked], live=False)).reason == Refusal.NOT_LIVE
    assert answer(one.at(NOON + SECOND, [asked])).state is State.ACCEPTED


def test_a_forgotten_id_is_expired_and_not_done_again() -> None:
    one = town()
    asked = letter(id_="a")
    one.at(NOON, [asked])
    one.at(NOON + MINUTE)
    later = NOON + 30 * SECOND + REMEMBERED_MS
    told = answer(one.at(later, [Letter(topic=asked.topic, payload=asked.payload, arrived_ms=later)]))
    assert told.reason == Refusal.EXPIRED
    assert one.states("a") == [State.ACCEPTED, State.SUCCEEDED]


def test_what_never_ended_is_forgotten_too() -> None:
    one = town(max_ids=2)
    one.at(NOON, [letter(lamp(number)) for number in (1, 2)], until_ms=NOON + SECOND)
    assert len(one.desk.unfinished()) == 2
    later = NOON + 30 * SECOND + REMEMBERED_MS
    one.at(later, until_ms=NOON + SECOND)
    assert one.desk.unfinished() == []
    assert answer(one.at(later, [letter(at=later)])).state is State.ACCEPTED


def test_a_later_command_supersedes_an_unfinished_one() -> None:
    one = town()
    one.at(NOON, [letter(id_="a", level=40.0, ramp=9.0)])
    done = one.at(NOON + SECOND, [letter(at=NOON + SECOND, id_="b")])
    assert [(told.id, told.state) for told in answers(done)] == [("a", State.SUPERSEDED), ("b", State.ACCEPTED)]
    assert [record.ts for record in done.records] == [NOON + SECOND, NOON + SECOND + 1]
    one.at(NOON + MINUTE)
    assert one.states("a") == [State.ACCEPTED, State.SUPERSEDED]
    assert one.states("b") == [State.ACCEPTED, State.SUCCEEDED]


def test_a_rejected_command_supersedes_nothing() -> None:
    one = town()
    one.at(NOON, [letter(id_="a", level=40.0, ramp=9.0)])
    one.at(NOON + SECOND, [letter(at=NOON + SECOND, id_="b", level=400.0, ramp=1.0)])
    one.at(NOON + MINUTE)
    assert one.states("a") == [State.ACCEPTED, State.SUCCEEDED]


def test_nothing_takes_effect_before_what_is_made() -> None:
    """Neither when it was asked for, nor before the cursor, nor at the time of another record."""
    one = town()
    asked = [letter(at=NOON - 5 * SECOND, id_=f"c{number}") for number in range(3)]
    done = one.at(NOON, asked, cursor_ms=NOON)
    times = [record.ts for record in done.records]
    assert times[0] == NOON
    assert times == sorted(set(times))
    assert all(record.ts >= NOON for record in done.records)


def test_each_gateway_answers_for_its_own_and_one_for_nobody() -> None:
    mine, other = town(), town("binhu")
    for asked in (letter(lamp(1)), letter(lamp(13, "binhu"))):
        assert bool(mine.at(NOON, [asked]).records) is ("xinwu" in asked.topic)
        assert bool(other.at(NOON, [asked]).records) is ("binhu" in asked.topic)
    for nobody in (lamp(1, "binhu"), lamp(999), lamp(0)):
        told = answer(mine.at(NOON, [letter(nobody, id_="n")]), ack_topic(nobody))
        assert told.reason == Refusal.UNKNOWN_DEVICE
    shards = make_plan(lamps()).gateways(Shards(total=2))
    first, second = (town(shard=number, shards=2) for number in (0, 1))
    assert {(one.site, one.shard) for one in shards} >= {("xinwu", 0), ("xinwu", 1)}
    assert answer(first.at(NOON, [letter(lamp(999))]), ack_topic(lamp(999))).reason == Refusal.UNKNOWN_DEVICE
    assert not second.at(NOON, [letter(lamp(999))]).replies
    # Lamps 25 to 36 stand in xinwu's second cell, and so at its second gateway: the first leaves them alone.
    assert not first.at(NOON, [letter(lamp(25))]).replies
    assert answer(second.at(NOON, [letter(lamp(25))]), ack_topic(lamp(25))).state is State.ACCEPTED


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff", b'{"id": 7}', b'{"id":"a b"}', b"[" * 5000])
def test_what_has_no_id_is_not_answered(payload: bytes) -> None:
    asked = letter()
    done = town().at(NOON, [Letter(topic=asked.topic, payload=payload, arrived_ms=NOON)])
    assert done == Decided()


def test_what_has_an_id_and_no_sense_is_malformed() -> None:
    asked = letter()
    payload = json.dumps({"id": "a", "action": 7}).encode()
    one = town()
    told = answer(one.at(NOON, [Letter(topic=asked.topic, payload=payload, arrived_ms=NOON)]))
    assert (told.reason, one.records) == (Refusal.MALFORMED, [])


def test_an_interlock_sees_what_was_taken_at_the_same_moment() -> None:
    """The readings say so too: of two orders in one group the later one holds."""
    one = town()
    one.at(NIGHT, [letter(at=NIGHT, id_="a", level=90.0, ramp=0.0), letter(at=NIGHT, id_="b", level=70.0, ramp=0.0)])
    ended = [told for told in answers(one.at(NIGHT + SECOND)) if told.id == "b"]
    assert ended[0].measured["level"] == 70.0


steps = st.lists(
    st.tuples(
        st.integers(0, 20_000),  # how long after the step before
        st.lists(
            st.tuples(
                st.integers(1, 3),  # lamp
                st.sampled_from("abcdefg"),  # id
                st.sampled_from(["set_level", "resume", "nothing"]),
                st.integers(-2000, 120_000),  # lasts
                st.floats(0, 110),
                st.integers(-4000, 0),  # came before now
            ),
            max_size=4,
        ),
        st.booleans(),  # a restart
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(steps)
def test_whatever_comes_every_command_has_one_life(script: list[Any]) -> None:
    one, now = town(), NOON
    for after, asked, restarts in script:
        now += after
        letters = [
            letter(lamp(number), action, at=now + came, lasts=lasts, id_=command_id, **_args(action, level))
            for number, command_id, action, lasts, level, came in asked
        ]
        one.at(now, letters)
        if restarts:
            one = town(past=one.records)
    one.at(now + 10 * MINUTE)
    lives: dict[Any, list[Record]] = {}
    for record in one.records:
        lives.setdefault(record.key, []).append(record)
        assert record_of(record.line) == record
    for life in lives.values():
        assert broken_edge(record.state for record in life) is None
        assert life[-1].state.final
        # Nothing is done after its expiry; that it came to nothing may be found out a turn later.
        late = {State.REJECTED, State.EXPIRED}
        assert all(record.ts <= record.expires or record.state in late for record in life)
    by_device: dict[str, list[int]] = {}
    for record in one.records:
        by_device.setdefault(record.where.device, []).append(record.ts)
    assert all(times == sorted(set(times)) for times in by_device.values())


def _args(action: str, level: float) -> dict[str, Any]:
    return {"level": level, "ramp": 2.0} if action == "set_level" else {}


def test_a_restart_remembers_and_ends_what_was_begun(past: Sequence[Record]) -> None:
    """Also what ended while nobody was there, with its own time."""
    again = town(past=past)
    told = answers(again.at(NOON + HOUR, [letter(id_="a", at=NOON + HOUR)]))
    assert [(one.id, one.state, one.ts) for one in told] == [
        ("a", State.SUCCEEDED, NOON + 2 * SECOND),
        ("a", State.SUCCEEDED, NOON + 2 * SECOND),
    ]
    assert again.states("a") == [State.ACCEPTED, State.SUCCEEDED]


@pytest.fixture
def past() -> Sequence[Record]:
    before: Town = town()
    before.at(NOON, [letter(id_="a")])
    return before.records
