"""Which packet ids are in flight on one connection: a byte for each, so that many at a time are slices."""

from array import array
from collections.abc import Iterator

MAX_PACKET_ID = 65535
_RING = array("H", range(1, MAX_PACKET_ID + 1)) * 2
"""All ids, twice, so that any run of them that goes round is one slice."""


class PacketIds:
    """Packet ids 1..65535, of which at most `limit` are in flight.

    Args:
        limit: the receiver's Receive Maximum.
    """

    def __init__(self, limit: int = MAX_PACKET_ID) -> None:
        self.limit = min(limit, MAX_PACKET_ID)
        self._in_flight = bytearray(MAX_PACKET_ID + 1)
        self._count = 0
        self._next = 1

    @property
    def free(self) -> int:
        """How many ids can be reserved now."""
        return max(0, self.limit - self._count)

    def reserve(self, count: int) -> "array[int]":
        """Take `count` ids, of type "H", that are not in flight.

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
        return self._take(1)[0]

    def _take(self, count: int) -> "array[int]":
        flags = self._in_flight
        ids = _RING[self._next - 1 : self._next - 1 + count]
        if any(flags.find(1, first, end) >= 0 for first, end in _runs(self._next, count)):
            ids = self._free_ids(count)
            for packet_id in ids:
                flags[packet_id] = 1
        else:
            for first, end in _runs(self._next, count):
                flags[first:end] = b"\1" * (end - first)
        self._count += count
        if count:
            self._next = ids[-1] % MAX_PACKET_ID + 1
        return ids

    def _free_ids(self, count: int) -> "array[int]":
        """The next ids that are free, past those that are not."""
        around = _RING[self._next - 1 : self._next - 1 + MAX_PACKET_ID]
        return array("H", [packet_id for packet_id in around if not self._in_flight[packet_id]][:count])

    def release(self, packet_ids: "array[int]") -> bytes:
        """Free ids; 1 for each that really was in flight, 0 for the others."""
        flags, count = self._in_flight, len(packet_ids)
        first = packet_ids[0] if count else 0
        if first and packet_ids == _RING[first - 1 : first - 1 + count]:  # as a broker answers, nearly always
            known = bytearray()
            for start, end in _runs(first, count):
                known += flags[start:end]
                flags[start:end] = bytes(end - start)
        else:
            known = bytearray(count)
            for i, packet_id in enumerate(packet_ids):
                known[i] = flags[packet_id]
                flags[packet_id] = 0
        self._count -= known.count(1)
        return bytes(known)


def _runs(first: int, count: int) -> Iterator[tuple[int, int]]:
    """The ids from `first` on as [start, end), in two parts where they go round."""
    end = first + count
    yield first, min(end, MAX_PACKET_ID + 1)
    if end > MAX_PACKET_ID + 1:
        yield 1, end - MAX_PACKET_ID
