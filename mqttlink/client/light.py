"""One of many light connections: a socket and what is half done on it. Everything that takes time is `crowd`'s."""

import os
import socket
import ssl
from contextlib import suppress
from enum import Enum
from typing import Any

import mqtt5

from mqttlink.client.fitness import refusal, shortfall
from mqttlink.client.options import LinkOptions, Session
from mqttlink.errors import LinkError, ProtocolViolation

WAITS_TO_READ = (BlockingIOError, InterruptedError, ssl.SSLWantReadError)
WAITS = (*WAITS_TO_READ, ssl.SSLWantWriteError)

#: A family of addresses, and one of them.
Place = tuple[int, Any]


class Stage(Enum):
    """How far a connection has come."""

    AWAY = "away"
    OPENING = "opening"
    SECURING = "securing"
    GREETING = "greeting"
    UP = "up"
    LEAVING = "leaving"


class Light:
    """A connection, or the place of one that is away.

    Attributes:
        index: its place in the crowd.
        attempt: how often it was tried since it last held.
        connections: how often it was up.
        began_s: when this attempt began, or when it came up.
        rest: the beginning of a packet that is not whole yet.
        unwritten: what the socket has not taken yet.
    """

    __slots__ = ("attempt", "began_s", "connections", "index", "rest", "sock", "stage", "unwritten")

    def __init__(self, index: int) -> None:
        self.index = index
        self.sock: socket.socket | None = None
        self.stage = Stage.AWAY
        self.attempt = self.connections = 0
        self.began_s = 0.0
        self.rest = self.unwritten = b""

    def open(self, place: Place, now_s: float) -> socket.socket:
        """Begin to connect; the socket is writable when that has come to an end.

        Raises:
            OSError: it cannot even begin.
        """
        family, where = place
        self.sock = sock = socket.socket(family, socket.SOCK_STREAM)
        self.stage, self.began_s, self.rest, self.unwritten = Stage.OPENING, now_s, b"", b""
        sock.settimeout(0.0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(BlockingIOError):
            sock.connect(where)
        return sock

    def opened(self) -> socket.socket:
        """The socket, on which TCP's handshake has come to an end.

        Raises:
            OSError: nobody took it.
        """
        assert self.sock is not None
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        return self.sock

    def write(self, data: bytes | memoryview) -> None:
        """Write what the socket takes now; the rest waits in `unwritten`.

        Raises:
            OSError: the connection is broken.
        """
        assert self.sock is not None
        if self.unwritten:
            self.unwritten += bytes(data)
            return
        try:
            count = self.sock.send(data)
        except WAITS:
            count = 0
        if count < len(data):
            self.unwritten = bytes(data[count:])

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it.

        Raises:
            OSError: the connection is broken.
        """
        data, self.unwritten = self.unwritten, b""
        if data:
            self.write(data)

    def close(self) -> None:
        """Drop the socket; what the broker has not answered by now, it answers to nobody."""
        self.stage = Stage.AWAY
        self.rest = self.unwritten = b""
        if self.sock is not None:
            self.sock.close()
            self.sock = None


def granted(first: mqtt5.Packet, options: LinkOptions, generation: int) -> Session:
    """The session that the answer to CONNECT grants.

    Raises:
        LinkError: it grants none, or one that does not serve.
    """
    if not isinstance(first, mqtt5.ConnAckPacket):
        raise ProtocolViolation(f"{options.address} answered CONNECT with {type(first).__name__}")
    if first.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
        raise refusal(first, options)
    session = Session.granted(first, options, generation)
    unfit: LinkError | None = shortfall(session, options)
    if unfit is not None:
        raise unfit
    return session
