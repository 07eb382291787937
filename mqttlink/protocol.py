"""Bytes of a socket into one reused buffer, and out of it as parsed reads; client and broker share it."""

import asyncio

from mqttlink.parse import Parsed, packet_size, parse

READ_BUFFER_BYTES = 256 * 1024
MAX_PACKET_BYTES = 268_435_460
"""The longest packet that MQTT can express."""


class PacketProtocol(asyncio.BufferedProtocol):
    """Receives many packets with each system call, and copies only an incomplete last one."""

    def __init__(self, *, buffer_bytes: int = READ_BUFFER_BYTES, max_packet: int = MAX_PACKET_BYTES) -> None:
        # A packet over the limit never fits, so it is noticed while it is incomplete.
        self._buffer_bytes = min(buffer_bytes, max_packet)
        self._max_packet = max_packet
        self._view = memoryview(bytearray(self._buffer_bytes))
        self._filled = 0

    def parsed(self, read: Parsed) -> None:
        """Called once for each socket read that completed a packet."""
        raise NotImplementedError

    def oversized(self, size: int) -> None:
        """Called when a packet of more than the allowed bytes begins; the connection must end."""
        raise NotImplementedError

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport puts what it reads next."""
        del sizehint
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Parse what came, and hand it on."""
        end = self._filled + nbytes
        read = parse(self._view, end)
        self._retain(read.consumed, end)
        if read.consumed or read.malformed is not None:
            self.parsed(read)

    def _beginning(self, nbytes: int, size: int) -> bytes:
        """The first bytes not parsed yet, `nbytes` just read among them; at most `size`."""
        return self._view[: min(size, self._filled + nbytes)].tobytes()

    def _retain(self, start: int, end: int) -> None:
        """Keep an incomplete packet at the front, in a buffer that will hold the whole of it."""
        left = end - start
        self._filled = left
        size = (packet_size(self._view[start:end]) or 0) if left else 0
        if size > self._max_packet:
            self._filled = 0
            self.oversized(size)
            return
        wanted = max(self._buffer_bytes, size)
        if wanted > len(self._view) or (not left and len(self._view) > wanted):
            grown = memoryview(bytearray(wanted))
            grown[:left] = self._view[start:end]
            self._view = grown
        elif start and left:
            self._view[:left] = self._view[start:end]
