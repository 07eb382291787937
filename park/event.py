"""Events: what happens between two readings, told on a device's `.../event`, and the logs that keep them.

An event is `{"ts", "id", "type", "phase", ...}` and the channels of its type. Types are data of the catalogue: a
sector declares those that its own devices tell (`Sector.events`), and `PARK_EVENTS` those of any device.
"""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from park.catalogue import NAME, PARAMETERS, TWINNED, Channel, Sector, ValueType
from park.errors import CatalogueError

Value = float | int | bool | str


class Phase(enum.StrEnum):
    """Whether something begins or ends, or simply is so at its time."""

    BEGIN = "begin"
    END = "end"
    STATE = "state"


class Log(enum.StrEnum):
    """The measurements that keep events, for ever, whatever the retention of readings is."""

    WORLD = "park_event"
    COMMAND = "park_command"
    TWIN = "park_twin"
    LABEL = "park_label"
    DEVICE = "park_device"


_ID = Channel(
    name="id",
    unit="1",
    description="What the phases of one happening have in common.",
    type=ValueType.TEXT,
    texts=("1",),  # for instance; it may be whatever matches `ID`
)
_PHASE = Channel(
    name="phase",
    unit="1",
    description="Begin, end, or a state.",
    type=ValueType.TEXT,
    texts=tuple(phase.value for phase in Phase),
)
BEGIN_AND_END = (Phase.BEGIN, Phase.END)
ID = "[A-Za-z0-9._-]{1,64}"
RESERVED = frozenset({"id", "type", "phase"})


@dataclass(frozen=True, kw_only=True)
class EventType:
    """What can happen.

    Attributes:
        name: snake_case, unique across the park.
        log: where its events are kept. A channel has one unit and type in all types of a log.
        channels: what an event may carry beside its time, id and phase; each may be absent.
        interval_s: how often a device tells it; 0 for what is told when it happens.
    """

    name: str
    title: str
    description: str
    log: Log = Log.WORLD
    phases: tuple[Phase, ...] = (Phase.STATE,)
    channels: tuple[Channel, ...] = ()
    interval_s: float = 0.0

    @property
    def leaf(self) -> str:
        """The last level of its topics: labels have their own, so that a detector can be kept from them."""
        return "label" if self.log is Log.LABEL else "event"

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise CatalogueError(f"event {self.name!r}: not a snake_case name")
        names = [channel.name for channel in self.channels]
        if len(set(names)) != len(names) or not RESERVED.isdisjoint(names):
            raise CatalogueError(f"event {self.name!r}: each channel needs a name of its own, not {sorted(RESERVED)}")
        if not self.phases or len(set(self.phases)) != len(self.phases):
            raise CatalogueError(f"event {self.name!r}: needs phases, each once")


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of a device; its `ts` is unique among those of the device and type.

    Attributes:
        ts: Unix milliseconds.
        id: matches `ID`; the same in all phases of one happening.
        values: channel to value, k / 10^decimals for a float as in readings; an absent channel is no key.
    """

    type: EventType
    ts: int
    id: str
    phase: Phase
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"event {self.type.name!r}"
        if not re.fullmatch(ID, self.id):
            raise CatalogueError(f"{where}: id {self.id!r} must match {ID}")
        if self.phase not in self.type.phases:
            raise CatalogueError(f"{where}: has no phase {self.phase.value!r}")
        if unknown := sorted(self.values.keys() - {channel.name for channel in self.type.channels}):
            raise CatalogueError(f"{where}: has no channel {unknown[0]!r}")


@dataclass(frozen=True, kw_only=True)
class EventLog:
    """How the events of a log are stored.

    Attributes:
        name: of the measurement.
        channels: `id`, `phase`, and those of every type.
        tags: in order. The type is one, for two types may have an event of one device at the same time.
        interval_s: how often a device tells what it keeps; 0 for what is told when it happens.
    """

    name: str
    channels: tuple[Channel, ...]
    tags: tuple[str, ...] = ("device", "sector", "site", "type")
    has_seq: bool = False
    interval_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EventCatalogue:
    """All types of events.

    Attributes:
        types: by name.
        sectors: name of a type to the sector whose devices alone may tell it; no key where any device may.
        logs: every log, by the name of its measurement.
    """

    types: Mapping[str, EventType]
    sectors: Mapping[str, str]
    logs: Mapping[str, EventLog]


def event_catalogue(sectors: Iterable[Sector], own: Iterable[EventType]) -> EventCatalogue:
    """The types of these sectors and of the park itself.

    Raises:
        CatalogueError: two types have one name, or a log's channel two meanings; names both.
    """
    types: dict[str, EventType] = {}
    homes: dict[str, str] = {}
    declared = [(event, None) for event in own] + [(event, one.name) for one in sectors for event in one.events]
    for event, home in declared:
        if event.name in types:
            raise CatalogueError(
                f"event {event.name!r} of {home or 'the park'} is one of {homes.get(event.name, 'the park')} already"
            )
        types[event.name] = event
        if home is not None:
            homes[event.name] = home
    logs = {log.value: _log(log, [event for event in types.values() if event.log is log]) for log in Log}
    return EventCatalogue(types=types, sectors=homes, logs=logs)


def _log(log: Log, types: Sequence[EventType]) -> EventLog:
    found: dict[str, tuple[Channel, str]] = {}
    for event in types:
        for channel in event.channels:
            first, owner = found.setdefault(channel.name, (channel, event.name))
            if (first.type, first.unit) != (channel.type, channel.unit):
                raise CatalogueError(
                    f"{log.value}: channel {channel.name!r} of {event.name!r} is another than that of {owner!r}"
                )
    return EventLog(
        name=log.value,
        channels=(_ID, _PHASE, *(channel for channel, _ in found.values())),
        interval_s=min((event.interval_s for event in types), default=0.0),
    )


PLACE = EventType(
    name="place",
    title="Place",
    description="Where a device stands or is kept, to some 100 m: a meter's house is nobody's business.",
    log=Log.DEVICE,
    channels=(
        Channel(name="latitude", unit="deg", description="WGS 84, north.", low=-90.0, high=90.0, decimals=3),
        Channel(name="longitude", unit="deg", description="WGS 84, east.", low=-180.0, high=180.0, decimals=3),
        Channel(
            name="models",
            unit="1",
            description="Version of the models that make the device's readings until its next place.",
            high=1e6,
            type=ValueType.INT,
        ),
    ),
)
#: What the end of a happening may say.
DURATION = Channel(name="duration", unit="s", description="Time since it began.", high=1e7)
RAIN_SPELL = EventType(
    name="rain_spell",
    title="Rain spell",
    description="It rains without a break; told by who measures the rain of a site.",
    phases=BEGIN_AND_END,
    channels=(
        Channel(name="precipitation", unit="mm", description="Fallen in the spell.", high=1e4, decimals=1),
        DURATION,
    ),
)
POLLUTION_EPISODE = EventType(
    name="pollution_episode",
    title="Pollution episode",
    description="The district's PM2.5 is above 75 ug/m3; told by who measures PM2.5.",
    phases=BEGIN_AND_END,
    channels=(
        Channel(name="pm25", unit="ug/m3", description="Mean of the episode.", high=1e4, decimals=1),
        DURATION,
    ),
)


def _text(name: str, description: str) -> Channel:
    return Channel(name=name, unit="1", description=description, type=ValueType.TEXT, texts=("1",))


def _moment(name: str, description: str) -> Channel:
    return Channel(name=name, unit="ms", description=description, high=1e14, type=ValueType.INT)


_UNTIL = _moment("until", "To when it lasts.")
PUBLIC_HOLIDAY = EventType(
    name="public_holiday",
    title="Public holiday",
    description="The town's day, from 04:00 on, is a holiday of its country; told by who measures the rain of a site.",
    channels=(_UNTIL,),
)
MADE_UP_WORKDAY = EventType(
    name="made_up_workday",
    title="Made-up workday",
    description="The town's day is one of a weekend that is worked for a holiday; told by who measures the rain.",
    channels=(_UNTIL,),
)
COMMAND = EventType(
    name="command",
    title="Command",
    description="A state that a command has reached; the id is the command's. See `park.command`.",
    log=Log.COMMAND,
    phases=(Phase.BEGIN, Phase.END, Phase.STATE),
    channels=(
        _text("state", "Accepted and rejected, then succeeded, failed, expired or superseded."),
        _text("action", "What was commanded."),
        _text("actor", "Who commanded it."),
        _text("reason", "Why it was rejected, or failed."),
        _moment("issued", "When the actor said it."),
        _moment("expires", "Until when it could be done."),
        Channel(
            name="delay",
            unit="ms",
            description="From `issued` to this state.",
            low=-1e14,
            high=1e14,
            type=ValueType.INT,
        ),
        *(
            Channel(
                name=f"value_{number}",
                unit="1",
                description=f"The action's parameter {number}, in its unit; a boolean as 0 or 1, a text as its index.",
                low=-1e9,
                high=1e9,
                decimals=6,
            )
            for number in range(1, PARAMETERS + 1)
        ),
    ),
)
#: A state is told at each 04:00 while it lasts, so that whoever comes later knows of it.
LABEL = EventType(
    name="label",
    title="Label",
    description="A fault of a sensor or of delivery, made on purpose; told where labels are published: docs/faults.md.",
    log=Log.LABEL,
    phases=(Phase.BEGIN, Phase.END, Phase.STATE),
    channels=(
        _text("rule", "Which rule made it."),
        _text("fault", "Its class."),
        _text("channel", "What is befallen; absent where all of the device is."),
        _moment("start", "When it begins."),
        _moment("end", "When it ends."),
        _moment("until", "When it ends or is told again: from here to there it lasts."),
        Channel(name="severity", unit="1", description="In local sigma.", high=1e6, decimals=3),
        Channel(
            name="amount",
            unit="1",
            description="In the channel's unit; of a clock, s or s/d.",
            low=-1e9,
            high=1e9,
            decimals=6,
        ),
    ),
)
TWIN = EventType(
    name="twin",
    title="Twin",
    description="What a device would report had nobody been commanded in its cell, each quarter of an hour since the "
    "first command.",
    log=Log.TWIN,
    interval_s=900.0,
    channels=tuple(
        Channel(name=f"{name}{of}", unit=unit, description=words, low=-1e8, high=1e8, decimals=4)
        for unit, name in TWINNED.items()
        for of, words in (("", "Of the twin."), ("_saved", "By how much that is more than what the device reports."))
    ),
)
PARK_EVENTS = (PLACE, RAIN_SPELL, POLLUTION_EPISODE, PUBLIC_HOLIDAY, MADE_UP_WORKDAY, COMMAND, TWIN, LABEL)
