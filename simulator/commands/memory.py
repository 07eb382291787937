"""What a gateway remembers of commands: the last word on each id, and what is still to come of it."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from park.command import REMEMBERED_MS, Answer, State
from park.event import Value
from sectors import KINDS
from simulator.commands.record import Record

Key = tuple[str, str, str]
_Device = tuple[str, str]
#: Kind, device and action.
_Task = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class ReplyTo:
    """Where a requester wants to be answered, beside the device's ack."""

    topic: str
    correlation: bytes | None


@dataclass(kw_only=True)
class Known:
    """A command that has been decided.

    Attributes:
        record: its last state.
        due_ms: of an accepted one, when it will be done.
        detail: why it was rejected, for people; not kept on disk.
        reply_to: as its last request said.
        measured: of one that succeeded, what the device measured then; worked out when it is first answered.
    """

    record: Record
    due_ms: int | None = None
    detail: str = ""
    reply_to: ReplyTo | None = None
    measured: Mapping[str, Value] = field(default_factory=dict)

    def answer(self) -> Answer:
        """Its last state, as it is answered."""
        one = self.record
        return Answer(
            id=one.id,
            state=one.state,
            ts=one.ts,
            expires=one.expires,
            due=self.due_ms if one.state is State.ACCEPTED else None,
            reason=one.reason,
            detail=self.detail,
            measured=self.measured,
        )


class Memory:
    """The commands of a gateway's devices.

    Args:
        records: of the past, by time.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._known: dict[Key, Known] = {}
        self._last_ms: dict[_Device, int] = {}
        self._pending: dict[_Task, Key] = {}
        self._due: list[tuple[int, Key]] = []
        self._forget: list[tuple[int, Key]] = []
        for record in records:
            self.take(record)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Key) -> Known | None:
        """What is known of a command."""
        return self._known.get(key)

    def last_ms(self, device: _Device) -> int:
        """When a device told of a command last."""
        return self._last_ms.get(device, -1)

    def pending(self, task: _Task) -> Known | None:
        """The command of this action that a device has accepted and not ended."""
        key = self._pending.get(task)
        return None if key is None else self._known[key]

    def unfinished(self) -> list[Record]:
        """The last states of all commands that have been accepted and not ended."""
        return [self._known[key].record for key in self._pending.values()]

    def take(self, record: Record, *, detail: str = "", reply_to: ReplyTo | None = None) -> Known:
        """Take another state of a command, the first or the next."""
        key = record.key
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Known(record=record, reply_to=reply_to)
            heapq.heappush(self._forget, (record.expires + REMEMBERED_MS, key))
        known.record, known.detail, known.due_ms = record, detail, None
        device = record.where.kind, record.where.device
        self._last_ms[device] = max(self._last_ms.get(device, -1), record.ts)
        task = (*device, record.action)
        if record.state is State.ACCEPTED:
            known.due_ms = record.ts + _takes_ms(record)
            self._pending[task] = key
            heapq.heappush(self._due, (known.due_ms, key))
        elif self._pending.get(task) == key:
            del self._pending[task]
        return known

    def next_due(self, until_ms: int) -> Known | None:
        """The command that is to end first, and no later than this; it is not named again."""
        while self._due and self._due[0][0] <= until_ms:
            _, key = heapq.heappop(self._due)
            known = self._known.get(key)
            if known is not None and known.record.state is State.ACCEPTED:
                return known
        return None

    def is_due(self, until_ms: int) -> bool:
        """Whether something is to end, or to be forgotten, by then."""
        return bool(self._due and self._due[0][0] <= until_ms) or bool(self._forget and self._forget[0][0] <= until_ms)

    def forget(self, now_ms: int) -> None:
        """Forget what has expired long ago, and never ended, too: its end is no gateway's any more."""
        while self._forget and self._forget[0][0] <= now_ms:
            _, key = heapq.heappop(self._forget)
            record = self._known.pop(key).record
            task = (record.where.kind, record.where.device, record.action)
            if self._pending.get(task) == key:
                del self._pending[task]


def _takes_ms(record: Record) -> int:
    for action in KINDS[record.where.kind].actions:
        if action.name == record.action:
            return action.takes_ms(record.values)
    return 1
