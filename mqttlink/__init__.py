"""An asyncio MQTT 5 link that holds one session through every fault, and an embedded broker.

`Link` reads many messages with each system call and acknowledges many with each write; `frames` encodes
many messages at once; `Broker` serves this host for demonstrations and fast tests.
"""

from mqttlink.broker import Broker
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
from mqttlink.exchange import Limits
from mqttlink.frames import content_type_property, encode_publishes
from mqttlink.link import Link, OnAcks, OnConnected, OnDisconnected, OnPublishes
from mqttlink.options import Backoff, LinkOptions, Session
from mqttlink.sessions import Stats
from mqttlink.url import Address, parse_broker_url

__all__ = [
    "Address",
    "Backoff",
    "BadBrokerUrl",
    "Broker",
    "BrokerError",
    "BrokerUnreachable",
    "CannotListen",
    "ConnectRefused",
    "ConnectionLost",
    "Limits",
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
    "Stats",
    "SubscribeRefused",
    "content_type_property",
    "encode_publishes",
    "parse_broker_url",
]
