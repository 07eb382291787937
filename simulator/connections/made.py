"""What devices have to say in a window of time, encoded and in order, each device's messages together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mqttlink.frames import content_type_property, encode_publishes, packet_bytes
from park.catalogue import DeviceKind
from park.codecs import DEFAULT_CONTENT_TYPE, Codec
from park.model import Bools, Ints
from simulator.connections.flights import MARKS, RANK, READING, runs
from simulator.dispatch import Encoder, Part
from simulator.event_columns import Told
from simulator.observed import Readings
from simulator.plan import Plan

#: Which messages are wanted, of (N,) devices and marks.
Wanted = Callable[[Ints, Ints], Bools]


class Numbering:
    """The devices of a plan numbered through, kind after kind."""

    def __init__(self, plan: Plan) -> None:
        self._kinds: dict[str, tuple[int, Ints]] = {}
        count = 0
        for group in plan.groups:
            self._kinds[group.kind.name] = count, group.device
            count += len(group.device)

    def of(self, kind: DeviceKind, device: Ints) -> Ints:
        """(N,) the plan's numbers of devices of a kind."""
        first, known = self._kinds[kind.name]
        return np.asarray(first + np.searchsorted(known, device), dtype=np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """N messages of a window, in order of (device, mark).

    Attributes:
        window: [start, until), Unix milliseconds.
        who: (N,) the devices' numbers in the plan.
        marks: (N,) see `flights`.
        parts: the same messages, encoded, in pieces of one kind.
        order: (N,) where each of them stands in the pieces, one after another; None if there is one piece.
    """

    window: tuple[int, int]
    who: Ints
    marks: Ints
    parts: list[Part]
    order: Ints | None

    @property
    def ts(self) -> Ints:
        """(N,) the intended times."""
        return self.marks // MARKS

    @property
    def reading(self) -> Bools:
        """(N,) whether it is a reading, not an event."""
        return np.asarray(self.marks % MARKS == READING)

    def packets(
        self, rows: Ints, ids: Ints, properties: Mapping[bool, bytes], max_bytes: int | None
    ) -> Iterator[tuple[int, bytes | memoryview]]:
        """Some of the messages, in order, as what each device writes.

        Args:
            rows: (M,) which, ascending.
            ids: (M,) their packet ids.
            properties: of readings (False) and events (True).
            max_bytes: of a packet, if the broker has a limit.

        Raises:
            PacketTooLong: the broker takes none so long.
        """
        at = rows if self.order is None else self.order[rows]
        packet_ids = np.zeros(len(self.who), dtype=np.uint16)
        packet_ids[at] = ids
        views, starts, ends = self._encoded(packet_ids, properties, max_bytes)
        firsts = runs(self.who[rows])
        lasts = np.append(firsts[1:], len(rows)) - 1
        devices = self.who[rows[firsts]].tolist()
        if len(views) == 1:  # what a device writes is in one piece
            (view,) = views
            for device, start, end in zip(devices, starts[at[firsts]].tolist(), ends[at[lasts]].tolist(), strict=True):
                yield device, view[start:end]
            return
        number = np.repeat(np.arange(len(self.parts)), [len(part) for part in self.parts])
        pieces = [
            views[part][start:end]
            for part, start, end in zip(number[at].tolist(), starts[at].tolist(), ends[at].tolist(), strict=True)
        ]
        for device, first, last in zip(devices, firsts.tolist(), lasts.tolist(), strict=True):
            yield device, pieces[first] if first == last else b"".join(pieces[first : last + 1])

    def _encoded(
        self,
        ids: npt.NDArray[np.uint16],
        properties: Mapping[bool, bytes],
        max_bytes: int | None,
    ) -> tuple[list[memoryview], Ints, Ints]:
        """Each piece, and where in it each message begins and ends."""
        views, starts, ends, first = [], [], [], 0
        for part in self.parts:
            views.append(
                memoryview(
                    encode_publishes(
                        topics=part.topics,
                        topic_lengths=part.topic_lengths,
                        payload=part.payload,
                        keep=part.keep,
                        packet_ids=ids[first : first + len(part)],
                        properties=properties[part.event],
                        max_packet_bytes=max_bytes,
                    )
                )
            )
            first += len(part)
            sizes = packet_bytes(topic_lengths=part.topic_lengths, keep=part.keep, properties=properties[part.event])
            ends.append(np.cumsum(sizes))
            starts.append(ends[-1] - sizes)
        return views, np.concatenate(starts), np.concatenate(ends)


class Maker:
    """Makes the messages of some of a plan's devices.

    Args:
        readings: theirs.
        numbering: of the whole plan's devices.
        encoder: of the whole plan's.
        begin_ms: the first moment of the schedule, with which the places are told.
    """

    def __init__(self, readings: Readings, numbering: Numbering, encoder: Encoder, begin_ms: int) -> None:
        self.readings = readings
        self._numbering, self._encoder, self._begin_ms = numbering, encoder, begin_ms

    def make(self, window: tuple[int, int], wanted: Wanted | None = None) -> Made:
        """What is wanted of a window, or all of it."""
        found = []
        # Readings first: what they are made of tells the events, too.
        for columns in self.readings.columns(*window):
            who = self._numbering.of(columns.kind, columns.device)
            marks = columns.ts * MARKS + READING
            rows = _rows(who, marks, wanted)
            if len(rows):
                found.append((self._encoder.part(columns.take(rows)), who[rows], marks[rows]))
        for told in self.readings.events.told(self._since(window[0]), window[1]):
            who = self._numbering.of(told.kind, told.device)
            marks = told.ts * MARKS + RANK[told.type.name]
            rows = _rows(who, marks, wanted)
            if len(rows):
                found.append((self._encoder.events(_taken(told, rows)), who[rows], marks[rows]))
        return _together(window, found)

    def events(self, window: tuple[int, int]) -> int:
        """How many events a window has."""
        return sum(map(len, self.readings.events.told(self._since(window[0]), window[1])))

    def _since(self, start_ms: int) -> int:
        return self.readings.events.since(start_ms) if start_ms == self._begin_ms else start_ms

    def count(self, window: tuple[int, int], wanted: Wanted) -> int:
        """How many readings of a window are wanted."""
        found = self.readings.columns(*window)
        return sum(
            int(np.count_nonzero(wanted(self._numbering.of(one.kind, one.device), one.ts * MARKS + READING)))
            for one in found
        )


def properties_of(codec: Codec) -> dict[bool, bytes]:
    """The properties of readings (False) and events (True), which are JSON whatever the codec is."""
    return {False: content_type_property(codec.content_type), True: content_type_property(DEFAULT_CONTENT_TYPE)}


def _rows(who: Ints, marks: Ints, wanted: Wanted | None) -> Ints:
    """Which rows are wanted, each device's together; those of a kind come in order of time."""
    rows = np.arange(len(who)) if wanted is None else np.flatnonzero(wanted(who, marks))
    return np.asarray(rows[np.argsort(who[rows], kind="stable")], dtype=np.int64)


def _taken(told: Told, rows: Ints) -> Told:
    return replace(
        told,
        device=told.device[rows],
        ts=told.ts[rows],
        id=told.id[rows],
        values={name: column[rows] for name, column in told.values.items()},
    )


def _together(window: tuple[int, int], found: list[tuple[Part, Ints, Ints]]) -> Made:
    if not found:
        nothing = np.zeros(0, dtype=np.int64)
        return Made(window=window, who=nothing, marks=nothing, parts=[], order=None)
    who, marks = (np.concatenate([one[place] for one in found]) for place in (1, 2))
    order = None
    if len(found) > 1:
        order = np.asarray(np.lexsort((marks, who)), dtype=np.int64)
        who, marks = who[order], marks[order]
    return Made(window=window, who=who, marks=marks, parts=[part for part, _, _ in found], order=order)
