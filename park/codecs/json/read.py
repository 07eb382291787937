"""JSON payloads to readings, typed by the catalogue."""

from functools import cache
from typing import Annotated, Any, cast

import msgspec

from park.catalogue import DeviceKind, ValueType
from park.codecs.base import Read
from park.errors import DecodeError
from park.reading import Reading
from park.rejection import Reason

CONTENT_TYPE = "application/json"

# 2000-01-01 and 2100-01-01: a time in seconds or in nanoseconds falls outside.
EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000
_INT64 = 2**63 - 1

#: How a value of each type is held against its channel.
TYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: float,
    ValueType.INT: Annotated[int, msgspec.Meta(ge=-_INT64, le=_INT64)],
    ValueType.BOOL: bool,
    ValueType.TEXT: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,32}\Z")],
}


@cache
def struct(kind: DeviceKind) -> type[msgspec.Struct]:
    """The typed record of a kind's payload: every channel optional, none unknown, never null."""
    fields: list[Any] = [
        ("ts", Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)]),
        ("seq", Annotated[int, msgspec.Meta(ge=0, le=_INT64)]),
    ]
    fields += [(channel.name, TYPES[channel.type] | msgspec.UnsetType, msgspec.UNSET) for channel in kind.channels]
    return msgspec.defstruct(kind.name, fields, forbid_unknown_fields=True, gc=False)


def decoder(kind: DeviceKind) -> Read:
    """A function that reads one payload of the kind."""
    decode = cast("Read", msgspec.json.Decoder(struct(kind)).decode)

    def read(payload: bytes) -> Reading:
        try:
            return decode(payload)
        except msgspec.ValidationError as error:
            raise DecodeError(reason_of(str(error)), f"{kind.name}: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DecodeError(Reason.MALFORMED, f"{kind.name}: {error}") from None

    return read


def reason_of(message: str) -> Reason:
    """Which rule a payload broke, by what the parser says."""
    if "unknown field" in message:
        return Reason.UNKNOWN_CHANNEL
    if message.endswith("`$.ts`"):
        return Reason.BAD_TIMESTAMP
    if "missing required field" in message:
        return Reason.MALFORMED
    return Reason.WRONG_TYPE
