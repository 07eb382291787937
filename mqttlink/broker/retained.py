"""The last message of each topic that was published with the retain flag."""

from collections.abc import Iterator

import mqtt5

from mqttlink.filters import matches


class RetainedMessages:
    """Retained messages and when they expire.

    Args:
        limit: how many topics may hold one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._messages: dict[str, tuple[mqtt5.PublishPacket, float | None]] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, packet: mqtt5.PublishPacket, deadline: float | None) -> bool:
        """Store, replace, or delete by an empty payload; False if there is no room."""
        if not packet.payload:
            self._messages.pop(packet.topic, None)
            return True
        if packet.topic not in self._messages and len(self._messages) >= self._limit:
            return False
        self._messages[packet.topic] = (packet, deadline)
        return True

    def select(self, pattern: str, now: float) -> Iterator[tuple[mqtt5.PublishPacket, float | None]]:
        """All that a filter selects and that have not expired."""
        wild = "+" in pattern or "#" in pattern
        topics = [t for t in self._messages if matches(pattern, t)] if wild else [pattern]
        for topic in topics:
            entry = self._messages.get(topic)
            if entry is None:
                continue
            if entry[1] is not None and now >= entry[1]:
                del self._messages[topic]
            else:
                yield entry
