"""One socket read to packets: pure, and the hottest loop of a receiver."""

import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import mqtt5

PUBACK = 0x40
_SHORT_RUN = 16


@dataclass(slots=True)
class Parsed:
    """All whole packets of a read, PUBLISH and PUBACK apart from the rest.

    Attributes:
        ack_ids: packet ids of all PUBACKs, in order of arrival; of type "H".
        ack_reasons: their reason codes, a byte each.
        consumed: bytes taken; what follows is the beginning of an incomplete packet.
        malformed: why parsing stopped before the end, or None.
    """

    publishes: list[mqtt5.PublishPacket] = field(default_factory=list)
    others: list[mqtt5.Packet] = field(default_factory=list)
    ack_ids: "array[int]" = field(default_factory=lambda: array("H"))
    ack_reasons: bytearray = field(default_factory=bytearray)
    consumed: int = 0
    malformed: str | None = None


def parse(view: memoryview, end: int) -> Parsed:
    """Parse every whole packet of `view[:end]`."""
    parsed = Parsed()
    publishes = parsed.publishes
    read = mqtt5.read
    publish_type = mqtt5.PublishPacket
    position = 0
    try:
        while position < end:
            if view[position] == PUBACK:
                size = _take_acks(view, position, end, parsed)
                if size:
                    position += size
                    continue
            packet, size = read(view[position:end])
            position += size
            if type(packet) is publish_type:
                publishes.append(packet)
            else:
                _take_other(packet, parsed)
    except IndexError:
        pass  # the last packet is incomplete; its bytes stay for the next read
    except ValueError as error:
        parsed.malformed = str(error)
    parsed.consumed = position
    return parsed


def _take_other(packet: mqtt5.Packet, parsed: Parsed) -> None:
    if isinstance(packet, mqtt5.PubAckPacket):
        parsed.ack_ids.append(packet.packet_id)
        parsed.ack_reasons.append(packet.reason_code.value)
    else:
        parsed.others.append(packet)


def _take_acks(view: memoryview, position: int, end: int, parsed: Parsed) -> int:
    """Take a run of PUBACKs of one length (4, 5 or 6 bytes) at once; bytes taken, 0 if the run is short."""
    width = view[position + 1] + 2 if position + 1 < end else 0
    if not 4 <= width <= 6:
        return 0
    # A short probe first, so that a mixture of lengths does not rescan the whole read for every run.
    count = _run_length(view, position, width, min(_SHORT_RUN, (end - position) // width))
    if count < _SHORT_RUN:
        return 0
    count = _run_length(view, position, width, (end - position) // width)
    run = view[position : position + count * width]
    parsed.ack_ids += _from_network(run[2::width].tobytes(), run[3::width].tobytes())
    parsed.ack_reasons += run[4::width].tobytes() if width > 4 else bytes(count)
    return count * width


def _run_length(view: memoryview, position: int, width: int, count: int) -> int:
    """How many of the next `count` packets are PUBACKs of this width, without properties."""
    run = view[position : position + count * width]
    same = [_leading(run[::width].tobytes(), PUBACK), _leading(run[1::width].tobytes(), width - 2)]
    if width == 6:
        same.append(_leading(run[5::width].tobytes(), 0))
    return min(same)


def _leading(data: bytes, value: int) -> int:
    """How many bytes at the beginning have the value."""
    return len(data) - len(data.lstrip(bytes([value])))


def _from_network(high: bytes, low: bytes) -> "array[int]":
    """Numbers of two bytes each."""
    pairs = bytearray(2 * len(high))
    pairs[::2], pairs[1::2] = high, low
    numbers = array("H", bytes(pairs))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def packet_size(view: memoryview) -> int | None:
    """The whole size of the packet that begins here, in bytes; None if its header is incomplete."""
    value = 0
    for i, byte in enumerate(view[1:5]):
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value + i + 2
    return None


def encode_acks(packet_ids: Iterable[int]) -> bytes:
    """PUBACKs with reason 0 for all packet ids."""
    ids = array("H", packet_ids)
    if sys.byteorder == "little":
        ids.byteswap()
    network = ids.tobytes()
    packets = bytearray(b"\x40\x02\x00\x00" * len(ids))
    packets[2::4], packets[3::4] = network[::2], network[1::2]
    return bytes(packets)
