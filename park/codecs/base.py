"""What a codec is, and how the two halves of its folder become one."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from park.catalogue import DeviceKind
from park.reading import Reading

if TYPE_CHECKING:  # who reads payloads has no use for numpy
    from park.columns import Columns
    from park.text import Rows

#: From a payload to its reading; raises `park.errors.DecodeError`.
Read: TypeAlias = Callable[[bytes], Reading]
#: From N readings to one payload a row.
Write: TypeAlias = "Callable[[Columns], Rows]"


@dataclass(frozen=True, kw_only=True)
class Codec:
    """How payloads of one content type are read and written.

    Attributes:
        decoder: for a kind, what reads its payloads.
        encoder: for a kind, what writes them.
    """

    content_type: str
    decoder: Callable[[DeviceKind], Read]
    encoder: Callable[[DeviceKind], Write]


def codec_of(package: str) -> Codec:
    """The codec of a folder: `read.py` with CONTENT_TYPE and `decoder(kind)`, `write.py` with `encoder(kind)`.

    The writing half is imported when something is to be written.
    """
    read = importlib.import_module(f"{package}.read")
    return Codec(content_type=read.CONTENT_TYPE, decoder=read.decoder, encoder=partial(_encoder, f"{package}.write"))


def _encoder(module: str, kind: DeviceKind) -> Write:
    write: Write = importlib.import_module(module).encoder(kind)
    return write
