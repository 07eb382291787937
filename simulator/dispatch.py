"""Batches of readings on their way to the broker, and what became of them.

A gateway keeps no queue of readings, only a cursor in the town's time: what was not acknowledged is made
again, because every reading is a pure function of time. A batch is a window of time; it remembers how
many of its readings are acknowledged, and the last few seconds' windows are remembered so that they can
be sent again when the broker may have forgotten them.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from park.codecs import Codec
from park.columns import Columns
from park.model import Floats, Ints
from park.text import Rows
from simulator.event_columns import Told
from simulator.plan import Plan
from simulator.render import EventTopics, Names, event_payload, topics

Window = tuple[int, int]


@dataclass(kw_only=True, eq=False)
class Part:
    """N readings or events of one kind, encoded: what `mqttlink.frames.encode_publishes` makes packets of.

    Attributes:
        topics: (N, T) their topics, padded at the right.
        topic_lengths: (N,) in bytes.
        payload, keep: (N, P) cells of the payloads, and which of them are real.
        ts: (N,) intended times, Unix milliseconds.
        event: whether they are events.
    """

    topics: npt.NDArray[np.uint8]
    topic_lengths: Ints
    payload: npt.NDArray[np.uint8]
    keep: npt.NDArray[np.bool_]
    ts: Ints
    event: bool = False

    def __len__(self) -> int:
        return len(self.ts)

    def cut(self, first: int, last: int) -> "Part":
        """Readings first..last; a view."""
        rows = slice(first, last)
        return Part(
            topics=self.topics[rows],
            topic_lengths=self.topic_lengths[rows],
            payload=self.payload[rows],
            keep=self.keep[rows],
            ts=self.ts[rows],
            event=self.event,
        )


class Encoder:
    """Encodes the readings and events of a gateway's devices.

    Attributes:
        content_type: of the readings' payloads.
    """

    def __init__(self, plan: Plan, codec: Codec) -> None:
        self.content_type = codec.content_type
        self._topics: Mapping[str, Names] = {group.kind.name: topics(plan, group) for group in plan.groups}
        self._event_topics = EventTopics(plan)
        self._encode = {group.kind.name: codec.encoder(group.kind) for group in plan.groups}

    def part(self, columns: Columns) -> Part:
        """One kind's readings, encoded."""
        topic = self._topics[columns.kind.name].rows(columns.device)
        return _part(topic, self._encode[columns.kind.name](columns), columns.ts)

    def events(self, told: Told) -> Part:
        """Some events of one kind, encoded: JSON, whatever the codec is."""
        return _part(self._event_topics.rows(told), event_payload(told), told.ts, event=True)


def _part(topic: Rows, payload: Rows, ts: Ints, *, event: bool = False) -> Part:
    return Part(
        topics=topic.left_aligned(),
        topic_lengths=topic.lengths(),
        payload=payload.cells,
        keep=payload.mask(),
        ts=ts,
        event=event,
    )


@dataclass(kw_only=True, eq=False)
class Dispatch:
    """The readings of one window, or its events.

    Attributes:
        serial: number of the batch within its gateway.
        events: whether these are events.
        taken: messages that the broker acknowledged with success.
        answered: messages with any answer.
        late: messages that were sent too late.
        sent_at: when the last of them was sent.
        lags_s: how long after they were due readings were acknowledged.
    """

    serial: int
    window: Window
    parts: deque[Part]
    size: int
    events: bool = False
    sent: int = 0
    answered: int = 0
    taken: int = 0
    late: int = 0
    sent_at: float = 0.0
    answered_at: float = 0.0
    lags_s: list[Floats] = field(default_factory=list)
    _offset: int = field(default=0, init=False)

    @property
    def unsent(self) -> int:
        """Readings still to be sent."""
        return self.size - self.sent

    @property
    def complete(self) -> bool:
        """Whether every reading was sent and answered."""
        return self.answered == self.size

    def next_parts(self, count: int) -> list[Part]:
        """The next readings, `count` in all, which count as sent; there are so many."""
        taken, left = [], count
        while left:
            part = self.parts[0]
            last = min(len(part), self._offset + left)
            taken.append(part.cut(self._offset, last))
            left -= last - self._offset
            self._offset = last
            if last == len(part):
                self.parts.popleft()
                self._offset = 0
        self.sent += count
        return taken

    def take(self, taken: npt.NDArray[np.bool_], at_s: Floats, due_s: Floats) -> None:
        """Some answers of the broker, when they came, and when their readings were due (NaN: no matter)."""
        self.answered += len(taken)
        self.taken += int(np.count_nonzero(taken))
        self.answered_at = float(at_s[-1])
        lags = (at_s - due_s)[taken]
        self.lags_s.append(lags[~np.isnan(lags)])


class Flight:
    """The batches in flight, in order of time, and which packet id belongs to which."""

    def __init__(self) -> None:
        self._batches: deque[Dispatch] = deque()
        self._owner = np.zeros(65536, dtype=np.int64)
        self._due: Floats = np.zeros(65536)
        # Of events and of readings: a window has a batch of each.
        self._counted_until = {False: -(2**63), True: -(2**63)}
        # When the broker was surely there. An answer may have lain unread for long, and the broker may have died since.
        self._alive_at = 0.0
        self._done: deque[tuple[float, Window]] = deque()

    def __len__(self) -> int:
        return len(self._batches)

    def add(self, batch: Dispatch) -> None:
        """A batch that begins to be sent; batches come in order of serial."""
        self._batches.append(batch)

    def sent(self, batch: Dispatch, ids: npt.NDArray[np.uint16], due_s: Floats) -> None:
        """Packet ids under which readings of a batch were sent, and when they were due."""
        self._owner[ids] = batch.serial
        self._due[ids] = due_s

    def answered(self, ids: npt.NDArray[np.uint16], taken: npt.NDArray[np.bool_], at_s: Floats) -> list[Dispatch]:
        """The broker's answers, in order of arrival.

        Returns:
            the batches that they complete for the first time, so that each reading is counted once.
        """
        owners, due_s = self._owner[ids], self._due[ids]
        first, last = int(owners.min()), int(owners.max())
        for batch in self._batches:
            if first == last == batch.serial:
                batch.take(taken, at_s, due_s)
            elif first <= batch.serial <= last and (mine := owners == batch.serial).any():
                batch.take(taken[mine], at_s[mine], due_s[mine])
        return self._retire()

    def uncounted(self) -> list[Dispatch]:
        """The batches that have not been complete yet."""
        return [batch for batch in self._batches if batch.window[0] >= self._counted_until[batch.events]]

    @property
    def counted_ms(self) -> int:
        """Up to where readings have been counted as answered."""
        return self._counted_until[False]

    def unanswered(self) -> list[Window]:
        """The windows of the batches in flight, those of readings."""
        return [batch.window for batch in self._batches if not batch.events]

    def unsafe(self, answered_after: float) -> list[Window]:
        """The windows that the broker answered later than this, and may have lost if it dies now."""
        return sorted({window for at, window in self._done if at > answered_after})

    def rewind(self, rewind_s: float) -> list[Window]:
        """Give up what is in flight: the windows to be sent again, in order.

        These are the unanswered ones, and those whose answers came within `rewind_s` before the broker took the last
        one, or later: it may have lost them.
        """
        again = [window for at, window in self._done if at >= self._alive_at - rewind_s]
        again += [batch.window for batch in self._batches]
        self._batches.clear()
        self._done.clear()
        return again

    def forget(self, rewind_s: float) -> None:
        """Windows that were answered longer than this before the broker took the last one are safe; all, if it is 0."""
        while self._done and (not rewind_s or self._done[0][0] < self._alive_at - rewind_s):
            self._done.popleft()

    def _retire(self) -> list[Dispatch]:
        first = []
        while self._batches and self._batches[0].complete:
            batch = self._batches.popleft()
            if batch.window[0] >= self._counted_until[batch.events]:
                first.append(batch)
                self._counted_until[batch.events] = batch.window[1]
            self._done.append((batch.answered_at, batch.window))
            self._alive_at = max(self._alive_at, batch.sent_at)
        return first
