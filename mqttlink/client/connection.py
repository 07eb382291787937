"""One connection to a broker: everything that ends with it lives here."""

import asyncio
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import compress

import mqtt5

from mqttlink.client.alive import Aliveness
from mqttlink.client.fitness import GREETING_BYTES, foreign, refusal, shortfall, ungreeted
from mqttlink.client.options import LinkOptions, Session
from mqttlink.client.window import PacketIds
from mqttlink.errors import (
    ConnectionLost,
    LinkError,
    ProtocolViolation,
    SessionTakenOver,
    describe,
)
from mqttlink.parse import Parsed, encode_acks
from mqttlink.protocol import PacketProtocol

WRITE_HIGH_WATER_BYTES = 1 << 20

Answer = mqtt5.SubAckPacket | mqtt5.UnsubAckPacket | mqtt5.PubAckReasonCode


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """Where a connection hands on what it receives."""

    publishes: Callable[[list[mqtt5.PublishPacket], int], None]
    acks: "Callable[[array[int], bytearray, int], None]"
    room: Callable[[], None]
    failed: Callable[[BaseException], None]


class Connection(PacketProtocol):
    """Speaks MQTT 5 from CONNECT to the end of one TCP connection."""

    def __init__(self, options: LinkOptions, generation: int, handlers: Handlers) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        self.generation = generation
        self.greeted: asyncio.Future[Session] = loop.create_future()
        self.lost: asyncio.Future[LinkError] = loop.create_future()
        self.ids = PacketIds()
        self.write_paused = False
        self._options = options
        self._handlers = handlers
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._held: list[Parsed] | None = []
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._alive = Aliveness(self.write, self._silent, lambda: self._reading and self._held is None)
        self._reading = True
        self._leaving = False

    # --- what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)
        transport.write(self._options.greeting())

    def buffer_updated(self, nbytes: int) -> None:
        """Before anything is parsed, see whether it is MQTT at all that answers."""
        if not self.greeted.done():
            unfit = foreign(self._beginning(nbytes, GREETING_BYTES), self._options.address)
            if unfit is not None:
                self.fail(unfit)
                return
        super().buffer_updated(nbytes)

    def parsed(self, read: Parsed) -> None:
        """Hand one socket read on: acknowledgements, messages, then everything else."""
        self._alive.silent_ticks = 0
        if self.lost.done():
            return
        if not self.greeted.done():
            self._greet(read)
        if self._held is not None:
            self._held.append(read)
            return
        try:
            self._dispatch(read)
        except LinkError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001 - the owner's callback failed; the owner must see it
            self._handlers.failed(error)

    def oversized(self, size: int) -> None:
        """Unreachable by MQTT's own limit; kept so that no size is ever trusted."""
        self.fail(ProtocolViolation(f"the broker announced a packet of {size} bytes"))

    def eof_received(self) -> bool:
        """The broker closed; nothing more can be answered."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Settle everything that waits for this connection."""
        address = self._options.address
        if self.greeted.done() or self._filled:
            self._settle(ConnectionLost(f"{address} closed the connection" + (f": {exc}" if exc else "")))
        else:
            self._settle(ungreeted(exc, address))

    def pause_writing(self) -> None:
        """The broker reads more slowly than we write."""
        self.write_paused = True

    def resume_writing(self) -> None:
        """The write buffer has drained."""
        self.write_paused = False
        self._handlers.room()

    # --- what the link calls

    def release(self) -> None:
        """Begin to hand on what comes after CONNACK; until then it is held back."""
        held, self._held = self._held or [], None
        if self._transport is not None and self._reading:
            self._transport.resume_reading()
        for read in held:
            self.parsed(read)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write whole packets.

        Raises:
            ConnectionLost: the connection has ended.
        """
        if self._transport is None or self.lost.done() or self._leaving:
            raise ConnectionLost(f"there is no connection to {self._options.address}")
        self._alive.idle_ticks = 0
        self._transport.write(data)

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Write all PUBACKs at once; nothing if the connection has ended, for the broker sends again."""
        if self._transport is not None and not self.lost.done() and not self._leaving:
            acks = encode_acks(packet_ids)
            if acks:  # of messages at QoS 0 there are none, and who writes nothing has to ping
                self._alive.idle_ticks = 0
                self._transport.write(acks)

    async def ask(self, packet_id: int, data: bytes) -> Answer:
        """Write a packet and wait for the answer that carries its id."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._answers[packet_id] = future
        self.write(data)
        return await future

    def ping(self) -> "asyncio.Future[None]":
        """Ask for a sign of life.

        Raises:
            ConnectionLost: the connection has ended.
        """
        return self._alive.ask()

    def set_reading(self, reading: bool) -> None:
        """Stop or go on reading from the socket."""
        self._reading = reading
        if self._transport is None or self._held is not None or self._transport.is_closing():
            return
        if reading:
            self._alive.silent_ticks = 0
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def fail(self, error: LinkError) -> None:
        """Drop the connection without a goodbye; the broker publishes the will."""
        self._settle(error)
        if self._transport is not None:
            self._transport.abort()

    async def leave(self, timeout_s: float) -> None:
        """Flush, say DISCONNECT, and let the broker close.

        Closing first, with data unread, would make the kernel reset the connection, and the last
        acknowledgements could be lost with it.
        """
        if self._transport is None or self.lost.done():
            return
        self._transport.write(mqtt5.DisconnectPacket().write())
        self._leaving = True
        self._alive.end(ConnectionLost("the connection is being closed by its owner"))
        self._held = None
        self._transport.resume_reading()
        await asyncio.wait([self.lost], timeout=timeout_s)
        self._transport.abort()

    # --- within

    def _settle(self, error: LinkError) -> None:
        if self.lost.done():
            return
        self.lost.set_result(error)
        waiting: list[asyncio.Future[Session] | asyncio.Future[Answer]] = [*self._answers.values()]
        for future in [self.greeted, *waiting]:
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody need be waiting
        self._alive.end(error)
        self._handlers.room()

    def _greet(self, read: Parsed) -> None:
        first = read.others[0] if read.others else None
        if not isinstance(first, mqtt5.ConnAckPacket):
            detail = read.malformed or type(first).__name__
            self.fail(ProtocolViolation(f"{self._options.address} answered CONNECT with {detail}"))
            return
        del read.others[0]
        if first.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
            self.fail(refusal(first, self._options))
            return
        session = Session.granted(first, self._options, self.generation)
        unfit = shortfall(session, self._options)
        if unfit is not None:
            self.fail(unfit)
            return
        self.ids = PacketIds(session.receive_max)
        self.greeted.set_result(session)
        if self._transport is not None:
            self._transport.pause_reading()
        self._alive.begin(session.keep_alive_s)

    def _dispatch(self, read: Parsed) -> None:
        if read.ack_ids:
            self._take_acks(read.ack_ids, read.ack_reasons)
        if read.publishes and not self._leaving:
            self._handlers.publishes(read.publishes, self.generation)
        for packet in read.others:
            self._take(packet)
        if read.malformed is not None:
            raise ProtocolViolation(f"{self._options.address} sent a malformed packet: {read.malformed}")

    def _take_acks(self, ids: "array[int]", reasons: bytearray) -> None:
        bulk = bytearray(self.ids.release(ids))
        if self._answers:
            for i, packet_id in enumerate(ids):
                future = self._answers.pop(packet_id, None)
                if future is not None:
                    bulk[i] = 0
                    if not future.done():
                        future.set_result(mqtt5.PubAckReasonCode(reasons[i]))
        if not all(bulk):
            ids, reasons = array("H", compress(ids, bulk)), bytearray(compress(reasons, bulk))
        if ids:
            self._handlers.acks(ids, reasons, self.generation)
        self._handlers.room()

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.SubAckPacket() | mqtt5.UnsubAckPacket():
                self.ids.release(array("H", [packet.packet_id]))
                future = self._answers.pop(packet.packet_id, None)
                if future is not None and not future.done():
                    future.set_result(packet)
            case mqtt5.PingRespPacket():
                self._alive.answered()
            case mqtt5.DisconnectPacket():
                raise self._dismissal(packet)
            case _:
                raise ProtocolViolation(f"{self._options.address} sent an unexpected {type(packet).__name__}")

    def _dismissal(self, packet: mqtt5.DisconnectPacket) -> ConnectionLost:
        detail = f": {packet.reason_str}" if packet.reason_str else ""
        if packet.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER:
            return SessionTakenOver(
                f"{self._options.address} gave the session to another client that uses the client id "
                f"{self._options.client_id!r}; every client needs its own"
            )
        reason = describe(packet.reason_code) + detail
        return ConnectionLost(f"{self._options.address} disconnected: {reason}")

    def _silent(self, seconds: float) -> None:
        self.fail(ConnectionLost(f"{self._options.address} is silent for {seconds:.1f} s"))
