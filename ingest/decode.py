"""Bytes and topic to rows or a `Rejection`: pure, one pass, nothing allocated between a reading's payload and its row.

A kind of message is a file and its row in `HANDLERS`: what is subscribed to, and who handles it, follow from there.
"""

from collections.abc import Callable, Mapping, Sequence

from ingest import gateways
from ingest.accept import Accept, Calendar
from ingest.batch import Batch
from ingest.drops import DROPPED_TOPIC, drops
from ingest.events import Events, labels
from ingest.handler import Context, MessageKind
from ingest.messages import Message
from ingest.quality import Quality
from ingest.readings import Readings
from ingest.sequence import Tally, Track
from ingest.stores.base import Render, Row, Series
from park.catalogue import DeviceKind
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE, Codec
from park.errors import DecodeError, TopicError
from park.quality import StoredFlags
from park.rejection import Reason, Rejection
from park.rollup import HOUR_MS
from park.topics import (
    EVENT_FILTER,
    GATEWAY_STATE_FILTER,
    GATEWAY_STATS_FILTER,
    LABEL_FILTER,
    MAX_TOPIC,
    TELEMETRY_FILTER,
    pattern_of,
)
from sectors import KINDS

MAX_PAYLOAD = 64 * 1024
MAX_DEVICES = 200_000

#: The kinds of message, by the topic filter that brings them.
HANDLERS: dict[str, MessageKind] = {
    TELEMETRY_FILTER: MessageKind(open=Readings),
    EVENT_FILTER: MessageKind(open=Events),
    LABEL_FILTER: MessageKind(open=labels),
    GATEWAY_STATS_FILTER: MessageKind(open=gateways.Figures),
    GATEWAY_STATE_FILTER: MessageKind(open=gateways.states, every_member=True),
    DROPPED_TOPIC: MessageKind(open=drops, every_member=True, optional=True),
}


class Decoder:
    """Turns messages into rows of a store, and follows the sequence of every device.

    Args:
        render: the store's: from a series to a function that writes one row.
        max_payload: bytes; longer payloads are rejected.
        max_devices: topics that may become series; what further ones bring is rejected, so that
            neither memory nor the store's index can be flooded.
        sites: among so many sites `max_devices` is divided; 1 leaves all of it to any site.
        accept: which times are accepted.
        new_track: makes the sequence tracker of a new topic.
        quality: which quality flags are stored.
    """

    def __init__(
        self,
        render: Callable[[Series], Render],
        *,
        max_payload: int = MAX_PAYLOAD,
        max_devices: int = MAX_DEVICES,
        sites: int = 1,
        accept: Accept | None = None,
        kinds: Mapping[str, DeviceKind] = KINDS,
        codecs: Mapping[str, Codec] = CODECS,
        new_track: Callable[[Tally, str], Track] | None = None,
        handlers: Mapping[str, MessageKind] = HANDLERS,
        quality: StoredFlags = StoredFlags.NONE,
    ) -> None:
        self.context = Context(
            render=render,
            kinds=kinds,
            codecs=codecs,
            max_devices=max_devices,
            max_site_devices=-(-max_devices // sites),
            calendar=Calendar(accept or Accept()),
            new_track=new_track or (lambda tally, _topic: Track(tally)),
            quality=None if quality is StoredFlags.NONE else Quality(render, good=quality is StoredFlags.ALL),
        )
        self.tally = self.context.tally
        self.sources = self.context.routes
        self.gateways = self.context.gateways
        self._max_payload = max_payload
        self._handlers = [(pattern_of(name).fullmatch, kind.open(self.context)) for name, kind in handlers.items()]
        self._filters = ", ".join(handlers)

    def take(self, messages: Sequence[Message], batch: Batch) -> None:
        """Add to the batch what the messages give: of each its rows or a rejection, or neither of a gateway's state."""
        find = self.sources.get
        add_row = batch.rows.append
        add_payload = batch.payloads.append
        add_origin = batch.origins.append
        add_time = batch.times.append
        add_hour = batch.hours.add
        history = batch.history_ms
        accept = self.context.calendar.accept
        earliest, latest = batch.opened_ms - accept.back_ms, batch.opened_ms + accept.ahead_ms
        limit = self._max_payload
        default = DEFAULT_CONTENT_TYPE
        total = 0
        first = len(batch.rows)
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
                if not earliest <= reading.ts <= latest:
                    self.context.admit(source.site, reading.ts, batch.opened_ms)
            except DecodeError as error:
                batch.rejections.append(_reject(message, error.reason, str(error)))
                continue
            add_row(source.render(reading))
            add_payload(payload)
            add_origin(source)
            seq = reading.seq
            ts = reading.ts
            add_hour(source.hours + ts // HOUR_MS)
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
        if self.context.quality is not None:
            self.context.quality.hand_over(batch, first)

    def _take_unusual(self, message: Message, batch: Batch) -> None:
        outcome = self.decode(message, batch)
        if isinstance(outcome, Rejection):
            batch.rejections.append(outcome)
        else:
            batch.add(outcome, message)

    def decode(self, message: Message, batch: Batch) -> Sequence[Row] | Rejection:
        """One message, whatever it is; no rows if it was a gateway's state.

        Args:
            message: it is not added to the batch.
            batch: takes the time of a live reading.
        """
        if len(message.payload) > self._max_payload:
            detail = f"{len(message.payload)} bytes, more than {self._max_payload}"
            return _reject(message, Reason.OVERSIZE, detail)
        try:
            for is_meant, handle in self._handlers:
                if is_meant(message.topic):
                    return handle(message, batch)
        except TopicError as error:
            return _reject(message, Reason.BAD_TOPIC, str(error))
        except DecodeError as error:
            return _reject(message, error.reason, str(error))
        detail = f"topic {message.topic[:MAX_TOPIC]!r} is none of {self._filters}"
        return _reject(message, Reason.BAD_TOPIC, detail)


def _reject(message: Message, reason: Reason, detail: str) -> Rejection:
    return Rejection(
        reason=reason,
        detail=detail,
        topic=message.topic,
        payload=message.payload,
        content_type=message.content_type,
    )
