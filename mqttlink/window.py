"""Which packet ids are in flight on one connection, as an array: nothing is allocated per message."""

import numpy as np
from numpy.typing import NDArray

MAX_PACKET_ID = 65535


class PacketIds:
    """Packet ids 1..65535, of which at most `limit` are in flight.

    Args:
        limit: the receiver's Receive Maximum.
    """

    def __init__(self, limit: int = MAX_PACKET_ID) -> None:
        self.limit = min(limit, MAX_PACKET_ID)
        self._in_flight = np.zeros(MAX_PACKET_ID + 1, np.bool_)
        self._count = 0
        self._next = 1

    @property
    def free(self) -> int:
        """How many ids can be reserved now."""
        return max(0, self.limit - self._count)

    def reserve(self, count: int) -> NDArray[np.uint16]:
        """Take `count` ids that are not in flight.

        Raises:
            ValueError: more than are free.
        """
        if not 0 <= count <= self.free:
            raise ValueError(f"{count} packet ids asked, {self.free} are free")
        return self._take(count)

    def reserve_control(self) -> int:
        """One id for a request that Receive Maximum does not limit."""
        if self._count >= MAX_PACKET_ID:
            raise ValueError("all 65535 packet ids are in flight")
        return int(self._take(1)[0])

    def _take(self, count: int) -> NDArray[np.uint16]:
        ids = (np.arange(self._next - 1, self._next - 1 + count) % MAX_PACKET_ID + 1).astype(np.uint16)
        if self._in_flight[ids].any():
            free = (np.flatnonzero(~self._in_flight[1:]) + 1).astype(np.uint16)
            ids = np.roll(free, -int(np.searchsorted(free, self._next)))[:count]
        self._in_flight[ids] = True
        self._count += count
        if count:
            self._next = int(ids[-1]) % MAX_PACKET_ID + 1
        return ids

    def release(self, packet_ids: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Free ids; True where an id really was in flight."""
        known: NDArray[np.bool_] = self._in_flight[packet_ids]
        self._in_flight[packet_ids] = False
        self._count = int(np.count_nonzero(self._in_flight))
        return known
