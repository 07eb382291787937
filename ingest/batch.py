"""What waits to be stored, and when it is full or due: pure, the clock is passed in."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest.messages import Message, PlainMessage
from ingest.stores.base import Row
from park.rejection import Rejection

LIVE_MS = 300_000
"""A reading older than this on arrival is history, unless its site has said when its live readings began."""


@dataclass(frozen=True, kw_only=True)
class BatchPolicy:
    """A batch closes at the first of these limits.

    Attributes:
        rows, size: messages, and bytes of payload. A batch takes whole reads of the socket, so it may exceed
            them by one; with these a request stays near the 5,000 lines and 1 MB that InfluxDB and its
            client are made for.
        linger_s: since the batch's first message.
        quiet_s: since its last, if at least `quiet_rows` wait: the broker's own window is then full, and
            nothing more comes before these are acknowledged.
    """

    rows: int = 5000
    size: int = 400_000
    linger_s: float = 0.2
    quiet_s: float = 0.01
    quiet_rows: int = 200

    def __post_init__(self) -> None:
        if self.rows < 1 or self.size < 1 or self.linger_s < 0 or self.quiet_s < 0:
            raise ValueError("a batch needs at least one row and one byte, and times that are not negative")


class Origin(Protocol):
    """What messages have in common with all others of their topic and content type."""

    @property
    def topic(self) -> str:
        """Topic name."""

    @property
    def content_type(self) -> str | None:
        """MQTT 5 content type."""


@dataclass(frozen=True, slots=True)
class _Origin:
    topic: str
    content_type: str | None


@dataclass(slots=True, kw_only=True)
class Batch:
    """Messages in order of arrival, of one connection, that are settled and acknowledged together.

    Of a message only what may still be needed is kept: its packet id, its row, and what would be written to
    the dead-letter file if the store refused the row. That is half of what the packets would take.

    Attributes:
        opened, touched: monotonic seconds of the first and the latest message.
        opened_ms: Unix milliseconds of the first message.
        messages: how many of the park, whatever became of them.
        states: how many of them are gateways' states, which give neither a row nor a rejection.
        size: bytes of payload.
        packet_ids: to be acknowledged.
        rows, payloads, origins: row by row, and of each the message that gave it.
        firsts: of the further rows of a message that gave several, their numbers, to that of its first row.
        times: the `ts` of live readings.
        hours: of which there are readings, each with its kind, as `rollups.touch.Numbers` has it.
    """

    generation: int
    opened: float
    opened_ms: int
    touched: float = 0.0
    messages: int = 0
    states: int = 0
    size: int = 0
    packet_ids: "array[int]" = field(default_factory=lambda: array("H"))
    rows: list[Row] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    firsts: dict[int, int] = field(default_factory=dict)
    times: "array[int]" = field(default_factory=lambda: array("q"))
    hours: set[int] = field(default_factory=set)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def history_ms(self) -> int:
        """Readings of before this are history, where nothing better is known."""
        return self.opened_ms - LIVE_MS

    @property
    def with_rows(self) -> int:
        """How many messages gave rows."""
        return len(self.rows) - len(self.firsts)

    def add(self, rows: Sequence[Row], message: Message) -> None:
        """Add what a message gave, which has not come the usual way: no rows, one or several."""
        if message.topic.startswith("$"):
            self.messages -= 1  # the broker speaks of itself: no message of the park
            return
        if not rows:
            self.states += 1
            return
        first, count = len(self.rows), len(rows)
        self.rows += rows
        self.payloads += [message.payload] * count
        self.origins += [_Origin(message.topic, message.content_type)] * count
        if count > 1:
            self.firsts.update(dict.fromkeys(range(first + 1, first + count), first))

    def add_beside(self, row: int, rows: Sequence[Row]) -> None:
        """Further rows of the message that gave a row."""
        first = self.message(row)
        self.firsts.update(dict.fromkeys(range(len(self.rows), len(self.rows) + len(rows)), first))
        self.rows += rows
        self.payloads += [self.payloads[first]] * len(rows)
        self.origins += [self.origins[first]] * len(rows)

    def message(self, row: int) -> int:
        """The message that gave a row, as the number of its first row."""
        return self.firsts.get(row, row)

    def is_full(self, policy: BatchPolicy) -> bool:
        """Whether nothing more should be added."""
        return self.messages >= policy.rows or self.size >= policy.size

    def due(self, policy: BatchPolicy) -> float:
        """The monotonic second at which it closes if nothing more comes."""
        due = self.opened + policy.linger_s
        if self.messages >= policy.quiet_rows:
            due = min(due, self.touched + policy.quiet_s)
        return due

    def source(self, row: int) -> Message:
        """The message of a row, as it came."""
        origin = self.origins[row]
        return PlainMessage(topic=origin.topic, payload=self.payloads[row], content_type=origin.content_type)
