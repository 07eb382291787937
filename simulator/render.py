"""Readings as text: the names of devices in tables of bytes, and the two formats of `park generate`."""

from collections.abc import Callable, Mapping

import numpy as np

from park.catalogue import Channel, ValueType
from park.codecs import DEFAULT
from park.columns import Columns
from park.model import Ints
from park.text import Rows, Writer, choice, number
from park.topics import telemetry_topic
from simulator.plan import Group, Plan, device_names

#: Turns N readings of one kind into one text a row.
Renderer = Callable[[Columns], Rows]


class Table:
    """One text per device of a group, looked up by device number for many readings at once."""

    def __init__(self, group: Group, texts: list[bytes]) -> None:
        self._device = group.device
        width = max(map(len, texts))
        self.lengths: Ints = np.array([len(text) for text in texts], dtype=np.int64)
        padded = b"".join(text.ljust(width, b"\0") for text in texts)
        self.cells = np.frombuffer(padded, dtype=np.uint8).reshape(len(texts), width)
        self._even = bool((self.lengths == width).all())

    def positions(self, device: Ints) -> Ints:
        """Rows of `cells` for these device numbers."""
        return np.asarray(np.searchsorted(self._device, device), dtype=np.int64)

    def rows(self, device: Ints) -> Rows:
        """The text of each of these devices."""
        at = self.positions(device)
        if self._even:
            return Rows(self.cells[at])
        return Rows(self.cells[at], np.arange(self.cells.shape[1]) < self.lengths[at][:, None])


def topic_table(plan: Plan, group: Group) -> Table:
    """The telemetry topic of every device of the group."""
    return Table(group, [topic.encode() for topic in _topics(plan, group)])


def ndjson_renderers(plan: Plan) -> Mapping[str, Renderer]:
    """Per kind: `{"topic": ..., "payload": {...}}` and a line feed."""
    return {group.kind.name: _ndjson(plan, group) for group in plan.groups}


def line_renderers(plan: Plan) -> Mapping[str, Renderer]:
    """Per kind: line protocol as InfluxDB stores it, with its line feed."""
    return {group.kind.name: _line(plan, group) for group in plan.groups}


def _topics(plan: Plan, group: Group) -> list[str]:
    sites = plan.sites(group.sector)
    rows = plan.site_rows(group).tolist()
    names = device_names(group.kind, group.device.tolist())
    telemetry_topic(group.sector.name, sites[0], group.kind.name, names[0])  # the shape holds for all or none
    start = f"park/{group.sector.name}/"
    return [f"{start}{sites[row]}/{group.kind.name}/{name}/telemetry" for row, name in zip(rows, names, strict=True)]


def _ndjson(plan: Plan, group: Group) -> Renderer:
    topics, payload = topic_table(plan, group), DEFAULT.encoder(group.kind)

    def render(columns: Columns) -> Rows:
        writer = Writer(len(columns))
        writer.literal(b'{"topic":"')
        writer.rows(topics.rows(columns.device))
        writer.literal(b'","payload":')
        writer.rows(payload(columns))
        writer.literal(b"}\n")
        return writer.done()

    return render


def _line(plan: Plan, group: Group) -> Renderer:
    sites = plan.sites(group.sector)
    names = device_names(group.kind, group.device.tolist())
    prefixes = Table(
        group,
        [
            f"{group.kind.name},device={name},sector={group.sector.name},site={sites[row]} ".encode()
            for name, row in zip(names, plan.site_rows(group).tolist(), strict=True)
        ],
    )

    def render(columns: Columns) -> Rows:
        writer = Writer(len(columns))
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


def _field(writer: Writer, channel: Channel, columns: Columns) -> None:
    column, present = columns.values[channel.name], columns.present.get(channel.name)
    if channel.type is ValueType.BOOL:
        writer.rows(choice(column, (b"false", b"true")), present)
    elif channel.type is ValueType.TEXT:
        writer.rows(choice(column, [f'"{text}"'.encode() for text in channel.texts]), present)
    else:
        writer.rows(number(column, channel.decimals), present)
        if channel.type is ValueType.INT:
            writer.literal(b"i", present)
