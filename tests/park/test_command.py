"""Commands: payloads, states and their edges, and what a device's catalogue lets pass."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.catalogue import Action, Channel, DeviceKind, ValueType
from park.command import (
    MAX_AHEAD_MS,
    MAX_REQUEST,
    Answer,
    Refusal,
    Request,
    State,
    action_of,
    broken_edge,
    check_times,
    encode_answer,
    encode_request,
    id_of,
    may_follow,
    read_answer,
    read_request,
    values_of,
)
from park.errors import CommandRefused, TopicError
from park.topics import DeviceTopic, ack_topic, command_topic, is_reply, parse_command, reply_topic

LEVEL = Channel(name="level", unit="%", description="", low=5, high=100, decimals=1)
STEPS = Channel(name="steps", unit="1", description="", low=0, high=9, type=ValueType.INT)
FAST = Channel(name="fast", unit="1", description="", type=ValueType.BOOL)
MODE = Channel(name="mode", unit="1", description="", type=ValueType.TEXT, texts=("auto", "off"))
SET = Action(name="set_level", description="", parameters=(LEVEL, STEPS, FAST, MODE))
LAMP = DeviceKind(name="lamp", title="", description="", channels=(LEVEL,), actions=(SET,), carries_all=True)
NOW = 1_767_225_600_000
GOOD: dict[str, Any] = {"level": 40, "steps": 3, "fast": True, "mode": "off"}

ids = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
moments = st.integers(0, 2**53)
values = (
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60) | st.booleans() | st.text("ab.")
)
requests = st.builds(
    Request,
    id=ids,
    action=st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True),
    issued=moments,
    expires=moments,
    args=st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), values, max_size=4),
)
answers = st.builds(
    Answer,
    id=ids,
    state=st.sampled_from(State),
    ts=moments,
    expires=st.none() | moments,
    due=st.none() | moments,
    reason=st.sampled_from(["", *Refusal]),
    detail=st.text(max_size=20),
    measured=st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), values, max_size=3),
)


def refusal_of(work: Callable[[], object]) -> str | None:
    """Why it is refused; None if it is not."""
    try:
        work()
    except CommandRefused as refused:
        return refused.reason
    return None


@given(requests)
def test_a_request_reads_back_as_what_was_meant(request: Request) -> None:
    payload = encode_request(request)
    assert read_request(payload, "anna") == request
    assert id_of(payload) == request.id


@given(answers)
def test_an_answer_reads_back_as_what_was_meant(answer: Answer) -> None:
    assert read_answer(encode_answer(answer)) == answer


@given(st.binary(max_size=300) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_a_request_or_refused(payload: bytes) -> None:
    read_answer(payload)
    reason = refusal_of(lambda: read_request(payload, "anna"))
    assert reason == Refusal.MALFORMED or (reason is None and read_request(payload, "anna").id == id_of(payload))


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 65},
        {"action": "Set"},
        {"issued": "now"},
        {"expires": -1},
        {"expires": 1.5},
        {"args": {"level": None}},
        {"args": {"level": [1]}},
        {"more": 1},
        {"actor": "berta"},
        {"args": {"text": "x" * MAX_REQUEST}},
    ],
)
def test_a_request_out_of_form_is_refused(change: dict[str, Any]) -> None:
    told = {"id": "7", "action": "set_level", "issued": NOW, "expires": NOW + 1, "args": {}, "actor": "anna"}
    assert read_request(json.dumps(told).encode(), "anna").id == "7"
    with pytest.raises(CommandRefused) as caught:
        read_request(json.dumps(told | change).encode(), "anna")
    assert caught.value.reason == Refusal.MALFORMED


@given(st.lists(st.sampled_from(State), max_size=4))
def test_a_command_has_one_end_and_nothing_after_it(states: list[State]) -> None:
    legal = (
        not states
        or states in ([State.ACCEPTED], [State.REJECTED])
        or (len(states) == 2 and states[0] is State.ACCEPTED and states[1] not in {State.ACCEPTED, State.REJECTED})
    )
    assert (broken_edge(states) is None) is legal
    for before in State:
        if before.final:
            assert not any(may_follow(before, after) for after in State)


@given(
    level=st.floats(-1e300, 1e300),
    steps=st.integers(-(2**70), 2**70),
    fast=st.booleans(),
    mode=st.sampled_from(["auto", "off"]),
)
def test_arguments_pass_within_their_ranges_and_at_their_resolution(
    level: float, steps: int, fast: bool, mode: str
) -> None:
    args: dict[str, Any] = {"level": level, "steps": steps, "fast": fast, "mode": mode}
    if not (LEVEL.low <= level <= LEVEL.high and STEPS.low <= steps <= STEPS.high):
        with pytest.raises(CommandRefused):
            values_of(SET, args)
        return
    told = values_of(SET, args)
    assert abs(told[0] - level) <= 0.05 + 1e-9
    assert told[0] == round(told[0] * 10) / 10
    assert told[1:] == (steps, fast, MODE.texts.index(mode))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"level": 4.99}, "level"),
        ({"level": 100.01}, "level"),
        ({"level": True}, "level"),
        ({"level": "40"}, "level"),
        ({"level": 10**400}, "level"),
        ({"steps": 3.0}, "steps"),
        ({"fast": 1}, "fast"),
        ({"mode": "on"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"other": 1}, "other"),
    ],
)
def test_a_wrong_argument_is_named(change: dict[str, Any], named: str) -> None:
    values_of(SET, GOOD)
    with pytest.raises(CommandRefused, match=named) as caught:
        values_of(SET, GOOD | change)
    assert caught.value.reason == Refusal.BAD_ARGUMENT


@pytest.mark.parametrize("name", GOOD)
def test_no_argument_may_be_absent(name: str) -> None:
    with pytest.raises(CommandRefused, match=name):
        values_of(SET, {key: value for key, value in GOOD.items() if key != name})


def test_an_action_is_the_kinds() -> None:
    assert action_of(LAMP, "set_level") is SET
    with pytest.raises(CommandRefused, match="set_level") as caught:
        action_of(LAMP, "explode")
    assert caught.value.reason == Refusal.UNKNOWN_ACTION


@given(issued=st.integers(-(10**9), 10**9), ahead=st.integers(-(10**9), 10**9))
def test_times_are_held_against_the_towns(issued: int, ahead: int) -> None:
    request = Request(id="7", action="set_level", issued=NOW + issued, expires=NOW + ahead)
    wanted = Refusal.BAD_TIME if ahead <= issued or ahead > MAX_AHEAD_MS else Refusal.EXPIRED if ahead <= 0 else None
    assert refusal_of(lambda: check_times(request, NOW)) == wanted


def test_what_passes_is_worth_repeating() -> None:
    def rejected(reason: str) -> Answer:
        return Answer(id="7", state=State.REJECTED, ts=NOW, reason=reason)

    assert {one for one in Refusal if not rejected(one).settles} == {Refusal.NOT_LIVE, Refusal.BUSY}
    assert rejected("manual-switch").settles
    assert not Answer(id="7", state=State.ACCEPTED, ts=NOW).settles


WHERE = DeviceTopic(sector="energy", site="xinwu", kind="ev_charger", device="ev-charger-000001")


def test_a_commands_topic_names_device_and_actor() -> None:
    topic = command_topic(WHERE, "anna")
    assert topic == "park/energy/xinwu/ev_charger/ev-charger-000001/command/anna"
    assert parse_command(topic) == (WHERE, "anna")
    assert ack_topic(WHERE) == "park/energy/xinwu/ev_charger/ev-charger-000001/ack"
    for wrong in (
        topic + "/x",
        topic[:-4],
        topic.replace("anna", "An"),
        topic.replace("anna", "a" * 33),
        ack_topic(WHERE),
    ):
        with pytest.raises(TopicError):
            parse_command(wrong)


@pytest.mark.parametrize(
    ("topic", "fits"),
    [
        (reply_topic("anna", "xinwu"), True),
        (reply_topic("anna", "xinwu") + "/7", True),
        (reply_topic("anna", "xinwu") + "7", False),
        (reply_topic("berta", "xinwu"), False),
        (reply_topic("anna", "binhu"), False),
        ("park/energy/xinwu/ev_charger/ev-charger-000001/telemetry", False),
        ("park/replies/anna", False),
        (reply_topic("anna", "xinwu") + "/#", False),
        (reply_topic("anna", "xinwu") + "/\0", False),
        (reply_topic("anna", "xinwu") + "/" + "x" * 256, False),
    ],
)
def test_answers_go_to_the_actors_own_topics_alone(topic: str, fits: bool) -> None:
    assert is_reply(topic, "anna", "xinwu") is fits
