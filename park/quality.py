"""Quality flags of readings, after IOOS's QARTOD manuals: what they mean, how they are stored, and by which limits.

The numbers of the flags are those of IOC (2013), Ocean Data Standards 3: recommendation for a quality flag scheme.
"""

import enum
from dataclasses import dataclass

from park.catalogue import Behaviour, Channel, DeviceKind, ValueType

#: So long a value may stay the same before it is suspect, and before it fails, in milliseconds.
STILL_MS = 12 * 3_600_000, 24 * 3_600_000


class Flag(enum.IntEnum):
    """What is known of a value's quality."""

    GOOD = 1
    UNKNOWN = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Check(enum.StrEnum):
    """The tests, those first whose verdict is told where several agree."""

    GROSS_RANGE = "gross_range"
    RATE = "rate_of_change"
    FLAT_LINE = "flat_line"
    SPIKE = "spike"
    MISSING = "missing"
    GAP = "gap"


class StoredFlags(enum.StrEnum):
    """Which flags are stored."""

    NONE = "none"
    FLAGGED = "flagged"
    ALL = "all"


#: From the least to the greatest in what several tests say together.
PRECEDENCE = (Flag.MISSING, Flag.UNKNOWN, Flag.GOOD, Flag.SUSPECT, Flag.FAIL)

#: The tag `channel` of a gap, which is of the whole reading.
WHOLE = "seq"


@dataclass(frozen=True, kw_only=True)
class QualityMeasurement:
    """How flags are stored: a row for each value of a reading, at the reading's own time.

    The channel is a tag, so that a row is narrow whatever a kind measures, and a value that is good costs nothing.
    """

    name: str = "park_quality"
    tags: tuple[str, ...] = ("device", "sector", "site", "channel")
    channels: tuple[Channel, ...] = (
        Channel(
            name="flag",
            unit="1",
            description="1 good, 2 not evaluated, 3 suspect, 4 bad, 9 missing.",
            high=9.0,
            type=ValueType.INT,
            behaviour=Behaviour.STATE,
        ),
        Channel.state("test", "The test that says so; none for a good value.", *Check),
    )
    has_seq: bool = False


QUALITY = QualityMeasurement()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is plausible of one channel, in its unit.

    Attributes:
        low, high: beyond them a value fails.
        step: more than this from one reading to the next is suspect, and from the mean of its neighbours; twice as
            much fails. Over a time longer than `interval_ms` a value may move on in proportion.
        still_ms: how long a value may stay the same before it is suspect, and before it fails; None for ever.
            At its bounds any value may: no rain falls for weeks.
    """

    channel: str
    low: float
    high: float
    step: float
    interval_ms: float
    still_ms: tuple[int, int] | None = None


def limits(kind: DeviceKind) -> tuple[Limits, ...]:
    """The limits of a kind's numbers, from its catalogue; states have none."""
    return tuple(_limits(kind, channel) for channel in kind.channels if _is_number(channel))


def _limits(kind: DeviceKind, channel: Channel) -> Limits:
    whole = channel.behaviour is Behaviour.REGISTER
    step = channel.step if channel.step is not None else (channel.high - channel.low) / 2
    still = None if whole or channel.still or channel.type is not ValueType.FLOAT else STILL_MS
    return Limits(
        channel=channel.name,
        low=channel.low,
        high=channel.high,
        step=float("inf") if whole else step,
        interval_ms=kind.interval_s * 1000.0,
        still_ms=still,
    )


def _is_number(channel: Channel) -> bool:
    return channel.type in {ValueType.FLOAT, ValueType.INT} and channel.behaviour is not Behaviour.STATE
