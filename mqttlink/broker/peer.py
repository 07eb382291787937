"""One client's connection at the embedded broker."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping

import mqtt5

from mqttlink.accounts import Account
from mqttlink.broker.admission import Rights, objection
from mqttlink.broker.exchange import NOT_AUTHORIZED, Exchange
from mqttlink.broker.outbox import Outbox
from mqttlink.broker.sessions import BrokerSession
from mqttlink.filters import SHARE_PREFIX
from mqttlink.parse import Parsed, encode_acks
from mqttlink.protocol import PacketProtocol

log = logging.getLogger(__name__)

_BUFFER_BYTES = 1 << 16
_CONNECT_TIMEOUT_S = 10.0
_TOPIC_NAME_INVALID = 0x90

_Refusal = mqtt5.ConnAckReasonCode
_Dismissal = mqtt5.DisconnectReasonCode


class _Violation(Exception):
    def __init__(self, code: mqtt5.DisconnectReasonCode) -> None:
        self.code = code


class Peer(PacketProtocol):
    """Speaks MQTT 5 with one client; it is the outlet of its session and publishes into the exchange.

    Args:
        peers: all connections of the broker, this one adds and removes itself.
        accounts: who may do what, by user name; None lets everybody do anything.
    """

    def __init__(self, exchange: Exchange, peers: "set[Peer]", accounts: Mapping[str, Account] | None) -> None:
        super().__init__(buffer_bytes=_BUFFER_BYTES, max_packet=exchange.limits.max_packet_bytes)
        self.receive_max = 65535
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._exchange = exchange
        self._peers = peers
        self._accounts = accounts
        self._rights: Rights | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._session: BrokerSession | None = None
        self._outbox = Outbox(self._pump)
        self._acks: list[int] = []
        self._held_by: set[BrokerSession] = set()
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._last_heard = self._loop.time()

    # --- what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for CONNECT, but not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._outbox.open(transport)
        self._peers.add(self)
        self._set_timer(_CONNECT_TIMEOUT_S, self.drop)

    def connection_lost(self, exc: Exception | None) -> None:
        """The session goes on without this connection."""
        del exc
        self._closing = True
        self._peers.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._leave_session()
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._outbox.paused = True

    def resume_writing(self) -> None:
        """The socket has taken what was written."""
        self._outbox.paused = False
        self._pump()

    def parsed(self, read: Parsed) -> None:
        """Everything of one socket read."""
        if self._closing:
            return
        self._last_heard = self._loop.time()
        try:
            self._dispatch(read)
        except _Violation as violation:
            self.dismiss(violation.code)

    def oversized(self, size: int) -> None:
        """More than CONNACK allowed."""
        log.warning("a packet of %d bytes is over the limit", size)
        self.dismiss(_Dismissal.PACKET_TOO_LARGE)

    # --- what the session calls

    @property
    def clogged(self) -> bool:
        """Whether QoS 1 messages should wait in the queue."""
        return self._outbox.clogged

    @property
    def overflowing(self) -> bool:
        """Whether QoS 0 messages are dropped."""
        return self._outbox.overflowing

    def enqueue(self, frame: bytes) -> None:
        """Write with everything else of this turn of the loop."""
        self._outbox.put(frame)

    def hold(self, session: BrokerSession) -> None:
        """Withhold acknowledgements, so that the client's window closes; its own PUBACKs are still read."""
        self._held_by.add(session)

    def release(self, session: BrokerSession) -> None:
        """Go on acknowledging when nobody else asks to wait."""
        self._held_by.discard(session)
        self._acknowledge()

    # --- ending

    def dismiss(self, code: mqtt5.DisconnectReasonCode) -> None:
        """Say why, and close."""
        if self._closing:
            return
        if self._session is not None:
            self.enqueue(mqtt5.DisconnectPacket(reason_code=code).write())
        self._end()

    def drop(self) -> None:
        """Close without a word."""
        self._closing = True
        self._outbox.close()
        self._leave_session()
        if self._transport is not None:
            self._transport.abort()

    def _end(self) -> None:
        self._closing = True
        self._outbox.close()
        self._leave_session()
        if self._transport is not None:
            self._transport.close()
            # A client that does not read must not keep the connection for ever.
            self._set_timer(_CONNECT_TIMEOUT_S, self._transport.abort)

    def _leave_session(self) -> None:
        session, self._session = self._session, None
        if session is not None and session.outlet is self:
            self._exchange.close(session)

    # --- within

    def _pump(self) -> None:
        if self._session is not None and self._session.queued and not self._closing:
            self._session.pump()

    def _dispatch(self, read: Parsed) -> None:
        if self._session is None:
            self._connect(read)
        session = self._session
        if session is None:
            return
        if len(read.ack_ids):
            session.acknowledged(read.ack_ids.tolist())
        if read.publishes:
            self._take_publishes(read.publishes, session)
        for packet in read.others:
            self._take(packet, session)
        if read.malformed is not None:
            raise _Violation(_Dismissal.MALFORMED_PACKET)

    def _take_publishes(self, packets: list[mqtt5.PublishPacket], session: BrokerSession) -> None:
        publish = self._exchange.publish if self._rights is None else self._publish_if_allowed
        acks = self._acks
        self._exchange.stats.received += len(packets)
        for packet in packets:
            packet_id = packet.packet_id
            if packet.topic_alias is not None:
                raise _Violation(_Dismissal.TOPIC_ALIAS_INVALID)
            if packet_id is None:
                if publish(packet, self, session) == _TOPIC_NAME_INVALID:
                    raise _Violation(_Dismissal.TOPIC_NAME_INVALID)
            elif packet.qos.value > 1:
                raise _Violation(_Dismissal.QOS_NOT_SUPPORTED)
            elif not packet_id:
                raise _Violation(_Dismissal.PROTOCOL_ERROR)
            else:
                acks.append(publish(packet, self, session) << 16 | packet_id)
        if len(acks) > self._exchange.limits.receive_max:
            raise _Violation(_Dismissal.RECEIVE_MAX_EXCEEDED)
        self._acknowledge()

    def _publish_if_allowed(self, packet: mqtt5.PublishPacket, _: "Peer", session: BrokerSession) -> int:
        if self._rights is not None and not self._rights.may_publish(packet.topic):
            return NOT_AUTHORIZED
        return self._exchange.publish(packet, self, session)

    def _acknowledge(self) -> None:
        acks = self._acks
        if not acks or self._held_by or self._closing:
            return
        self._acks = []
        if max(acks) <= 0xFFFF:
            self.enqueue(encode_acks(acks))
            return
        for ack in acks:
            code = mqtt5.PubAckReasonCode(ack >> 16)
            self.enqueue(mqtt5.PubAckPacket(ack & 0xFFFF, reason_code=code).write())

    def _take(self, packet: mqtt5.Packet, session: BrokerSession) -> None:
        match packet:
            case mqtt5.SubscribePacket():
                self._subscribe(packet, session)
            case mqtt5.UnsubscribePacket():
                codes = [self._exchange.unsubscribe(session, pattern) for pattern in packet.patterns]
                self.enqueue(mqtt5.UnsubAckPacket(packet.packet_id, codes).write())
            case mqtt5.PingReqPacket():
                self.enqueue(mqtt5.PingRespPacket().write())
            case mqtt5.DisconnectPacket():
                self._goodbye(packet, session)
            case _:
                raise _Violation(_Dismissal.PROTOCOL_ERROR)

    def _subscribe(self, packet: mqtt5.SubscribePacket, session: BrokerSession) -> None:
        if not packet.topic_filters or not packet.packet_id:
            raise _Violation(_Dismissal.PROTOCOL_ERROR)
        if any(f.no_local and f.pattern.startswith(SHARE_PREFIX) for f in packet.topic_filters):
            raise _Violation(_Dismissal.PROTOCOL_ERROR)
        place = self._outbox.count
        codes = [self._subscribe_to(f, packet.subscription_id, session) for f in packet.topic_filters]
        self.enqueue(mqtt5.SubAckPacket(packet.packet_id, codes).write())
        # The answer goes before the retained messages that it brought about.
        self._outbox.move_last_to(place)

    def _subscribe_to(
        self, wanted: mqtt5.TopicFilter, subscription_id: int | None, session: BrokerSession
    ) -> mqtt5.SubAckReasonCode:
        if self._rights is not None and not self._rights.may_subscribe(wanted.pattern):
            return mqtt5.SubAckReasonCode.NOT_AUTHORIZED
        return self._exchange.subscribe(session, wanted, subscription_id)

    def _goodbye(self, packet: mqtt5.DisconnectPacket, session: BrokerSession) -> None:
        if packet.session_expiry_interval is not None:
            if not session.expiry_s and packet.session_expiry_interval:
                raise _Violation(_Dismissal.PROTOCOL_ERROR)
            session.expiry_s = packet.session_expiry_interval
        if packet.reason_code == _Dismissal.NORMAL_DISCONNECTION:
            session.will = None
        self._end()

    # --- connecting

    def _connect(self, read: Parsed) -> None:
        connect = read.others.pop(0) if read.others else None
        if not isinstance(connect, mqtt5.ConnectPacket):
            self._refuse(_Refusal.UNSUPPORTED_PROTOCOL_VERSION if read.malformed else None)
            return
        refusal = objection(connect, self._accounts)
        if len(self._peers) > self._exchange.limits.max_connections:
            refusal = _Refusal.SERVER_BUSY
        if refusal is not None:
            self._refuse(refusal)
            return
        if self._accounts is not None and connect.username is not None:
            self._rights = Rights(self._accounts[connect.username])
        client_id = connect.client_id or f"auto-{secrets.token_hex(8)}"
        old = self._exchange.session(client_id)
        if old is not None and isinstance(old.outlet, Peer):
            old.outlet.dismiss(_Dismissal.SESSION_TAKEN_OVER)
        opened = self._exchange.open(connect, client_id)
        if opened is None:
            self._refuse(_Refusal.QUOTA_EXCEEDED)
            return
        session, present = opened
        self._welcome(connect, session, present=present)

    def _welcome(self, connect: mqtt5.ConnectPacket, session: BrokerSession, *, present: bool) -> None:
        self.enqueue(
            mqtt5.ConnAckPacket(
                session_present=present,
                assigned_client_id=None if connect.client_id else session.client_id,
                receive_max=self._exchange.limits.receive_max,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                max_packet_size=self._exchange.limits.max_packet_bytes,
                topic_alias_max=0,
            ).write()
        )
        self._exchange.stats.connections += 1
        self._session = session
        self.receive_max = connect.receive_max
        if self._timer is not None:
            self._timer.cancel()
        if connect.keep_alive:
            self._watch(connect.keep_alive * 1.5)
        session.attach(self)

    def _refuse(self, code: mqtt5.ConnAckReasonCode | None) -> None:
        if code is not None:
            self.enqueue(mqtt5.ConnAckPacket(reason_code=code).write())
        self._end()

    def _watch(self, limit_s: float) -> None:
        """Enforce the keep-alive: one timer, moved only when it fires."""
        left = self._last_heard + limit_s - self._loop.time()
        if left <= 0:
            self.dismiss(_Dismissal.KEEP_ALIVE_TIMEOUT)
        else:
            self._set_timer(left, lambda: self._watch(limit_s))

    def _set_timer(self, delay_s: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, then)
