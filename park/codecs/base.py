"""What a codec is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from park.catalogue import DeviceKind

if TYPE_CHECKING:  # who reads payloads has no use for numpy
    from park.columns import Columns
    from park.text import Rows

#: A decoded payload: attributes `ts`, `seq` and one per channel, `msgspec.UNSET` where absent.
Decoded: TypeAlias = Any


@dataclass(frozen=True, kw_only=True)
class Codec:
    """How payloads of one content type are read and written.

    Attributes:
        decoder: for a kind, a function from payload to `Decoded`; it raises `park.errors.DecodeError`.
        encoder: for a kind, a function from `Columns` to one payload a row.
    """

    content_type: str
    decoder: Callable[[DeviceKind], Callable[[bytes], Decoded]]
    encoder: "Callable[[DeviceKind], Callable[[Columns], Rows]]"
