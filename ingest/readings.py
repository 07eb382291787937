"""Readings: one row each, and the sequence of every device."""

from collections.abc import Sequence

from ingest.batch import Batch
from ingest.handler import Context, SiteState
from ingest.messages import Message
from ingest.sequence import Track
from ingest.stores.base import Render, Row
from park.catalogue import DeviceKind
from park.codecs import DEFAULT_CONTENT_TYPE, Read, media_type
from park.errors import DecodeError
from park.reading import Reading
from park.rejection import Reason
from park.rollup import HOUR_MS
from park.topics import parse_telemetry


class Route:
    """Everything that the readings of one topic share, found by one dict lookup. It never changes.

    Attributes:
        content_type: of the topic's latest readings.
        hours: what is added to a reading's hour, so that it is one of this kind.
    """

    __slots__ = ("content_type", "hours", "kind", "read", "render", "site", "topic", "track")

    def __init__(
        self,
        *,
        topic: str,
        kind: DeviceKind,
        content_type: str,
        site: SiteState,
        read: Read,
        render: Render,
        track: Track,
        hours: int,
    ) -> None:
        self.topic = topic
        self.kind = kind
        self.site = site
        self.content_type = content_type
        self.read = read
        self.render = render
        self.track = track
        self.hours = hours

    def by(self, content_type: str, read: Read) -> "Route":
        """The same route for payloads of another content type."""
        return Route(
            topic=self.topic,
            kind=self.kind,
            content_type=content_type,
            site=self.site,
            read=read,
            render=self.render,
            track=self.track,
            hours=self.hours,
        )


class Readings:
    """Handles the first reading of each topic, and those whose content type is another than the one before.

    All others take the decoder's own way, along the route that this leaves behind.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._readers: dict[tuple[str, str], Read] = {}

    def __call__(self, message: Message, batch: Batch) -> Sequence[Row]:
        """The reading's row."""
        topic, content_type = message.topic, message.content_type or DEFAULT_CONTENT_TYPE
        route = self._context.routes.get(topic)
        if route is None:
            route, reading = self._first(message, content_type, batch.opened_ms)
        elif route.content_type == content_type:
            reading = route.read(message.payload)
        else:
            read = self._reader(route.kind, content_type)
            reading = read(message.payload)
            route = route.by(content_type, read)
            self._context.routes[topic] = route
        self._context.admit(route.site, reading.ts, batch.opened_ms)
        route.track.observe(reading.seq, reading.ts)
        batch.hours.add(route.hours + reading.ts // HOUR_MS)
        if reading.ts >= (route.site.live_from or batch.history_ms):
            batch.times.append(reading.ts)
        return (route.render(reading),)

    def _first(self, message: Message, content_type: str, now_ms: int) -> tuple[Route, Reading]:
        """The first reading of a topic, and the route for all that follow; none is made for what is no reading."""
        context, topic, where = self._context, message.topic, parse_telemetry(message.topic)
        kind = context.kind(where)
        read = self._reader(kind, content_type)
        reading = read(message.payload)
        site = context.site(where.site)
        if len(context.routes) >= context.max_devices or site.devices >= context.max_site_devices:
            most = f"{context.max_devices} devices, {context.max_site_devices} a site"
            raise DecodeError(Reason.TOO_MANY_DEVICES, f"device {topic!r} is beyond the limit of {most}")
        context.admit(site, reading.ts, now_ms)
        context.sites[where.site] = site
        site.devices += 1
        route = context.routes[topic] = Route(
            topic=topic,
            kind=kind,
            content_type=content_type,
            site=site,
            read=read,
            render=context.render_readings(kind, where),
            track=context.new_track(context.tally, topic),
            hours=context.numbers.base(kind.name),
        )
        return route, reading

    def _reader(self, kind: DeviceKind, content_type: str) -> Read:
        key = (kind.name, media_type(content_type))
        if key not in self._readers:
            codec = self._context.codecs.get(key[1])
            if codec is None:
                known = ", ".join(sorted(self._context.codecs))
                raise DecodeError(Reason.UNKNOWN_CODEC, f"content type {content_type[:200]!r}; known are {known}")
            self._readers[key] = codec.decoder(kind)
        return self._readers[key]
