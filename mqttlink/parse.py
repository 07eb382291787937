"""One socket read to packets: pure, and the hottest loop of a receiver."""

from dataclasses import dataclass, field

import mqtt5
import numpy as np
from numpy.typing import NDArray

PUBACK = 0x40
_SHORT_RUN = 16
_EMPTY_IDS = np.empty(0, np.uint16)
_EMPTY_REASONS = np.empty(0, np.uint8)


@dataclass(slots=True)
class Parsed:
    """All whole packets of a read, PUBLISH and PUBACK apart from the rest.

    Attributes:
        ack_ids: packet ids of all PUBACKs, in order of arrival.
        ack_reasons: their reason codes.
        consumed: bytes taken; what follows is the beginning of an incomplete packet.
        malformed: why parsing stopped before the end, or None.
    """

    publishes: list[mqtt5.PublishPacket] = field(default_factory=list)
    others: list[mqtt5.Packet] = field(default_factory=list)
    ack_ids: NDArray[np.uint16] = field(default_factory=lambda: _EMPTY_IDS)
    ack_reasons: NDArray[np.uint8] = field(default_factory=lambda: _EMPTY_REASONS)
    consumed: int = 0
    malformed: str | None = None


def parse(view: memoryview, end: int) -> Parsed:
    """Parse every whole packet of `view[:end]`."""
    parsed = Parsed()
    publishes = parsed.publishes
    runs: list[tuple[NDArray[np.uint16], NDArray[np.uint8]]] = []
    read = mqtt5.read
    publish_type = mqtt5.PublishPacket
    position = 0
    try:
        while position < end:
            if view[position] == PUBACK:
                size = _take_acks(view, position, end, runs)
                if size:
                    position += size
                    continue
            packet, size = read(view[position:end])
            position += size
            if type(packet) is publish_type:
                publishes.append(packet)
            else:
                _take_other(packet, parsed.others, runs)
    except IndexError:
        pass  # the last packet is incomplete; its bytes stay for the next read
    except ValueError as error:
        parsed.malformed = str(error)
    parsed.consumed = position
    if runs:
        parsed.ack_ids = np.concatenate([ids for ids, _ in runs])
        parsed.ack_reasons = np.concatenate([reasons for _, reasons in runs])
    return parsed


def _take_other(
    packet: mqtt5.Packet,
    others: list[mqtt5.Packet],
    runs: list[tuple[NDArray[np.uint16], NDArray[np.uint8]]],
) -> None:
    if isinstance(packet, mqtt5.PubAckPacket):
        runs.append((np.array([packet.packet_id], np.uint16), np.array([packet.reason_code.value], np.uint8)))
    else:
        others.append(packet)


def _take_acks(
    view: memoryview,
    position: int,
    end: int,
    runs: list[tuple[NDArray[np.uint16], NDArray[np.uint8]]],
) -> int:
    """Take a run of PUBACKs of one length (4, 5 or 6 bytes) at once; bytes taken, 0 if the run is short."""
    width = view[position + 1] + 2 if position + 1 < end else 0
    if not 4 <= width <= 6:
        return 0
    # A short probe first, so that a mixture of lengths does not rescan the whole read for every run.
    count = _run_length(view, position, width, min(_SHORT_RUN, (end - position) // width))
    if count < _SHORT_RUN:
        return 0
    count = _run_length(view, position, width, (end - position) // width)
    rows = np.frombuffer(view, np.uint8, count * width, position).reshape(count, width)
    ids = (rows[:, 2].astype(np.uint16) << np.uint16(8)) | rows[:, 3]
    reasons = rows[:, 4].copy() if width > 4 else np.zeros(count, np.uint8)
    runs.append((ids, reasons))
    return count * width


def _run_length(view: memoryview, position: int, width: int, count: int) -> int:
    rows = np.frombuffer(view, np.uint8, count * width, position).reshape(count, width)
    same = (rows[:, 0] == PUBACK) & (rows[:, 1] == width - 2)
    if width == 6:
        same &= rows[:, 5] == 0
    return count if same.all() else int(same.argmin())


def packet_size(view: memoryview) -> int | None:
    """The whole size of the packet that begins here, in bytes; None if its header is incomplete."""
    value = 0
    for i, byte in enumerate(view[1:5]):
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value + i + 2
    return None


def encode_acks(packet_ids: object) -> bytes:
    """PUBACKs with reason 0 for all packet ids (an array or a sequence of integers)."""
    ids = np.asarray(packet_ids, dtype=np.uint32)
    return (ids + np.uint32(0x40020000)).astype(">u4").tobytes()
