"""Nothing that the town tells in a day names, tracks or shows anybody: each topic, reading and event of all sectors."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from park.catalogue import ValueType
from park.model import DAY_MS
from park.town import default_town
from sectors import KINDS, SECTOR_OF, SECTORS
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.sectors.personal import COMMISSIONED, Message, findings, parsed

#: 2026-01-20T04:00 local time: a day of the town.
START = COMMISSIONED + 19 * DAY_MS + DAY_MS // 6
TOWN, DEVICES = default_town(SECTORS), 400
SITES = [site.name for site in TOWN.sites]
#: A mobile's, a landline's, a bank card's, a person's.
PHONE, LINE, CARD, PERSON = 13_812_345_678, 82_701_234, 6_222_021_001_122_334, 320_211_198_001_011_234


@pytest.fixture(scope="module")
def told() -> list[Message]:
    """Every message of a day of the default town, with more devices so that each kind has several."""
    selection = Selection(town=TOWN, seed=42, devices=DEVICES, events=True)
    lines = make_lines(readings_of(selection), FORMATS["ndjson"], START, START + DAY_MS)
    return [parsed(line) for _, some in lines for line in some.splitlines()]


def found(messages: list[Message]) -> list[str]:
    return list(findings(messages, SITES, DEVICES))


def test_a_day_of_the_whole_town_tells_nothing_personal(told: list[Message]) -> None:
    assert {topic.split("/")[3] for topic, _ in told} == KINDS.keys()
    assert {payload["type"] for _, payload in told if "type" in payload} >= {"place"}
    assert found(told)[:5] == []


def test_what_goes_with_a_person_tells_no_place(told: list[Message]) -> None:
    personal = {kind.name for kind in KINDS.values() if kind.personal}
    assert {"wearable_patch", "smart_inhaler", "insured_car"} <= personal
    for topic, payload in told:
        if topic.split("/")[3] in personal:
            assert not {"latitude", "longitude", "heading"} & payload.keys(), topic


def test_texts_are_few_words_of_a_state() -> None:
    channels = [channel for kind in KINDS.values() for channel in kind.channels if channel.type is ValueType.TEXT]
    for channel in channels:
        assert len(channel.texts) <= 20, channel.name
        assert all(len(text) <= 24 for text in channel.texts), channel.name


Spoil = Callable[[str, dict[str, Any]], Message]


def _more(**more: Any) -> Spoil:
    return lambda topic, payload: (topic, payload | more)


def _plus(name: str, number: float) -> Spoil:
    return lambda topic, payload: (topic, payload | {name: payload[name] + number})


def _instead(old: str, new: str) -> Spoil:
    return lambda topic, payload: (topic.replace(old, new), payload)


def _numbered(topic: str, payload: dict[str, Any]) -> Message:
    """A device's own number in a channel that it has anyway, and can hold it."""
    return topic, payload | {"response_time": 12_000 + int(topic.split("/")[4][-6:])}


#: What somebody might plant, in the messages of a kind and a leaf.
PLANTED: dict[str, tuple[str, str, Spoil]] = {
    "a hashed plate": ("zone_camera", "telemetry", _more(plate_hash="9f2c")),
    "a plate as a state": ("zone_camera", "telemetry", _more(level_of_service="su-b-7k351")),
    "a name as a state": ("zone_camera", "telemetry", _more(level_of_service="mrs-li")),
    "a name as an event's phase": ("zone_camera", "event", _more(phase="li-na")),
    "a plate as an event's id": ("zone_camera", "event", _more(id="su-b-7k351")),
    "a phone as an event's id": ("zone_camera", "event", _more(id=str(PHONE))),
    "an event about a person": ("zone_camera", "event", _more(type="li-na")),
    "a name for a device": ("zone_camera", "telemetry", _instead("camera-000001/", "camera-li-na/")),
    "a name for a site": ("zone_camera", "telemetry", _instead("/xinwu/", "/li-na/")),
    "a name for a sector": ("zone_camera", "telemetry", _instead("park/public-safety/", "park/li-na/")),
    "half a phone for a device": ("zone_camera", "telemetry", _instead("camera-000001/", "camera-345678/")),
    "a fine position": ("zone_camera", "telemetry", _more(latitude=31.491234)),
    "a fine position of its place": ("zone_camera", "event", _more(latitude=31.491234)),
    "a position of a person's car": ("insured_car", "telemetry", _more(latitude=31.491)),
    "a place of a person's inhaler": (
        "smart_inhaler",
        "telemetry",
        lambda topic, payload: (
            topic.replace("telemetry", "event"),
            {"ts": payload["ts"], "id": "20", "type": "place", "phase": "state", "latitude": 31.5, "longitude": 120.3},
        ),
    ),
    "a position in another figure": ("wearable_patch", "telemetry", _more(skin_temperature=31.491234)),
    "a phone among counts": ("zone_camera", "telemetry", _more(people_count=PHONE)),
    "a phone as a register": ("line_counter", "telemetry", _more(entered=PHONE)),
    "a phone under a register": ("line_counter", "telemetry", _plus("entered", PHONE)),
    "a landline under a register": ("smart_inhaler", "telemetry", _plus("actuations", LINE)),
    "a landline under a register that never runs": ("call_point", "telemetry", _plus("calls", LINE)),
    "a card under a register": ("cash_machine", "telemetry", _plus("withdrawals", CARD)),
    "a person under a register": ("bed_board", "telemetry", _plus("admissions", PERSON)),
    "a landline under the slots": ("bedside_monitor", "telemetry", _plus("seq", LINE)),
    "a phone as the slot": ("bedside_monitor", "telemetry", _more(seq=PHONE)),
    "a number of its own in a figure": ("payment_terminal", "telemetry", _numbered),
    "a flag that is a number": ("vault_room", "telemetry", _more(door_open=PHONE)),
    "a name that is a number": ("zone_camera", "telemetry", _more(people_count="li-na")),
}


def some(told: list[Message], kind: str, leaf: str) -> list[Message]:
    return [message for message in told if f"/{kind}/" in message[0] and message[0].endswith(leaf)]


@pytest.mark.parametrize(("kind", "leaf", "spoil"), PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_found(told: list[Message], kind: str, leaf: str, spoil: Spoil) -> None:
    clean = some(told, kind, leaf)
    assert found(clean) == []
    assert found([spoil(*message) for message in clean])


@pytest.mark.parametrize("place", [0, 100, -1])
@pytest.mark.parametrize("number", [PHONE, LINE, CARD])
@pytest.mark.parametrize("name", ["entered", "seq"])
def test_what_is_planted_once_in_a_day_is_found(told: list[Message], name: str, number: int, place: int) -> None:
    clean = some(told, "line_counter", "telemetry")
    topic, payload = clean[place]
    clean[place] = topic, payload | {name: number}
    assert found(clean)


def test_what_is_said_twice_is_found(told: list[Message]) -> None:
    topic, payload = told[0]
    line = orjson.dumps({"topic": topic, "payload": payload})
    assert found([parsed(line)]) == []
    first = next(name for name in payload if name not in {"ts", "seq"})
    assert found([parsed(line.replace(b'"payload":{', b'"payload":{"%s":"li-na",' % first.encode()))])


def test_every_sector_is_in_it(told: list[Message]) -> None:
    assert {SECTOR_OF[topic.split("/")[3]].name for topic, _ in told} == SECTORS.keys()
