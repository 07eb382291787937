"""The vocabulary of the park: sectors, the kinds of device in them, what each kind measures and can be told to do.

All of it is frozen data. A sector's folder under `sectors/` defines one `SECTOR`; topics,
validation, storage types, default dashboards and the tables of the docs follow from it.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from park.errors import CatalogueError

if TYPE_CHECKING:
    from park.event import EventType

NAME = re.compile(r"[a-z][a-z0-9_]*")
_SLUG = re.compile(r"[a-z][a-z0-9-]*")
_TEXT = re.compile(r"[A-Za-z0-9._-]{1,32}")

#: Most parameters that an action has.
PARAMETERS = 4
RESERVED = frozenset({"ts", "seq", "time", "device", "sector", "site"})
#: What of a device is held against a twin that nobody commanded (`DeviceKind.twin`): its name there, by its unit.
TWINNED = {"kWh": "energy", "m3": "water", "m3/h": "water_flow"}


class ValueType(enum.Enum):
    """The type under which a channel is published and stored; it never changes."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    TEXT = "text"


class Behaviour(enum.Enum):
    """How a channel moves in time, which decides how it is aggregated and drawn."""

    GAUGE = "gauge"
    REGISTER = "register"
    STATE = "state"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One measured quantity of a kind.

    Attributes:
        name: snake_case, after FIWARE Smart Data Models where that has the quantity.
        unit: UCUM code; one unit per quantity across the park.
        low, high: physical range of the clean value, in `unit`. A fault may leave it.
        decimals: the published resolution d; a value is k / 10^d with k a whole number.
        texts: for `ValueType.TEXT`, every value that the models use, in order.
    """

    name: str
    unit: str
    description: str
    low: float = 0.0
    high: float = 1.0
    decimals: int = 0
    type: ValueType = ValueType.FLOAT
    behaviour: Behaviour = Behaviour.GAUGE
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name in RESERVED:
            raise CatalogueError(f"channel {self.name!r}: not a snake_case name, or reserved")
        if not self.low <= self.high:
            raise CatalogueError(f"channel {self.name!r}: low {self.low} is above high {self.high}")
        if not 0 <= self.decimals <= 6 or (self.type is not ValueType.FLOAT and self.decimals):
            raise CatalogueError(f"channel {self.name!r}: decimals must be 0 to 6, and 0 unless it is a float")
        if (self.type is ValueType.TEXT) != bool(self.texts):
            raise CatalogueError(f"channel {self.name!r}: texts belong to a text channel, and it needs them")
        if bad := [text for text in self.texts if not _TEXT.fullmatch(text)]:
            raise CatalogueError(f"channel {self.name!r}: text {bad[0]!r} must match {_TEXT.pattern}")

    @classmethod
    def flag(cls, name: str, description: str) -> "Channel":
        """Whether something is so."""
        return cls(name=name, unit="1", description=description, type=ValueType.BOOL, behaviour=Behaviour.STATE)

    @classmethod
    def state(cls, name: str, description: str, *texts: str) -> "Channel":
        """Which of some states it is in."""
        return cls(
            name=name, unit="1", description=description, type=ValueType.TEXT, behaviour=Behaviour.STATE, texts=texts
        )

    @property
    def scale(self) -> int:
        """10 to the power of `decimals`."""
        return int(10**self.decimals)


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that a device can be commanded to do.

    Attributes:
        name: snake_case, unique within the kind.
        parameters: what has to be said with it, each with its type and range; at most `PARAMETERS`.
        shows_s: the time by which an order that changes anything has changed a reading; that to the next reading,
            and up to `park.model.GRID_S` for a state on the day's grid, come on top.
        takes: the name of a parameter, in seconds, that says how long it takes; without one it takes `shows_s`.
        refuses: why a device may not do it, as it then says: the reasons of its model's `Interlocks`.
    """

    name: str
    description: str
    parameters: tuple[Channel, ...] = ()
    shows_s: float = 0.0
    takes: str = ""
    refuses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or not _TEXT.fullmatch(self.name):
            raise CatalogueError(f"action {self.name!r}: not a snake_case name of at most 32 characters")
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) != len(names) or len(names) > PARAMETERS:
            raise CatalogueError(f"action {self.name!r}: at most {PARAMETERS} parameters, each with a name of its own")
        if self.shows_s < 0:
            raise CatalogueError(f"action {self.name!r}: shows_s must not be negative")
        if self.takes and not any(one.name == self.takes and one.unit == "s" for one in self.parameters):
            raise CatalogueError(f"action {self.name!r}: takes {self.takes!r}, which is no parameter of it in seconds")
        if bad := [reason for reason in self.refuses if not _SLUG.fullmatch(reason)]:
            raise CatalogueError(f"action {self.name!r}: refuses {bad[0]!r}, which must match {_SLUG.pattern}")

    def takes_ms(self, values: Sequence[float]) -> int:
        """How long it takes with these values of its parameters, at least a millisecond."""
        names = [parameter.name for parameter in self.parameters]
        seconds = values[names.index(self.takes)] if self.takes else self.shows_s
        return max(1, round(seconds * 1000))


@dataclass(frozen=True, kw_only=True)
class DeviceKind:
    """A kind of device; its name is the measurement in the store.

    Attributes:
        name: snake_case, unique across the park.
        interval_s: time between two readings of a device.
        per_cell: how many devices of the kind stand in one cell of the sector. It is also the
            kind's default weight when a number of devices is spread over kinds.
        actions: what a device can be commanded to do.
        carries_all: whether the kind's whole state goes over 04:00 with what `park.model.Model.advance` returns,
            instead of beginning each day from a function of the day. A kind that can be commanded must: what it
            was told in the evening holds in the morning.
        personal: whether a device goes with a person, whose whereabouts are nobody's business: its place is not told.
        twin: channels that tell what commands save, at most one of each unit in `TWINNED`. Of what passes several
            meters, at one of them: they are added up.
        tags, has_seq: how readings are stored, beside their channels.
    """

    name: str
    title: str
    description: str
    channels: tuple[Channel, ...]
    interval_s: float = 60.0
    per_cell: int = 1
    actions: tuple[Action, ...] = ()
    carries_all: bool = False
    personal: bool = False
    twin: tuple[str, ...] = ()
    tags: ClassVar[tuple[str, ...]] = ("device", "sector", "site")
    has_seq: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise CatalogueError(f"kind {self.name!r}: not a snake_case name")
        names = [channel.name for channel in self.channels]
        if not names or len(set(names)) != len(names):
            raise CatalogueError(f"kind {self.name!r}: needs channels, each with a name of its own")
        if self.interval_s <= 0 or self.per_cell < 1:
            raise CatalogueError(f"kind {self.name!r}: interval_s and per_cell must be positive")
        actions = [action.name for action in self.actions]
        if len(set(actions)) != len(actions):
            raise CatalogueError(f"kind {self.name!r}: each action needs a name of its own")
        if actions and not self.carries_all:
            raise CatalogueError(f"kind {self.name!r}: has actions, so it must carry its whole state (carries_all)")
        units = [self.channel[name].unit if name in names else name for name in self.twin]
        if len(set(units)) != len(units) or not TWINNED.keys() >= set(units):
            raise CatalogueError(
                f"kind {self.name!r}: twin {self.twin} needs channels in {', '.join(TWINNED)}, one each"
            )

    @cached_property
    def channel(self) -> dict[str, Channel]:
        """Channels by name."""
        return {channel.name: channel for channel in self.channels}

    @property
    def device_stem(self) -> str:
        """The part of a device's name before its number."""
        return self.name.replace("_", "-")

    def device(self, number: int) -> str:
        """The name of the kind's device with this number, counted from 1."""
        return f"{self.device_stem}-{number:06d}"


@dataclass(frozen=True, kw_only=True)
class Sector:
    """A sector of the town.

    Attributes:
        cell: what one cell is, in words ("a field with its station, probes and valves").
        sites: the sector's sites where park.toml names none.
        events: what its devices alone may tell, beside the park's own.
    """

    name: str
    title: str
    description: str
    cell: str
    kinds: tuple[DeviceKind, ...]
    sites: tuple[str, ...] = ()
    events: "tuple[EventType, ...]" = ()

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.name):
            raise CatalogueError(f"sector {self.name!r}: must be lower-case letters, digits and dashes")
        if bad := [site for site in self.sites if not _SLUG.fullmatch(site)]:
            raise CatalogueError(f"sector {self.name!r}: site {bad[0]!r} must match {_SLUG.pattern}")
        if not self.kinds:
            raise CatalogueError(f"sector {self.name!r}: has no kinds")

    @cached_property
    def actions(self) -> dict[tuple[str, str], int]:
        """Numbers of all its kinds' actions, as `park.model.Orders` has them, by the kind's name and their own."""
        names = [(kind.name, action.name) for kind in self.kinds for action in kind.actions]
        return {name: number for number, name in enumerate(names)}
