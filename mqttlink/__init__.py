"""An asyncio MQTT 5 link that holds one session through every fault, and an embedded broker.

`Link` reads many messages with each system call and acknowledges many with each write; `frames` encodes
many messages at once; `broker` serves this host for demonstrations and fast tests. These two are imported by
name, for who only receives has a use for neither.
"""

from mqttlink.client.link import Link, OnAcks, OnConnected, OnDisconnected, OnPublishes
from mqttlink.client.options import Backoff, LinkOptions, Session
from mqttlink.client.url import Address, parse_broker_url
from mqttlink.errors import (
    BadBrokerUrl,
    BrokerError,
    BrokerUnreachable,
    CannotListen,
    ConnectionLost,
    ConnectRefused,
    LinkClosed,
    LinkError,
    NotLoopback,
    ProtocolViolation,
    PublishRefused,
    SessionTakenOver,
    SubscribeRefused,
)

__all__ = [
    "Address",
    "Backoff",
    "BadBrokerUrl",
    "BrokerError",
    "BrokerUnreachable",
    "CannotListen",
    "ConnectRefused",
    "ConnectionLost",
    "Link",
    "LinkClosed",
    "LinkError",
    "LinkOptions",
    "NotLoopback",
    "OnAcks",
    "OnConnected",
    "OnDisconnected",
    "OnPublishes",
    "ProtocolViolation",
    "PublishRefused",
    "Session",
    "SessionTakenOver",
    "SubscribeRefused",
    "parse_broker_url",
]
