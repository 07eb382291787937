"""Nothing that the town tells in a day names, tracks or shows anybody: each topic, reading and event of all sectors."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from park.catalogue import Behaviour, ValueType
from park.event import ID, RESERVED
from park.model import DAY_MS
from park.town import default_town
from sectors import EVENTS, KINDS, SECTOR_OF, SECTORS
from simulator.generate import FORMATS, make_lines
from simulator.plan import Selection
from simulator.readings import readings_of

Message = tuple[str, dict[str, Any]]

#: 2026-01-20T04:00 local time: a day of the town.
START = 1_768_852_800_000
SLUG = "[a-z0-9-]+"
TOPIC = re.compile(f"park/{SLUG}/{SLUG}/[a-z0-9_]+/(?P<device>{SLUG})/(telemetry|event)")
#: Words that a channel of a person's would be called by.
PERSONAL = re.compile(
    r"(^|_)(name|surname|person|people_id|patient|record|birth|age|sex|gender|address|phone|mail|plate|licen[cs]e|vin|"
    r"card(?!_reader)|account|iban|face|image|photo|picture|snapshot|url|mac|imei|imsi|track|subject|uuid|hash|embedding|id)(_|$)"
)
#: Kinds that carry their position about: vehicles at work.
VEHICLES = {"bus", "reefer_truck"}
COARSE = 3  # decimals of a degree: 111 m
#: A person's number is long; a device's own figures that never change in a day are short ratings and states.
LONG = 5


@pytest.fixture(scope="module")
def told() -> list[Message]:
    """Every message of a day of the default town, with more devices so that each kind has several."""
    selection = Selection(town=default_town(SECTORS), seed=42, devices=400, events=True)
    lines = make_lines(readings_of(selection), FORMATS["ndjson"], START, START + DAY_MS)
    messages = [orjson.loads(line) for _, some in lines for line in some.splitlines()]
    return [(message["topic"], message["payload"]) for message in messages]


def findings(messages: list[Message]) -> Iterator[str]:
    """Every personal datum, in words."""
    kept: dict[tuple[str, str], dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    for topic, payload in messages:
        yield from _of_message(topic, payload)
        _, _, _, kind, device, leaf = topic.split("/")
        if leaf == "telemetry":
            for name, value in payload.items():
                kept[kind, name][device].add(value)
    for (kind, name), by_device in kept.items():
        yield from _identities(kind, name, by_device)


def _of_message(topic: str, payload: dict[str, Any]) -> Iterator[str]:
    matched = TOPIC.fullmatch(topic)
    kind = topic.split("/")[3]
    if not matched or not re.fullmatch(rf"{KINDS[kind].device_stem}-\d{{6}}", matched["device"]):
        yield f"{topic}: no topic of a device with a number"
    event = EVENTS.types[payload["type"]] if "type" in payload else None
    channels = {one.name: one for one in (event.channels if event else KINDS[kind].channels)}
    for name, value in payload.items():
        where = f"{topic}: {name}"
        if name in {"ts", "seq"} or (event and name in RESERVED):
            if isinstance(value, str) and not re.fullmatch(ID, value):
                yield f"{where}: {value!r} is no id of a happening"
        elif name not in channels or PERSONAL.search(name):
            yield f"{where}: a field of nobody's catalogue, or called after a person's"
        elif isinstance(value, str) and value not in channels[name].texts:
            yield f"{where}: {value!r} is free text"
        elif name in {"latitude", "longitude"} and kind not in VEHICLES and round(value, COARSE) != value:
            yield f"{where}: {value} is finer than 100 m"
        elif event and KINDS[kind].personal and name in {"latitude", "longitude"}:
            yield f"{where}: tells where a person is"


def _identities(kind: str, name: str, by_device: dict[str, set[Any]]) -> Iterator[str]:
    """A long value that a device keeps all day and shares with no other: as good as a name."""
    channel = KINDS[kind].channel.get(name)
    if channel is None or channel.behaviour is Behaviour.REGISTER:
        return  # a count of what the device itself has done
    lone = [next(iter(values)) for values in by_device.values() if len(values) == 1]
    digits = [len(str(value).replace(".", "").lstrip("0-")) for value in lone if not isinstance(value, bool)]
    if len(lone) == len(by_device) > 2 and len(set(lone)) == len(lone) and min(digits, default=0) >= LONG:
        yield f"{kind}.{name}: every device keeps a value of its own all day"


def test_a_day_of_the_whole_town_tells_nothing_personal(told: list[Message]) -> None:
    assert {topic.split("/")[3] for topic, _ in told} == KINDS.keys()
    assert {payload["type"] for _, payload in told if "type" in payload} >= {"place"}
    assert not list(findings(told))[:5]


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


def _more(**more: Any) -> Callable[[str, dict[str, Any]], Message]:
    return lambda topic, payload: (topic, payload | more)


def _numbered(topic: str, payload: dict[str, Any]) -> Message:
    """A device's own number in a channel that it has anyway."""
    device = topic.split("/")[4]
    name = next((name for name in payload if name not in {"ts", "seq"}), "seq")
    return topic, payload | {name: 880_000.5 + int(device[-6:])}


@pytest.mark.parametrize(
    "spoil",
    [
        _more(plate_hash="9f2c"),
        _more(latitude=31.491234),
        _more(level_of_service="mrs-li"),
        _numbered,
        lambda topic, payload: (topic.replace("-000001/", "-li-na/"), payload),
    ],
)
def test_what_would_is_found(told: list[Message], spoil: Callable[[str, dict[str, Any]], Message]) -> None:
    cameras = [message for message in told if "/zone_camera/" in message[0] and message[0].endswith("telemetry")]
    assert not list(findings(cameras))
    assert list(findings([spoil(*message) for message in cameras]))


def test_every_sector_is_in_it(told: list[Message]) -> None:
    assert {SECTOR_OF[topic.split("/")[3]].name for topic, _ in told} == SECTORS.keys()
