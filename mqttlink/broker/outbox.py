"""Everything that one turn of the loop sends to a client, in one write."""

import asyncio
from collections.abc import Callable

CLOGGED_BYTES = 1 << 20
OVERFLOW_BYTES = 1 << 22


class Outbox:
    """Collects packets and writes them together.

    Args:
        flushed: called after each write, when there may be room again.
    """

    def __init__(self, flushed: Callable[[], None]) -> None:
        self.paused = False
        self._flushed = flushed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._frames: list[bytes] = []
        self._bytes = 0

    def open(self, transport: asyncio.Transport) -> None:
        """Write to this transport from now on."""
        transport.set_write_buffer_limits(high=CLOGGED_BYTES)
        self._transport = transport

    def close(self) -> None:
        """Write what there is, and nothing more."""
        self.flush()
        self._transport = None

    @property
    def clogged(self) -> bool:
        """Whether the client reads too slowly for more QoS 1 messages now."""
        return self.paused or self._bytes > CLOGGED_BYTES

    @property
    def overflowing(self) -> bool:
        """Whether the client reads too slowly even for QoS 0."""
        waiting = 0 if self._transport is None else self._transport.get_write_buffer_size()
        return self._bytes + waiting > OVERFLOW_BYTES

    @property
    def count(self) -> int:
        """How many packets wait for this turn's write."""
        return len(self._frames)

    def put(self, frame: bytes) -> None:
        """Send at the end of this turn of the loop."""
        if not self._frames:
            self._loop.call_soon(self.flush)
        self._frames.append(frame)
        self._bytes += len(frame)

    def move_last_to(self, place: int) -> None:
        """Let the last packet overtake those that were put since `count` was `place`."""
        self._frames.insert(place, self._frames.pop())

    def flush(self) -> None:
        """Write now."""
        frames, self._frames, self._bytes = self._frames, [], 0
        if frames and self._transport is not None:
            self._transport.write(b"".join(frames))
            self._flushed()
