"""Broker URLs."""

import pytest

from mqttlink import Address, BadBrokerUrl, parse_broker_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://127.0.0.1", Address(host="127.0.0.1", port=1883)),
        ("mqtt://meadow@127.0.0.1:1884/", Address(host="127.0.0.1", port=1884, username="meadow")),
        ("mqtts://broker.example", Address(host="broker.example", port=8883, tls=True)),
        ("mqtt://a%40b@[::1]:7", Address(host="::1", port=7, username="a@b")),
    ],
)
def test_urls_that_can_be_used(url: str, address: Address) -> None:
    assert parse_broker_url(url) == address


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://127.0.0.1", "mqtt://"),
        ("127.0.0.1:1883", "mqtt://"),
        ("mqtt://", "host"),
        ("mqtt://127.0.0.1:port", "port"),
        ("mqtt://127.0.0.1:99999", "[Pp]ort"),
        ("mqtt://127.0.0.1:0", "port 0"),
        ("mqtt://127.0.0.1/topic", "after the port"),
        ("mqtt://[::1", "URL"),
    ],
)
def test_urls_that_cannot_say_why(url: str, what: str) -> None:
    with pytest.raises(BadBrokerUrl, match=what):
        parse_broker_url(url)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadBrokerUrl, match="password") as caught:
        parse_broker_url("mqtt://meadow:sesame@127.0.0.1")
    assert "sesame" not in str(caught.value)
