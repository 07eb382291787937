"""What strangers say to a controller, by the topics that a site may write to, and by readings that cannot be."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from controller.engine import decide
from controller.errors import JournalError
from controller.inbox import Inbox, Letter
from controller.journal import Journal
from controller.state import Handed, Order, Stand, State, Told
from controller.waiting import Waiting
from park.command import MAX_AHEAD_MS
from park.topics import DeviceTopic
from tests.controller.town import DARK, DIM, HOUR, MINUTE, MONDAY, TICK, Control, heard, program

LAMP = "street-lamp-000001"
PROGRAM = program(DIM + DARK)
WATER = """
[[rules]]
name = "night"
kind = "pressure_zone"
act = { action = "set_pressure", args = { pressure_setpoint = 215 } }
release = { action = "set_pressure", args = { pressure_setpoint = { was = "pressure_setpoint" } } }
schedule = [{ from = "00:00", until = "01:00" }]
"""


def handed(**changes: Any) -> Handed:
    said: dict[str, Any] = {
        "id": "1",
        "rule": "dim",
        "group": "resume",
        "tick": MONDAY,
        "where": DeviceTopic(sector="municipal", site="xinwu", kind="street_lamp", device=LAMP),
        "told": Told(action="set_level", args={"level": 60, "ramp": 10}),
        "expires": MONDAY + MINUTE,
    }
    return Handed(order=Order(**said | changes), stand=Stand.HELD, release=Told(action="resume", args={}))


def counted(payload: bytes, topic: str = f"park/control/other/street_lamp/{LAMP}/resume") -> str:
    inbox = Inbox(PROGRAM, "control", Waiting())
    inbox.take(Letter(topic=topic, payload=payload, retained=True), MONDAY)
    assert len(inbox.news(MONDAY).handed) == (set(inbox.counts) == {"handed"})
    return next(iter(inbox.counts))


def test_what_a_controller_says_is_taken() -> None:
    assert counted(msgspec.json.encode(handed())) == "handed"


@pytest.mark.parametrize(
    "topic",
    [
        *(
            f"park/control/huishan/street_lamp/{LAMP}/{leaf}"
            for leaf in ("telemetry", "state", "ack", "event", "label")
        ),
        f"park/control/anna/street_lamp/{LAMP}/command/anna",
        "park/control/other/street_lamp/street-lamp-000002/resume",
        f"park/control/other/street_lamp/{LAMP}/resume/more",
        "park/control/",
        "park/control/other",
    ],
)
def test_what_is_said_elsewhere_than_where_only_a_controller_may_write_is_no_order(topic: str) -> None:
    assert counted(msgspec.json.encode(handed()), topic) == "bad_topic"


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": 10**30},
        {"expires": MONDAY + MAX_AHEAD_MS + 1},
        {"expires": -1},
        {"tick": -(10**30)},
        {"id": "\u001b[2J"},
        {"id": ""},
        {"told": {"action": "set_level", "args": {"level": 1e300, "ramp": 10}}},
    ],
)
def test_what_no_controller_can_have_decided_is_malformed(changes: dict[str, Any]) -> None:
    told = msgspec.to_builtins(handed())
    told["order"] |= changes
    assert counted(json.dumps(told).encode()) == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"stand": "free"},
        {"release": {"action": "explode", "args": {}}},
        {"release": {"action": "set_level", "args": {"level": -5, "ramp": 10}}},
        {"release": {"action": "resume", "args": {"x" * 5000: 1}}},
    ],
)
def test_nor_a_way_back_that_there_is_not(changes: dict[str, Any]) -> None:
    told = msgspec.to_builtins(handed()) | changes
    assert counted(json.dumps(told).encode()) == "malformed"


def at(site: str) -> list[int]:
    """Numbers of cabinets that stand at a site, one of each cell."""
    sites = PROGRAM.sites["municipal"]
    kind = PROGRAM.watched["light_cabinet"].kind
    return [cell * kind.per_cell + 1 for cell in range(4 * len(sites)) if sites[cell % len(sites)] == site]


def reading(number: int, ts: int, lux: float, site: str = "xinwu") -> Letter:
    topic = f"park/municipal/{site}/light_cabinet/light-cabinet-{number:06d}/telemetry"
    return Letter(topic=topic, payload=json.dumps({"ts": ts, "seq": 1, "illuminance": lux}).encode())


def test_values_that_cannot_be_end_no_controller_and_move_no_mean() -> None:
    town = program(DIM + DARK.replace('over = "cell"', 'over = "town"\nof = "mean"'))
    inbox = Inbox(town, "control", Waiting())
    for number in at("xinwu")[:2]:
        inbox.take(reading(number, MONDAY, 1e308), MONDAY)
    assert dict(inbox.counts) == {"readings_without_a_channel": 2}
    news = inbox.news(MONDAY)
    _, orders = decide(town, State(), news, MONDAY)
    assert orders == []


def test_a_value_that_nobody_can_set_is_no_way_back() -> None:
    control = Control(program=program(WATER))
    control.at(MONDAY, [heard("pressure_zone", 1, MONDAY, pressure_setpoint=1e9)])
    assert len(control.orders) == 1
    for tick in range(MONDAY + HOUR, MONDAY + HOUR + 3 * TICK, TICK):
        control.at(tick, [heard("pressure_zone", 1, tick, pressure_setpoint=215.0)])
    assert len(control.orders) == 1


def test_one_site_cannot_use_up_the_devices_of_all() -> None:
    sites = PROGRAM.sites["municipal"]
    inbox = Inbox(PROGRAM, "control", Waiting(), most_devices=2 * len(sites))
    for number in at("xinwu")[:3]:
        inbox.take(reading(number, MONDAY, 1.0), MONDAY)
    assert dict(inbox.counts) == {"readings": 2, "too_many_devices": 1}
    other = next(site for site in sites if site != "xinwu")
    inbox.take(reading(at(other)[0], MONDAY, 1.0, other), MONDAY)
    assert inbox.counts["readings"] == 3


@pytest.mark.parametrize("text", [b'{"tick": "\xff"}', b'{"open":' * 100_000, b'{"tick": 1' + b"0" * 5000 + b"}"])
def test_a_state_of_strange_bytes_is_refused_by_its_name(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "control.json").write_bytes(text)
    with pytest.raises(JournalError, match=r"control\.json: is no state"):
        Journal(tmp_path).load(PROGRAM)


def test_what_was_decided_for_a_time_to_come_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    Journal(tmp_path).save(State(tick=4_102_444_800_000))
    with pytest.raises(JournalError, match="set the clock"):
        Journal(tmp_path).load(PROGRAM)
