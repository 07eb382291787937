"""Lines to a bucket, by POST."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from ingest.errors import Retryable
from ingest.stores.base import Chunk, Measurement, Render, Series
from ingest.stores.http import HTTPException, Server
from ingest.stores.influxdb.answer import error_of
from ingest.stores.influxdb.line import line_renderer
from ingest.stores.influxdb.url import InfluxUrl, read_token

TIMEOUT_S = 30.0
CONNECTIONS = 8


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
            raise error_of(str(self._url), answer)

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the measurement in the window."""
        from ingest.stores.influxdb.scan import scan  # noqa: PLC0415 - a library that the ingester has no use for

        return scan(self._url, self._token, measurement, start_ms, until_ms)

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()


def open_url(url: InfluxUrl, environ: Mapping[str, str]) -> InfluxStore:
    """The store at the URL, with the token of the environment."""
    return InfluxStore(url, read_token(environ))
