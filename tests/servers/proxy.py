"""A TCP proxy that breaks connections the ways a network does."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # closing then sends RST


@dataclass(kw_only=True, eq=False)
class _Pair:
    """One connection through the proxy: towards the client, and towards the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    swallows: bool = False
    client_is_open: bool = True


class Proxy:
    """Carries connections from a port, by default any free one, to a server's port, in a thread of its own."""

    def __init__(self, target: int, *, port: int = 0) -> None:
        self.port = port
        self._target = target
        self._pairs: set[_Pair] = set()
        self._accepted = self._swallowed = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy to {target}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=_CHUNK), self._loop
        )
        self._server = listening.result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> int:
        """Reset every connection, at both ends; returns how many."""
        return self._call(self._reset)

    def redirect(self, target: int) -> None:
        """Reset every connection, and carry those to come to another port."""

        def turn() -> None:
            self._target = target
            self._reset()

        self._call(turn)

    def half_open(self) -> int:
        """From now on nothing passes on the present connections, and neither end is told; returns how many."""
        return self._call(self._swallow)

    @property
    def carried(self) -> int:
        """Connections accepted so far."""
        return self._call(lambda: self._accepted)

    @property
    def open(self) -> int:
        """Connections that are carried now."""
        return self._call(lambda: len(self._pairs))

    @property
    def swallowed(self) -> int:
        """Bytes that half-open connections did not carry."""
        return self._call(lambda: self._swallowed)

    @property
    def deceived(self) -> int:
        """Clients that have not noticed yet that their connection is half open."""
        return self._call(lambda: sum(pair.swallows and pair.client_is_open for pair in self._pairs))

    def _call(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def _reset(self) -> int:
        for pair in self._pairs:
            for writer in (pair.client, pair.server):
                with contextlib.suppress(OSError):  # one that has just ended by itself
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
        return len(self._pairs)

    def _swallow(self) -> int:
        for pair in self._pairs:
            pair.swallows = True
        return len(self._pairs)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target, limit=_CHUNK)
        except OSError:
            writer.transport.abort()
            return
        self._accepted += 1
        pair = _Pair(client=writer, server=to_server)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._carry(pair, reader, to_server), self._carry(pair, from_server, writer))
        finally:
            self._pairs.discard(pair)
            for end in (writer, to_server):
                with contextlib.suppress(AttributeError):  # asyncio's own, where it is gone already
                    end.transport.abort()

    async def _carry(self, pair: _Pair, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry one direction to its end, which then ends the other unless the connection is half open."""
        with contextlib.suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                if pair.swallows:
                    self._swallowed += len(data)
                else:
                    sink.write(data)
                    await sink.drain()
        from_client = sink is pair.server
        if from_client:
            pair.client_is_open = False
        own = pair.client if from_client else pair.server
        own.close()
        if not pair.swallows:
            sink.close()

    async def _close(self) -> None:
        self._server.close()
        for pair in self._pairs:
            pair.client.transport.abort()
            pair.server.transport.abort()
        while self._pairs:  # noqa: ASYNC110 - their tasks end within a turn or two of the loop
            await asyncio.sleep(0.01)
