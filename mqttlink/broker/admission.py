"""Whether the embedded broker lets a client in, and what it may do there."""

import hmac
from collections.abc import Mapping

import mqtt5

from mqttlink.accounts import Account

_REMEMBERED_TOPICS = 10_000


class Rights:
    """What one connection may do; topics are looked up once.

    Args:
        account: who is connected.
    """

    def __init__(self, account: Account) -> None:
        self.may_subscribe = account.may_subscribe
        self._account = account
        self._topics: dict[str, bool] = {}

    def may_publish(self, topic: str) -> bool:
        """Whether it may publish under this topic."""
        known = self._topics.get(topic)
        if known is None:
            if len(self._topics) >= _REMEMBERED_TOPICS:
                self._topics.clear()
            known = self._topics[topic] = self._account.may_publish(topic)
        return known


def objection(connect: mqtt5.ConnectPacket, accounts: Mapping[str, Account] | None) -> mqtt5.ConnAckReasonCode | None:
    """Why a client is refused, or None.

    Args:
        connect: what the client said.
        accounts: by user name; None lets everybody in.
    """
    if connect.authentication_method is not None:
        return mqtt5.ConnAckReasonCode.BAD_AUTHENTICATION_METHOD
    if connect.will is not None and connect.will.qos.value > 1:
        return mqtt5.ConnAckReasonCode.QUALITY_NOT_SUPPORTED
    if accounts is None:
        return None
    if connect.username is None:
        return mqtt5.ConnAckReasonCode.NOT_AUTHORIZED
    account = accounts.get(connect.username)
    # An unknown user costs the same comparison as a known one.
    same = hmac.compare_digest(account.password if account is not None else b"", connect.password or b"")
    if account is None or not same:
        return mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
    return None if _within_rights(connect, account) else mqtt5.ConnAckReasonCode.NOT_AUTHORIZED


def _within_rights(connect: mqtt5.ConnectPacket, account: Account) -> bool:
    """Whether the client id is the account's own, and its will something that it may publish."""
    if account.client_id not in {None, connect.client_id}:
        return False
    return connect.will is None or account.may_publish(connect.will.topic)
