"""What a link is told, and what it learns from the broker."""

import random
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Self

import mqtt5

from mqttlink.client.url import Address


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Waiting between attempts: full jitter below an exponentially growing bound, in seconds."""

    first_s: float = 0.5
    max_s: float = 30.0

    def delay(self, attempt: int) -> float:
        """A random delay in seconds before the attempt, counted from 0."""
        bound = min(self.max_s, self.first_s * 2.0 ** min(attempt, 32))
        return random.uniform(0.0, bound)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a link's owner cannot do without; a broker that cannot give it is `BrokerUnfit`.

    Attributes:
        qos: the highest at which the owner publishes or subscribes, 0 or 1.
        retained: whether it publishes retained messages.
        packet_bytes: the longest packet that it must send, as far as it knows.
    """

    qos: int = 1
    retained: bool = False
    packet_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class LinkOptions:
    """How to connect.

    Attributes:
        address: where the broker is.
        client_id: stable name of the session; empty lets the broker choose.
        password: kept out of every repr and message.
        clean_start: discard an older session at the first connection; later ones always resume.
        session_expiry_s: how long the broker keeps the session after a disconnection.
        keep_alive_s: longest silence; 0 switches the detection of dead connections off.
        receive_max: how many unacknowledged QoS 1 messages the broker may have sent.
        will: published by the broker if the link ends without saying goodbye.
        ssl: context for `mqtts`; the system's trust store if None.
        connect_timeout_s: for TCP, TLS and the broker's answer together.
        backoff: between attempts.
        needs: held against what the broker grants.
    """

    address: Address
    client_id: str
    password: bytes | None = field(default=None, repr=False)
    clean_start: bool = False
    session_expiry_s: int = 24 * 3600
    keep_alive_s: int = 30
    receive_max: int = 65535
    will: mqtt5.Will | None = None
    ssl: SSLContext | None = None
    connect_timeout_s: float = 10.0
    backoff: Backoff = field(default_factory=Backoff)
    needs: Needs = field(default_factory=Needs)

    def greeting(self) -> bytes:
        """The CONNECT packet."""
        return mqtt5.ConnectPacket(
            self.client_id,
            username=self.address.username,
            password=self.password,
            clean_start=self.clean_start,
            will=self.will,
            keep_alive=self.keep_alive_s,
            session_expiry_interval=self.session_expiry_s,
            receive_max=self.receive_max,
        ).write()


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the broker granted at one connection.

    Attributes:
        generation: counts the link's connections from 1; acknowledgements carry it.
        session_present: whether the broker still knew the session and its subscriptions.
        receive_max: how many unacknowledged QoS 1 messages the link may send.
        keep_alive_s: the one in force; the broker's if it named one.
        max_packet_size: longest packet that the broker takes, in bytes, or None.
        session_expiry_s: the one in force.
        max_qos: highest QoS at which the link may publish.
        retain_available: whether the broker keeps retained messages.
        shared_subscription_available: whether it deals a subscription out among several sessions.
    """

    generation: int
    client_id: str
    session_present: bool
    receive_max: int
    keep_alive_s: int
    max_packet_size: int | None
    session_expiry_s: int
    max_qos: int
    retain_available: bool
    shared_subscription_available: bool

    @classmethod
    def granted(cls, packet: mqtt5.ConnAckPacket, options: LinkOptions, generation: int) -> Self:
        """What a CONNACK grants to a link with these options."""
        keep_alive, expiry = packet.server_keep_alive, packet.session_expiry_interval
        return cls(
            generation=generation,
            client_id=packet.assigned_client_id or options.client_id,
            session_present=packet.session_present,
            receive_max=packet.receive_max,
            keep_alive_s=options.keep_alive_s if keep_alive is None else keep_alive,
            max_packet_size=packet.max_packet_size,
            session_expiry_s=options.session_expiry_s if expiry is None else expiry,
            max_qos=packet.max_qos.value,
            retain_available=packet.retain_available,
            shared_subscription_available=packet.shared_subscription_available,
        )
