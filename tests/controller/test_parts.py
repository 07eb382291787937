"""Repeats, the journal and the inbox, each by itself."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from controller.errors import JournalError
from controller.inbox import AHEAD_MS, Inbox, Letter
from controller.journal import Journal
from controller.state import UNANSWERED, Ended, Order, Stand, State, Told, order_id
from controller.waiting import GRACE_MS, MOST_MS, REPEAT_MS, Waiting
from park.command import Answer
from park.command import State as CommandState
from park.topics import DeviceTopic
from tests.controller.town import DARK, DIM, MINUTE, MONDAY, TICK, Control, cabinet, lamp, program, said

LAMP = "street-lamp-000001"
PROGRAM = program(DIM + DARK)


def order(tick: int = MONDAY, lasts: int = MINUTE) -> Order:
    return Order(
        id=order_id("dim", LAMP, tick),
        rule="dim",
        group="resume",
        tick=tick,
        where=DeviceTopic(sector="municipal", site="xinwu", kind="street_lamp", device=LAMP),
        told=Told(action="set_level", args={"level": 60, "ramp": 10}),
        expires=tick + lasts,
    )


def answer(one: Order, state: str, **more: Any) -> Answer:
    return Answer(id=one.id, state=CommandState(state), ts=one.tick + 100, **more)


def sent(waiting: Waiting, first: int, last: int) -> list[int]:
    """When something is sent, in a time."""
    return [now - first for now in range(first, last, 100) if waiting.due(now)]


def test_an_order_is_repeated_ever_more_rarely_and_given_up_after_its_expiry() -> None:
    one = order()
    waiting = Waiting([one])
    times = sent(waiting, MONDAY, MONDAY + 2 * MINUTE)
    assert times[:4] == [0, REPEAT_MS, 3 * REPEAT_MS, 7 * REPEAT_MS]
    assert all(after - before <= MOST_MS for before, after in pairwise(times))
    assert times[-1] < MINUTE + GRACE_MS
    assert waiting.given_up(one.expires + GRACE_MS - 1) == []
    assert waiting.given_up(one.expires + GRACE_MS) == [Ended(id=one.id, state=UNANSWERED)]
    assert len(waiting) == 0


def test_what_is_accepted_is_asked_after_when_it_should_be_done() -> None:
    one = order()
    waiting = Waiting([one])
    waiting.due(MONDAY)
    assert waiting.answered(answer(one, "accepted", due=MONDAY + 30_000), "xinwu", MONDAY + 100) is None
    assert sent(waiting, MONDAY, MONDAY + 40_000)[0] == 30_000 + REPEAT_MS
    assert waiting.answered(answer(one, "succeeded"), "xinwu", MONDAY + 41_000) == Ended(id=one.id, state="succeeded")
    assert sent(waiting, MONDAY, MONDAY + 2 * MINUTE) == []


def test_what_passes_is_repeated_and_what_another_site_says_counts_for_nothing() -> None:
    one = order()
    waiting = Waiting([one])
    waiting.due(MONDAY)
    assert waiting.answered(answer(one, "rejected", reason="not-live"), "xinwu", MONDAY) is None
    assert waiting.answered(answer(one, "succeeded"), "binhu", MONDAY) is None
    assert len(waiting) == 1
    assert waiting.answered(answer(one, "rejected", reason="rain"), "xinwu", MONDAY) == Ended(
        id=one.id, state="rejected"
    )


def test_an_order_of_before_a_crash_is_asked_after_even_when_it_has_expired() -> None:
    one = order()
    waiting = Waiting([one])
    later = MONDAY + 60 * MINUTE
    assert waiting.given_up(later) == []
    assert sent(waiting, later, later + 2 * GRACE_MS)[0] == 0
    assert waiting.given_up(later + GRACE_MS) == [Ended(id=one.id, state=UNANSWERED)]


def test_an_order_that_has_ended_is_not_begun_anew_by_who_has_not_heard_of_it() -> None:
    one = order()
    waiting = Waiting([one])
    waiting.due(MONDAY)
    waiting.answered(answer(one, "succeeded"), "xinwu", MONDAY)
    waiting.keep([one])
    assert len(waiting) == 0
    waiting.keep([])
    waiting.keep([one])
    assert len(waiting) == 1


def test_after_a_crash_all_stands_as_it_did(tmp_path: Path) -> None:
    control = Control(program=PROGRAM, obeys=False)
    (first,) = control.at(MONDAY, [lamp(1, MONDAY), cabinet(MONDAY, 5)])
    Journal(tmp_path / "state").save(control.state)
    again = Control(program=PROGRAM, state=Journal(tmp_path / "state").load(PROGRAM))
    assert list(again.state.open.values()) == [first]
    assert again.at(MONDAY + TICK, [lamp(1, MONDAY), cabinet(MONDAY, 5)]) == []
    assert said(again.at(MONDAY + 2 * TICK, [cabinet(MONDAY + 2 * TICK, 50)])) == [(LAMP, "resume", MONDAY + 2 * TICK)]


def test_rules_that_have_changed_find_their_devices(tmp_path: Path) -> None:
    control = Control(program=PROGRAM)
    control.at(MONDAY, [lamp(1, MONDAY), cabinet(MONDAY, 5)])
    Journal(tmp_path).save(control.state)
    # Without `release` the group is named otherwise; another kind's rules leave lamps as they are.
    alone = program(DIM.replace('release = { action = "resume" }\n', "") + DARK)
    assert Journal(tmp_path).load(alone).claims[LAMP]["set_level"].stand is Stand.HELD
    close = '[[rules]]\nname = "x"\nkind = "green_valve"\nact = { action = "close" }\n'
    daily = 'schedule = [{ from = "00:00", until = "24:00" }]\n'
    assert Journal(tmp_path).load(program(close + daily)).claims == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tick": "x"}', '{"open": {"a": 1}}'])
def test_a_state_that_is_none_is_refused_by_its_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "control.json").write_text(text, encoding="utf-8")
    with pytest.raises(JournalError, match=r"control\.json: is no state"):
        Journal(tmp_path).load(PROGRAM)


def test_a_folder_is_one_controllers_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with Journal(folder).held():
        with pytest.raises(JournalError, match=r"new: another controller uses it"), Journal(folder).held():
            pass
        with Journal(tmp_path).held(), Journal(None).held():
            pass
    with Journal(folder).held():
        Journal(folder).save(State(tick=5))
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="file: "), Journal(tmp_path / "file").held():
        pass


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    Journal(None).save(State(tick=5))
    assert Journal(None).load(PROGRAM) == State()
    assert Journal(tmp_path / "new").load(PROGRAM) == State()


def reading(ts: int, number: int = 1, **values: Any) -> Letter:
    topic = f"park/municipal/xinwu/light_cabinet/light-cabinet-{number:06d}/telemetry"
    return Letter(topic=topic, payload=json.dumps({"ts": ts, "seq": 1, **values}).encode())


def test_readings_wait_for_their_tick() -> None:
    inbox = Inbox(PROGRAM, "control", Waiting())
    for ts, lux in ((MONDAY - 10, 7.0), (MONDAY + 10, 9.0)):
        inbox.take(reading(ts, illuminance=lux), MONDAY)
    assert [dict(one.values) for one in inbox.news(MONDAY).heard] == [{"illuminance": 7.0}]
    assert [dict(one.values) for one in inbox.news(MONDAY + TICK).heard] == [{"illuminance": 9.0}]
    assert inbox.news(MONDAY + 2 * TICK).heard == ()


@pytest.mark.parametrize(
    ("letter", "counted"),
    [
        (reading(MONDAY, illuminance=1.0), "readings"),
        (reading(MONDAY), "readings_without_a_channel"),
        (reading(MONDAY + AHEAD_MS + 1, illuminance=1.0), "ahead"),
        (reading(MONDAY - 30 * MINUTE, illuminance=1.0), "stale"),
        (reading(MONDAY, number=2, illuminance=1.0), "unknown_device"),
        (reading(MONDAY, illuminance="x"), "malformed"),
        (Letter(topic="park/municipal/xinwu/light_cabinet/light-cabinet-1/telemetry", payload=b"{}"), "malformed"),
        (Letter(topic="park/energy/xinwu/light_cabinet/light-cabinet-000001/telemetry", payload=b"{}"), "bad_topic"),
        (Letter(topic="park/municipal/xinwu/waste_bin/waste-bin-000001/telemetry", payload=b"{}"), "bad_topic"),
        (Letter(topic="nothing", payload=b"{}"), "bad_topic"),
        (Letter(topic=reading(0).topic, payload=b"{}", content_type="text/x"), "unknown_content_type"),
        (Letter(topic="park/replies/control/xinwu", payload=b"{}"), "malformed"),
        (Letter(topic="park/replies/control/xinwu", payload=b'{"id":"a","state":"failed","ts":1}'), "answers"),
        (Letter(topic="park/control/x/street_lamp/y/z", payload=b"{}"), "malformed"),
    ],
)
def test_every_letter_is_counted_as_what_it_is(letter: Letter, counted: str) -> None:
    inbox = Inbox(PROGRAM, "control", Waiting())
    inbox.take(letter, MONDAY)
    assert dict(inbox.counts) == {counted: 1}
    assert len(inbox.news(MONDAY).heard) == counted.startswith("readings")


def test_only_what_the_rules_need_is_listened_to() -> None:
    assert set(Inbox(PROGRAM, "anna", Waiting()).filters) == {
        "park/municipal/+/light_cabinet/+/telemetry",
        "park/municipal/+/street_lamp/+/telemetry",
        "park/replies/anna/+",
        "park/control/#",
    }
