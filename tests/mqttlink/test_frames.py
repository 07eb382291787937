"""The bulk encoder says exactly what the codec reads back."""

import mqtt5
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink import PacketTooLong
from mqttlink.frames import content_type_property, encode_publishes, packet_bytes, varint
from tests.mqttlink.harness import columns

topics = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=60)


@given(
    messages=st.lists(st.tuples(topics, st.binary(max_size=300)), min_size=1, max_size=40),
    content_type=st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    qos=st.sampled_from([0, 1]),
    retain=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_decoding_gives_back_what_was_encoded(
    messages: list[tuple[str, bytes]], content_type: str | None, qos: int, retain: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    topic_cells, topic_lengths = columns([t.encode() for t, _ in messages])
    # Payload bytes lie scattered among cells that do not count.
    width = max(len(p) for _, p in messages) + 7
    payload = rng.integers(0, 256, (len(messages), width), dtype=np.uint8)
    keep = np.zeros(payload.shape, np.bool_)
    for i, (_, data) in enumerate(messages):
        places = np.sort(rng.permutation(width)[: len(data)])
        keep[i, places] = True
        payload[i, places] = np.frombuffer(data, np.uint8)
    ids = (rng.permutation(65535)[: len(messages)] + 1).astype(np.uint16)

    encoded = encode_publishes(
        topics=topic_cells,
        topic_lengths=topic_lengths,
        payload=payload,
        keep=keep,
        packet_ids=ids if qos else None,
        properties=b"" if content_type is None else content_type_property(content_type),
        retain=retain,
    )

    if qos:
        properties = b"" if content_type is None else content_type_property(content_type)
        assert packet_bytes(topic_lengths=topic_lengths, keep=keep, properties=properties).sum() == len(encoded)
    decoded = decode(encoded)
    assert [(p.topic, p.payload) for p in decoded] == messages
    assert [p.packet_id for p in decoded] == (ids.tolist() if qos else [None] * len(messages))
    assert all(p.content_type == content_type and p.retain is retain for p in decoded)


@pytest.mark.parametrize("size", [0, 100, 127, 128, 16_000, 16_383, 16_384, 2_097_151, 2_097_152])
def test_every_width_of_the_remaining_length_beside_a_short_message(size: int) -> None:
    payload = np.full((2, size), 7, np.uint8)
    keep = np.array([[True], [False]]) & np.ones(payload.shape, np.bool_)
    topic_cells, lengths = columns([b"a/b", b"a"])
    decoded = decode(encode_publishes(topics=topic_cells, topic_lengths=lengths, payload=payload, keep=keep))
    assert [(p.topic, len(p.payload)) for p in decoded] == [("a/b", size), ("a", 0)]


def test_more_rows_than_one_chunk_holds() -> None:
    count = 30_000
    topic_cells, lengths = columns([b"t/%d" % i for i in range(count)])
    payload, sizes = columns([b"%d" % (i * i) for i in range(count)])
    decoded = decode(
        encode_publishes(
            topics=topic_cells,
            topic_lengths=lengths,
            payload=payload,
            keep=np.arange(payload.shape[1]) < sizes[:, None],
            packet_ids=np.arange(1, count + 1).astype(np.uint16),
        )
    )
    assert [(p.topic, p.payload, p.packet_id) for p in decoded] == [
        (f"t/{i}", b"%d" % (i * i), i + 1) for i in range(count)
    ]


@given(sizes=st.lists(st.integers(0, 20_000), min_size=1, max_size=5), short=st.integers(0, 3))
def test_the_brokers_longest_packet_is_kept_to_the_byte(sizes: list[int], short: int) -> None:
    payload, lengths = columns([b"x" * size for size in sizes])
    topic_cells, topic_lengths = columns([b"t"] * len(sizes))

    def encode(limit: int | None) -> bytes:
        return encode_publishes(
            topics=topic_cells,
            topic_lengths=topic_lengths,
            payload=payload,
            keep=np.arange(payload.shape[1]) < lengths[:, None],
            max_packet_bytes=limit,
        )

    longest = len(mqtt5.PublishPacket("t", b"x" * max(sizes)).write())
    assert encode(longest) == encode(None)
    with pytest.raises(PacketTooLong, match=f"at most {longest - 1 - short} bytes, and one of {longest} "):
        encode(longest - 1 - short)


def test_nothing_gives_nothing() -> None:
    none = np.zeros((0, 4), np.uint8)
    assert encode_publishes(topics=none, topic_lengths=np.zeros(0, int), payload=none, keep=none > 0) == b""


def test_shapes_that_disagree_are_named() -> None:
    cells = np.zeros((3, 4), np.uint8)
    with pytest.raises(ValueError, match=r"shapes disagree.*\(3, 4\).*\(2, 4\)"):
        encode_publishes(topics=cells, topic_lengths=np.ones(3, int), payload=cells, keep=cells[:2] > 0)
    with pytest.raises(ValueError, match="2 packet ids for 3 messages"):
        encode_publishes(
            topics=cells,
            topic_lengths=np.ones(3, int),
            payload=cells,
            keep=cells > 0,
            packet_ids=np.ones(2, np.uint16),
        )


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (16_384, b"\x80\x80\x01")]
)
def test_varint(value: int, encoded: bytes) -> None:
    assert varint(value) == encoded


def decode(data: bytes) -> list[mqtt5.PublishPacket]:
    view = memoryview(data)
    packets = []
    while view:
        packet, size = mqtt5.read(view)
        assert isinstance(packet, mqtt5.PublishPacket)
        packets.append(packet)
        view = view[size:]
    return packets
