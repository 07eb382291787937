"""Single requests on one connection, each with the answer that it waits for."""

from array import array
from collections.abc import Sequence

import mqtt5

from mqttlink.client.connection import Connection
from mqttlink.errors import PacketTooLong, PublishRefused, SubscribeRefused, describe

FAILURE = 0x80
"""Reason codes from here on mean that nothing was done."""


async def subscribe(connection: Connection, filters: Sequence[mqtt5.TopicFilter]) -> list[mqtt5.SubAckReasonCode]:
    """See `Link.subscribe`."""
    for wanted in filters:
        if wanted.max_qos.value > 1:
            raise ValueError(f"subscribe to {wanted.pattern} at max_qos 0 or 1; a link has no QoS 2")
    packet_id = connection.ids.reserve_control()
    answer = await connection.ask(packet_id, mqtt5.SubscribePacket(packet_id, list(filters)).write())
    assert isinstance(answer, mqtt5.SubAckPacket)
    for wanted, code in zip(filters, answer.reason_codes, strict=True):
        asked, granted = wanted.max_qos.value, code.value
        if granted >= FAILURE:
            raise SubscribeRefused(f"{wanted.pattern}: refused, {describe(code)}")
        if granted < asked:
            raise SubscribeRefused(f"{wanted.pattern}: QoS {asked} asked, {granted} granted")
    return answer.reason_codes


async def unsubscribe(connection: Connection, patterns: Sequence[str]) -> list[mqtt5.UnsubAckReasonCode]:
    """See `Link.unsubscribe`."""
    packet_id = connection.ids.reserve_control()
    answer = await connection.ask(packet_id, mqtt5.UnsubscribePacket(packet_id, list(patterns)).write())
    assert isinstance(answer, mqtt5.UnsubAckPacket)
    for pattern, code in zip(patterns, answer.reason_codes, strict=True):
        if code.value >= FAILURE:
            raise SubscribeRefused(f"{pattern}: unsubscribe refused, {describe(code)}")
    return answer.reason_codes


async def publish(
    connection: Connection,
    topic: str,
    payload: bytes,
    *,
    qos: mqtt5.QoS,
    retain: bool,
    content_type: str | None,
    response_topic: str | None = None,
    correlation_data: bytes | None = None,
) -> mqtt5.PubAckReasonCode:
    """See `Link.publish`; the caller has made sure of room in the window."""

    def encode(packet_id: int | None) -> bytes:
        packet = mqtt5.PublishPacket(
            topic,
            payload,
            qos=qos,
            retain=retain,
            packet_id=packet_id,
            content_type=content_type,
            response_topic=response_topic,
            correlation_data=correlation_data,
        )
        return _fitting(connection, packet.write())

    if not qos.value:
        connection.write(encode(None))
        return mqtt5.PubAckReasonCode.SUCCESS
    packet_id = connection.ids.reserve(1)[0]
    try:
        frame = encode(packet_id)
    except (ValueError, PacketTooLong):
        connection.ids.release(array("H", [packet_id]))
        raise
    code = await connection.ask(packet_id, frame)
    assert isinstance(code, mqtt5.PubAckReasonCode)
    if code.value >= FAILURE:
        raise PublishRefused(topic, code)
    return code


def _fitting(connection: Connection, frame: bytes) -> bytes:
    """The frame, if the broker takes one so long."""
    limit = connection.greeted.result().max_packet_size
    if limit is not None and len(frame) > limit:
        raise PacketTooLong(size=len(frame), limit=limit)
    return frame
