"""A port that is carried to another, and can be cut, stalled and slowed: a network's faults without any privilege."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

_CHUNK = 1 << 14
_TURN_S = 0.05
_RESET = struct.pack("ii", 1, 0)  # closing then sends a reset


def address_of(text: str) -> tuple[str, int]:
    """Host and port of `host:port`."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass(kw_only=True, eq=False)
class Relay:
    """Carries connections from one address to another.

    Attributes:
        listen, to: `host:port`.
        slow_per_s: bytes a second, each way of each connection, while it is slowed.
    """

    listen: str
    to: str
    slow_per_s: int
    _server: asyncio.Server | None = None
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _is_cut: bool = False
    _is_slow: bool = False
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address cannot be had.
        """
        self._open.set()
        host, port = address_of(self.listen)
        self._server = await asyncio.start_server(self._accept, host, port, limit=_CHUNK)

    async def close(self) -> None:
        """End all connections, and listen no more."""
        if self._server is not None:
            self._server.close()
        self._reset()
        for task in (tasks := set(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset all connections, and every new one, until it is healed."""
        self._is_cut = True
        self._reset()

    def stall(self) -> None:
        """Let nothing pass, and tell no one; what is under way passes once it is healed."""
        self._open.clear()

    def slow(self) -> None:
        """Let little pass."""
        self._is_slow = True

    def heal(self) -> None:
        """Be a good network again."""
        self._is_cut = self._is_slow = False
        self._open.set()

    def _reset(self) -> None:
        for end in self._ends:
            _drop(end)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        try:
            await self._open.wait()
            if not self._is_cut:
                await self._join(reader, writer)
        except OSError:  # there is nobody at the other end
            pass
        finally:
            self._end(writer)
            self._ends.discard(writer)
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_there, there = await asyncio.open_connection(*address_of(self.to), limit=_CHUNK)
        self._ends.add(there)
        try:
            await asyncio.gather(self._carry(reader, there), self._carry(from_there, writer))
        finally:
            self._end(there)
            self._ends.discard(there)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """One direction, to its end, of which the other side is told."""
        with contextlib.suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                await self._open.wait()
                await self._slowed(len(data))
                sink.write(data)
                await sink.drain()
        await self._open.wait()
        sink.close()

    def _end(self, end: asyncio.StreamWriter) -> None:
        """End a connection as it should end now: what was written still arrives, unless the link is cut."""
        if self._is_cut:
            _drop(end)
        else:
            end.close()

    async def _slowed(self, size: int) -> None:
        owed_s = size / self.slow_per_s
        while self._is_slow and owed_s > 0:
            await asyncio.sleep(min(_TURN_S, owed_s))
            owed_s -= _TURN_S


def _drop(end: asyncio.StreamWriter) -> None:
    """End a connection by a reset."""
    with contextlib.suppress(OSError):  # one that has just ended by itself
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    end.transport.abort()
