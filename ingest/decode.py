"""Bytes and topic to a row or a `Rejection`: pure, one pass, nothing allocated between payload and row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from ingest.batch import Batch
from ingest.messages import Message
from ingest.sequence import Tally, Track
from ingest.stores.base import Render, Row, Series, device_series
from park.catalogue import DeviceKind, ValueType
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE, Codec, Read
from park.codecs.json.read import EARLIEST_MS, LATEST_MS
from park.errors import DecodeError, TopicError
from park.pipeline import GATEWAY
from park.rejection import Reason, Rejection
from park.topics import DeviceTopic, parse_gateway, parse_telemetry
from sectors import KINDS, SECTOR_OF

MAX_PAYLOAD = 64 * 1024
MAX_DEVICES = 200_000
_GATEWAYS = "park/gateways/"


class _State(msgspec.Struct):
    state: Literal["online", "offline", "stopped"]
    live_from: int | None = None


class SiteState:
    """What a site's gateways have told.

    Attributes:
        live_from: readings of before this, in Unix milliseconds, are history; 0 if no gateway has said.
    """

    __slots__ = ("live_from",)

    def __init__(self) -> None:
        self.live_from = 0


class Route:
    """Everything that the messages of one topic share, found by one dict lookup."""

    __slots__ = ("content_type", "interval_s", "kind", "read", "render", "site", "topic", "track")

    def __init__(
        self,
        *,
        topic: str,
        kind: DeviceKind,
        site: SiteState,
        read: Read,
        render: Render,
        track: Track,
    ) -> None:
        self.topic = topic
        self.kind = kind
        self.site = site
        self.interval_s = kind.interval_s
        self.content_type = DEFAULT_CONTENT_TYPE
        self.read = read
        self.render = render
        self.track = track


@dataclass(frozen=True, slots=True)
class _Origin:
    """Of a message that has not come the usual way."""

    topic: str
    content_type: str | None


class Decoder:
    """Turns messages into rows of a store, and follows the sequence of every device.

    Args:
        render: the store's: from a series to a function that writes one row.
        max_payload: bytes; longer payloads are rejected.
        max_devices: topics that may become series; readings of further ones are rejected, so that
            neither memory nor the store's index can be flooded.
        new_track: makes the sequence tracker of a new topic.
    """

    def __init__(
        self,
        render: Callable[[Series], Render],
        *,
        max_payload: int = MAX_PAYLOAD,
        max_devices: int = MAX_DEVICES,
        kinds: Mapping[str, DeviceKind] = KINDS,
        codecs: Mapping[str, Codec] = CODECS,
        new_track: Callable[[Tally, str], Track] | None = None,
    ) -> None:
        self.tally = Tally()
        self.sources: dict[str, Route] = {}
        self.gateways: dict[tuple[str, int], bool] = {}
        self._render = render
        self._max_payload = max_payload
        self._max_devices = max_devices
        self._kinds = kinds
        self._codecs = codecs
        self._readers: dict[tuple[str, str], Read] = {}
        self._sites: dict[str, SiteState] = {}
        self._stats: dict[str, Render] = {}
        self._new_track = new_track or (lambda tally, _topic: Track(tally))
        self._read_stats = msgspec.json.Decoder(_stats_struct()).decode
        self._read_state = msgspec.json.Decoder(_State).decode

    def take(self, messages: Sequence[Message], batch: Batch) -> None:
        """Add what the messages give to the batch: to each a row or a rejection, or neither for a gateway's state."""
        find = self.sources.get
        add_row = batch.rows.append
        add_payload = batch.payloads.append
        add_origin = batch.origins.append
        add_time = batch.times.append
        history = batch.history_ms
        limit = self._max_payload
        default = DEFAULT_CONTENT_TYPE
        total = 0
        for message in messages:
            payload = message.payload
            size = len(payload)
            total += size
            source = find(message.topic)
            if source is None or size > limit or (message.content_type or default) != source.content_type:
                self._take_unusual(message, batch)
                continue
            try:
                reading = source.read(payload)
            except DecodeError as error:
                batch.rejections.append(_reject(message, error.reason, str(error)))
                continue
            add_row(source.render(reading))
            add_payload(payload)
            add_origin(source)
            seq = reading.seq
            ts = reading.ts
            if ts >= (source.site.live_from or history):
                add_time(ts)
            track = source.track
            if seq == track.expected and ts >= track.newest:
                track.expected = seq + 1
                track.newest = ts
            else:
                track.observe(seq, ts)
        batch.messages += len(messages)
        batch.size += total

    def _take_unusual(self, message: Message, batch: Batch) -> None:
        outcome = self.decode(message, batch)
        if outcome is None:
            batch.states += 1
        elif isinstance(outcome, Rejection):
            batch.rejections.append(outcome)
        else:
            batch.rows.append(outcome)
            batch.payloads.append(message.payload)
            batch.origins.append(_Origin(message.topic, message.content_type))

    def decode(self, message: Message, batch: Batch | None = None) -> Row | Rejection | None:
        """One message, whatever it is; None if it was a gateway's state.

        Args:
            message: it is not added to the batch.
            batch: takes the time of a live reading.
        """
        if len(message.payload) > self._max_payload:
            detail = f"{len(message.payload)} bytes, more than {self._max_payload}"
            return _reject(message, Reason.OVERSIZE, detail)
        try:
            if message.topic.startswith(_GATEWAYS):
                return self._gateway(message)
            return self._reading(message, batch)
        except TopicError as error:
            return _reject(message, Reason.BAD_TOPIC, str(error))
        except DecodeError as error:
            return _reject(message, error.reason, str(error))

    def _reading(self, message: Message, batch: Batch | None) -> Row | Rejection:
        topic = message.topic
        source = self.sources.get(topic)
        where = parse_telemetry(topic)
        kind = self._kind(where) if source is None else source.kind
        reading = self._reader(kind, message.content_type or DEFAULT_CONTENT_TYPE)(message.payload)
        if source is None:
            if len(self.sources) >= self._max_devices:
                detail = f"device {topic!r} is beyond the limit of {self._max_devices} devices; raise max_devices"
                return _reject(message, Reason.TOO_MANY_DEVICES, detail)
            source = self.sources[topic] = self._new_source(topic, where, kind)
        source.track.observe(reading.seq, reading.ts)
        if batch is not None and reading.ts >= (source.site.live_from or batch.history_ms):
            batch.times.append(reading.ts)
        return source.render(reading)

    def _kind(self, where: DeviceTopic) -> DeviceKind:
        kind = self._kinds.get(where.kind)
        if kind is None:
            raise DecodeError(Reason.UNKNOWN_KIND, f"kind {where.kind!r} is in no sector's catalogue")
        home = SECTOR_OF.get(kind.name)
        if home is not None and home.name != where.sector:
            detail = f"kind {kind.name!r} belongs to the sector {home.name!r}, not {where.sector!r}"
            raise DecodeError(Reason.UNKNOWN_KIND, detail)
        return kind

    def _new_source(self, topic: str, where: DeviceTopic, kind: DeviceKind) -> Route:
        return Route(
            topic=topic,
            kind=kind,
            site=self._sites.setdefault(where.site, SiteState()),
            read=self._reader(kind, DEFAULT_CONTENT_TYPE),
            render=self._render(device_series(kind, where)),
            track=self._new_track(self.tally, topic),
        )

    def _reader(self, kind: DeviceKind, content_type: str) -> Read:
        key = (kind.name, content_type)
        if key not in self._readers:
            codec = self._codecs.get(content_type)
            if codec is None:
                known = ", ".join(sorted(self._codecs))
                raise DecodeError(Reason.UNKNOWN_CODEC, f"content type {content_type!r}; known are {known}")
            self._readers[key] = codec.decoder(kind)
        return self._readers[key]

    def _gateway(self, message: Message) -> Row | Rejection | None:
        where = parse_gateway(message.topic)
        if where.leaf == "state":
            self._gateway_state(where.site, where.shard, _read(self._read_state, message.payload))
            return None
        stats = _read(self._read_stats, message.payload)
        if all(getattr(stats, channel.name) is msgspec.UNSET for channel in GATEWAY.fields):
            raise DecodeError(Reason.MALFORMED, f"{GATEWAY.name}: no figure in it")
        render = self._stats.get(message.topic)
        if render is None:
            if len(self._stats) >= self._max_devices:
                return _reject(message, Reason.TOO_MANY_DEVICES, f"more than {self._max_devices} gateways")
            render = self._render(_stats_series(where.site, where.shard))
            self._stats[message.topic] = render
        return render(stats)

    def _gateway_state(self, site: str, shard: int, told: _State) -> None:
        if len(self.gateways) >= self._max_devices and (site, shard) not in self.gateways:
            return
        online = told.state == "online"
        self.gateways[site, shard] = online
        # The will of a gateway that dies was written before it knew; only one that is at work can say.
        if online:
            self._sites.setdefault(site, SiteState()).live_from = told.live_from or 0


def _read(decode: Callable[[bytes], Any], payload: bytes) -> Any:
    try:
        return decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(Reason.MALFORMED, f"a gateway's message: {error}") from None


def _stats_struct() -> type[msgspec.Struct]:
    types: dict[ValueType, Any] = {ValueType.FLOAT: float, ValueType.INT: int}
    fields: list[Any] = [("ts", Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)])]
    fields += [(channel.name, types[channel.type] | msgspec.UnsetType, msgspec.UNSET) for channel in GATEWAY.fields]
    return msgspec.defstruct(GATEWAY.name, fields, forbid_unknown_fields=True, gc=False)


def _stats_series(site: str, shard: int) -> Series:
    tags = {"instance": f"gw-{site}-{shard}", "site": site}
    return Series(
        measurement=GATEWAY.name,
        tags=tuple((tag, tags[tag]) for tag in GATEWAY.tags),
        fields=GATEWAY.fields,
        has_seq=False,
    )


def _reject(message: Message, reason: Reason, detail: str) -> Rejection:
    return Rejection(
        reason=reason,
        detail=detail,
        topic=message.topic,
        payload=message.payload,
        content_type=message.content_type,
    )
