"""Line protocol: from a decoded payload to one line, by a template for every series."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from ingest.stores.base import Render, Series
from park.catalogue import Channel, ValueType
from park.reading import Timed


def escape(text: str) -> str:
    """A measurement, tag or field's name in line protocol."""
    for special in "\\, =":
        text = text.replace(special, f"\\{special}")
    return text


@dataclass(frozen=True)
class _Form:
    """What all series of the same fields have in common.

    Attributes:
        fields: template of each field, `seq` last.
        values: of a decoded payload, `ts` last.
        has_words: whether some field is a boolean or a text.
    """

    names: tuple[str, ...]
    fields: tuple[str, ...]
    values: Callable[[Timed], tuple[Any, ...]]
    has_words: bool


@cache
def _form(channels: tuple[Channel, ...], has_seq: bool) -> _Form:
    seq = ("seq",) if has_seq else ()
    names = (*(channel.name for channel in channels), *seq)
    whole = {channel.name for channel in channels if channel.type is ValueType.INT} | {*seq}
    return _Form(
        names=names,
        fields=tuple(f"{name}=%ai" if name in whole else f"{name}=%a" for name in names),
        values=attrgetter(*names, "ts"),
        has_words=not {channel.type for channel in channels}.isdisjoint({ValueType.BOOL, ValueType.TEXT}),
    )


def line_renderer(series: Series) -> Render:
    """A function from a decoded payload to its line.

    One template writes a row whose fields are all present: `%a` is the shortest text that reads back as
    the same float. Booleans and texts are brought into form afterwards; neither can hold a quote.
    """
    form = _form(series.fields, series.has_seq)
    prefix = ",".join([escape(series.measurement), *(f"{key}={escape(value)}" for key, value in series.tags)])
    values = form.values
    template = f"{prefix.replace('%', '%%')} {','.join(form.fields)} %a\n".encode()
    prefix_size = len(prefix.encode())

    def plain(decoded: Timed) -> bytes:
        line: bytes = template % values(decoded)
        return _sparse(line[:prefix_size], form, decoded) if b"UNSET" in line else line

    if not form.has_words:
        return plain

    def typed(decoded: Timed) -> bytes:
        line = plain(decoded)
        return line.replace(b"=True", b"=true").replace(b"=False", b"=false").replace(b"'", b'"')

    return typed


def _sparse(prefix: bytes, form: _Form, decoded: Timed) -> bytes:
    """A row of which some fields are absent."""
    present = [
        field.encode() % value
        for field, name in zip(form.fields, form.names, strict=True)
        if (value := getattr(decoded, name)) is not msgspec.UNSET
    ]
    return b"%b %b %d\n" % (prefix, b",".join(present), decoded.ts)
