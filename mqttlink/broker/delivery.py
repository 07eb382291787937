"""One message in the form in which some subscribers get it."""

import mqtt5

_DUP = 0x08


class Delivery:
    """A message with the QoS, retain flag and subscription ids of its receivers.

    All receivers of one form share it: it is encoded once, and only the packet id is patched. One that
    expires is encoded each time, with what is left of its interval.

    Args:
        deadline: loop time in seconds at which the message expires, or None.
    """

    __slots__ = ("_frame", "_id_at", "deadline", "packet", "qos", "retain", "subscription_ids")

    def __init__(
        self,
        packet: mqtt5.PublishPacket,
        *,
        qos: int,
        retain: bool,
        subscription_ids: tuple[int, ...] = (),
        deadline: float | None = None,
    ) -> None:
        self.packet = packet
        self.qos = qos
        self.retain = retain
        self.subscription_ids = subscription_ids
        self.deadline = deadline
        self._frame: bytes | None = None
        self._id_at = 0

    def expired(self, now: float) -> bool:
        """Whether nobody should get it any more."""
        return self.deadline is not None and now >= self.deadline

    def frame(self, packet_id: int, now: float, *, duplicate: bool = False) -> bytes:
        """The encoded packet; `packet_id` is ignored at QoS 0."""
        frame = self._frame
        if frame is None or self.deadline is not None:
            frame = self._frame = self._encode(now)
            self._id_at = _packet_id_offset(frame)
        if not self.qos:
            return frame
        at = self._id_at
        head = bytes((frame[0] | _DUP,)) + frame[1:at] if duplicate else frame[:at]
        return head + packet_id.to_bytes(2, "big") + frame[at + 2 :]

    def _encode(self, now: float) -> bytes:
        packet = self.packet
        left = None if self.deadline is None else max(1, int(self.deadline - now))
        return mqtt5.PublishPacket(
            packet.topic,
            packet.payload,
            qos=mqtt5.QoS(self.qos),
            retain=self.retain,
            packet_id=1 if self.qos else None,
            payload_format_indicator=packet.payload_format_indicator,
            message_expiry_interval=left,
            content_type=packet.content_type,
            response_topic=packet.response_topic,
            correlation_data=packet.correlation_data,
            subscription_ids=list(self.subscription_ids),
            user_properties=packet.user_properties,
        ).write()


def _packet_id_offset(frame: bytes) -> int:
    at = 1
    while frame[at] & 0x80:
        at += 1
    return at + 3 + int.from_bytes(frame[at + 1 : at + 3], "big")
