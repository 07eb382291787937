"""Links under test: what they receive is recorded, what they wait for has a deadline."""

import asyncio
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Self

import mqtt5
import numpy as np
from numpy.typing import NDArray

from mqttlink import Address, Backoff, Link, LinkError, LinkOptions, Session
from mqttlink.frames import encode_publishes

DEADLINE_S = 20.0


def run(main: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` with a deadline."""

    async def limited() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await main

    asyncio.run(limited())


def at(port: int, username: str | None = None) -> Address:
    return Address(host="127.0.0.1", port=port, username=username)


def at_least_once(pattern: str) -> mqtt5.TopicFilter:
    return mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE)


def packet_ids(packets: list[mqtt5.PublishPacket]) -> list[int]:
    return [p.packet_id for p in packets if p.packet_id is not None]


class Recorder:
    """A link and everything that it reported.

    Args:
        patterns: subscribed at each connection.
        acknowledge: whether messages are acknowledged at once.
    """

    def __init__(self, port: int, client_id: str, *patterns: str, acknowledge: bool = True, **options: Any) -> None:
        self.messages: list[mqtt5.PublishPacket] = []
        self.calls = 0
        self.acks: Counter[int] = Counter()
        self.acked_ids: list[int] = []
        self.sessions: list[Session] = []
        self.disconnections: list[tuple[int, LinkError]] = []
        self._patterns = patterns
        self._acknowledge = acknowledge
        self._changed = asyncio.Event()
        options.setdefault("address", at(port))
        options.setdefault("backoff", Backoff(first_s=0.05, max_s=0.3))
        self.link = Link(
            LinkOptions(client_id=client_id, **options),
            on_publishes=self._on_publishes,
            on_acks=self._on_acks,
            on_connected=self._on_connected,
            on_disconnected=self._on_disconnected,
        )

    @property
    def payloads(self) -> list[bytes]:
        return [m.payload for m in self.messages]

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def _on_publishes(self, packets: list[mqtt5.PublishPacket], generation: int) -> None:
        self.messages += packets
        self.calls += 1
        if self._acknowledge:
            self.link.acknowledge(packet_ids(packets), generation)
        self._changed.set()

    def _on_acks(self, ids: "array[int]", reasons: bytearray, _generation: int) -> None:
        self.acks.update(reasons)
        self.acked_ids += ids
        self._changed.set()

    async def _on_connected(self, session: Session) -> None:
        self.sessions.append(session)
        if self._patterns:
            await self.link.subscribe([at_least_once(pattern) for pattern in self._patterns])

    def _on_disconnected(self, generation: int, error: LinkError) -> None:
        self.disconnections.append((generation, error))
        self._changed.set()


@asynccontextmanager
async def linked(port: int, client_id: str, *patterns: str, **options: Any) -> AsyncIterator[Recorder]:
    """A link that is up."""
    recorder = Recorder(port, client_id, *patterns, **options)
    async with recorder.link:
        await recorder.link.connected()
        yield recorder


def columns(rows: list[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts as a right-padded matrix and their lengths."""
    lengths = np.array([len(row) for row in rows], np.int64)
    matrix = np.zeros((len(rows), max(1, int(lengths.max(initial=0)))), np.uint8)
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = np.frombuffer(row, np.uint8)
    return matrix, lengths


async def publish_all(link: Link, topics: list[bytes], payloads: list[bytes], *, batch: int = 1000) -> None:
    """Send QoS 1 messages as fast as the window allows."""
    sent = 0
    while sent < len(topics):
        await link.writable(batch)
        part = slice(sent, sent + min(batch, link.window_free))
        topic_cells, topic_lengths = columns(topics[part])
        cells, lengths = columns(payloads[part])
        link.send(
            encode_publishes(
                topics=topic_cells,
                topic_lengths=topic_lengths,
                payload=cells,
                keep=np.arange(cells.shape[1]) < lengths[:, None],
                packet_ids=np.frombuffer(link.reserve(len(lengths)), np.uint16),
            )
        )
        sent += len(lengths)


class Proxy:
    """A TCP proxy on this host that can stop forwarding without closing: a half-open network."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.forwarding = asyncio.Event()
        self.forwarding.set()
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sinks: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for sink in self._sinks:
            sink.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        for source, sink in ((reader, back), (there, writer)):
            self._sinks.append(sink)
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self.forwarding.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        # A network that is gone does not report that the other side closed either.
        await self.forwarding.wait()
        sink.close()
