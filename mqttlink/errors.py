"""What can go wrong on a link, and what to do about it.

LinkError
├── BadBrokerUrl            the address cannot be used; correct the URL
├── UnusableCertificate     a certificate or key file cannot be used; names the files
├── BrokerUnreachable       no connection could be opened; the link tries again
│   └── Unanswered          it said nothing in time
├── BrokerUnfit             what answers can never serve this link; correct the URL or the broker's settings
│   ├── NotABroker          it speaks another protocol: HTTP, TLS where none was asked, or none where it was
│   ├── NeedsMqtt5          it speaks only an older MQTT
│   ├── UntrustedCertificate  its certificate is not one that this host trusts
│   ├── TlsRefused          it speaks TLS, but not with this client: it wants a certificate, or another one
│   ├── PacketTooLong       its longest packet is shorter than what must be sent
│   ├── NoRetainedMessages  it keeps none
│   └── NoQos1              it takes only what may be lost
├── ConnectRefused          the broker answered and said no
├── ConnectionLost          an open connection ended; the link connects again
│   ├── HungUp              it ended before a word was said
│   └── SessionTakenOver    another client uses the same client id
├── ProtocolViolation       the broker sent what MQTT 5 does not allow
├── SubscribeRefused        a topic filter was refused, or granted a lower QoS
├── PublishRefused          the broker took the message and refused it
└── LinkClosed              the link was closed by its owner

An error that is `final` ends a link that has never been up: trying again with the same settings cannot help.
Once a link has been up, everything is waited out, for a broker is also set up anew and restored by people.

BrokerError
├── NotLoopback           the embedded broker serves this host only
└── CannotListen          the port is taken or not allowed

AuthorityError            a certificate could not be made; says why
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
    """Anything that this package's client raises.

    It crosses to another process with its words alone: the codec's reason codes cannot be pickled.
    """

    def __reduce__(self) -> "tuple[object, ...]":
        """The words and the class; other ways to make one do not matter."""
        return _of_words, (type(self), str(self))

    @property
    def final(self) -> bool:
        """Whether trying again with the same settings cannot help."""
        return False


def _of_words(kind: type[LinkError], words: str) -> LinkError:
    error = kind.__new__(kind, words)
    error.args = (words,)
    return error


class BadBrokerUrl(LinkError, ValueError):
    """The broker's URL is not one that a link can use."""


class UnusableCertificate(LinkError):
    """A file with certificates or a private key cannot be used."""


class BrokerUnreachable(LinkError):
    """No connection could be opened in time."""


class Unanswered(BrokerUnreachable):
    """Nothing was said in time: nobody was there, or something that waits for another protocol's words."""


class BrokerUnfit(LinkError):
    """What answers at the address can never serve this link."""

    @property
    def final(self) -> bool:
        """It stays so until somebody changes the URL or the broker."""
        return True


class NotABroker(BrokerUnfit):
    """The port speaks another protocol."""


class NeedsMqtt5(BrokerUnfit):
    """The broker speaks only an older MQTT."""

    def __init__(self, broker: str) -> None:
        super().__init__(f"{broker} speaks only an older MQTT; this needs MQTT 5")


class UntrustedCertificate(BrokerUnfit):
    """The broker's certificate is not one that this host trusts."""


class TlsRefused(BrokerUnfit):
    """The broker ends the handshake of TLS with an alert."""


class PacketTooLong(BrokerUnfit):
    """The broker's longest packet is shorter than what must be sent.

    Attributes:
        limit: the broker's Maximum Packet Size, in bytes; None if it did not say, and in another process.
    """

    limit: int | None = None

    def __init__(self, *, size: int, limit: int | None) -> None:
        at_most = "shorter packets" if limit is None else f"packets of at most {limit} bytes"
        super().__init__(f"the broker takes {at_most}, and one of {size} must be sent")
        self.limit = limit


class NoRetainedMessages(BrokerUnfit):
    """The broker keeps no retained messages."""

    def __init__(self, broker: str) -> None:
        super().__init__(f"{broker} keeps no retained messages, which births and wills need")


class NoQos1(BrokerUnfit):
    """The broker acknowledges nothing, so that any message may be lost."""

    def __init__(self, broker: str) -> None:
        super().__init__(f"{broker} takes messages at QoS 0 only, where they may be lost; QoS 1 is needed")


class ConnectRefused(LinkError):
    """The broker refused the connection.

    Attributes:
        reason_code: the reason of the CONNACK packet; None in another process.
        username: who asked, or None for an anonymous client.
    """

    reason_code: mqtt5.ConnAckReasonCode | None = None
    username: str | None = None
    FINAL = (
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
    def final(self) -> bool:
        """Whether the reason is the login or the client id, and not the broker's state."""
        return self.reason_code in self.FINAL


class ConnectionLost(LinkError):
    """The connection ended, or there is none at the moment."""


class HungUp(ConnectionLost):
    """The other side took the connection, and ended it before it had said a word."""


class SessionTakenOver(ConnectionLost):
    """Another client connected with the same client id; give each client its own."""


class ProtocolViolation(LinkError):
    """The broker sent a packet that MQTT 5 does not allow here."""


class SubscribeRefused(LinkError):
    """The broker refused a topic filter, or grants less than was asked."""

    @property
    def final(self) -> bool:
        """The same filter is refused again."""
        return True


class PublishRefused(LinkError):
    """The broker refused a message.

    Attributes:
        reason_code: the reason of the PUBACK packet, 0x80 or above; None in another process.
    """

    reason_code: mqtt5.PubAckReasonCode | None = None

    def __init__(self, topic: str, reason_code: mqtt5.PubAckReasonCode) -> None:
        super().__init__(f"the broker refused a message on {topic}: {describe(reason_code)}")
        self.reason_code = reason_code

    @property
    def final(self) -> bool:
        """A birth that is refused is refused again."""
        return True


class LinkClosed(LinkError):
    """The link was closed; make a new one."""


class BrokerError(Exception):
    """Anything that the embedded broker raises."""


class NotLoopback(BrokerError, ValueError):
    """The embedded broker was asked to listen beyond this host."""


class CannotListen(BrokerError):
    """The embedded broker's port cannot be opened."""


class AuthorityError(Exception):
    """A certificate could not be made; says which name is wrong, or what openssl said."""
