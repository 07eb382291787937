"""Lines to readings."""

import math
from typing import cast

import msgspec

from park.catalogue import DeviceKind
from park.codecs.base import Read
from park.codecs.json.read import reason_of, struct
from park.errors import DecodeError
from park.reading import Reading
from park.rejection import Reason

CONTENT_TYPE = "text/tab-separated-values"


def decoder(kind: DeviceKind) -> Read:
    names = ["ts", "seq", *(channel.name for channel in kind.channels)]
    typed = struct(kind)

    def read(payload: bytes) -> Reading:
        try:
            fields = payload.decode("ascii").split("\t")
        except UnicodeDecodeError as error:
            raise DecodeError(Reason.MALFORMED, f"{kind.name}: {error}") from None
        if len(fields) != len(names):
            raise DecodeError(Reason.MALFORMED, f"{kind.name}: {len(fields)} fields, not {len(names)}")
        told = {name: field for name, field in zip(names, fields, strict=True) if field}
        try:
            reading = msgspec.convert(told, typed, strict=False)
        except msgspec.ValidationError as error:
            raise DecodeError(reason_of(str(error)), f"{kind.name}: {error}") from None
        if any(isinstance(value, float) and not math.isfinite(value) for value in msgspec.structs.astuple(reading)):
            raise DecodeError(Reason.WRONG_TYPE, f"{kind.name}: a number out of range")
        return cast("Reading", reading)

    return read
