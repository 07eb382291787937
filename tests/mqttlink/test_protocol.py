"""However a stream is cut into reads, the same packets come out."""

import itertools

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink.parse import Parsed, encode_acks, packet_size, parse
from mqttlink.protocol import PacketProtocol


class Collector(PacketProtocol):
    """Keeps what it parsed."""

    def __init__(self, *, buffer_bytes: int, max_packet: int = 1 << 20) -> None:
        super().__init__(buffer_bytes=buffer_bytes, max_packet=max_packet)
        self.publishes: list[bytes] = []
        self.acks: list[tuple[int, int]] = []
        self.others: list[bytes] = []
        self.problems: list[str | int] = []

    def parsed(self, read: Parsed) -> None:
        self.publishes += [p.write() for p in read.publishes]
        self.acks += zip(read.ack_ids, read.ack_reasons, strict=True)
        self.others += [p.write() for p in read.others]
        if read.malformed is not None:
            self.problems.append(read.malformed)

    def oversized(self, size: int) -> None:
        self.problems.append(size)

    def feed(self, data: bytes) -> None:
        """Deliver as a transport does: as much as the buffer takes at a time."""
        while data and not self.problems:
            buffer = self.get_buffer(-1)
            assert len(buffer), "the buffer is full and nothing can be read"
            part = data[: len(buffer)]
            buffer[: len(part)] = part
            data = data[len(part) :]
            self.buffer_updated(len(part))


ack_codes = st.sampled_from([0x00, 0x10, 0x87, 0x97])
acks = st.tuples(st.integers(1, 65535), ack_codes, st.booleans())
publishes = st.builds(
    lambda payload, packet_id: mqtt5.PublishPacket("a/b", payload, qos=mqtt5.QoS(1), packet_id=packet_id).write(),
    st.binary(max_size=400),
    st.integers(1, 65535),
)


def encode_ack(packet_id: int, code: int, properties: bool) -> bytes:
    tail = b"" if not code and not properties else bytes([code]) + (b"\0" if properties else b"")
    body = packet_id.to_bytes(2, "big") + tail
    return b"\x40" + bytes([len(body)]) + body


@given(
    runs=st.lists(
        st.tuples(st.just("ack"), acks, st.integers(1, 60))
        | st.tuples(st.just("publish"), publishes, st.integers(1, 5))
        | st.tuples(st.just("other"), st.just(mqtt5.PingRespPacket().write()), st.integers(1, 2)),
        max_size=12,
    ),
    cuts=st.lists(st.integers(0, 5000), max_size=20),
    buffer_bytes=st.sampled_from([16, 64, 4096]),
)
def test_cuts_do_not_matter(runs: list[tuple[str, object, int]], cuts: list[int], buffer_bytes: int) -> None:
    stream = b""
    want_acks: list[tuple[int, int]] = []
    want_publishes: list[bytes] = []
    others = 0
    for kind, value, count in runs:
        for i in range(count):
            if kind == "ack":
                assert isinstance(value, tuple)
                packet_id, code, properties = value
                packet_id = (packet_id + i) % 65535 + 1
                stream += encode_ack(packet_id, code, properties)
                want_acks.append((packet_id, code))
            else:
                assert isinstance(value, bytes)
                stream += value
                want_publishes += [value] * (kind == "publish")
                others += kind == "other"
    collector = Collector(buffer_bytes=buffer_bytes)
    edges = sorted({0, len(stream), *(c for c in cuts if c < len(stream))})
    for start, end in itertools.pairwise(edges):
        collector.feed(stream[start:end])
    assert collector.acks == want_acks
    assert collector.publishes == want_publishes
    assert len(collector.others) == others
    assert not collector.problems


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    read = parse(memoryview(data), len(data))
    assert 0 <= read.consumed <= len(data)


def test_a_packet_over_the_limit_is_reported_before_it_is_stored() -> None:
    collector = Collector(buffer_bytes=64, max_packet=1000)
    packet = mqtt5.PublishPacket("a", b"x" * 2000).write()
    collector.feed(packet[:40])
    assert collector.problems == [len(packet)]


def test_malformed_bytes_are_reported_after_what_came_before() -> None:
    collector = Collector(buffer_bytes=64)
    collector.feed(mqtt5.PingRespPacket().write() + b"\x00\x00")
    assert len(collector.others) == 1
    assert len(collector.problems) == 1


@given(st.lists(st.integers(1, 65535), max_size=300))
def test_bulk_acknowledgements_are_those_of_the_codec(ids: list[int]) -> None:
    assert encode_acks(ids) == b"".join(mqtt5.PubAckPacket(i).write() for i in ids)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 20_000, 3_000_000])
def test_packet_size(size: int) -> None:
    data = mqtt5.PublishPacket("t", b"x" * size).write()
    assert packet_size(memoryview(data)[:10]) == len(data)
    assert packet_size(memoryview(data)[:1]) is None
