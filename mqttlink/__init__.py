"""An asyncio MQTT 5 link that holds one session through every fault, and an embedded broker.

`Link` reads many messages with each system call and acknowledges many with each write; `frames` encodes
many messages at once; `broker` serves this host for demonstrations and fast tests. These two are imported by
name, for who only receives has a use for neither.
"""

from mqttlink.client.link import Link, OnAcks, OnConnected, OnDisconnected, OnPublishes
from mqttlink.client.options import Backoff, LinkOptions, Needs, Session
from mqttlink.client.trust import Trust
from mqttlink.client.url import Address, is_host, parse_broker_url, shown_url
from mqttlink.errors import (
    BadBrokerUrl,
    BrokerError,
    BrokerUnfit,
    BrokerUnreachable,
    CannotListen,
    ConnectionLost,
    ConnectRefused,
    HungUp,
    LinkClosed,
    LinkError,
    NeedsMqtt5,
    NoQos1,
    NoRetainedMessages,
    NotABroker,
    NotLoopback,
    PacketTooLong,
    ProtocolViolation,
    PublishRefused,
    SessionTakenOver,
    SubscribeRefused,
    TlsRefused,
    Unanswered,
    UntrustedCertificate,
    UnusableCertificate,
)

__all__ = [
    "Address",
    "Backoff",
    "BadBrokerUrl",
    "BrokerError",
    "BrokerUnfit",
    "BrokerUnreachable",
    "CannotListen",
    "ConnectRefused",
    "ConnectionLost",
    "HungUp",
    "Link",
    "LinkClosed",
    "LinkError",
    "LinkOptions",
    "Needs",
    "NeedsMqtt5",
    "NoQos1",
    "NoRetainedMessages",
    "NotABroker",
    "NotLoopback",
    "OnAcks",
    "OnConnected",
    "OnDisconnected",
    "OnPublishes",
    "PacketTooLong",
    "ProtocolViolation",
    "PublishRefused",
    "Session",
    "SessionTakenOver",
    "SubscribeRefused",
    "TlsRefused",
    "Trust",
    "Unanswered",
    "UntrustedCertificate",
    "UnusableCertificate",
    "is_host",
    "parse_broker_url",
    "shown_url",
]
