"""What the controller knows and has decided: values, which a decision replaces and never changes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec

from park.command import State as CommandState
from park.event import ID, Value
from park.topics import DeviceTopic

#: What became of an order that nobody answered before its expiry; otherwise it is a command's final state.
UNANSWERED = "unanswered"

#: As they may come from the broker or the disk.
_Moment = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Id = Annotated[str, msgspec.Meta(pattern=rf"^{ID}\Z")]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The newest of a device's readings.

    Attributes:
        number: of the device in its kind, from 0.
        values: of the channels that rules look at, those that the reading has.
    """

    kind: str
    device: str
    site: str
    number: int
    ts: int
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of an order."""

    id: str
    state: str

    @property
    def obeyed(self) -> bool:
        """Whether the device did it, whatever it was told afterwards."""
        return self.state in {CommandState.SUCCEEDED.value, CommandState.SUPERSEDED.value}


@dataclass(frozen=True, kw_only=True)
class Told:
    """An action and its arguments."""

    action: str
    args: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a device is to be told.

    Attributes:
        tick: the moment for which it was decided, the town's time in Unix milliseconds; `id` follows from it.
    """

    id: _Id
    rule: str
    group: str
    tick: _Moment
    where: DeviceTopic
    told: Told
    expires: _Moment


@dataclass(frozen=True, kw_only=True)
class Latch:
    """Whether a trigger holds, and since when."""

    on: bool
    since: int


class Stand(StrEnum):
    """How a claim stands."""

    HELD = "held"
    LETTING_GO = "letting-go"
    FREE = "free"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A rule's hold on a group of a device's actions.

    Attributes:
        rule: which has it, or had it last.
        tick, id: of the last order.
        told: what the device was told last.
        release: how it is let go, of the rule as it was then.
        fails: how often in a row an order came to nothing.
        retry: when the last one is to be tried again; None if it need not be.
        still: until then nothing is decided: another controller did, on what this one may not have heard yet.
    """

    stand: Stand
    rule: str
    tick: int
    id: str
    told: Told
    release: Told | None = None
    fails: int = 0
    retry: int | None = None
    still: int = 0


@dataclass(frozen=True, kw_only=True)
class Handed:
    """An order as controllers tell one another, and whoever starts later: the newest of a device and group.

    Attributes:
        stand: how its claim stands; HELD or LETTING_GO.
        release: as the claim's.
    """

    order: Order
    stand: Stand
    release: Told | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that a decision follows from, beside the rules.

    Attributes:
        begun: the first tick of this process, before which nothing was heard.
        tick: the last one decided for.
        latches: by rule, then by number of the trigger and what it looks over.
        acting: rules that act, by rule and device, since when.
        claims: by device, then group.
        open: orders without an end, by id.
        heard: by kind, then device.
    """

    begun: int | None = None
    tick: int = 0
    latches: Mapping[str, Mapping[str, Latch]] = field(default_factory=dict)
    acting: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    claims: Mapping[str, Mapping[str, Claim]] = field(default_factory=dict)
    open: Mapping[str, Order] = field(default_factory=dict)
    heard: Mapping[str, Mapping[str, Heard]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class News:
    """What has come since the last decision.

    Attributes:
        heard: readings of before the tick.
        ended: orders that have their end.
        handed: what other controllers have decided, and this one itself.
    """

    heard: Sequence[Heard] = ()
    ended: Sequence[Ended] = ()
    handed: Sequence[Handed] = ()


def order_id(rule: str, device: str, tick: int) -> str:
    """The id of what a rule tells a device for a tick: the same from any controller."""
    return hashlib.blake2b(f"{rule}\0{device}\0{tick}".encode(), digest_size=12).hexdigest()
