"""Topics and payloads to rows and rejections, held against an independent reading of both."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores.influxdb.line import line_renderer
from park.catalogue import Channel, DeviceKind, ValueType
from park.rejection import Reason, Rejection
from sectors import KINDS, SECTOR_OF
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
    return Decoder(line_renderer).decode(PlainMessage(topic=topic, payload=payload, content_type=content_type))


@settings(max_examples=300)
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
        ("park/gateways/north/x/state", b"{}", Reason.BAD_TOPIC, "gateways"),
        ("park/gateways/north/0/state", b'{"state": "asleep"}', Reason.MALFORMED, "asleep"),
        ("park/gateways/north/0/stats", b'{"ts": %d}' % T0, Reason.MALFORMED, "no figure"),
        ("park/gateways/north/0/stats", b'{"ts": %d, "sent": "x"}' % T0, Reason.MALFORMED, "sent"),
    ],
)
def test_every_rejection_names_its_reason(where: str, data: bytes, reason: Reason, part: str) -> None:
    rejected(where, data, reason, part)


def test_an_unknown_content_type_is_rejected_and_the_known_one_is_not() -> None:
    rejected(topic(), payload(1), Reason.UNKNOWN_CODEC, "text/csv", content_type="text/csv")
    named = decode_one(topic(), payload(1), content_type="application/json")
    assert named == decode_one(topic(), payload(1))


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
    outcomes = [decoder.decode(PlainMessage(topic=topic(f"d-{i}"), payload=payload(1))) for i in range(10)]
    assert [isinstance(outcome, Rejection) for outcome in outcomes] == [False] * 3 + [True] * 7
    last = outcomes[-1]
    assert isinstance(last, Rejection)
    assert last.reason is Reason.TOO_MANY_DEVICES
    assert "3 devices" in last.detail
    assert len(decoder.sources) == 3
    assert isinstance(decoder.decode(PlainMessage(topic=topic("d-1"), payload=payload(2))), bytes)


def test_a_flood_of_bad_messages_costs_no_memory() -> None:
    decoder = Decoder(line_renderer, max_devices=3)
    for i in range(1000):
        decoder.decode(PlainMessage(topic=f"park/x{i}", payload=b""))
        decoder.decode(PlainMessage(topic=topic(f"d-{i}"), payload=b"{"))
        decoder.decode(PlainMessage(topic=topic(), payload=payload(1), content_type=f"x/{i}"))
        decoder.decode(PlainMessage(topic=f"park/gateways/g{i}/0/state", payload=b'{"state": "online"}'))
    held = vars(decoder)
    sizes = {
        name: len(value)
        for name, value in held.items()
        if isinstance(value, dict) and name not in {"_kinds", "_codecs"}
    }
    assert all(size <= 3 for size in sizes.values()), sizes


def test_gateways_tell_their_state_and_figures() -> None:
    decoder = Decoder(line_renderer)
    for shard, state in enumerate(("online", "offline", "stopped", "online")):
        text = json.dumps({"state": state, "devices": 3}).encode()
        assert decoder.decode(PlainMessage(topic=f"park/gateways/north/{shard}/state", payload=text)) is None
    assert sum(decoder.gateways.values()) == 2
    text = json.dumps({"ts": T0, "sent": 7, "latency_p50": 1}).encode()
    row = decoder.decode(PlainMessage(topic="park/gateways/north/1/stats", payload=text))
    assert isinstance(row, bytes)
    point = parse_line(row)
    assert point.measurement == "park_gateway"
    assert point.tags == (("instance", "gw-north-1"), ("site", "north"))
    assert point.fields == {"sent": 7, "latency_p50": 1.0}
    assert isinstance(point.fields["latency_p50"], float)


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
    row = decoder.decode(PlainMessage(topic="park/x/y/typed/d/telemetry", payload=text))
    assert isinstance(row, bytes)
    fields = parse_line(row).fields
    assert fields.pop("seq") == seq
    assert fields.keys() == values.keys()
    kinds = {"whole": int, "open": bool, "mode": str, "level": float}
    for name, value in fields.items():
        assert type(value) is kinds[name]
        assert value == values[name]
