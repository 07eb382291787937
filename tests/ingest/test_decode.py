"""Topics and payloads to rows and rejections, held against an independent reading of both."""

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.events import Events
from ingest.handler import MessageKind
from ingest.messages import Message, PlainMessage
from ingest.stores.influxdb.line import line_renderer
from park.catalogue import Channel, DeviceKind, ValueType
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from park.event import PARK_EVENTS, EventType, event_catalogue
from park.rejection import Reason, Rejection
from park.topics import EVENT_FILTER
from sectors import KINDS, SECTOR_OF, SECTORS
from tests.ingest.helpers import T0, new_batch, payload, topic
from tests.ingest.line_protocol import parse_line

_VALUES = {
    ValueType.FLOAT: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    ValueType.INT: st.integers(-(2**63) + 1, 2**63 - 1),
    ValueType.BOOL: st.booleans(),
    ValueType.TEXT: st.from_regex(r"\A[A-Za-z0-9._-]{1,32}\Z"),
}


def channels(kind: DeviceKind) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional={channel.name: _VALUES[channel.type] for channel in kind.channels})


@st.composite
def readings(draw: st.DrawFn) -> tuple[DeviceKind, dict[str, object]]:
    kind = draw(st.sampled_from(sorted(KINDS.values(), key=lambda kind: kind.name)))
    ts = draw(st.integers(946_684_800_000, 4_102_444_800_000))
    seq = draw(st.integers(0, 2**63 - 1))
    return kind, {"ts": ts, "seq": seq, **draw(channels(kind))}


def decode_one(topic: str, payload: bytes, content_type: str | None = None) -> object:
    return outcome_of(Decoder(line_renderer), PlainMessage(topic=topic, payload=payload, content_type=content_type))


def outcome_of(decoder: Decoder, message: PlainMessage) -> object:
    """The row of a message, or why it has none; None if it gives neither."""
    outcome = decoder.decode(message, new_batch())
    if isinstance(outcome, Rejection):
        return outcome
    assert len(outcome) <= 1
    return outcome[0] if outcome else None


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])  # a kind's first draw makes its strategies
@given(readings(), st.booleans())
def test_rows_say_what_the_payload_says(reading: tuple[DeviceKind, dict[str, object]], spaced: bool) -> None:
    kind, values = reading
    sector = SECTOR_OF[kind.name].name
    text = json.dumps(values, separators=None if spaced else (",", ":")).encode()
    message = PlainMessage(topic=f"park/{sector}/north/{kind.name}/d-1/telemetry", payload=text)
    batch = new_batch()
    # Twice: the first message of a topic takes another way than those after it.
    Decoder(line_renderer).take([message, message], batch)
    rows = batch.rows
    assert not batch.rejections
    assert [(one.topic, one.payload) for one in map(batch.source, range(2))] == [(message.topic, text)] * 2
    assert rows[0] == rows[1]
    point = parse_line(rows[0])
    assert point.measurement == kind.name
    assert point.tags == (("device", "d-1"), ("sector", sector), ("site", "north"))
    assert point.time == values.pop("ts")
    assert point.fields.keys() == values.keys()
    for name, value in values.items():
        stored = point.fields[name]
        if name != "seq" and kind.channel[name].type is ValueType.FLOAT:
            assert isinstance(stored, float)
            assert math.copysign(1, stored) == math.copysign(1, float(value))  # type: ignore[arg-type]
            assert stored == float(value)  # type: ignore[arg-type]
        else:
            assert type(stored) is type(value)
            assert stored == value


@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_that_arrives_can_break_the_decoder(data: bytes, name: str) -> None:
    decoder = Decoder(line_renderer)
    for where in (topic(), name, "park/gateways/north/0/state", "park/gateways/north/0/stats"):
        batch = new_batch()
        decoder.take([PlainMessage(topic=where, payload=data)], batch)
        assert len(batch.rows) + len(batch.rejections) + batch.states == 1
        assert all(rejection.payload == data and rejection.topic == where for rejection in batch.rejections)


PLACE = "park/agriculture/north/weather_station/s-1/event"


def at(**changes: object) -> bytes:
    told = {"ts": T0, "id": "1", "type": "place", "phase": "state", "latitude": 31.5}
    return json.dumps(told | changes).encode()


def rejected(topic: str, payload: bytes, reason: Reason, part: str, content_type: str | None = None) -> None:
    outcome = decode_one(topic, payload, content_type)
    assert isinstance(outcome, Rejection)
    assert outcome.reason is reason
    assert part in outcome.detail
    assert (outcome.topic, outcome.payload) == (topic, payload)


@pytest.mark.parametrize(
    ("where", "data", "reason", "part"),
    [
        ("park/agriculture/north/soil_probe/telemetry", payload(1), Reason.BAD_TOPIC, "soil_probe"),
        (topic("UPPER"), payload(1), Reason.BAD_TOPIC, "UPPER"),
        (topic("a b,c=d"), payload(1), Reason.BAD_TOPIC, "lower-case"),
        ("park/agriculture/north/toaster/t-1/telemetry", payload(1), Reason.UNKNOWN_KIND, "toaster"),
        ("park/energy/north/soil_probe/s-1/telemetry", payload(1), Reason.UNKNOWN_KIND, "agriculture"),
        (topic(), b"{", Reason.MALFORMED, "soil_probe"),
        (topic(), b"", Reason.MALFORMED, "soil_probe"),
        (topic(), b"\xff\xfe", Reason.MALFORMED, "soil_probe"),
        (topic(), b'{"seq": 1}', Reason.MALFORMED, "ts"),
        (topic(), b'{"ts": %d}' % T0, Reason.MALFORMED, "seq"),
        (topic(), payload(1, soil_moisture="wet"), Reason.WRONG_TYPE, "soil_moisture"),
        (topic(), payload(1, soil_moisture=None), Reason.WRONG_TYPE, "soil_moisture"),
        (topic(), payload(1, soil_moisture=True), Reason.WRONG_TYPE, "soil_moisture"),
        (topic(), payload(-1), Reason.WRONG_TYPE, "seq"),
        (topic(), b'{"ts": %d, "seq": 1, "soil_moisture": 1e999}' % T0, Reason.WRONG_TYPE, "range"),
        (topic(), payload(1, mood=1.0), Reason.UNKNOWN_CHANNEL, "mood"),
        (topic(), payload(1, ts=1_767_225_600), Reason.BAD_TIMESTAMP, "ts"),
        (topic(), payload(1, ts=1_767_225_600_000_000_000), Reason.BAD_TIMESTAMP, "ts"),
        (topic(), b" " * 70_000, Reason.OVERSIZE, "70000"),
        ("park/agriculture/north/soil_probe/s-1/command", b"{}", Reason.BAD_TOPIC, "s-1/command"),
        (PLACE.replace("station", "toaster"), at(), Reason.UNKNOWN_KIND, "toaster"),
        (PLACE.replace("agriculture", "energy"), at(), Reason.UNKNOWN_KIND, "agriculture"),
        (PLACE.replace("s-1", "S-1"), at(), Reason.BAD_TOPIC, "/event"),
        (PLACE, at(type="eclipse"), Reason.UNKNOWN_EVENT, "eclipse"),
        (PLACE, at(type="hail"), Reason.UNKNOWN_EVENT, "'hail'"),
        (PLACE, at(latitude="north"), Reason.WRONG_TYPE, "latitude"),
        (PLACE, at(depth=1), Reason.UNKNOWN_CHANNEL, "depth"),
        (PLACE, b"{", Reason.MALFORMED, "an event"),
        (PLACE, payload(1), Reason.MALFORMED, "type"),
        ("park/gateways/north/x/state", b"{}", Reason.BAD_TOPIC, "gateways"),
        ("park/gateways/north/0/state", b'{"state": "asleep"}', Reason.MALFORMED, "asleep"),
        ("park/gateways/north/0/stats", b'{"ts": %d}' % T0, Reason.MALFORMED, "no figure"),
        ("park/gateways/north/0/stats", b'{"ts": %d, "sent": "x"}' % T0, Reason.WRONG_TYPE, "sent"),
        ("park/gateways/north/0/stats", b'{"ts": %d, "sent": %d}' % (T0, 2**63), Reason.WRONG_TYPE, "sent"),
        ("park/gateways/north/0/stats", b'{"ts": %d, "offered": %d}' % (T0, 2**70), Reason.WRONG_TYPE, "offered"),
        ("park/gateways/north/0/stats", b'{"ts": %d, "acknowledged": %d}' % (T0, -(2**64)), Reason.WRONG_TYPE, "ack"),
        ("$SYS/broker/publish/messages/dropped", b"-1", Reason.MALFORMED, "no number"),
    ],
)
def test_every_rejection_names_its_reason(where: str, data: bytes, reason: Reason, part: str) -> None:
    rejected(where, data, reason, part)


def test_an_unknown_content_type_is_rejected_and_the_known_one_is_not() -> None:
    rejected(topic(), payload(1), Reason.UNKNOWN_CODEC, "text/csv", content_type="text/csv")
    named = decode_one(topic(), payload(1), content_type="application/json")
    assert named == decode_one(topic(), payload(1))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON",
        "application/json;v=1;",
    ],
)
def test_a_content_type_may_have_parameters(content_type: str) -> None:
    """For readings, the first and later ones, and for events; the sequence goes on."""
    decoder = Decoder(line_renderer)
    for seq, named in enumerate([content_type, None, content_type, content_type]):
        assert isinstance(
            outcome_of(decoder, PlainMessage(topic=topic(), payload=payload(seq), content_type=named)), bytes
        )
    assert decoder.tally.missing == decoder.tally.duplicates == 0
    assert isinstance(decode_one(PLACE, at(), content_type), bytes)


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=latin-1", "application/json2; charset=utf-8", ";", "application/json" + " " * 300],
)
def test_a_content_type_that_no_codec_reads_is_rejected(content_type: str) -> None:
    rejected(topic(), payload(1), Reason.UNKNOWN_CODEC, "content type", content_type=content_type)
    rejected(PLACE, at(), Reason.UNKNOWN_CODEC, "content type", content_type=content_type)


def test_a_site_has_its_share_of_the_devices() -> None:
    """One that brings ever new devices, by readings or events, leaves the others theirs."""
    decoder = Decoder(line_renderer, max_devices=6, sites=3)
    flood = [topic(f"d-{number}", site="flood") for number in range(9)]
    taken = [outcome_of(decoder, PlainMessage(topic=name, payload=payload(1))) for name in flood]
    assert [isinstance(one, bytes) for one in taken] == [True] * 2 + [False] * 7
    places = [name.replace("telemetry", "event") for name in flood[4:]]
    told = [outcome_of(decoder, PlainMessage(topic=name, payload=at())) for name in places]
    assert [isinstance(one, bytes) for one in told] == [True] * 2 + [False] * 3
    for site in ("north", "south"):
        for number in range(2):
            name = topic(f"d-{number}", site=site)
            assert isinstance(outcome_of(decoder, PlainMessage(topic=name, payload=payload(1))), bytes)


def test_a_known_device_is_rejected_by_the_same_rules() -> None:
    decoder = Decoder(line_renderer)
    good = PlainMessage(topic=topic(), payload=payload(1))
    bad = [
        PlainMessage(topic=topic(), payload=b"{"),
        PlainMessage(topic=topic(), payload=b" " * 70_000),
        PlainMessage(topic=topic(), payload=payload(2), content_type="text/csv"),
    ]
    batch = new_batch()
    decoder.take([good, *bad, PlainMessage(topic=topic(), payload=payload(2))], batch)
    assert [batch.source(row).payload for row in range(len(batch.rows))] == [payload(1), payload(2)]
    reasons = [Reason.MALFORMED, Reason.OVERSIZE, Reason.UNKNOWN_CODEC]
    assert [rejection.reason for rejection in batch.rejections] == reasons
    assert batch.times.tolist() == [T0 + 1000, T0 + 2000]
    assert (batch.messages, batch.states) == (5, 0)
    assert decoder.tally.gaps == 0


def test_devices_beyond_the_limit_are_rejected_and_cost_no_memory() -> None:
    decoder = Decoder(line_renderer, max_devices=3)
    outcomes = [outcome_of(decoder, PlainMessage(topic=topic(f"d-{i}"), payload=payload(1))) for i in range(10)]
    assert [isinstance(outcome, Rejection) for outcome in outcomes] == [False] * 3 + [True] * 7
    last = outcomes[-1]
    assert isinstance(last, Rejection)
    assert last.reason is Reason.TOO_MANY_DEVICES
    assert "3 devices" in last.detail
    assert len(decoder.sources) == 3
    assert isinstance(outcome_of(decoder, PlainMessage(topic=topic("d-1"), payload=payload(2))), bytes)


def sizes_of(holders: Iterable[object]) -> Iterator[tuple[str, int]]:
    """How much is in each collection that they hold, the catalogue's aside."""
    for holder in holders:
        for name, value in getattr(holder, "__dict__", {}).items():
            if isinstance(value, dict | set) and name not in {"kinds", "codecs"}:
                yield name, len(value)


def test_a_flood_of_bad_messages_costs_no_memory() -> None:
    decoder = Decoder(line_renderer, max_devices=3)
    for i in range(1000):
        outcome_of(decoder, PlainMessage(topic=f"park/x{i}", payload=b""))
        outcome_of(decoder, PlainMessage(topic=topic(f"d-{i}"), payload=b"{"))
        outcome_of(decoder, PlainMessage(topic=topic(f"d-{i}").replace("telemetry", "event"), payload=b"{}"))
        outcome_of(decoder, PlainMessage(topic=topic(), payload=payload(1), content_type=f"x/{i}"))
        outcome_of(decoder, PlainMessage(topic=f"park/gateways/g{i}/0/state", payload=b'{"state": "online"}'))
    sizes = list(sizes_of([decoder, decoder.context, *(handle for _, handle in decoder._handlers)]))
    assert len(sizes) >= 7
    assert all(size <= 3 for _, size in sizes), sizes


def test_gateways_tell_their_state_and_figures() -> None:
    decoder = Decoder(line_renderer)
    for shard, state in enumerate(("online", "offline", "stopped", "online")):
        text = json.dumps({"state": state, "devices": 3}).encode()
        assert outcome_of(decoder, PlainMessage(topic=f"park/gateways/north/{shard}/state", payload=text)) is None
    assert sum(decoder.gateways.values()) == 2
    text = json.dumps({"ts": T0, "sent": 7, "latency_p50": 1}).encode()
    row = outcome_of(decoder, PlainMessage(topic="park/gateways/north/1/stats", payload=text))
    assert isinstance(row, bytes)
    point = parse_line(row)
    assert point.measurement == "park_gateway"
    assert point.tags == (("instance", "gw-north-1"), ("site", "north"))
    assert point.fields == {"sent": 7, "latency_p50": 1.0}
    assert isinstance(point.fields["latency_p50"], float)


def test_an_event_is_a_row_of_its_log() -> None:
    row = decode_one(PLACE, at(longitude=120))
    assert isinstance(row, bytes)
    point = parse_line(row)
    assert point.measurement == "park_device"
    assert point.tags == (("device", "s-1"), ("sector", "agriculture"), ("site", "north"), ("type", "place"))
    assert point.fields == {"id": "1", "phase": "state", "latitude": 31.5, "longitude": 120.0}
    assert point.time == T0


def test_an_event_is_json_and_says_so_or_nothing() -> None:
    assert decode_one(PLACE, at(), "application/json") == decode_one(PLACE, at())
    rejected(PLACE, at(), Reason.UNKNOWN_CODEC, "text/csv", content_type="text/csv")


def test_a_sectors_events_are_told_by_its_own_devices_alone() -> None:
    frost = EventType(name="frost", title="", description="")
    sectors = [dataclasses.replace(SECTORS[name], events=(frost,) * (name == "energy")) for name in SECTORS]
    catalogue = event_catalogue(sectors, PARK_EVENTS)
    handlers = {EVENT_FILTER: MessageKind(open=lambda context: Events(context, catalogue))}
    decoder = Decoder(line_renderer, handlers=handlers)
    told = json.dumps({"ts": T0, "id": "1", "type": "frost", "phase": "state"}).encode()
    outcome = outcome_of(decoder, PlainMessage(topic=PLACE, payload=told))
    assert isinstance(outcome, Rejection)
    assert outcome.reason is Reason.UNKNOWN_EVENT
    assert "energy" in outcome.detail
    assert isinstance(outcome_of(decoder, PlainMessage(topic=PLACE, payload=at())), bytes)


def test_labels_and_events_keep_to_topics_of_their_own() -> None:
    label = {"ts": T0, "id": "stuck-s-1-1", "type": "label", "phase": "begin", "fault": "stuck", "until": T0 + 1}
    row = decode_one(PLACE.replace("event", "label"), json.dumps(label).encode())
    assert isinstance(row, bytes)
    point = parse_line(row)
    assert point.measurement == "park_label"
    assert point.fields == {"id": "stuck-s-1-1", "phase": "begin", "fault": "stuck", "until": T0 + 1}
    rejected(PLACE, json.dumps(label).encode(), Reason.UNKNOWN_EVENT, "told on .../label")
    rejected(PLACE.replace("event", "label"), at(), Reason.UNKNOWN_EVENT, "told on .../event")


def test_events_of_devices_beyond_the_limit_are_rejected_but_for_those_that_have_readings() -> None:
    decoder = Decoder(line_renderer, max_devices=2)
    station = PLACE.replace("event", "telemetry")
    outcome_of(decoder, PlainMessage(topic=station, payload=json.dumps({"ts": T0, "seq": 1}).encode()))
    places = [PLACE, *(PLACE.replace("s-1", f"s-{number}") for number in (2, 3, 4, 2))]
    outcomes = [outcome_of(decoder, PlainMessage(topic=place, payload=at())) for place in places]
    assert [isinstance(outcome, bytes) for outcome in outcomes] == [True, True, True, False, True]
    assert isinstance(outcomes[3], Rejection)
    assert outcomes[3].reason is Reason.TOO_MANY_DEVICES


def test_a_device_may_change_its_codec_and_keeps_its_sequence() -> None:
    json_codec = CODECS[DEFAULT_CONTENT_TYPE]
    reversed_json = dataclasses.replace(
        json_codec, content_type="text/reversed", decoder=lambda kind: lambda data: json_codec.decoder(kind)(data[::-1])
    )
    decoder = Decoder(line_renderer, codecs={**CODECS, "text/reversed": reversed_json})
    batch = new_batch()
    told = [
        PlainMessage(topic=topic(), payload=payload(seq)[::-1], content_type="text/reversed")
        if seq in {2, 3, 5}
        else PlainMessage(topic=topic(), payload=payload(seq))
        for seq in range(1, 7)
    ]
    decoder.take(told, batch)
    assert [parse_line(row).fields["seq"] for row in batch.rows] == [1, 2, 3, 4, 5, 6]
    assert [batch.source(row).payload for row in range(6)] == [message.payload for message in told]
    types = [batch.source(row).content_type or DEFAULT_CONTENT_TYPE for row in range(6)]
    assert types == [message.content_type or DEFAULT_CONTENT_TYPE for message in told]
    assert (decoder.tally.gaps, decoder.tally.duplicates, len(decoder.sources)) == (0, 0, 1)


@given(st.lists(st.integers(0, 3), max_size=20))
def test_a_message_may_give_several_rows(counts: list[int]) -> None:
    def handle(message: Message, _batch: Batch) -> list[bytes]:
        return [b"row of %b" % message.payload] * int(message.topic.rpartition("/")[2])

    decoder = Decoder(line_renderer, handlers={"several/+": MessageKind(open=lambda _context: handle)})
    batch = new_batch()
    decoder.take([PlainMessage(topic=f"several/{n}", payload=b"%d" % i) for i, n in enumerate(counts)], batch)
    assert len(batch.rows) == len(batch.payloads) == len(batch.origins) == sum(counts)
    assert batch.messages == len(counts) == batch.with_rows + batch.states
    assert batch.rows == [b"row of %b" % batch.source(row).payload for row in range(len(batch.rows))]
    by_message: dict[int, int] = {}
    for row in range(len(batch.rows)):
        by_message[batch.message(row)] = by_message.get(batch.message(row), 0) + 1
    assert list(by_message.values()) == [count for count in counts if count]


TYPED = DeviceKind(
    name="typed",
    title="",
    description="",
    channels=(
        Channel(name="whole", unit="1", description="", type=ValueType.INT),
        Channel(name="open", unit="1", description="", type=ValueType.BOOL),
        Channel(name="mode", unit="1", description="", type=ValueType.TEXT, texts=("a",)),
        Channel(name="level", unit="1", description=""),
    ),
)


@given(channels(TYPED), st.integers(0, 2**63 - 1))
def test_every_type_keeps_its_form(values: dict[str, object], seq: int) -> None:
    decoder = Decoder(line_renderer, kinds={"typed": TYPED})
    text = json.dumps({"ts": T0, "seq": seq, **values}).encode()
    row = outcome_of(decoder, PlainMessage(topic="park/x/y/typed/d/telemetry", payload=text))
    assert isinstance(row, bytes)
    fields = parse_line(row).fields
    assert fields.pop("seq") == seq
    assert fields.keys() == values.keys()
    kinds = {"whole": int, "open": bool, "mode": str, "level": float}
    for name, value in fields.items():
        assert type(value) is kinds[name]
        assert value == values[name]
