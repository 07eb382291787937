"""What can go wrong on a link, and what to do about it.

LinkError
├── BadBrokerUrl          the address cannot be used; correct the URL
├── BrokerUnreachable     no connection could be opened; the link tries again
├── ConnectRefused        the broker answered and said no
├── ConnectionLost        an open connection ended; the link connects again
│   └── SessionTakenOver  another client uses the same client id
├── ProtocolViolation     the broker sent what MQTT 5 does not allow
├── SubscribeRefused      a topic filter was refused, or granted a lower QoS
├── PublishRefused        the broker took the message and refused it
└── LinkClosed            the link was closed by its owner
BrokerError
├── NotLoopback           the embedded broker serves this host only
└── CannotListen          the port is taken or not allowed
"""

from typing import Protocol

import mqtt5


class ReasonCode(Protocol):
    """Any of MQTT 5's reason codes; the codec's enums neither compare nor format as integers."""

    @property
    def name(self) -> str:
        """The standard's name of it, in capitals."""

    @property
    def value(self) -> int:
        """The byte that is sent."""


def describe(code: ReasonCode) -> str:
    """A reason code for a person: its name and number."""
    return f"{code.name.lower().replace('_', ' ')} (0x{code.value:02x})"


class LinkError(Exception):
    """Anything that this package's client raises."""


class BadBrokerUrl(LinkError, ValueError):
    """The broker's URL is not one that a link can use."""


class BrokerUnreachable(LinkError):
    """No connection could be opened in time."""


class ConnectRefused(LinkError):
    """The broker refused the connection.

    Attributes:
        reason_code: the reason of the CONNACK packet.
        username: who asked, or None for an anonymous client.
    """

    PERMANENT = (
        mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
        mqtt5.ConnAckReasonCode.CLIENT_ID_NOT_VALID,
        mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD,
        mqtt5.ConnAckReasonCode.NOT_AUTHORIZED,
        mqtt5.ConnAckReasonCode.BANNED,
        mqtt5.ConnAckReasonCode.BAD_AUTHENTICATION_METHOD,
    )

    def __init__(self, reason_code: mqtt5.ConnAckReasonCode, *, broker: str, username: str | None) -> None:
        who = f"user {username!r}" if username is not None else "an anonymous client"
        super().__init__(f"{broker} refused {who}: {describe(reason_code)}")
        self.reason_code = reason_code
        self.username = username

    @property
    def permanent(self) -> bool:
        """Whether trying again with the same settings cannot help."""
        return self.reason_code in self.PERMANENT


class ConnectionLost(LinkError):
    """The connection ended, or there is none at the moment."""


class SessionTakenOver(ConnectionLost):
    """Another client connected with the same client id; give each client its own."""


class ProtocolViolation(LinkError):
    """The broker sent a packet that MQTT 5 does not allow here."""


class SubscribeRefused(LinkError):
    """The broker refused a topic filter, or grants less than was asked."""


class PublishRefused(LinkError):
    """The broker refused a message.

    Attributes:
        reason_code: the reason of the PUBACK packet, 0x80 or above.
    """

    def __init__(self, topic: str, reason_code: mqtt5.PubAckReasonCode) -> None:
        super().__init__(f"the broker refused a message on {topic}: {describe(reason_code)}")
        self.reason_code = reason_code


class LinkClosed(LinkError):
    """The link was closed; make a new one."""


class BrokerError(Exception):
    """Anything that the embedded broker raises."""


class NotLoopback(BrokerError, ValueError):
    """The embedded broker was asked to listen beyond this host."""


class CannotListen(BrokerError):
    """The embedded broker's port cannot be opened."""
