"""The embedded broker's mind: sessions, subscriptions, retained messages and wills, without sockets."""

import asyncio
import logging
from dataclasses import dataclass, field

import mqtt5

from mqttlink.broker.delivery import Delivery
from mqttlink.broker.retained import RetainedMessages
from mqttlink.broker.sessions import NEVER_EXPIRES, BrokerSession, Publisher, Stats
from mqttlink.broker.subscriptions import (
    FilterError,
    ShareGroup,
    Subscription,
    Subscriptions,
    split_share,
    valid_topic,
)

log = logging.getLogger(__name__)

SUCCESS = 0x00
NO_MATCHING_SUBSCRIBERS = 0x10
NOT_AUTHORIZED = 0x87
TOPIC_NAME_INVALID = 0x90
QUOTA_EXCEEDED = 0x97
_MAX_ROUTES = 200_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What bounds the embedded broker's memory.

    Attributes:
        receive_max: QoS 1 messages that a client may send before they are acknowledged.
        max_queued: QoS 1 messages that may wait for one session.
        max_packet_bytes: longest packet taken.
        max_connections: clients at a time.
        max_sessions: connected and absent ones.
        max_retained: topics that hold a retained message.
    """

    receive_max: int = 8192
    max_queued: int = 100_000
    max_packet_bytes: int = 1 << 20
    max_connections: int = 4096
    max_sessions: int = 16384
    max_retained: int = 100_000


@dataclass(frozen=True, slots=True)
class _Target:
    session: BrokerSession
    qos: int
    no_local: bool
    retain_as_published: bool
    subscription_ids: tuple[int, ...]


@dataclass(slots=True)
class _Route:
    """Where messages of one topic go; kept until any subscription changes."""

    targets: list[_Target]
    groups: list[ShareGroup[BrokerSession]] = field(default_factory=list)


class Exchange:
    """Takes messages and hands them to sessions."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stats = Stats()
        self.retained = RetainedMessages(limits.max_retained)
        self._loop = asyncio.get_running_loop()
        self._sessions: dict[str, BrokerSession] = {}
        self._subscriptions: Subscriptions[BrokerSession] = Subscriptions()
        self._routes: dict[str, _Route] = {}

    # --- sessions

    def session(self, client_id: str) -> BrokerSession | None:
        """The session of a client id, connected or absent."""
        return self._sessions.get(client_id)

    def open(self, connect: mqtt5.ConnectPacket, client_id: str) -> tuple[BrokerSession, bool] | None:
        """The session of a client that connects, and whether it existed; None if there is no room."""
        old = self._sessions.get(client_id)
        if old is not None and connect.clean_start:
            self.end(old)
            old = None
        if old is None and len(self._sessions) >= self.limits.max_sessions:
            return None
        session = old or BrokerSession(client_id, max_queued=self.limits.max_queued, stats=self.stats)
        self._sessions[client_id] = session
        for timer in (session.will_timer, session.expiry_timer):
            if timer is not None:
                timer.cancel()
        session.will_timer = session.expiry_timer = None
        session.will = connect.will
        session.expiry_s = connect.session_expiry_interval
        return session, old is not None

    def close(self, session: BrokerSession) -> None:
        """The connection of a session ended; its will, if it still has one, is due."""
        session.detach()
        expiry = session.expiry_s
        if session.will is not None and session.will.will_delay_interval:
            delay = session.will.will_delay_interval
            session.will_timer = self._loop.call_later(delay, self._publish_will, session)
        else:
            self._publish_will(session)
        if not expiry:
            self.end(session)
        elif expiry != NEVER_EXPIRES:
            session.expiry_timer = self._loop.call_later(expiry, self.end, session)

    def end(self, session: BrokerSession) -> None:
        """Forget a session; a delayed will is due now."""
        self._publish_will(session)
        session.forget()
        for share, pattern in list(session.filters):
            self._subscriptions.remove(session, share, pattern)
        session.filters.clear()
        self._routes.clear()
        if self._sessions.get(session.client_id) is session:
            del self._sessions[session.client_id]

    def end_all(self) -> None:
        """The broker stops: no timer may fire any more."""
        for session in self._sessions.values():
            session.forget()
        self._sessions.clear()

    def _publish_will(self, session: BrokerSession) -> None:
        will, session.will = session.will, None
        if session.will_timer is not None:
            session.will_timer.cancel()
        if will is None:
            return
        self.publish(
            mqtt5.PublishPacket(
                will.topic,
                will.payload or b"",
                qos=will.qos,
                packet_id=1 if will.qos.value else None,
                retain=will.retain,
                payload_format_indicator=will.payload_format_indicator,
                message_expiry_interval=will.message_expiry_interval,
                content_type=will.content_type,
                response_topic=will.response_topic,
                correlation_data=will.correlation_data,
                user_properties=will.user_properties,
            ),
            None,
            session,
        )

    # --- subscriptions

    def subscribe(
        self, session: BrokerSession, wanted: mqtt5.TopicFilter, subscription_id: int | None
    ) -> mqtt5.SubAckReasonCode:
        """Subscribe a session to one filter and send it what is retained."""
        try:
            share, pattern = split_share(wanted.pattern)
        except FilterError as error:
            log.info("%s: %s", session.client_id, error)
            return mqtt5.SubAckReasonCode.TOPIC_FILTER_INVALID
        subscription = Subscription(
            pattern=pattern,
            share=share,
            qos=min(1, wanted.max_qos.value),
            no_local=wanted.no_local,
            retain_as_published=wanted.retain_as_published,
            subscription_id=subscription_id,
        )
        new = self._subscriptions.add(session, subscription)
        session.filters[share, pattern] = subscription.qos
        self._routes.clear()
        handling = wanted.retain_handling.value
        if share is None and (handling == 0 or (handling == 1 and new)):
            self._send_retained(session, subscription)
        return mqtt5.SubAckReasonCode(subscription.qos)

    def unsubscribe(self, session: BrokerSession, text: str) -> mqtt5.UnsubAckReasonCode:
        """Remove one filter of a session."""
        try:
            share, pattern = split_share(text)
        except FilterError:
            return mqtt5.UnsubAckReasonCode.TOPIC_FILTER_INVALID
        session.filters.pop((share, pattern), None)
        existed = self._subscriptions.remove(session, share, pattern)
        self._routes.clear()
        return mqtt5.UnsubAckReasonCode.SUCCESS if existed else mqtt5.UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED

    def _send_retained(self, session: BrokerSession, subscription: Subscription) -> None:
        ids = () if subscription.subscription_id is None else (subscription.subscription_id,)
        for packet, deadline in self.retained.select(subscription.pattern, self._loop.time()):
            qos = min(subscription.qos, packet.qos.value)
            session.deliver(Delivery(packet, qos=qos, retain=True, subscription_ids=ids, deadline=deadline))

    # --- messages

    def publish(self, packet: mqtt5.PublishPacket, publisher: Publisher | None, origin: BrokerSession | None) -> int:
        """Hand a message to everyone who listens; the reason code for its acknowledgement."""
        topic = packet.topic
        route = self._routes.get(topic) or self._find_route(topic)
        if route is None:
            return TOPIC_NAME_INVALID
        if origin is not None and topic.startswith("$"):
            return NOT_AUTHORIZED
        interval = packet.message_expiry_interval
        deadline = None if interval is None else self._loop.time() + interval
        if packet.retain and not self.retained.put(packet, deadline):
            return QUOTA_EXCEEDED
        qos = 1 if packet.packet_id is not None else 0
        deliveries: dict[tuple[int, bool, tuple[int, ...]], Delivery] = {}
        targets = route.targets
        if route.groups:
            targets = targets + [self._choose(group) for group in route.groups]
        heard = False
        for target in targets:
            if target.no_local and target.session is origin:
                continue
            heard = True
            shape = (min(qos, target.qos), packet.retain and target.retain_as_published, target.subscription_ids)
            delivery = deliveries.get(shape)
            if delivery is None:
                delivery = deliveries[shape] = Delivery(
                    packet, qos=shape[0], retain=shape[1], subscription_ids=shape[2], deadline=deadline
                )
            target.session.deliver(delivery, publisher)
        if heard:
            return SUCCESS
        self.stats.unheard += 1
        return NO_MATCHING_SUBSCRIBERS

    def _find_route(self, topic: str) -> _Route | None:
        if not valid_topic(topic):
            return None
        if len(self._routes) >= _MAX_ROUTES:
            self._routes.clear()
        match = self._subscriptions.match(topic)
        route = _Route([_merge(s, subs) for s, subs in match.plain.items()], match.groups)
        self._routes[topic] = route
        return route

    def _choose(self, group: ShareGroup[BrokerSession]) -> _Target:
        """The next connected member, or the next absent one if all are absent."""
        members = list(group.in_turn())
        session, subscription = next((m for m in members if m[0].outlet is not None), members[0])
        return _merge(session, [subscription])


def _merge(session: BrokerSession, subscriptions: list[Subscription]) -> _Target:
    """Overlapping filters of one session deliver once, at the highest QoS."""
    ids = sorted({s.subscription_id for s in subscriptions if s.subscription_id is not None})
    return _Target(
        session=session,
        qos=max(s.qos for s in subscriptions),
        no_local=all(s.no_local for s in subscriptions),
        retain_as_published=any(s.retain_as_published for s in subscriptions),
        subscription_ids=tuple(ids),
    )
