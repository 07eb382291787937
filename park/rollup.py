"""Rollups: what the readings of 5 minutes and of an hour come to, and the marks by which they are kept right.

A kind's rollups are measurements KIND_5m and KIND_1h, with the tags of its readings and the beginning of the bucket as
their time. `seq` is that of the bucket's last reading. Of every channel x there are

    x_count             how many readings have it
    x_last              the last
    x_sum, x_min, x_max of numbers
    x_true              of booleans: how many are true
    x_is_STATE          of texts: how many readings say so, for every text of the catalogue

A device is polled at one interval, so a state's count times that interval is how long it lasted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from park.catalogue import Channel, DeviceKind, ValueType

HOUR_MS = 3_600_000
TAGS = ("device", "sector", "site")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A length of buckets, and the end of its measurements' names."""

    suffix: str
    ms: int


FINE = Step(suffix="_5m", ms=300_000)
COARSE = Step(suffix="_1h", ms=HOUR_MS)
STEPS = (FINE, COARSE)


@dataclass(frozen=True, kw_only=True)
class Rollup:
    """How a kind's buckets of one length are stored."""

    name: str
    channels: tuple[Channel, ...]
    tags: tuple[str, ...] = TAGS
    has_seq: bool = True


def rollup_of(kind: DeviceKind, step: Step) -> Rollup:
    """The measurement of a kind's buckets."""
    fields = tuple(field for channel in kind.channels for field in fields_of(channel))
    return Rollup(name=kind.name + step.suffix, channels=fields)


def fields_of(channel: Channel) -> Iterator[Channel]:
    """What a bucket says of a channel."""
    yield _count(channel, "count")
    yield _like(channel, "last")
    if channel.type is ValueType.BOOL:
        yield _count(channel, "true")
    elif channel.type is ValueType.TEXT:
        yield from (_count(channel, state_field(text)) for text in channel.texts)
    else:
        yield Channel(name=f"{channel.name}_sum", unit=channel.unit, description="Sum.", high=1e300)
        yield _like(channel, "min")
        yield _like(channel, "max")


def state_field(text: str) -> str:
    """The end of the field that counts a state."""
    return "is_" + "".join(letter if letter.isalnum() else "_" for letter in text.lower())


def _count(channel: Channel, end: str) -> Channel:
    return Channel(
        name=f"{channel.name}_{end}", unit="1", description="How many readings.", high=1e9, type=ValueType.INT
    )


def _like(channel: Channel, end: str) -> Channel:
    return Channel(
        name=f"{channel.name}_{end}",
        unit=channel.unit,
        description=f"The {end} of them.",
        low=channel.low,
        high=channel.high,
        type=channel.type,
        texts=channel.texts,
    )


# ---- marks ------------------------------------------------------------------------------------------------


def _moment(name: str, description: str) -> Channel:
    return Channel(name=name, unit="ms", description=description, high=1e14, type=ValueType.INT)


def _number(name: str, description: str) -> Channel:
    return Channel(name=name, unit="1", description=description, high=1e12, type=ValueType.INT)


def _suffix(step: Step, name: str) -> Channel:
    return Channel(
        name=name,
        unit="1",
        description="The end of a rollup's name, for queries that look for one.",
        type=ValueType.TEXT,
        texts=(step.suffix,),
    )


TOUCHED = "touched"
MADE = "made"
LOG = "log"
FORGOTTEN = "forgotten"
#: The kind of marks that are of all kinds.
READINGS = "readings"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Which hours of which kinds were written to, and which of them are made into rollups.

    One measurement, tags `kind` and `side`, with four sorts of rows:

    - side `touched`, at the hour's beginning: who writes readings says `touched`, a number that is another every time;
    - side `made`, at the hour's beginning: the `touched` to which its rollups answer, the names' ends, and about how
      many `readings` and `buckets` of 5 minutes there were, by which it is known what it costs to ask them;
    - side `log`, at the minute of writing, its `kind` the writer: in it hours from `first` to `last` were touched, at
      last at `logged`. Who looks for touched hours so need not read all of them;
    - side `forgotten`, its `kind` `readings`: those of before its time, which is also its `forgotten`, are deleted.

    Attributes:
        tags: those of readings, which marks do not have, and their own.
    """

    name: str = "park_rollup"
    tags: tuple[str, ...] = (*TAGS, "kind", "side")
    has_seq: bool = False
    channels: tuple[Channel, ...] = (
        _moment("touched", "When readings of the hour were written; another number every time."),
        _moment("made", "What `touched` was when the hour's rollups were made."),
        _number("readings", "About how many readings the hour has."),
        _number("buckets", "About how many buckets of 5 minutes they came to."),
        _moment("logged", "When somebody wrote readings last."),
        _moment("first", "Beginning of the earliest hour of which it wrote readings."),
        _moment("last", "Beginning of the latest."),
        _moment("forgotten", "Readings of before are deleted."),
        _suffix(FINE, "fine"),
        _suffix(COARSE, "coarse"),
    )


MARKS = Marks()


def mark_of(*names: str) -> Marks:
    """The marks as far as they say this, for who reads no others."""
    return Marks(channels=tuple(channel for channel in MARKS.channels if channel.name in names))
