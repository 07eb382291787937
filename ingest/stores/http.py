"""POST to one server from a few threads, over connections that are kept. The standard library's client, awaited."""

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from urllib.parse import SplitResult, urlsplit

__all__ = ["Answer", "HTTPException", "Server"]

CONNECT_S = 5.0
_OTHERWISE_S = 2.0
_MOST_BYTES = 64 << 10
"""Of an answer: a store says yes or no in few words, and what says more is none."""
IDLE_S = 15.0
"""A connection that was idle for longer is not used again: a firewall between may have forgotten it silently."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server answered; the keys of `headers` are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True, eq=False)
class _Connection:
    """One connection, which a thread uses and the event loop may give up."""

    http: HTTPConnection
    given_up: bool = False
    idle_since: float = 0.0


class Server:
    """One HTTP server.

    Args:
        url: `http://host:port` or `https://host:port`, which is trusted by the system's certificates.
        connections: at once; a further request waits for one of them.
        timeout_s: of one request, connecting included.
    """

    def __init__(self, url: str, *, connections: int, timeout_s: float) -> None:
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._context = ssl.create_default_context() if self._url.scheme == "https" else None
        self._slots = asyncio.Semaphore(connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="http")
        self._idle: list[_Connection] = []

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
                _give_up(connection)
                raise
            if connection.http.sock is not None:  # the server did not ask to close it
                connection.idle_since = time.monotonic()
                self._idle.append(connection)
            return answer

    async def speaks_otherwise(self) -> bool:
        """Whether TLS is spoken where `http` was named, or HTTP without it where `https` was; told without a secret."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_OTHERWISE_S):
                return await (_speaks_tls if self._context is None else _speaks_http)(self._url)
        return False

    async def close(self) -> None:
        """Close the connections; waits for no request."""
        while self._idle:
            self._idle.pop().http.close()
        self._threads.shutdown(wait=False)

    def _connection(self) -> _Connection:
        """The connection that was used last, or a new one; those that have ended or grown old are closed."""
        oldest = time.monotonic() - IDLE_S
        idle, self._idle = self._idle, []
        for connection in idle:
            if connection.idle_since < oldest or _has_ended(connection.http):
                connection.http.close()
            else:
                self._idle.append(connection)
        return self._idle.pop() if self._idle else _Connection(http=self._new())

    def _new(self) -> HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._context is not None:
            return HTTPSConnection(host, port, timeout=CONNECT_S, context=self._context)
        return HTTPConnection(host, port, timeout=CONNECT_S)

    def _post(self, connection: _Connection, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """In a thread: the whole exchange."""
        try:
            _connect(connection, 2 * self._timeout_s)  # the event loop's own limit comes first
            return _exchange(connection.http, target, body, headers)
        except BaseException:
            connection.http.close()
            raise


async def _speaks_tls(url: SplitResult) -> bool:
    """Whoever it is: nothing is told but a greeting."""
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(url.hostname, url.port, ssl=anyone)
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    writer.transport.abort()
    return True


async def _speaks_http(url: SplitResult) -> bool:
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        return await reader.read(5) == b"HTTP/"
    finally:
        writer.transport.abort()


def _connect(connection: _Connection, timeout_s: float) -> None:
    http = connection.http
    if http.sock is None:
        http.connect()
    if connection.given_up:
        raise ConnectionAbortedError("the request was given up while its connection was being made")
    http.sock.settimeout(timeout_s)


def _exchange(http: HTTPConnection, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a request and read its answer."""
    try:
        http.request("POST", target, body=body, headers=dict(headers))
    except (BrokenPipeError, ConnectionResetError) as broken:
        # A server may refuse before it has read all, and close: then that is the answer.
        try:
            answer = _read(http)
        except (HTTPException, OSError):
            raise broken from None
        http.close()
        return answer
    return _read(http)


def _read(http: HTTPConnection) -> Answer:
    with http.getresponse() as response:
        names = {name.lower(): value for name, value in response.headers.items()}
        body = response.read(_MOST_BYTES)
        more = not response.isclosed() and response.read(1)
        if not more and response.length:
            raise IncompleteRead(body, response.length)
    if more:  # it would be taken for the next answer
        http.close()
    return Answer(status=response.status, headers=names, body=body)


def _has_ended(http: HTTPConnection) -> bool:
    """Whether the server has closed an idle connection: on one that is open there is nothing to read."""
    if http.sock is None:
        return True
    readable = select.poll()
    readable.register(http.sock, select.POLLIN)
    return bool(readable.poll(0))


def _give_up(connection: _Connection) -> None:
    """Make the thread that waits on the connection fail at once; if it is still connecting, as soon as that ends."""
    connection.given_up = True
    sock = connection.http.sock
    if sock is not None:
        with suppress(OSError):
            # The socket beneath TLS: TLS itself must not be touched while the thread is in it.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
