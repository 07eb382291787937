"""What has become of an order, in words: commanded, accepted, measured."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from dashboards.resolved import ResolvedPanel, resolve
from dashboards.sources.base import Value
from dashboards.viewer import fields, numbers
from dashboards.viewer.fields import words
from dashboards.viewer.orders import Order
from park.catalogue import Action, Behaviour, Channel, DeviceKind
from park.command import Answer, Refusal, State
from park.panel import Aggregate, Panel, View
from park.safe_text import printable
from park.units import symbol

#: Of a reading: its moment in ms, and one of its values.
Reading: TypeAlias = tuple[int, Value]

_SHOWN = 4
_DEVICES = 2000
#: A channel in a unit of these is not what a parameter in it sets.
_VAGUE = fields.TIMES | {"1"}

_ENDS = {
    State.SUCCEEDED: "Done",
    State.FAILED: "Failed",
    State.EXPIRED: "Expired before it was done",
    State.SUPERSEDED: "Superseded by a later command",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """A state in words.

    Attributes:
        level: good, notice or critical, for its colour; empty while there is nothing to say.
    """

    text: str
    detail: str = ""
    level: str = ""


def clock(ms: int, utc_offset_ms: int) -> str:
    """A moment by the town's clock, to the second; a dash for what no calendar has, as strangers may send it."""
    try:
        return f"{dt.datetime.fromtimestamp((ms + utc_offset_ms) / 1000, dt.UTC):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "–"


def commanded(order: Order) -> str:
    """What was asked: "Set level: Level 40 %, Ramp 2 s"."""
    parts = [f"{words(one.name)} {written(one, order.request.args[one.name])}" for one in order.action.parameters]
    return f"{words(order.action.name)}{': ' if parts else ''}{', '.join(parts)}"


def written(channel: Channel, value: Value) -> str:
    """A value with its unit."""
    whole = isinstance(value, float) and value.is_integer()
    return f"{numbers.text(value, 0 if whole else channel.decimals)} {symbol(channel.unit)}".rstrip()


def accepted(order: Order, utc_offset_ms: int) -> Said:
    """What the device has said of it, or why it says nothing."""
    last = order.last
    if last is None:
        return _unanswered(order, utc_offset_ms)
    at = clock(last.ts, utc_offset_ms)
    if last.state is State.REJECTED:
        return _rejected(last, at, over=order.over)
    taken = [one for one in order.answers if one.state is State.ACCEPTED]
    first = f"Accepted {clock(taken[0].ts, utc_offset_ms)}" if taken else ""
    if last.state is State.ACCEPTED:
        due = "" if last.due is None else f"To be done by {clock(last.due, utc_offset_ms)}"
        lost = f"Its end has not been heard. {order.trouble}".rstrip() if order.over else order.trouble
        return Said(text=first, detail=printable(lost) or due, level="notice")
    level = "good" if last.state is State.SUCCEEDED else "critical"
    return Said(text=f"{_ENDS[last.state]} {at}", detail=first, level=level)


def _unanswered(order: Order, utc_offset_ms: int) -> Said:
    trouble = printable(order.trouble)
    if not order.over:
        return Said(text="Sent; the device has not answered yet", detail=trouble, level="notice")
    until = clock(order.request.expires, utc_offset_ms)
    said = trouble or f"It expired {until}; it may still have been done."
    return Said(text="Nobody has answered", detail=said, level="critical")


def _rejected(last: Answer, at: str, *, over: bool) -> Said:
    detail = printable(last.detail[:1].upper() + last.detail[1:])
    if not last.settles and not over:
        why = "publishes history or cannot follow" if last.reason == Refusal.NOT_LIVE else "has too much to do"
        return Said(text=f"Not now: {last.reason}", detail=f"The gateway {why}; it is asked again.", level="notice")
    return Said(text=f"Rejected {at}: {printable(last.reason)}", detail=detail, level="critical")


def measured(answer: Answer | None, channel: Channel, reading: Reading | None, shift_ms: int) -> tuple[str, int | None]:
    """The newest that is known of a channel, and its moment by the town's clock.

    It is a reading, or what the device measured when it had obeyed.

    Args:
        answer: the device's last one that says what it measured.
        channel: what is measured.
        reading: the newest one's moment, in ms by the town's clock, and value.
        shift_ms: the town's clock less UTC.
    """
    if answer is not None and channel.name in answer.measured:
        answered = answer.ts + shift_ms, answer.measured[channel.name]
        reading = answered if reading is None or reading[0] < answered[0] else reading
    if reading is None:
        return "–", None
    at, value = reading
    return printable(value) if isinstance(value, str) else written(channel, value), at


def shown(kind: DeviceKind, action: Action) -> tuple[Channel, ...]:
    """The channels in which an action shows: those of its parameters' names, then units, then states, then others.

    An action without parameters, such as `resume`, shows in what the kind's other actions set.
    """
    parameters = action.parameters or tuple(one for other in kind.actions for one in other.parameters)
    names = {one.name for one in parameters}
    units = {one.unit for one in parameters} - _VAGUE

    def rank(one: Channel) -> tuple[bool, bool, bool]:
        return one.name not in names, one.unit not in units, one.behaviour is not Behaviour.STATE

    found = [one for one in kind.channels if one.behaviour is not Behaviour.REGISTER]
    return tuple(sorted(found, key=rank)[:_SHOWN])


@cache
def readings(kind: DeviceKind) -> ResolvedPanel:
    """What is asked of a kind's devices: the newest of all that its actions show in."""
    channels = {one.name: None for action in kind.actions for one in shown(kind, action)}
    return resolve(
        Panel(
            title=kind.title,
            story="",
            measurement=kind.name,
            fields=tuple(channels),
            aggregate=Aggregate.LAST,
            by=("sector", "site", "device"),
            view=View.TABLE,
            limit=_DEVICES,
        )
    )
