"""Events: the catalogue's rules, and payloads that are written and read back."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.catalogue import Channel, Sector, ValueType
from park.codecs.json.event import encode_event, event_decoder
from park.errors import CatalogueError, DecodeError
from park.event import PARK_EVENTS, PLACE, RAIN_SPELL, Event, EventType, Log, Phase, event_catalogue
from park.rejection import Reason
from sectors import EVENTS, KINDS, SECTORS

TS = 1_767_225_600_000
ALARM = EventType(
    name="alarm",
    title="Alarm",
    description="one channel of every type",
    phases=tuple(Phase),
    channels=(
        Channel(name="level", unit="m", description="", decimals=3),
        Channel(name="count", unit="1", description="", type=ValueType.INT),
        Channel(name="armed", unit="1", description="", type=ValueType.BOOL),
        Channel(name="zone", unit="1", description="", type=ValueType.TEXT, texts=("a",)),
    ),
)
TYPES = {**EVENTS.types, "alarm": ALARM}
_VALUES: dict[ValueType, st.SearchStrategy[Any]] = {
    ValueType.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
    ValueType.INT: st.integers(-(2**63) + 1, 2**63 - 1),
    ValueType.BOOL: st.booleans(),
    ValueType.TEXT: st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=32),
}
read = event_decoder(TYPES)


@st.composite
def events(draw: st.DrawFn) -> Event:
    event = draw(st.sampled_from(sorted(TYPES.values(), key=lambda one: one.name)))
    optional = {channel.name: _VALUES[channel.type] for channel in event.channels}
    return Event(
        type=event,
        ts=draw(st.integers(946_684_800_000, 4_102_444_800_000)),
        id=draw(st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=64)),
        phase=draw(st.sampled_from(event.phases)),
        values=draw(st.fixed_dictionaries({}, optional=optional)),
    )


@given(events())
def test_an_event_reads_back_as_what_was_meant(event: Event) -> None:
    payload = encode_event(event)
    assert read(payload) == event
    head = {"ts": event.ts, "id": event.id, "type": event.type.name, "phase": event.phase.value}
    assert json.loads(payload) == {**head, **event.values}


@given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_an_event_or_a_decode_error(payload: bytes) -> None:
    try:
        read(payload)
    except DecodeError:
        return
    json.loads(payload)


@given(events(), st.sampled_from(["ts", "id", "type", "phase"]))
def test_nothing_of_the_head_may_be_absent(event: Event, key: str) -> None:
    told = json.loads(encode_event(event))
    del told[key]
    with pytest.raises(DecodeError) as caught:
        read(json.dumps(told).encode())
    assert caught.value.reason is Reason.MALFORMED
    assert key in str(caught.value)


def bent(**changes: object) -> bytes:
    told = {"ts": TS, "id": "7", "type": "alarm", "phase": "begin", "level": 0.5}
    return json.dumps(told | changes).encode()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"\xff\xfe", Reason.MALFORMED),
        (b"[]", Reason.WRONG_TYPE),
        (bent(type="eclipse"), Reason.UNKNOWN_EVENT),
        (bent(type=7), Reason.WRONG_TYPE),
        (bent(type="place"), Reason.WRONG_TYPE),
        (bent(type="place", phase="state"), Reason.UNKNOWN_CHANNEL),
        (bent(phase="middle"), Reason.WRONG_TYPE),
        (bent(id=""), Reason.WRONG_TYPE),
        (bent(id="x" * 65), Reason.WRONG_TYPE),
        (bent(id="7\n"), Reason.WRONG_TYPE),
        (bent(id='7"'), Reason.WRONG_TYPE),
        (bent(ts=TS // 1000), Reason.BAD_TIMESTAMP),
        (bent(depth=1.0), Reason.UNKNOWN_CHANNEL),
        (bent(seq=1), Reason.UNKNOWN_CHANNEL),
        (bent(level=None), Reason.WRONG_TYPE),
        (bent(count=1.5), Reason.WRONG_TYPE),
        (bent(zone="a\n"), Reason.WRONG_TYPE),
    ],
)
def test_what_is_no_event_is_rejected_with_its_reason(payload: bytes, reason: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        read(payload)
    assert caught.value.reason is reason


@pytest.mark.parametrize("changes", [{"id": "a b"}, {"phase": Phase.BEGIN}, {"values": {"depth": 1.0}}])
def test_an_event_that_its_type_does_not_know_is_not_made(changes: dict[str, Any]) -> None:
    told: dict[str, Any] = {"type": PLACE, "ts": TS, "id": "1", "phase": Phase.STATE, **changes}
    with pytest.raises(CatalogueError, match="'place'"):
        Event(**told)


def sector(name: str, *types: EventType) -> Sector:
    return Sector(name=name, title="", description="", cell="", kinds=(KINDS["soil_probe"],), events=types)


def test_every_type_is_known_and_has_a_log() -> None:
    declared = [*PARK_EVENTS, *(event for one in SECTORS.values() for event in one.events)]
    assert list(EVENTS.types.values()) == declared
    for event in declared:
        stored = EVENTS.logs[event.log.value]
        assert {channel.name for channel in event.channels} | {"id", "phase"} <= {c.name for c in stored.channels}
        assert stored.tags == ("device", "sector", "site", "type")
    assert not EVENTS.logs.keys() & KINDS.keys()


def test_a_sectors_types_are_added_and_are_its_own() -> None:
    found = event_catalogue([sector("one", ALARM)], PARK_EVENTS)
    assert found.sectors == {"alarm": "one"}
    names = [channel.name for channel in found.logs[Log.WORLD.value].channels]
    assert names == ["id", "phase", "precipitation", "duration", "pm25", "until", "level", "count", "armed", "zone"]


def test_two_types_of_one_name_are_refused_and_named() -> None:
    with pytest.raises(CatalogueError, match="'alarm' of two is one of one"):
        event_catalogue([sector("one", ALARM), sector("two", ALARM)], PARK_EVENTS)
    with pytest.raises(CatalogueError, match="'place' of one is one of the park"):
        event_catalogue([sector("one", PLACE)], PARK_EVENTS)


def test_one_channel_has_one_meaning_in_a_log() -> None:
    other = EventType(
        name="flood", title="", description="", channels=(Channel(name="level", unit="cm", description=""),)
    )
    with pytest.raises(CatalogueError, match=r"park_event: channel 'level' of 'flood'.*'alarm'"):
        event_catalogue([sector("one", ALARM, other)], PARK_EVENTS)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Rain"},
        {"phases": ()},
        {"phases": (Phase.STATE, Phase.STATE)},
        {"channels": (Channel(name="phase", unit="1", description=""),)},
        {"channels": RAIN_SPELL.channels * 2},
    ],
)
def test_a_type_out_of_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError):
        EventType(**({"name": "rain", "title": "", "description": ""} | changes))
