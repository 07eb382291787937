"""Whether what answers at a broker's address can serve a link at all, in words that a person understands."""

import ssl

import mqtt5

from mqttlink.client.options import LinkOptions, Session
from mqttlink.client.url import Address
from mqttlink.errors import (
    BrokerUnfit,
    BrokerUnreachable,
    ConnectRefused,
    HungUp,
    LinkError,
    NeedsMqtt5,
    NoQos1,
    NoRetainedMessages,
    NotABroker,
    PacketTooLong,
    TlsRefused,
    UntrustedCertificate,
)

GREETING_BYTES = 4
"""As much of an answer to CONNECT as tells its protocol."""

_CONNACK_OF_MQTT_3 = b"\x20\x02"
"""A CONNACK of two bytes: since MQTT 5 it has three at least."""
_TLS_ALERT = 0x15
_PLAIN_ANSWER = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_MESSAGE")
_PASSING_ALERTS = ("INTERNAL_ERROR", "USER_CANCELLED", "CLOSE_NOTIFY")


def foreign(answer: bytes, address: Address) -> BrokerUnfit | None:
    """What is wrong with the first bytes that answered CONNECT, None if they may be MQTT 5.

    Args:
        answer: at most `GREETING_BYTES` of it.
        address: what is named in the error.
    """
    if answer.startswith(b"HTTP"):
        return speaks_http(address)
    if answer[:1] == bytes([_TLS_ALERT]):
        return with_tls(address)
    if answer.startswith(_CONNACK_OF_MQTT_3):
        return NeedsMqtt5(str(address))
    return None


def speaks_http(address: Address) -> NotABroker:
    """It is a web server's."""
    return NotABroker(f"{address} speaks HTTP, not MQTT: it is the port of something else")


def with_tls(address: Address) -> NotABroker:
    """It speaks TLS, and was not asked for it."""
    return NotABroker(f"{address} speaks TLS: write mqtts:// instead of mqtt://")


def without_tls(address: Address) -> NotABroker:
    """It was asked for TLS, and speaks none."""
    return NotABroker(f"{address} does not speak TLS: write mqtt:// instead of mqtts://, or use its TLS port")


def refusal(packet: mqtt5.ConnAckPacket, options: LinkOptions) -> LinkError:
    """What a CONNACK that says no means for a link."""
    broker = str(options.address)
    match packet.reason_code:
        case mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
            return NeedsMqtt5(broker)
        case mqtt5.ConnAckReasonCode.RETAIN_NOT_SUPPORTED:
            return NoRetainedMessages(broker)
        case mqtt5.ConnAckReasonCode.QUALITY_NOT_SUPPORTED:
            return NoQos1(broker)
        case code:
            return ConnectRefused(code, broker=broker, username=options.address.username)


def shortfall(session: Session, options: LinkOptions) -> BrokerUnfit | None:
    """What a granted session lacks of the owner's needs, or None."""
    needs, broker = options.needs, str(options.address)
    if session.max_qos < needs.qos:
        return NoQos1(broker)
    if needs.retained and not session.retain_available:
        return NoRetainedMessages(broker)
    if session.max_packet_size is not None and session.max_packet_size < needs.packet_bytes:
        return PacketTooLong(size=needs.packet_bytes, limit=session.max_packet_size)
    return None


def unopened(error: OSError, address: Address) -> LinkError:
    """Why no connection could be opened."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return UntrustedCertificate(f"{address} shows a certificate that is not trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError) and error.reason in _PLAIN_ANSWER:
        return without_tls(address)
    if address.tls and isinstance(error, (ssl.SSLError, ConnectionResetError, ConnectionAbortedError)):
        return ungreeted(error, address)
    return BrokerUnreachable(f"{address} cannot be reached: {error}")


def ungreeted(error: Exception | None, address: Address) -> LinkError:
    """Why a connection ended before a word was said."""
    if isinstance(error, ssl.SSLError) and refuses_tls(error):
        return TlsRefused(f"{address} refuses TLS with this client: {_alert(error)}; it may want a certificate of it")
    return HungUp(f"{address} closed the connection before a word was said" + (f": {error}" if error else ""))


def refuses_tls(error: ssl.SSLError) -> bool:
    """Whether it is an alert of the other side: it speaks TLS, and says no for good."""
    return "ALERT" in _alert(error) and not any(name in _alert(error) for name in _PASSING_ALERTS)


def _alert(error: ssl.SSLError) -> str:
    return error.reason or ""
