"""Commands: what is asked of a device, what it answers, and which answers may follow which.

A request is JSON on `.../command/{actor}`, at QoS 1 and never retained:

    {"id": "7f3a", "action": "set_level", "args": {"level": 40}, "issued": 1767225600000, "expires": 1767225630000}

An answer, on `.../ack` and on the request's response topic if it is the actor's own (`park.topics.reply_topic`):

    {"id": "7f3a", "state": "accepted", "ts": 1767225600120, "expires": 1767225630000, "due": 1767225602120}

All times are the town's, in Unix milliseconds. The requester repeats the same id until a final answer or its expiry;
the same id is answered alike and never done twice.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

import msgspec

from park.catalogue import Action, Channel, DeviceKind, ValueType
from park.errors import CommandRefused
from park.event import ID, Value
from park.topics import ACTOR

#: How far ahead a command may expire.
MAX_AHEAD_MS = 24 * 3_600_000
#: How long after its expiry an id is remembered.
REMEMBERED_MS = 3_600_000
#: The longest request, in bytes; and the longest correlation data that an answer repeats.
MAX_REQUEST, MAX_CORRELATION = 4096, 64

_INT64 = 2**63 - 1
_Moment: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=_INT64)]
_Id: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"^{ID}\Z")]


class State(enum.StrEnum):
    """What has become of a command."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self is not State.ACCEPTED


_ENDS = frozenset({State.SUCCEEDED, State.FAILED, State.EXPIRED, State.SUPERSEDED})


def may_follow(before: State | None, after: State) -> bool:
    """Whether a command's state may be followed by another; None is before the first."""
    if before is None:
        return after in {State.ACCEPTED, State.REJECTED}
    return before is State.ACCEPTED and after in _ENDS


def broken_edge(states: Iterable[State]) -> tuple[State | None, State] | None:
    """The first two states of a command, in order of time, of which the second may not follow the first."""
    before: State | None = None
    for after in states:
        if not may_follow(before, after):
            return before, after
        before = after
    return None


class Refusal(enum.StrEnum):
    """Why a command is rejected; a model's interlock gives a reason of its own."""

    MALFORMED = "malformed"
    RETAINED = "retained"
    UNKNOWN_DEVICE = "unknown-device"
    UNKNOWN_ACTION = "unknown-action"
    BAD_ARGUMENT = "bad-argument"
    BAD_TIME = "bad-time"
    EXPIRED = "expired"
    NO_TIME_LEFT = "no-time-left"
    NOT_LIVE = "not-live"
    BUSY = "busy"

    @property
    def passing(self) -> bool:
        """Whether the same command may be taken a little later: it is not remembered, and worth repeating."""
        return self in {Refusal.NOT_LIVE, Refusal.BUSY}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an actor asks of a device.

    Attributes:
        args: a value for each of the action's parameters, by name.
        issued, expires: the town's time; it is never begun at or after `expires`.
    """

    id: str
    action: str
    issued: int
    expires: int
    args: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a device says of a command.

    Attributes:
        ts: the town's time of the state; of an accepted command that from which it holds.
        due: of an accepted command, by when its end is to be expected.
        reason, detail: of a rejected one: a word, and a sentence for people.
        measured: of one that succeeded, what the device measures then.
    """

    id: str
    state: State
    ts: int
    expires: int | None = None
    due: int | None = None
    reason: str = ""
    detail: str = ""
    measured: Mapping[str, Value] = field(default_factory=dict)

    @property
    def settles(self) -> bool:
        """Whether the requester need not repeat its command."""
        return self.state.final and self.reason not in {one.value for one in Refusal if one.passing}


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    id: _Id
    action: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
    issued: _Moment
    expires: _Moment
    args: dict[str, float | int | bool | str] = {}
    actor: Annotated[str, msgspec.Meta(pattern=rf"^{ACTOR}\Z")] | None = None


class _Named(msgspec.Struct):
    id: _Id


class _Answer(msgspec.Struct):
    id: _Id
    state: State
    ts: _Moment
    expires: _Moment | None = None
    due: _Moment | None = None
    reason: str = ""
    detail: str = ""
    measured: dict[str, float | int | bool | str] = {}


_read_request = msgspec.json.Decoder(_Request).decode
_read_named = msgspec.json.Decoder(_Named).decode
_read_answer = msgspec.json.Decoder(_Answer).decode


def encode_request(request: Request) -> bytes:
    """The payload of a request."""
    return msgspec.json.encode(
        {
            "id": request.id,
            "action": request.action,
            "args": dict(request.args),
            "issued": request.issued,
            "expires": request.expires,
        }
    )


def read_request(payload: bytes, actor: str) -> Request:
    """The request of a payload that the actor has sent.

    Raises:
        CommandRefused: malformed.
    """
    if len(payload) > MAX_REQUEST:
        raise CommandRefused(Refusal.MALFORMED, f"{len(payload)} bytes; at most {MAX_REQUEST}")
    try:
        read = _read_request(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CommandRefused(Refusal.MALFORMED, str(error)[:200]) from None
    if read.actor not in {None, actor}:
        raise CommandRefused(Refusal.MALFORMED, f"says {read.actor!r}, and comes from {actor!r}")
    return Request(id=read.id, action=read.action, issued=read.issued, expires=read.expires, args=read.args)


def id_of(payload: bytes) -> str | None:
    """The id of a request that may have other faults; None if it has none."""
    if len(payload) > MAX_REQUEST:
        return None
    try:
        return _read_named(payload).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def encode_answer(answer: Answer) -> bytes:
    """The payload of an answer; what it does not say is no key."""
    told: dict[str, Any] = {"id": answer.id, "state": answer.state.value, "ts": answer.ts}
    for name in ("expires", "due", "reason", "detail", "measured"):
        value = getattr(answer, name)
        if value not in (None, "", {}):
            told[name] = value
    return msgspec.json.encode(told)


def read_answer(payload: bytes) -> Answer | None:
    """The answer of a payload; None if it is none."""
    try:
        read = _read_answer(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return Answer(**{name: getattr(read, name) for name in _Answer.__struct_fields__})


def check_times(request: Request, now_ms: int) -> None:
    """Hold a request's times against the town's.

    Raises:
        CommandRefused: bad-time or expired.
    """
    if request.expires <= request.issued:
        raise CommandRefused(Refusal.BAD_TIME, "expires before it was issued")
    if request.expires - now_ms > MAX_AHEAD_MS:
        raise CommandRefused(Refusal.BAD_TIME, f"expires more than 24 h after the town's time, {now_ms}")
    if request.expires <= now_ms:
        raise CommandRefused(Refusal.EXPIRED, f"it is {now_ms} in the town")


def action_of(kind: DeviceKind, name: str) -> Action:
    """The kind's action of this name.

    Raises:
        CommandRefused: unknown-action.
    """
    for action in kind.actions:
        if action.name == name:
            return action
    known = ", ".join(action.name for action in kind.actions) or "none"
    raise CommandRefused(Refusal.UNKNOWN_ACTION, f"{kind.name} has no action {name[:32]!r}; it has: {known}")


def values_of(action: Action, args: Mapping[str, Value]) -> tuple[float, ...]:
    """The arguments as `park.orders.Orders` has them: in order, k / 10^decimals; a boolean 0 or 1, a text its index.

    Raises:
        CommandRefused: bad-argument.
    """
    names = {parameter.name for parameter in action.parameters}
    if unknown := sorted(args.keys() - names):
        raise CommandRefused(Refusal.BAD_ARGUMENT, f"{action.name} has no parameter {unknown[0][:32]!r}")
    if missing := [parameter.name for parameter in action.parameters if parameter.name not in args]:
        raise CommandRefused(Refusal.BAD_ARGUMENT, f"{action.name}: {missing[0]} is missing")
    return tuple(_value(parameter, args[parameter.name]) for parameter in action.parameters)


def _value(parameter: Channel, given: Value) -> float:
    if parameter.type is ValueType.TEXT:
        if given not in parameter.texts:
            raise CommandRefused(Refusal.BAD_ARGUMENT, f"{parameter.name}: choose from {', '.join(parameter.texts)}")
        return float(parameter.texts.index(str(given)))
    if parameter.type is ValueType.BOOL:
        if not isinstance(given, bool):
            raise CommandRefused(Refusal.BAD_ARGUMENT, f"{parameter.name}: must be true or false")
        return float(given)
    fits = (int,) if parameter.type is ValueType.INT else (int, float)
    if isinstance(given, bool) or not isinstance(given, fits):
        raise CommandRefused(Refusal.BAD_ARGUMENT, f"{parameter.name}: must be a {parameter.type.value}")
    # Held against the range first: what is far outside it has no k.
    inside = parameter.low <= given <= parameter.high
    value = round(float(given) * parameter.scale) / parameter.scale + 0.0 if inside else given
    if not (inside and parameter.low <= value <= parameter.high):
        low, high = f"{parameter.low:g}", f"{parameter.high:g}"
        raise CommandRefused(Refusal.BAD_ARGUMENT, f"{parameter.name}: must be {low} to {high} {parameter.unit}")
    return value
