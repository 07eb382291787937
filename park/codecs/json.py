"""JSON: `{"ts": 1767225600000, "seq": 42, "soil_moisture": 0.312}`, one flat object a reading."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from park.catalogue import Channel, DeviceKind, ValueType
from park.codecs.base import Codec, Decoded
from park.errors import DecodeError
from park.rejection import Reason

if TYPE_CHECKING:
    from park.columns import Columns
    from park.text import Rows

# 2000-01-01 and 2100-01-01: a time in seconds or in nanoseconds falls outside.
EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000
_INT64 = 2**63 - 1

_TYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: float,
    ValueType.INT: Annotated[int, msgspec.Meta(ge=-_INT64, le=_INT64)],
    ValueType.BOOL: bool,
    ValueType.TEXT: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,32}$")],
}


@cache
def struct(kind: DeviceKind) -> type[msgspec.Struct]:
    """The typed record of a kind's payload: every channel optional, none unknown, never null."""
    fields: list[Any] = [
        ("ts", Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)]),
        ("seq", Annotated[int, msgspec.Meta(ge=0, le=_INT64)]),
    ]
    fields += [(channel.name, _TYPES[channel.type] | msgspec.UnsetType, msgspec.UNSET) for channel in kind.channels]
    return msgspec.defstruct(kind.name, fields, forbid_unknown_fields=True, gc=False)


def decoder(kind: DeviceKind) -> Callable[[bytes], Decoded]:
    """A function that reads one payload of the kind."""
    decode = msgspec.json.Decoder(struct(kind)).decode

    def read(payload: bytes) -> Decoded:
        try:
            return decode(payload)
        except msgspec.ValidationError as error:
            raise DecodeError(_reason(str(error)), f"{kind.name}: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DecodeError(Reason.MALFORMED, f"{kind.name}: {error}") from None

    return read


def _reason(message: str) -> Reason:
    if "unknown field" in message:
        return Reason.UNKNOWN_CHANNEL
    if message.endswith("`$.ts`"):
        return Reason.BAD_TIMESTAMP
    if "missing required field" in message:
        return Reason.MALFORMED
    return Reason.WRONG_TYPE


def encoder(kind: DeviceKind) -> "Callable[[Columns], Rows]":
    """A function that writes one payload a row, channels in the catalogue's order."""
    from park.text import RowWriter, choice, number  # noqa: PLC0415 - numpy, 12 MB that who only reads does without

    def value(channel: Channel, columns: "Columns") -> "Rows":
        column = columns.values[channel.name]
        if channel.type is ValueType.BOOL:
            return choice(column, (b"false", b"true"))
        if channel.type is ValueType.TEXT:
            return choice(column, [b'"%s"' % text.encode() for text in channel.texts])
        return number(column, channel.decimals)

    def write(columns: "Columns") -> "Rows":
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


JSON = Codec(content_type="application/json", decoder=decoder, encoder=encoder)
