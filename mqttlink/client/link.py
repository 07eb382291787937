"""The link: one named session with a broker, held through every fault until its owner closes it."""

import asyncio
import dataclasses
import inspect
from array import array
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import mqtt5

from mqttlink.client import requests
from mqttlink.client.connection import Connection, Handlers
from mqttlink.client.gate import Gate
from mqttlink.client.opening import explained, opened
from mqttlink.client.options import LinkOptions, Session
from mqttlink.errors import (
    ConnectionLost,
    LinkClosed,
    LinkError,
    SessionTakenOver,
)

OnPublishes = Callable[[list[mqtt5.PublishPacket], int], None]
OnAcks = Callable[["array[int]", bytearray, int], None]
OnConnected = Callable[[Session], Awaitable[None] | None]
OnDisconnected = Callable[[int, LinkError], None]

_LEAVE_TIMEOUT_S = 5.0


def _ignore(*_: object) -> None:
    return None


def _retrieve(future: asyncio.Future[None]) -> None:
    """Look at a failure that a lost connection explains, so that asyncio does not report it as unseen."""
    if not future.cancelled():
        future.exception()


class Link:
    """An MQTT 5 session that connects, resumes and reconnects by itself.

    Callbacks are plain functions, called once for each socket read. An exception in one of them ends
    the link and is raised by `connected`, `writable` and `ended`.

    What was in flight when a connection ends is not sent again by the link: its packet ids are free in
    the next generation, and `on_disconnected` tells the owner to send what was not acknowledged.

    Args:
        options: how to connect.
        on_publishes: all messages of one read, and the connection's generation.
        on_acks: packet ids (of type "H") and reason codes (a byte each) of all PUBACKs of one read that
            answer reserved ids, and the generation. 0x10 says that nobody listens, 0x80 and above is refusal.
        on_connected: called before any message of the new generation is handed on. If it returns an
            awaitable, `connected` and `writable` wait for it: the place to subscribe and to publish births.
            A `LinkError` that it raises drops the connection.
        on_disconnected: the generation that ended (or the last one held, after an attempt that failed)
            and why; the link tries again afterwards. While it has never been up, an error
            that is `final` ends the link instead.
    """

    def __init__(
        self,
        options: LinkOptions,
        *,
        on_publishes: OnPublishes = _ignore,
        on_acks: OnAcks = _ignore,
        on_connected: OnConnected = _ignore,
        on_disconnected: OnDisconnected = _ignore,
    ) -> None:
        self.options = options
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._gate = Gate()
        self._handlers = Handlers(publishes=on_publishes, acks=on_acks, room=self._gate.wake, failed=self._stop)
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._ready = False
        self._was_up = False
        self._task: asyncio.Task[None] | None = None
        self._leaving = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._supervise(), name=f"mqttlink {self.options.client_id}")
        self._task.add_done_callback(self._supervisor_ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.disconnect()
        else:
            self.abort()
        if self._task is not None:
            await asyncio.wait([self._task])

    # --- state

    @property
    def generation(self) -> int:
        """How many connections the link has had."""
        return self._session.generation if self._session is not None else 0

    @property
    def is_connected(self) -> bool:
        """Whether bulk traffic can flow now."""
        return self._ready and self._connection is not None and not self._connection.lost.done()

    @property
    def window_free(self) -> int:
        """How many QoS 1 messages may be sent now; 0 while the link is down."""
        return self._connection.ids.free if self._connection is not None and self.is_connected else 0

    async def connected(self) -> Session:
        """Wait until the link is up and `on_connected` has finished.

        Raises:
            LinkError: one that is `final`, before the link was ever up.
            LinkClosed: the link was closed.
        """
        await self._gate.until(lambda: self.is_connected)
        assert self._session is not None
        return self._session

    async def writable(self, free: int = 1) -> None:
        """Wait until the link is up, its write buffer is low and `free` messages fit the window.

        Args:
            free: room wanted, in messages; never more than half of the window is waited for.
        """
        await self._gate.until(lambda: self._is_writable(free))

    async def ended(self) -> None:
        """Wait until the link has ended; raises what ended it unless its owner closed it."""
        try:
            await self._gate.until(lambda: False)
        except LinkClosed:
            return

    # --- receiving

    def acknowledge(self, packet_ids: Iterable[int], generation: int) -> None:
        """Acknowledge messages in one write; those of an older connection are the broker's to send again."""
        if self._connection is not None and generation == self._connection.generation:
            self._connection.acknowledge(packet_ids)

    def pause_reading(self) -> None:
        """Stop reading; requests wait too. A pause ends with its connection."""
        if self._connection is not None:
            self._connection.set_reading(False)

    def resume_reading(self) -> None:
        """Go on reading."""
        if self._connection is not None:
            self._connection.set_reading(True)

    async def subscribe(self, filters: Sequence[mqtt5.TopicFilter]) -> list[mqtt5.SubAckReasonCode]:
        """Subscribe, at QoS 0 or 1.

        Raises:
            SubscribeRefused: a filter was refused or granted less than asked.
            ConnectionLost: the connection ended before the answer came.
        """
        return await requests.subscribe(self._open_connection(), filters)

    async def unsubscribe(self, patterns: Sequence[str]) -> list[mqtt5.UnsubAckReasonCode]:
        """Unsubscribe; NO_SUBSCRIPTION_EXISTED is a normal answer.

        Raises:
            SubscribeRefused: the broker refused.
            ConnectionLost: the connection ended before the answer came.
        """
        return await requests.unsubscribe(self._open_connection(), patterns)

    async def answered(self) -> None:
        """Wait until the broker has answered a ping of now; on a new connection, if this one turns out to have ended.

        Raises:
            LinkClosed: the link was closed.
        """
        while True:
            await self.connected()
            with suppress(ConnectionLost):
                return await self._open_connection().ping()

    # --- sending

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        content_type: str | None = None,
        response_topic: str | None = None,
        correlation_data: bytes | None = None,
    ) -> mqtt5.PubAckReasonCode:
        """Publish one message; at QoS 1 wait for the broker's answer. Works within `on_connected`.

        Raises:
            PublishRefused: the broker refused it.
            PacketTooLong: it is longer than the broker takes; it is not sent.
            ConnectionLost: the connection ended before the answer came; the message may have arrived.
        """
        connection = self._open_connection()
        if qos:
            await self._gate.until(lambda: connection.ids.free > 0 or connection.lost.done())
        return await requests.publish(
            connection,
            topic,
            payload,
            qos=mqtt5.QoS(qos),
            retain=retain,
            content_type=content_type,
            response_topic=response_topic,
            correlation_data=correlation_data,
        )

    def reserve(self, count: int) -> "array[int]":
        """Take `count` packet ids, of type "H", for QoS 1 messages that `send` writes before anything is awaited.

        Raises:
            ValueError: more than `window_free`.
        """
        if not self.window_free >= count:
            raise ValueError(f"{count} packet ids asked, {self.window_free} are free")
        return self._open_connection().ids.reserve(count)

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Write encoded packets.

        Raises:
            ConnectionLost: there is no connection.
        """
        self._open_connection().write(data)

    # --- ending

    async def disconnect(self) -> None:
        """Flush, say goodbye and end the link; the broker drops the will and keeps the session."""
        if self._gate.closed is None and self._connection is not None:
            self._ready = False
            self._leaving = True
            await self._connection.leave(_LEAVE_TIMEOUT_S)
        self._stop(LinkClosed("the link was closed"))

    def abort(self) -> None:
        """End the link without a goodbye, as a crash does: the broker publishes the will."""
        self._stop(LinkClosed("the link was aborted"))

    def reconnect(self, reason: LinkError | None = None) -> None:
        """Drop the connection and make a new one: the broker redelivers what was not acknowledged.

        Args:
            reason: what `on_disconnected` is told.
        """
        if self._connection is not None:
            self._connection.fail(reason or ConnectionLost("the connection was dropped by its owner"))

    # --- within

    def _open_connection(self) -> Connection:
        if self._gate.closed is not None:
            raise self._gate.closed
        if self._connection is None or not self._connection.greeted.done() or self._connection.lost.done():
            raise ConnectionLost(f"there is no connection to {self.options.address}")
        return self._connection

    def _is_writable(self, free: int) -> bool:
        connection = self._connection
        if connection is None or not self.is_connected or connection.write_paused:
            return False
        return connection.ids.free >= max(1, min(free, connection.ids.limit // 2))

    def _stop(self, error: BaseException) -> None:
        """End the link for good; the first reason counts."""
        self._gate.close(error)
        self._ready = False
        if self._connection is not None:
            self._connection.fail(LinkClosed(str(error)))
        if self._task is not None:
            self._task.cancel()

    def _supervisor_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        self._stop(error or LinkClosed("the link was closed"))

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        backoff = self.options.backoff
        attempt = 0
        while True:
            began = loop.time()
            error = await self._hold()
            if not self._was_up:
                error = await explained(error, self.options.address)
            if self._leaving:
                return
            if error.final and not self._was_up:
                raise error
            self._on_disconnected(self.generation, error)
            # Only a connection that lasted proves that the trouble is over.
            attempt = 0 if loop.time() - began > backoff.max_s else attempt + 1
            if isinstance(error, SessionTakenOver):
                attempt = max(attempt, 32)
            await asyncio.sleep(backoff.delay(attempt))

    async def _hold(self) -> LinkError:
        """Hold one connection from its first byte to its last; says why it ended."""
        connection = self._connection = self._new_connection()
        session = await opened(connection, self.options)
        if session is not None:
            self._session = session
            await self._announce(connection, session)
        try:
            return await connection.lost
        finally:
            self._ready = False

    def _new_connection(self) -> Connection:
        options = self.options
        if self._session is not None:
            options = dataclasses.replace(options, clean_start=False, client_id=self._session.client_id)
        return Connection(options, self.generation + 1, self._handlers)

    async def _announce(self, connection: Connection, session: Session) -> None:
        """Let the owner subscribe and publish births before bulk traffic flows."""
        outcome = self._on_connected(session)
        if inspect.isawaitable(outcome):
            births = asyncio.ensure_future(outcome)
            births.add_done_callback(_retrieve)
            # Its first steps come before the first message; its requests need the answers that follow.
            await asyncio.sleep(0)
            connection.release()
            try:
                either: list[asyncio.Future[Any]] = [births, connection.lost]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not connection.lost.done():
                    births.result()
            except LinkError as error:
                connection.fail(error)
            finally:
                births.cancel()
        else:
            connection.release()
        if not connection.lost.done():
            self._ready = self._was_up = True
            self._gate.wake()
