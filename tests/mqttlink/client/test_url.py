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
        ("mqtt://under_score.example.", Address(host="under_score.example.", port=1883)),
        ("mqtt://\u8821\u6e56.example", Address(host="\u8821\u6e56.example", port=1883)),
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
        ("mqtt://a..b", "'a..b'"),
        (f"mqtt://{'a' * 64}.example", "no name"),
        ("mqtt://" + "\u8821" * 60, "no name"),
        ("mqtt://a b", "no name"),
        ("mqtt://.example", "no name"),
        ("mqtt://a%00b@127.0.0.1", "control characters"),
        ("mqtt://a%0Ab@127.0.0.1", "control characters"),
        (f"mqtt://{'a' * 65536}@127.0.0.1", "too long"),
    ],
)
def test_urls_that_cannot_say_why(url: str, what: str) -> None:
    with pytest.raises(BadBrokerUrl, match=what):
        parse_broker_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://meadow:sesame@127.0.0.1",
        "meadow:sesame@127.0.0.1:1883",
        "http://meadow:sesame@127.0.0.1",
        "mqtt://meadow:sesame/x@127.0.0.1",
        "mqtt://meadow:sesame#x@127.0.0.1",
        "mqtt://meadow:x?sesame@127.0.0.1",
        "mqtt://127.0.0.1:1883?password=sesame",
        "mqtt://127.0.0.1:1883#sesame",
        "mqtt://meadow:\u2100sesame@127.0.0.1",
    ],
)
def test_a_password_is_refused_and_not_repeated_wherever_it_stands(url: str) -> None:
    with pytest.raises(BadBrokerUrl) as caught:
        parse_broker_url(url)
    assert "sesame" not in str(caught.value)
