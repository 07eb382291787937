"""What a kind of message is to the ingester, and what all kinds share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ingest.accept import Accept, Calendar, Weeks
from ingest.batch import Batch
from ingest.messages import Message
from ingest.rollups.touch import Numbers
from ingest.sequence import Tally, Track
from ingest.stores.base import Render, Row, Series, device_series
from park.catalogue import DeviceKind
from park.codecs import Codec
from park.errors import DecodeError
from park.rejection import Reason
from park.topics import DeviceTopic
from sectors import SECTOR_OF

if TYPE_CHECKING:
    from ingest.quality import Quality
    from ingest.readings import Route


class SiteState:
    """What a site's gateways have told, and what the site has used up.

    Attributes:
        live_from: readings of before this, in Unix milliseconds, are history; 0 if no gateway has said.
        devices, event_devices: how many have brought readings; how many events alone.
        weeks: of its readings that are far from now.
    """

    __slots__ = ("devices", "event_devices", "live_from", "weeks")

    def __init__(self) -> None:
        self.live_from = 0
        self.devices = 0
        self.event_devices = 0
        self.weeks = Weeks()


@dataclass(kw_only=True)
class Context:
    """What the handlers of one decoder share.

    Attributes:
        render: the store's: from a series to a function that writes one row.
        max_devices: of whatever a handler remembers by topic, it remembers no more.
        max_site_devices: of those, one site's share.
        calendar: which times are accepted.
        new_track: makes the sequence tracker of a new topic.
        routes: by telemetry topic, what its readings share.
        gateways: by site and shard, whether the gateway is online.
        quality: looks at readings; None where nobody wants flags.
        numbers: of kinds, for the hours that are written to.
        dropped: told how many messages the broker has dropped since its start.
    """

    render: Callable[[Series], Render]
    kinds: Mapping[str, DeviceKind]
    codecs: Mapping[str, Codec]
    max_devices: int
    new_track: Callable[[Tally, str], Track]
    max_site_devices: int
    calendar: Calendar = field(default_factory=lambda: Calendar(Accept()))
    tally: Tally = field(default_factory=Tally)
    routes: "dict[str, Route]" = field(default_factory=dict)
    sites: dict[str, SiteState] = field(default_factory=dict)
    gateways: dict[tuple[str, int], bool] = field(default_factory=dict)
    quality: "Quality | None" = None
    numbers: Numbers = field(default_factory=Numbers)
    dropped: Callable[[int], None] = lambda _total: None

    def render_readings(self, kind: DeviceKind, source: DeviceTopic) -> Render:
        """What writes the rows of a device's readings."""
        render = self.render(device_series(kind, source))
        return render if self.quality is None else self.quality.watched(kind, source, render)

    def site(self, name: str) -> SiteState:
        """A site as far as it is known; one that is not is remembered by whoever remembers something of it."""
        return self.sites.get(name) or SiteState()

    def admit(self, site: SiteState, ts: int, now_ms: int) -> None:
        """Take the time of a reading, an event or a figure of a site.

        Raises:
            DecodeError: bad-timestamp.
        """
        self.calendar.admit(site.weeks, ts, now_ms, site.live_from)

    def kind(self, where: DeviceTopic) -> DeviceKind:
        """The kind that a topic names.

        Raises:
            DecodeError: no sector has it, or another sector than the topic says.
        """
        kind = self.kinds.get(where.kind)
        if kind is None:
            raise DecodeError(Reason.UNKNOWN_KIND, f"kind {where.kind!r} is in no sector's catalogue")
        home = SECTOR_OF.get(kind.name)
        if home is not None and home.name != where.sector:
            detail = f"kind {kind.name!r} belongs to the sector {home.name!r}, not {where.sector!r}"
            raise DecodeError(Reason.UNKNOWN_KIND, detail)
        return kind


#: Gives the rows of one message, often one, none if it is not to be stored. It raises TopicError or DecodeError.
#: The batch takes the times of live readings.
Handler: TypeAlias = Callable[[Message, Batch], Sequence[Row]]


@dataclass(frozen=True, kw_only=True)
class MessageKind:
    """A kind of message.

    Attributes:
        open: from what handlers share to the handler.
        every_member: retained and rare: each of several ingesters that share a subscription wants it.
        optional: a broker may refuse to tell it.
    """

    open: Callable[[Context], Handler]
    every_member: bool = False
    optional: bool = False
