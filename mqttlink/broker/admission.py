"""Whether the embedded broker lets a client in."""

import hmac
from collections.abc import Mapping

import mqtt5


def objection(connect: mqtt5.ConnectPacket, users: Mapping[str, bytes] | None) -> mqtt5.ConnAckReasonCode | None:
    """Why a client is refused, or None.

    Args:
        connect: what the client said.
        users: passwords by user name; None lets everybody in.
    """
    if connect.authentication_method is not None:
        return mqtt5.ConnAckReasonCode.BAD_AUTHENTICATION_METHOD
    if connect.will is not None and connect.will.qos.value > 1:
        return mqtt5.ConnAckReasonCode.QUALITY_NOT_SUPPORTED
    if users is None:
        return None
    if connect.username is None:
        return mqtt5.ConnAckReasonCode.NOT_AUTHORIZED
    secret = users.get(connect.username)
    # An unknown user costs the same comparison as a known one.
    same = hmac.compare_digest(secret if secret is not None else b"", connect.password or b"")
    if secret is None or not same:
        return mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
    return None
