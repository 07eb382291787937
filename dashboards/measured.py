"""What is stored under a measurement: channels, tags, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards.errors import PanelError
from park.catalogue import Channel, ValueType
from park.pipeline import PIPELINE
from sectors import EVENTS, KINDS

PIPELINE_INTERVAL_S = 10.0
#: The least interval over which is gathered what is told when it happens.
EVENTS_INTERVAL_S = 60.0
NUMERIC = frozenset({ValueType.FLOAT, ValueType.INT})


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is stored under a measurement; under none, for headings, nothing.

    Attributes:
        source_tag: the tag that tells one device, or one process, from another.
        beat: a field that every row has.
        interval_s: how often by the catalogue. A town may have changed a kind's: a source tells what the readings say.
        is_kind: whether it is a device kind, and not a log or one of the pipeline's.
        is_regular: whether every source tells it at an interval of its own, and not when something happens.
    """

    name: str = ""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    source_tag: str = ""
    beat: str = ""
    interval_s: float = 0.0
    is_kind: bool = False
    is_regular: bool = True


def measured(measurement: str) -> Measured:
    """What is stored under the name of a device kind, a log of events or a measurement of the pipeline.

    Raises:
        PanelError: there is none of that name.
    """
    if measurement in KINDS:
        kind = KINDS[measurement]
        tags = ("device", "sector", "site")
        return Measured(
            name=kind.name,
            channels=kind.channel,
            tags=tags,
            source_tag="device",
            beat="seq",
            interval_s=kind.interval_s,
            is_kind=True,
        )
    if measurement in PIPELINE:
        own = PIPELINE[measurement]
        channels = {channel.name: channel for channel in own.fields}
        return Measured(
            name=own.name,
            channels=channels,
            tags=own.tags,
            source_tag=own.tags[0],
            beat=own.fields[0].name,
            interval_s=PIPELINE_INTERVAL_S,
        )
    if measurement in EVENTS.logs:
        log = EVENTS.logs[measurement]
        return Measured(
            name=log.name,
            channels={channel.name: channel for channel in log.channels},
            tags=log.tags,
            source_tag="device",
            beat="phase",
            interval_s=log.interval_s or EVENTS_INTERVAL_S,
            is_regular=bool(log.interval_s),
        )
    raise PanelError(f"measurement {measurement!r} is no kind of the catalogue, no log, nor one of the pipeline's")
