"""Readings to lines."""

from park.catalogue import DeviceKind, ValueType
from park.codecs.base import Write
from park.columns import Columns
from park.text import Rows, RowWriter, choice, number


def encoder(kind: DeviceKind) -> Write:
    def write(columns: Columns) -> Rows:
        writer = RowWriter(len(columns))
        writer.rows(number(columns.ts))
        writer.literal(b"\t")
        writer.rows(number(columns.seq))
        for channel in kind.channels:
            column, present = columns.values[channel.name], columns.present.get(channel.name)
            writer.literal(b"\t")
            if channel.type is ValueType.BOOL:
                cells = choice(column, (b"false", b"true"))
            elif channel.type is ValueType.TEXT:
                cells = choice(column, [text.encode() for text in channel.texts])
            else:
                cells = number(column, channel.decimals)
            writer.rows(cells, present)
        return writer.done()

    return write
