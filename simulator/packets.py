"""Batches of readings and events as MQTT packets."""

import numpy as np
import numpy.typing as npt

from mqttlink.frames import content_type_property, encode_publishes
from park.codecs import DEFAULT_CONTENT_TYPE, Codec
from simulator.dispatch import Part


class Packets:
    """Writes a gateway's packets, each of which names its content type.

    Args:
        codec: of the readings; events are JSON whatever these are.

    Attributes:
        max_bytes: the broker's longest packet, None if it has named none.
    """

    def __init__(self, codec: Codec) -> None:
        self.max_bytes: int | None = None
        self._properties = {
            event: content_type_property(content_type)
            for event, content_type in ((False, codec.content_type), (True, DEFAULT_CONTENT_TYPE))
        }

    def encode(self, parts: list[Part], ids: npt.NDArray[np.uint16]) -> list[bytes]:
        """The packets of each part; its readings take the next ids.

        Raises:
            PacketTooLong: the broker takes none so long.
        """
        packets, first = [], 0
        for part in parts:
            last = first + len(part)
            packets.append(
                encode_publishes(
                    topics=part.topics,
                    topic_lengths=part.topic_lengths,
                    payload=part.payload,
                    keep=part.keep,
                    packet_ids=ids[first:last],
                    properties=self._properties[part.event],
                    max_packet_bytes=self.max_bytes,
                )
            )
            first = last
        return packets
