"""Readings as text: the names of devices, and the two formats of `park generate`."""

from collections.abc import Callable, Mapping

import numpy as np

from park.catalogue import Channel, ValueType
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from park.columns import Columns
from park.model import Ints
from park.text import Rows, RowWriter, choice, number, padded
from park.topics import event_topic, label_topic, telemetry_topic
from simulator.event_columns import Column, Told
from simulator.plan import Group, Plan

#: Turns N readings of one kind into one text a row.
Renderer = Callable[[Columns], Rows]
#: Turns N events of one kind, type and phase into one text a row.
EventRenderer = Callable[[Told], Rows]


#: What stands before and behind an event's value in line protocol.
_LINE_MARKS = {ValueType.INT: (b"", b"i"), ValueType.TEXT: (b'"', b'"')}


class Names:
    """A text for each device of a group: something of its site, its name, something of its site.

    Made from the devices' numbers when they are wanted: a table of them would be most of a fleet's memory.

    Args:
        before, behind: of a site's name.
    """

    def __init__(self, plan: Plan, group: Group, before: Callable[[str], str], behind: Callable[[str], str]) -> None:
        sites, self._kind = plan.sites(group.sector), group.kind
        there = np.unique(plan.site_rows(group)).tolist()
        self._sites = len(sites)
        self._digits = len(group.kind.device(1)) - len(group.kind.device_stem) - 1
        self._before = [f"{before(site)}{group.kind.device_stem}-".encode() for site in sites]
        self._behind = [behind(site).encode() for site in sites]
        self._only = there[0] if len(there) == 1 else None

    def rows(self, device: Ints) -> Rows:
        """The text of each of these devices."""
        writer = RowWriter(len(device))
        numbers = padded(device + 1, self._digits)
        if self._only is not None:
            writer.literal(self._before[self._only])
            writer.rows(numbers)
            writer.literal(self._behind[self._only])
        else:
            site = device // self._kind.per_cell % self._sites
            writer.rows(choice(site, self._before))
            writer.rows(numbers)
            writer.rows(choice(site, self._behind))
        return writer.done()


def topics(plan: Plan, group: Group) -> Names:
    """The telemetry topic of every device of the group."""
    sector, kind = group.sector.name, group.kind.name
    # The shape holds for all or none.
    telemetry_topic(sector, plan.sites(group.sector)[0], kind, group.kind.device(1))
    return Names(plan, group, lambda site: f"park/{sector}/{site}/{kind}/", lambda _: "/telemetry")


_EVENT_TOPICS = {"event": event_topic, "label": label_topic}


class EventTopics:
    """The topics on which a plan's devices tell events, and labels."""

    def __init__(self, plan: Plan) -> None:
        leaves = [leaf for leaf in _EVENT_TOPICS if leaf != "label" or plan.selection.labels]
        self._names = {
            (group.kind.name, leaf): _event_names(plan, group, leaf) for group in plan.groups for leaf in leaves
        }

    def rows(self, told: Told) -> Rows:
        """The topic of each of these events."""
        return self._names[told.kind.name, told.type.leaf].rows(told.device)


def _event_names(plan: Plan, group: Group, leaf: str) -> Names:
    sector, kind = group.sector.name, group.kind.name
    _EVENT_TOPICS[leaf](sector, plan.sites(group.sector)[0], kind, group.kind.device(1))
    return Names(plan, group, lambda site: f"park/{sector}/{site}/{kind}/", lambda _: f"/{leaf}")


def event_payload(told: Told) -> Rows:
    """N events as JSON: what `park.codecs.json.event.encode_event` writes of each."""
    writer = RowWriter(len(told))
    writer.literal(b'{"ts":')
    writer.rows(number(told.ts))
    writer.literal(b',"id":"')
    writer.rows(_value(told.id))
    writer.literal(b'","type":"%s","phase":"%s"' % (told.type.name.encode(), told.phase.value.encode()))
    for channel in told.channels:
        quote = b'"' if channel.type is ValueType.TEXT else b""
        writer.literal(b',"%s":%s' % (channel.name.encode(), quote))
        writer.rows(_value(told.values[channel.name], channel.decimals))
        writer.literal(quote)
    writer.literal(b"}")
    return writer.done()


def _value(column: Column, decimals: int = 0) -> Rows:
    """Whole numbers k as k / 10^decimals, or texts as they are."""
    if column.dtype.kind == "S":
        cells = column.view(np.uint8).reshape(len(column), -1)
        return Rows(cells, cells != 0)
    return number(column.astype(np.int64, copy=False), decimals)


def ndjson_events(plan: Plan) -> EventRenderer:
    """`{"topic": ..., "payload": {...}}` and a line feed."""
    topics_of = EventTopics(plan)

    def render(told: Told) -> Rows:
        writer = RowWriter(len(told))
        writer.literal(b'{"topic":"')
        writer.rows(topics_of.rows(told))
        writer.literal(b'","payload":')
        writer.rows(event_payload(told))
        writer.literal(b"}\n")
        return writer.done()

    return render


def line_events(plan: Plan) -> EventRenderer:
    """Line protocol as InfluxDB stores it, with its line feed."""
    series = {group.kind.name: _event_series(plan, group) for group in plan.groups}

    def render(told: Told) -> Rows:
        writer = RowWriter(len(told))
        writer.literal(told.type.log.value.encode())
        writer.rows(series[told.kind.name].rows(told.device))
        writer.literal(b'%s id="' % told.type.name.encode())
        writer.rows(_value(told.id))
        writer.literal(b'",phase="%s"' % told.phase.value.encode())
        for channel in told.channels:
            before, behind = _LINE_MARKS.get(channel.type, (b"", b""))
            writer.literal(b",%s=%s" % (channel.name.encode(), before))
            writer.rows(_value(told.values[channel.name], channel.decimals))
            writer.literal(behind)
        writer.literal(b" ")
        writer.rows(number(told.ts))
        writer.literal(b"\n")
        return writer.done()

    return render


def _event_series(plan: Plan, group: Group) -> Names:
    sector = group.sector.name
    return Names(plan, group, lambda _: ",device=", lambda site: f",sector={sector},site={site},type=")


def ndjson_renderers(plan: Plan) -> Mapping[str, Renderer]:
    """Per kind: `{"topic": ..., "payload": {...}}` and a line feed."""
    return {group.kind.name: _ndjson(plan, group) for group in plan.groups}


def line_renderers(plan: Plan) -> Mapping[str, Renderer]:
    """Per kind: line protocol as InfluxDB stores it, with its line feed."""
    return {group.kind.name: _line(plan, group) for group in plan.groups}


def _ndjson(plan: Plan, group: Group) -> Renderer:
    topic, payload = topics(plan, group), CODECS[DEFAULT_CONTENT_TYPE].encoder(group.kind)

    def render(columns: Columns) -> Rows:
        writer = RowWriter(len(columns))
        writer.literal(b'{"topic":"')
        writer.rows(topic.rows(columns.device))
        writer.literal(b'","payload":')
        writer.rows(payload(columns))
        writer.literal(b"}\n")
        return writer.done()

    return render


def _line(plan: Plan, group: Group) -> Renderer:
    sector, kind = group.sector.name, group.kind.name
    prefixes = Names(plan, group, lambda _: f"{kind},device=", lambda site: f",sector={sector},site={site} ")

    def render(columns: Columns) -> Rows:
        writer = RowWriter(len(columns))
        writer.rows(prefixes.rows(columns.device))
        for channel in group.kind.channels:
            present = columns.present.get(channel.name)
            writer.literal(f"{channel.name}=".encode(), present)
            _field(writer, channel, columns)
            writer.literal(b",", present)
        writer.literal(b"seq=")
        writer.rows(number(columns.seq))
        writer.literal(b"i ")
        writer.rows(number(columns.ts))
        writer.literal(b"\n")
        return writer.done()

    return render


def _field(writer: RowWriter, channel: Channel, columns: Columns) -> None:
    column, present = columns.values[channel.name], columns.present.get(channel.name)
    if channel.type is ValueType.BOOL:
        writer.rows(choice(column, (b"false", b"true")), present)
    elif channel.type is ValueType.TEXT:
        writer.rows(choice(column, [f'"{text}"'.encode() for text in channel.texts]), present)
    else:
        writer.rows(number(column, channel.decimals), present)
        if channel.type is ValueType.INT:
            writer.literal(b"i", present)
