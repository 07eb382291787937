"""POST to one server from a few threads, over connections that are kept. The standard library's client, awaited."""

import asyncio
import select
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

__all__ = ["Answer", "HTTPException", "Server"]

CONNECT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server answered; the keys of `headers` are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Server:
    """One HTTP server.

    Args:
        url: `http://host:port` or `https://host:port`, which is trusted by the system's certificates.
        connections: at once; a further request waits for one of them.
        timeout_s: from a request's first byte to its answer's last.
    """

    def __init__(self, url: str, *, connections: int, timeout_s: float) -> None:
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._context = ssl.create_default_context() if self._url.scheme == "https" else None
        self._slots = asyncio.Semaphore(connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="http")
        self._idle: list[HTTPConnection] = []

    async def post(self, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request. Given up when it is cancelled, and then its connection is closed.

        Raises:
            TimeoutError: there was no whole answer in time.
            OSError, HTTPException: the connection failed, or what came was no HTTP.
        """
        loop = asyncio.get_running_loop()
        async with self._slots:
            connection = self._connection()
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await loop.run_in_executor(self._threads, self._post, connection, target, body, headers)
            except BaseException:
                _abandon(connection)
                raise
            if connection.sock is not None:  # the server did not ask to close it
                self._idle.append(connection)
            return answer

    async def close(self) -> None:
        """Close the connections; waits for no request."""
        while self._idle:
            self._idle.pop().close()
        self._threads.shutdown(wait=False)

    def _connection(self) -> HTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if not _has_ended(connection):
                return connection
            connection.close()
        host, port = self._url.hostname or "", self._url.port
        if self._context is not None:
            return HTTPSConnection(host, port, timeout=CONNECT_S, context=self._context)
        return HTTPConnection(host, port, timeout=CONNECT_S)

    def _connect(self, connection: HTTPConnection) -> None:
        connection.connect()
        connection.sock.settimeout(self._timeout_s)

    def _post(self, connection: HTTPConnection, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """In a thread: the whole exchange."""
        try:
            if connection.sock is None:
                self._connect(connection)
            connection.request("POST", target, body=body, headers=dict(headers))
            with connection.getresponse() as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status, headers=names, body=response.read())
        except BaseException:
            connection.close()
            raise


def _has_ended(connection: HTTPConnection) -> bool:
    """Whether the server has closed an idle connection: on one that is open there is nothing to read."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _abandon(connection: HTTPConnection) -> None:
    """Make the thread that waits on the connection fail at once; if it is still connecting, within `CONNECT_S`."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
