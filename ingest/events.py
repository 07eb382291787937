"""Events, and labels: one row each, in the log of their type."""

from collections.abc import Sequence
from types import SimpleNamespace

import msgspec

from ingest.batch import Batch
from ingest.handler import Context, Handler
from ingest.messages import Message
from ingest.stores.base import Row, Series
from park.codecs import DEFAULT_CONTENT_TYPE, media_type
from park.codecs.json.event import event_decoder
from park.errors import DecodeError
from park.event import Event, EventCatalogue, EventLog
from park.rejection import Reason
from park.topics import DeviceTopic, parse_event, parse_label, telemetry_topic
from sectors import EVENTS

_PARSE = {"event": parse_event, "label": parse_label}


class Events:
    """Handles events. They are rare, so of a device only its topic is kept, and not even that if it has readings.

    Args:
        context: what handlers share.
        catalogue: the types that there are.
        leaf: the last level of the topics; an event is taken on those of its type alone.
    """

    def __init__(self, context: Context, catalogue: EventCatalogue = EVENTS, leaf: str = "event") -> None:
        self._context = context
        self._leaf, self._parse = leaf, _PARSE[leaf]
        self._catalogue = catalogue
        self._read = event_decoder(catalogue.types)
        self._topics: set[str] = set()

    def __call__(self, message: Message, batch: Batch) -> Sequence[Row]:
        """The event's row."""
        where = self._parse(message.topic)
        self._context.kind(where)
        content_type = message.content_type or DEFAULT_CONTENT_TYPE
        if media_type(content_type) != DEFAULT_CONTENT_TYPE:
            detail = f"content type {content_type[:200]!r}; an event is {DEFAULT_CONTENT_TYPE}"
            raise DecodeError(Reason.UNKNOWN_CODEC, detail)
        event = self._read(message.payload)
        if event.type.leaf != self._leaf:
            detail = f"event type {event.type.name!r} is told on .../{event.type.leaf}, not on .../{self._leaf}"
            raise DecodeError(Reason.UNKNOWN_EVENT, detail)
        home = self._catalogue.sectors.get(event.type.name, where.sector)
        if home != where.sector:
            detail = f"event type {event.type.name!r} belongs to the sector {home!r}, not {where.sector!r}"
            raise DecodeError(Reason.UNKNOWN_EVENT, detail)
        self._admit(message.topic, where, event.ts, batch.opened_ms)
        log = self._catalogue.logs[event.type.log.value]
        return (self._context.render(_series(log, event, where))(_row(log, event)),)

    def _admit(self, topic: str, where: DeviceTopic, ts: int, now_ms: int) -> None:
        site = self._context.site(where.site)
        self._context.admit(site, ts, now_ms)
        readings = telemetry_topic(where.sector, where.site, where.kind, where.device)
        if topic in self._topics or readings in self._context.routes:
            return
        most = self._context.max_devices
        if len(self._topics) >= most or site.event_devices >= self._context.max_site_devices:
            detail = f"device {topic!r} is beyond the limit of {most} devices, {self._context.max_site_devices} a site"
            raise DecodeError(Reason.TOO_MANY_DEVICES, detail)
        site.event_devices += 1
        self._topics.add(topic)
        self._context.sites[where.site] = site


def labels(context: Context) -> Handler:
    """Handles the labels of faults, on topics of their own."""
    return Events(context, leaf="label")


def _series(log: EventLog, event: Event, where: DeviceTopic) -> Series:
    tags = {"device": where.device, "sector": where.sector, "site": where.site, "type": event.type.name}
    return Series(
        measurement=log.name,
        tags=tuple((tag, tags[tag]) for tag in log.tags),
        fields=log.channels,
        has_seq=log.has_seq,
    )


def _row(log: EventLog, event: Event) -> SimpleNamespace:
    """The event as a store renders it: every field of the log, absent or not."""
    row = SimpleNamespace(**dict.fromkeys((channel.name for channel in log.channels), msgspec.UNSET))
    vars(row).update(event.values, ts=event.ts, id=event.id, phase=event.phase.value)
    return row
