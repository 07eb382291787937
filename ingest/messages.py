"""What the ingester asks of a received message; the MQTT codec's PUBLISH packets are such."""

from dataclasses import dataclass
from typing import Protocol


class Message(Protocol):
    """One message as it came from the broker."""

    @property
    def topic(self) -> str:
        """Topic name."""

    @property
    def payload(self) -> bytes:
        """The bytes that were published."""

    @property
    def content_type(self) -> str | None:
        """MQTT 5 content type, which names the codec."""

    @property
    def packet_id(self) -> int | None:
        """What is acknowledged; None at QoS 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainMessage:
    """A message that is in memory only."""

    topic: str
    payload: bytes
    content_type: str | None = None
    packet_id: int | None = None
