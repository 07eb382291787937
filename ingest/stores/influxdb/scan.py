"""Reading stored rows back from InfluxDB: InfluxQL, streamed as chunks of JSON, whose floats are exact."""

from collections.abc import Iterator
from typing import Any

import msgspec
import urllib3

from ingest.errors import Misconfigured, Retryable, StoreError, Unauthorized
from ingest.stores.base import Chunk, Measurement, columns_of
from ingest.stores.columns import chunk
from ingest.stores.influxdb.url import TOKEN_VARIABLE, InfluxUrl
from park.catalogue import ValueType

CHUNK_ROWS = 10_000
TIMEOUT_S = 300.0
_READ_BYTES = 1 << 20
_TYPES: dict[ValueType, type] = {
    ValueType.FLOAT: float,
    ValueType.INT: int,
    ValueType.BOOL: bool,
    ValueType.TEXT: str,
}


def scan(url: InfluxUrl, token: str, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
    """Every stored row of the measurement in the window.

    Raises:
        StoreError: the store did not answer, or not in this form.
    """
    answer = msgspec.json.Decoder(_answer_type(measurement))
    for line in _lines(url, token, _query(measurement, start_ms, until_ms)):
        try:
            results = answer.decode(line).results
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise StoreError(f"{url}: {measurement.name}: not the answer of an InfluxQL query: {error}") from None
        for result in results:
            if result.error:
                raise StoreError(f"{url}: {measurement.name}: {result.error}")
            for series in result.series:
                if series.values:
                    ts, device, site, seq, *values = zip(*series.values, strict=True)
                    yield chunk(measurement, device=device, site=site, ts=ts, seq=seq, values=values)


def _query(measurement: Measurement, start_ms: int, until_ms: int) -> str:
    columns = [
        '"device"::tag',
        '"site"::tag',
        '"seq"::field',
        *(f'"{tag}"::tag' for tag in measurement.tags[3:]),
        *(f'"{channel.name}"::field' for channel in measurement.channels),
    ]
    return f'SELECT {",".join(columns)} FROM "{measurement.name}" WHERE time >= {start_ms}ms AND time < {until_ms}ms'  # noqa: S608


def _answer_type(measurement: Measurement) -> Any:
    """Rows typed by the catalogue, so that a whole float, which InfluxDB writes as `21`, is a float."""
    head: list[Any] = [int, str | None, str | None, int | None]
    row: Any = tuple.__class_getitem__(
        (*head, *(_TYPES[value_type] | None for _, value_type in columns_of(measurement)))
    )
    series = msgspec.defstruct("Series", [("values", list[row], [])])
    result = msgspec.defstruct("Result", [("series", list[series], []), ("error", str, "")])  # type: ignore[valid-type]
    return msgspec.defstruct("Answer", [("results", list[result])])  # type: ignore[valid-type]


def _lines(url: InfluxUrl, token: str, query: str) -> Iterator[bytes]:
    """The lines of a chunked answer, one JSON object each."""
    headers = {"Authorization": f"Token {token}"} if token else {}
    policy = {"rp": url.retention_policy} if url.retention_policy else {}
    fields = {"db": url.database, **policy, "q": query, "epoch": "ms", "chunked": "true", "chunk_size": str(CHUNK_ROWS)}
    with urllib3.PoolManager(timeout=urllib3.Timeout(connect=10.0, read=TIMEOUT_S), retries=False) as pool:
        try:
            response = pool.request(
                "GET", f"{url.endpoint}/query", fields=fields, headers=headers, preload_content=False
            )
            if response.status != 200:
                raise _error(url, response)
            yield from _split(response)
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(f"{url}: {error}") from None


def _split(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    left: list[bytes] = []
    for piece in response.stream(_READ_BYTES):
        first, *rest = piece.split(b"\n")
        left.append(first)
        for line in rest:
            if whole := b"".join(left):
                yield whole
            left = [line]
    if whole := b"".join(left).strip():
        yield whole


def _error(url: InfluxUrl, response: urllib3.BaseHTTPResponse) -> StoreError:
    text = response.read(4096).decode(errors="replace").strip()
    message = f"{url} answered {response.status}: {text}"
    if response.status in {401, 403}:
        return Unauthorized(f"{message}; give a token that may read the bucket by {TOKEN_VARIABLE}")
    if response.status == 404:
        return Misconfigured(f"{message}; correct bucket and org in the store URL")
    return Retryable(message) if response.status >= 500 else StoreError(message)
