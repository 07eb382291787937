"""A state that a command has reached, and its line of text: what the log on disk and `park generate` write of it."""

from dataclasses import dataclass
from functools import cached_property
from itertools import starmap
from typing import Any

import msgspec

from park.catalogue import PARAMETERS, Channel, ValueType
from park.codecs.json.event import encode_event, event_decoder
from park.command import State
from park.errors import DecodeError, TopicError
from park.event import COMMAND, Event, Phase
from park.topics import DeviceTopic, event_topic, parse_event
from sectors import KINDS, SECTOR_OF
from simulator.errors import BadOrders

PHASES = {State.ACCEPTED: Phase.BEGIN, State.REJECTED: Phase.STATE}
"""Phases of states; that of any other is the end."""

_VALUES = tuple(f"value_{number}" for number in range(1, PARAMETERS + 1))
_read_event = event_decoder({COMMAND.name: COMMAND})


@dataclass(frozen=True, kw_only=True)
class Record:
    """A state of a command.

    Attributes:
        where: the device.
        ts: the town's time of it, Unix milliseconds; no two records of a device share one. An accepted command is an
            order that holds from then on.
        action: its name, empty where the kind has no such action.
        values: as `park.command.values_of` gives them; empty where they were not understood.
        reason: why it was rejected or failed, else empty.
    """

    where: DeviceTopic
    ts: int
    id: str
    state: State
    action: str
    values: tuple[float, ...]
    actor: str
    reason: str = ""
    issued: int
    expires: int

    @cached_property
    def number(self) -> int:
        """The device's number in its kind, from 0."""
        return number_of(self.where)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells its command from any other: kind, device and id."""
        return self.where.kind, self.where.device, self.id

    @property
    def phase(self) -> Phase:
        """As an event's."""
        return PHASES.get(self.state, Phase.END)

    @property
    def event(self) -> Event:
        """As it is told and stored."""
        texts = {"state": self.state.value, "action": self.action, "actor": self.actor, "reason": self.reason}
        told: dict[str, Any] = {name: text for name, text in texts.items() if text}
        told |= {"issued": self.issued, "expires": self.expires, "delay": self.ts - self.issued}
        told |= dict(zip(_VALUES, self.values, strict=False))
        return Event(type=COMMAND, ts=self.ts, id=self.id, phase=self.phase, values=told)

    @property
    def line(self) -> bytes:
        """`{"topic": ..., "payload": {...}}` and a line feed."""
        topic = event_topic(self.where.sector, self.where.site, self.where.kind, self.where.device)
        return b'{"topic":"%b","payload":%b}\n' % (topic.encode(), encode_event(self.event))


class _Line(msgspec.Struct):
    topic: str
    payload: msgspec.Raw


_read_line = msgspec.json.Decoder(_Line).decode


def record_of(line: bytes) -> Record | None:
    """The record of a line; None if it tells something else.

    Raises:
        BadOrders: it is no line of an event or a reading, or not of a device of ours.
    """
    if b'"command"' not in line:
        return None
    try:
        read = _read_line(line)
        event = _read_event(bytes(read.payload))
        return record_from(parse_event(read.topic), event.ts, event.id, event.values)
    except (msgspec.MsgspecError, RecursionError, DecodeError, TopicError, KeyError, ValueError) as error:
        raise BadOrders(f"not a state of a command: {error}") from None


def record_from(where: DeviceTopic, ts: int, command_id: str, values: Any) -> Record:
    """A record of an event's values.

    Raises:
        KeyError, ValueError: a value is absent or none that it can have, or the device is none.
    """
    if where.kind not in KINDS or SECTOR_OF[where.kind].name != where.sector:
        raise ValueError(f"kind {where.kind!r} is in no sector {where.sector!r}")
    number_of(where)
    return Record(
        where=where,
        ts=ts,
        id=command_id,
        state=State(values["state"]),
        action=str(values.get("action", "")),
        values=tuple(float(values[name]) for name in _VALUES if name in values),
        actor=str(values["actor"]),
        reason=str(values.get("reason", "")),
        issued=int(values["issued"]),
        expires=int(values["expires"]),
    )


def can_be_ordered(record: Record) -> bool:
    """Whether a device of the kind can be told this: an action of its own, with values that the parameters have."""
    actions = KINDS[record.where.kind].actions
    parameters = next((one.parameters for one in actions if one.name == record.action), None)
    if parameters is None or len(parameters) != len(record.values):
        return False
    return all(starmap(_may_have, zip(parameters, record.values, strict=True)))


def _may_have(parameter: Channel, value: float) -> bool:
    if parameter.type in (ValueType.TEXT, ValueType.BOOL):
        return value in range(len(parameter.texts) or 2)
    return parameter.low <= value <= parameter.high


def number_of(where: DeviceTopic) -> int:
    """The number of a device in its kind, from 0.

    Raises:
        ValueError: no device of the kind has this name.
    """
    kind, digits = KINDS[where.kind], where.device.rpartition("-")[2]
    if not digits.isdecimal() or len(digits) > 12 or kind.device(int(digits)) != where.device or int(digits) < 1:
        raise ValueError(f"{where.device!r} is no device of the kind {where.kind!r}")
    return int(digits) - 1
