"""Lines to a bucket, by POST."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http.client import BadStatusLine, RemoteDisconnected
from ssl import SSLCertVerificationError, SSLError
from urllib.parse import urlencode

from ingest.errors import Misconfigured, Retryable, StoreError
from ingest.stores.base import Chunk, Measurement, Render, Series
from ingest.stores.http import HTTPException, Server
from ingest.stores.influxdb.answer import ACCEPTED, error_of
from ingest.stores.influxdb.line import line_renderer
from ingest.stores.influxdb.url import InfluxUrl, read_token

TIMEOUT_S = 30.0
CONNECTIONS = 8
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_MESSAGE")
"""What OpenSSL calls an answer that is no TLS."""
_TLS_ALERT = "\x15\x03"


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
            await self._post(b"".join(rows))
        except (BrokenPipeError, ConnectionResetError) as error:
            # Who refuses a long request may close before the answer can be read: a short one brings it.
            if len(rows) > 1:
                with suppress(ConnectionError):
                    await self._post(rows[0])
            raise await self._failed(error) from None
        except (TimeoutError, HTTPException, OSError) as error:
            raise await self._failed(error) from None

    async def _post(self, lines: bytes) -> None:
        answer = await self._server.post(self._target, lines, self._headers)
        if answer.status != ACCEPTED:
            raise error_of(str(self._url), answer)

    async def _failed(self, error: Exception) -> StoreError:
        """What it means that there was no answer."""
        message = f"{self._url}: {type(error).__name__}: {error}"
        if isinstance(error, SSLCertVerificationError):
            return Misconfigured(f"{message}; trust its authority by SSL_CERT_FILE, or name the host as it does")
        if _is_other_scheme(error) or (_is_cut(error) and await self._server.speaks_otherwise()):
            return Misconfigured(f"{message}; {self._url.other_scheme}")
        if isinstance(error, BadStatusLine) and not isinstance(error, RemoteDisconnected):
            return Misconfigured(f"{message}; no HTTP is spoken there: correct the store URL")
        return Retryable(message)

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the measurement in the window."""
        from ingest.stores.influxdb.scan import scan  # noqa: PLC0415 - a library that the ingester has no use for

        return scan(self._url, self._token, measurement, start_ms, until_ms)

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()


def _is_other_scheme(error: Exception) -> bool:
    """Whether the answer itself tells that it speaks TLS, or none."""
    if isinstance(error, BadStatusLine):
        return str(error).startswith(_TLS_ALERT)
    return isinstance(error, SSLError) and error.reason in _NO_TLS


def _is_cut(error: Exception) -> bool:
    """Whether it took the connection and ended it without an answer, as a scheme that it does not know may make it."""
    return isinstance(error, (ConnectionError, SSLError)) and not isinstance(error, ConnectionRefusedError)


def open_url(url: InfluxUrl, environ: Mapping[str, str]) -> InfluxStore:
    """The store at the URL, with the token of the environment."""
    return InfluxStore(url, read_token(environ))
