"""A client's session at the embedded broker: its queue and its window, across connections."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import mqtt5

from mqttlink.broker.delivery import Delivery

NEVER_EXPIRES = 0xFFFFFFFF


class Outlet(Protocol):
    """The connection that a session sends through."""

    receive_max: int

    @property
    def clogged(self) -> bool:
        """Whether the client reads too slowly for more QoS 1 messages now."""

    @property
    def overflowing(self) -> bool:
        """Whether the client reads too slowly even for QoS 0."""

    def enqueue(self, frame: bytes) -> None:
        """Send with the next write."""


class Publisher(Protocol):
    """A connection whose acknowledgements can be withheld."""

    def hold(self, session: "BrokerSession") -> None:
        """Withhold PUBACKs until released."""

    def release(self, session: "BrokerSession") -> None:
        """The session no longer needs them withheld."""


@dataclass(slots=True)
class Stats:
    """Counters of the embedded broker since its start."""

    connections: int = 0
    received: int = 0
    sent: int = 0
    acknowledged: int = 0
    unheard: int = 0
    expired: int = 0
    dropped_queue_full: int = 0
    dropped_slow_reader: int = 0
    held_back: int = 0

    @property
    def dropped(self) -> int:
        """Messages that a subscriber should have had and did not get."""
        return self.dropped_queue_full + self.dropped_slow_reader


class BrokerSession:
    """Outgoing messages of one client id.

    Args:
        max_queued: QoS 1 messages that may wait; when full, the newest is dropped and counted.
    """

    def __init__(self, client_id: str, *, max_queued: int, stats: Stats) -> None:
        self.client_id = client_id
        self.expiry_s = 0
        self.will: mqtt5.Will | None = None
        self.will_timer: asyncio.TimerHandle | None = None
        self.expiry_timer: asyncio.TimerHandle | None = None
        self.filters: dict[tuple[str | None, str], int] = {}
        self.outlet: Outlet | None = None
        self._loop = asyncio.get_running_loop()
        self._stats = stats
        self._max_queued = max_queued
        self._queue: deque[Delivery] = deque()
        self._unsent: deque[tuple[int, Delivery]] = deque()
        self._in_flight: dict[int, Delivery] = {}
        self._last_id = 0
        self._held: set[Publisher] = set()

    @property
    def queued(self) -> int:
        """Messages that wait for the window, or for the client to come back."""
        return len(self._queue) + len(self._unsent)

    @property
    def in_flight(self) -> int:
        """Messages that were sent on this connection and not acknowledged."""
        return len(self._in_flight)

    def attach(self, outlet: Outlet) -> None:
        """A client connected; redeliver what it did not acknowledge, then what waited."""
        self.outlet = outlet
        self._pump()

    def detach(self) -> None:
        """The connection ended; what is in flight will be sent again."""
        self.outlet = None
        self._unsent.extendleft(reversed(self._in_flight.items()))
        self._in_flight = {}
        self._release_publishers()

    def deliver(self, delivery: Delivery, publisher: Publisher | None = None) -> None:
        """Send now, or keep for later; a publisher that outruns this session is held back."""
        outlet = self.outlet
        if not delivery.qos:
            self._deliver_at_most_once(delivery)
        elif outlet is not None and not self._queue and not self._unsent and self._has_room(outlet):
            self._send(outlet, delivery)
        elif self.queued < self._max_queued:
            self._queue.append(delivery)
            if outlet is not None and publisher is not None and self.queued > self._max_queued // 4:
                self._stats.held_back += publisher not in self._held
                self._held.add(publisher)
                publisher.hold(self)
        else:
            self._stats.dropped_queue_full += 1

    def acknowledged(self, packet_ids: Iterable[int]) -> None:
        """The client acknowledged; the window moves on."""
        for packet_id in packet_ids:
            if self._in_flight.pop(packet_id, None) is not None:
                self._stats.acknowledged += 1
        if self._queue or self._unsent:
            self.pump()

    def pump(self) -> None:
        """Send what waits, as far as the window and the socket allow."""
        self._pump()
        if self._held and self.queued <= self._max_queued // 8:
            self._release_publishers()

    def forget(self) -> None:
        """The session ends; nobody waits for it."""
        self._release_publishers()
        for timer in (self.will_timer, self.expiry_timer):
            if timer is not None:
                timer.cancel()

    def _pump(self) -> None:
        outlet = self.outlet
        if outlet is None:
            return
        now = self._loop.time()
        while self._unsent and self._has_room(outlet):
            packet_id, delivery = self._unsent.popleft()
            self._in_flight[packet_id] = delivery
            outlet.enqueue(delivery.frame(packet_id, now, duplicate=True))
        while self._queue and not self._unsent and self._has_room(outlet):
            delivery = self._queue.popleft()
            if delivery.expired(now):
                self._stats.expired += 1
            else:
                self._send(outlet, delivery)

    def _has_room(self, outlet: Outlet) -> bool:
        return len(self._in_flight) < outlet.receive_max and not outlet.clogged

    def _send(self, outlet: Outlet, delivery: Delivery) -> None:
        in_flight = self._in_flight
        packet_id = self._last_id % 65535 + 1
        while packet_id in in_flight:
            packet_id = packet_id % 65535 + 1
        self._last_id = packet_id
        in_flight[packet_id] = delivery
        self._stats.sent += 1
        outlet.enqueue(delivery.frame(packet_id, self._loop.time() if delivery.deadline else 0.0))

    def _deliver_at_most_once(self, delivery: Delivery) -> None:
        if self.outlet is None:
            return
        if self.outlet.overflowing:
            self._stats.dropped_slow_reader += 1
            return
        self._stats.sent += 1
        self.outlet.enqueue(delivery.frame(0, self._loop.time()))

    def _release_publishers(self) -> None:
        held, self._held = self._held, set()
        for publisher in held:
            publisher.release(self)
