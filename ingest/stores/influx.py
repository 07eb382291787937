"""InfluxDB 1.8 to 2.x, and whatever takes its line protocol on `/api/v2/write`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

import msgspec

from ingest.errors import Misconfigured, PartialWrite, Refused, Retryable, StoreError, TooLarge, Unauthorized
from ingest.stores.base import Chunk, Render, Series
from ingest.stores.http import HTTPException, Server
from ingest.stores.url import TOKEN_VARIABLE, InfluxUrl, read_token
from park.catalogue import Channel, DeviceKind, ValueType
from park.codecs import Decoded

TIMEOUT_S = 30.0
CONNECTIONS = 8
_DROPPED = re.compile(r"dropped=(\d+)")
_PARTIAL = "partial write"


class InfluxStore:
    """A bucket.

    Args:
        url: where it is.
        token: sent with every request; empty sends none.
        timeout_s: of one write.
    """

    def __init__(self, url: InfluxUrl, token: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._token = token
        self._server = Server(url.endpoint, connections=CONNECTIONS, timeout_s=timeout_s)
        where = {"org": url.org, "bucket": url.bucket, "precision": "ms"}
        self._target = f"/api/v2/write?{urlencode(where)}"
        self._headers = {"Content-Type": "text/plain; charset=utf-8"}
        if token:
            self._headers["Authorization"] = f"Token {token}"

    def render(self, series: Series) -> Render:
        """A function that writes one line, newline included."""
        return line_renderer(series)

    async def write(self, rows: Sequence[bytes]) -> None:
        """Post the lines as one request.

        Raises:
            StoreError: as the answer's status says.
        """
        try:
            answer = await self._server.post(self._target, b"".join(rows), self._headers)
        except (TimeoutError, HTTPException, OSError) as error:
            raise Retryable(f"{self._url}: {type(error).__name__}: {error}") from None
        if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            raise self._error(answer.status, _message(answer.body), _retry_after(answer.headers))

    def scan(self, kind: DeviceKind, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the kind in the window."""
        from ingest.stores.influx_scan import scan  # noqa: PLC0415 - a library that the ingester has no use for

        return scan(self._url, self._token, kind, start_ms, until_ms)

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    def _error(self, status: int, text: str, after_s: float) -> StoreError:
        message = f"{self._url} answered {status}: {text}"
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLarge(message)
        if _PARTIAL in text or status == HTTPStatus.UNPROCESSABLE_ENTITY:
            dropped = _DROPPED.search(text)
            return PartialWrite(message, dropped=int(dropped[1]) if dropped else None)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            hint = f"give a token that may write to the bucket by {TOKEN_VARIABLE} or {TOKEN_VARIABLE}_FILE"
            return Unauthorized(f"{message}; {hint}")
        if status == HTTPStatus.NOT_FOUND or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return Misconfigured(f"{message}; create the bucket, or correct bucket and org in the store URL")
        if status == HTTPStatus.BAD_REQUEST:
            return Refused(message)
        return Retryable(message, after_s=after_s)


def _message(raw: bytes) -> str:
    """What the server says, shortened; it answers in JSON, whose key depends on its version."""
    try:
        answer = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = None
    if isinstance(answer, dict):
        text = answer.get("message") or answer.get("error") or answer
        return str(text)[:1000]
    return raw.decode(errors="replace").strip()[:1000]


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:  # a date; our own back-off serves
        return 0.0


def open_url(url: InfluxUrl, environ: Mapping[str, str]) -> InfluxStore:
    """The store at the URL, with the token of the environment."""
    return InfluxStore(url, read_token(environ))


# --- line protocol


def _escape(text: str) -> str:
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
    values: Callable[[Decoded], tuple[Any, ...]]
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
    prefix = ",".join([_escape(series.measurement), *(f"{key}={_escape(value)}" for key, value in series.tags)])
    values = form.values
    template = f"{prefix.replace('%', '%%')} {','.join(form.fields)} %a\n".encode()
    prefix_size = len(prefix.encode())

    def plain(decoded: Decoded) -> bytes:
        line: bytes = template % values(decoded)
        return _sparse(line[:prefix_size], form, decoded) if b"UNSET" in line else line

    if not form.has_words:
        return plain

    def typed(decoded: Decoded) -> bytes:
        line = plain(decoded)
        return line.replace(b"=True", b"=true").replace(b"=False", b"=false").replace(b"'", b'"')

    return typed


def _sparse(prefix: bytes, form: _Form, decoded: Decoded) -> bytes:
    """A row of which some fields are absent."""
    present = [
        field.encode() % value
        for field, name in zip(form.fields, form.names, strict=True)
        if (value := getattr(decoded, name)) is not msgspec.UNSET
    ]
    return b"%b %b %d\n" % (prefix, b",".join(present), decoded.ts)
