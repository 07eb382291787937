"""Readings to JSON payloads, whole columns at a time."""

from park.catalogue import Channel, DeviceKind, ValueType
from park.codecs.base import Write
from park.columns import Columns
from park.text import Rows, RowWriter, choice, number


def encoder(kind: DeviceKind) -> Write:
    """A function that writes one payload a row, channels in the catalogue's order."""

    def value(channel: Channel, columns: Columns) -> Rows:
        column = columns.values[channel.name]
        if channel.type is ValueType.BOOL:
            return choice(column, (b"false", b"true"))
        if channel.type is ValueType.TEXT:
            return choice(column, [b'"%s"' % text.encode() for text in channel.texts])
        return number(column, channel.decimals)

    def write(columns: Columns) -> Rows:
        writer = RowWriter(len(columns))
        writer.literal(b'{"ts":')
        writer.rows(number(columns.ts))
        writer.literal(b',"seq":')
        writer.rows(number(columns.seq))
        for channel in kind.channels:
            present = columns.present.get(channel.name)
            writer.literal(b',"%s":' % channel.name.encode(), present)
            writer.rows(value(channel, columns), present)
        writer.literal(b"}")
        return writer.done()

    return write
