"""Errors of the link: each says whether trying again can help, and crosses to another process."""

import pickle

import mqtt5
import pytest

from mqttlink import (
    BrokerUnreachable,
    ConnectionLost,
    ConnectRefused,
    HungUp,
    LinkError,
    NeedsMqtt5,
    NoQos1,
    NoRetainedMessages,
    NotABroker,
    PacketTooLong,
    PublishRefused,
    SubscribeRefused,
    TlsRefused,
    Unanswered,
    UntrustedCertificate,
)

_Code = mqtt5.ConnAckReasonCode
FINAL = [
    NotABroker("a"),
    TlsRefused("a"),
    NeedsMqtt5("b"),
    UntrustedCertificate("c"),
    PacketTooLong(size=300, limit=100),
    NoRetainedMessages("d"),
    NoQos1("e"),
    ConnectRefused(_Code.BAD_USER_NAME_OR_PASSWORD, broker="f", username="anna"),
    ConnectRefused(_Code.NOT_AUTHORIZED, broker="f", username=None),
    SubscribeRefused("g"),
    PublishRefused("t", mqtt5.PubAckReasonCode.NOT_AUTHORIZED),
]
PASSING = [
    BrokerUnreachable("h"),
    ConnectionLost("i"),
    HungUp("i"),
    Unanswered("i"),
    ConnectRefused(_Code.SERVER_BUSY, broker="j", username=None),
    ConnectRefused(_Code.SERVER_UNAVAILABLE, broker="j", username=None),
]


@pytest.mark.parametrize("error", [*FINAL, *PASSING], ids=repr)
def test_it_says_whether_trying_again_can_help(error: LinkError) -> None:
    assert error.final is (error in FINAL)


@pytest.mark.parametrize("error", [*FINAL, *PASSING], ids=repr)
def test_it_crosses_to_another_process(error: LinkError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert isinstance(there.final, bool)
