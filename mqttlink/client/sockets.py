"""All sockets of a crowd behind one selector: what comes is taken in one go, for all of them together."""

import asyncio
import selectors
import ssl
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass

import mqtt5

from mqttlink.client.fitness import GREETING_BYTES, foreign, ungreeted, unopened
from mqttlink.client.light import WAITS, WAITS_TO_READ, Light, Place, Stage
from mqttlink.client.url import Address
from mqttlink.errors import ConnectionLost, LinkError, ProtocolViolation, SessionTakenOver
from mqttlink.parse import PUBACK, Parsed, parse

_BUFFER_BYTES = 1 << 16
#: After the sockets were looked at, they collect for so long: each look costs as much as some answers.
COLLECT_S = 0.005
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@dataclass(frozen=True, kw_only=True)
class SocketHandlers:
    """What a crowd is told of its sockets.

    Attributes:
        acks: whose messages were answered, their packet ids and reason codes, one each, in order of arrival.
        opened: what to write on a connection that is open: CONNECT.
        answered: the first packet that answered it.
        free: a socket that was full takes more.
        failed: a connection has ended, or an attempt.
        looked: all that had happened has been told.
    """

    acks: "Callable[[array[int], array[int], bytearray], None]"
    opened: Callable[[Light], bytes]
    answered: Callable[[Light, mqtt5.Packet], None]
    free: Callable[[Light], None]
    failed: Callable[[Light, LinkError], None]
    looked: Callable[[float], None]


class Sockets:
    """The sockets of many connections to one address.

    Args:
        address: where they lead.
        context: TLS, or None.
        heard_s: when each was last heard, on the clock of `time.monotonic`; it is kept here.
        handlers: what happens.
    """

    def __init__(
        self, address: Address, context: ssl.SSLContext | None, heard_s: "array[float]", handlers: SocketHandlers
    ) -> None:
        self._address, self._context, self._handlers = address, context, handlers
        self._heard_s = heard_s
        self._selector = selectors.DefaultSelector()
        self._view = memoryview(bytearray(_BUFFER_BYTES))
        self._who, self._ids, self._reasons = array("i"), array("H"), bytearray()
        self._loop = asyncio.get_running_loop()
        self._collecting: asyncio.TimerHandle | None = None

    def listen(self) -> None:
        """Look at the sockets whenever something happens."""
        self._collecting = None
        self._loop.add_reader(self._selector.fileno(), self._look)

    def open(self, light: Light, place: Place, now_s: float) -> None:
        """Begin to connect."""
        try:
            self._selector.register(light.open(place, now_s), _READ | _WRITE, light)
        except OSError as error:
            self._handlers.failed(light, unopened(error, self._address))

    def write(self, light: Light, data: bytes | memoryview) -> bool:
        """Write; whether the socket takes more."""
        try:
            light.write(data)
        except OSError as error:
            self._handlers.failed(light, self._closed(error))
            return False
        if light.unwritten:
            self._wants(light, _READ | _WRITE)
        return not light.unwritten

    def forget(self, light: Light) -> None:
        """Close the socket, if there is one."""
        if light.sock is not None and light.sock.fileno() >= 0:
            with_key = light.sock in self._selector.get_map()
            if with_key:
                self._selector.unregister(light.sock)
        light.close()

    def close(self) -> None:
        """Look at nothing any more."""
        if self._collecting is not None:
            self._collecting.cancel()
        self._loop.remove_reader(self._selector.fileno())
        self._selector.close()

    def _look(self) -> None:
        self._loop.remove_reader(self._selector.fileno())
        self._collecting = self._loop.call_later(COLLECT_S, self.listen)
        now_s = time.monotonic()
        for key, mask in self._selector.select(0):
            light: Light = key.data
            if light.sock is not key.fileobj:
                continue
            if light.stage is Stage.OPENING or light.stage is Stage.SECURING:
                self._go_on(light)
                continue
            if mask & _WRITE:
                self._drain(light)
            if mask & _READ and light.sock is key.fileobj:
                self._read(light, now_s)
        if self._who:
            who, ids, reasons = self._who, self._ids, self._reasons
            self._who, self._ids, self._reasons = array("i"), array("H"), bytearray()
            self._handlers.acks(who, ids, reasons)
        self._handlers.looked(now_s)

    def _go_on(self, light: Light) -> None:
        """TCP's handshake has ended, or TLS's has something to do."""
        try:
            if light.stage is Stage.OPENING:
                self._after_tcp(light)
            if light.stage is Stage.SECURING:
                assert isinstance(light.sock, ssl.SSLSocket)
                light.sock.do_handshake()
            light.stage = Stage.GREETING
            light.write(self._handlers.opened(light))
            self._wants(light, _READ | (_WRITE if light.unwritten else 0))
        except WAITS_TO_READ:
            self._wants(light, _READ)
        except ssl.SSLWantWriteError:
            self._wants(light, _READ | _WRITE)
        except OSError as error:
            self._handlers.failed(light, unopened(error, self._address))

    def _after_tcp(self, light: Light) -> None:
        sock = light.opened()
        if self._context is not None:
            self._selector.unregister(sock)
            light.sock = self._context.wrap_socket(
                sock, server_hostname=self._address.host, do_handshake_on_connect=False
            )
            light.stage = Stage.SECURING
            self._selector.register(light.sock, _READ | _WRITE, light)

    def _drain(self, light: Light) -> None:
        try:
            light.flush()
        except OSError as error:
            self._handlers.failed(light, self._closed(error))
            return
        if not light.unwritten:
            self._wants(light, _READ)
            self._handlers.free(light)

    def _read(self, light: Light, now_s: float) -> None:
        sock = light.sock
        assert sock is not None
        try:
            count = sock.recv_into(self._view)
        except WAITS:
            return
        except OSError as error:
            self._handlers.failed(light, self._ended(light, error))
            return
        if not count:
            self._handlers.failed(light, self._ended(light, None))
            return
        self._heard_s[light.index] = now_s
        data = memoryview(bytearray(light.rest + self._view[:count])) if light.rest else self._view[:count]
        try:
            self._take(light, data)
        except LinkError as error:
            self._handlers.failed(light, error)
            return
        if isinstance(sock, ssl.SSLSocket) and light.sock is sock and sock.pending():
            self._read(light, now_s)

    def _take(self, light: Light, data: memoryview) -> None:
        """Acknowledgements as fast as can be, then everything else."""
        at, end = 0, len(data)
        while light.stage is Stage.UP and end - at >= 4 and data[at] == PUBACK:
            width = data[at + 1] + 2
            if width > 6 or end - at < width:
                break
            self._acked(light, data[at + 2] << 8 | data[at + 3], data[at + 4] if width > 4 else 0)
            at += width
        if at == end:
            light.rest = b""
            return
        if light.stage is Stage.GREETING and (unfit := foreign(bytes(data[:GREETING_BYTES]), self._address)):
            raise unfit
        read = parse(data[at:], end - at)
        light.rest = bytes(data[at + read.consumed :])
        self._take_other(light, read)

    def _take_other(self, light: Light, read: Parsed) -> None:
        if light.stage is Stage.GREETING and read.others:
            self._handlers.answered(light, read.others.pop(0))
        for packet_id, reason in zip(read.ack_ids, read.ack_reasons, strict=True):
            self._acked(light, packet_id, reason)
        for packet in read.others:
            if isinstance(packet, mqtt5.DisconnectPacket):
                taken_over = packet.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
                detail = packet.reason_code.name.lower().replace("_", " ")
                raise (SessionTakenOver if taken_over else ConnectionLost)(
                    f"{self._address} ended the connection: {detail}"
                )
        if read.malformed is not None:
            raise ProtocolViolation(f"{self._address} sent a malformed packet: {read.malformed}")

    def _acked(self, light: Light, packet_id: int, reason: int) -> None:
        self._who.append(light.index)
        self._ids.append(packet_id)
        self._reasons.append(reason)

    def _ended(self, light: Light, error: OSError | None) -> LinkError:
        return ungreeted(error, self._address) if light.stage is Stage.GREETING else self._closed(error)

    def _closed(self, error: OSError | None) -> ConnectionLost:
        return ConnectionLost(f"{self._address} closed the connection" + (f": {error}" if error else ""))

    def _wants(self, light: Light, events: int) -> None:
        assert light.sock is not None
        self._selector.modify(light.sock, events, light)
