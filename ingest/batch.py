"""When a batch is full and when it is due: pure, the clock is passed in."""

from dataclasses import dataclass, field

from ingest.messages import Message
from ingest.stores.base import Row
from park.reading import Rejection


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


@dataclass(slots=True, kw_only=True)
class Batch:
    """Messages in order of arrival, of one connection, that are settled and acknowledged together.

    Attributes:
        opened, touched: monotonic seconds of the first and the latest message.
        opened_ms: Unix milliseconds of the first message.
        rows: of all messages but those at `skipped`, in order.
        times: the `ts` of the rows that are readings.
        size: bytes of payload.
    """

    generation: int
    opened: float
    opened_ms: int
    touched: float = 0.0
    messages: list[Message] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    size: int = 0

    def is_full(self, policy: BatchPolicy) -> bool:
        """Whether nothing more should be added."""
        return len(self.messages) >= policy.rows or self.size >= policy.size

    def due(self, policy: BatchPolicy) -> float:
        """The monotonic second at which it closes if nothing more comes."""
        due = self.opened + policy.linger_s
        if len(self.messages) >= policy.quiet_rows:
            due = min(due, self.touched + policy.quiet_s)
        return due

    def sources(self) -> list[Message]:
        """The message of every row."""
        if not self.skipped:
            return self.messages
        skipped = set(self.skipped)
        return [message for i, message in enumerate(self.messages) if i not in skipped]
