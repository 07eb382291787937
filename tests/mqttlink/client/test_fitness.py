"""What can never work is said once, in a person's words, and ends the link; once it was up, all is waited out."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mqtt5
import pytest

from mqttlink import (
    Address,
    BrokerUnfit,
    ConnectRefused,
    HungUp,
    Link,
    LinkError,
    LinkOptions,
    Needs,
    NeedsMqtt5,
    NoQos1,
    NoRetainedMessages,
    NotABroker,
    PacketTooLong,
    Session,
    SubscribeRefused,
    TlsRefused,
    UntrustedCertificate,
)
from mqttlink.broker.server import Broker
from tests.mqttlink.harness import Recorder, at, linked, run
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.proxy import Proxy

WILL = mqtt5.Will("state", payload=b"offline", qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)


async def ended_by(port: int, name: str, **options: Any) -> LinkError:
    """What the link's first attempt raises; it is told once, and not as something that passes."""
    one = Recorder(port, name, **options)
    async with one.link:
        with pytest.raises(LinkError) as caught:
            await one.link.connected()
    assert one.disconnections == []
    return caught.value


@pytest.mark.parametrize(
    ("config", "options", "expected"),
    [
        (
            "max_packet_size 100",
            {"needs": Needs(packet_bytes=325)},
            (PacketTooLong, "at most 100 bytes, and one of 325"),
        ),
        ("retain_available false", {"needs": Needs(retained=True)}, (NoRetainedMessages, "keeps no retained messages")),
        ("retain_available false", {"will": WILL}, (NoRetainedMessages, "keeps no retained messages")),
        ("max_qos 0", {}, (NoQos1, "QoS 0 only")),
        ("max_qos 0", {"will": WILL}, (NoQos1, "QoS 0 only")),
    ],
)
def test_a_broker_that_cannot_give_what_is_needed(
    tmp_path: Path, name: str, config: str, options: dict[str, Any], expected: tuple[type[BrokerUnfit], str]
) -> None:
    kind, words = expected

    async def main() -> None:
        with run_mosquitto(tmp_path, config=[config]) as server:
            error = await ended_by(server.port, name, **options)
            assert isinstance(error, kind)
            assert words in str(error)

    run(main())


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """A server that says this to whatever it is told, and waits."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        # CONNACK of MQTT 3.1.1: unacceptable protocol version, not authorized; and one that took us for its own.
        (b"\x20\x02\x00\x01", NeedsMqtt5, "needs MQTT 5"),
        (b"\x20\x02\x00\x05", NeedsMqtt5, "needs MQTT 5"),
        (b"\x20\x02\x00\x00", NeedsMqtt5, "needs MQTT 5"),
        (mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION).write(),
         NeedsMqtt5, "needs MQTT 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotABroker, "HTTP"),
        (b"\x15\x03\x03\x00\x02\x02\x46", NotABroker, "mqtts://"),
    ],
)  # fmt: skip
def test_what_speaks_something_else(name: str, answer: bytes, kind: type[BrokerUnfit], words: str) -> None:
    async def main() -> None:
        async with answering(answer) as port:
            error = await ended_by(port, name)
            assert isinstance(error, kind)
            assert words in str(error)
            assert str(port) in str(error)

    run(main())


@pytest.mark.parametrize("length", [10, 11])  # a web server waits for a line's end, which is the number ten
def test_the_port_of_the_database(influxdb: InfluxDB2, length: int) -> None:
    async def main() -> None:
        error = await ended_by(influxdb.port, "n" * length, connect_timeout_s=2.0)
        assert isinstance(error, NotABroker)
        assert "speaks HTTP" in str(error)

    run(main())


def test_certificates_and_schemes(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, tls=True) as server:
            sealed = Address(host="127.0.0.1", port=server.port, tls=True)
            error = await ended_by(0, name, address=sealed)
            assert isinstance(error, UntrustedCertificate)
            assert "certificate that is not trusted" in str(error)
            trusted = ssl.create_default_context(cafile=str(server.ca_file))
            other = Address(host="localhost", port=server.port, tls=True)
            async with linked(0, name, address=other, ssl=trusted):
                pass

    run(main())


def test_tls_at_a_port_without_it(name: str) -> None:
    async def main() -> None:
        async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
            error = await ended_by(0, name, address=Address(host="127.0.0.1", port=port, tls=True))
            assert isinstance(error, NotABroker)
            assert "mqtt://" in str(error)

    run(main())


def test_the_other_scheme_is_named(tmp_path: Path, name: str) -> None:
    """What hangs up on a greeting in the wrong scheme is asked in the other one."""

    async def main() -> None:
        with run_mosquitto(folder(tmp_path, "sealed"), tls=True) as sealed:
            error = await ended_by(sealed.port, name)
            assert isinstance(error, NotABroker)
            assert str(error).endswith("speaks TLS: write mqtts:// instead of mqtt://")
            with run_mosquitto(folder(tmp_path, "guarded"), users={"anna": "secret"}) as plain:
                error = await ended_by(0, name, address=Address(host="127.0.0.1", port=plain.port, tls=True))
                assert isinstance(error, NotABroker)
                assert "does not speak TLS: write mqtt:// instead of mqtts://" in str(error)
        async with Broker() as embedded:
            error = await ended_by(0, name, address=Address(host="127.0.0.1", port=embedded.port, tls=True))
            assert "does not speak TLS" in str(error)

    run(main())


def test_a_broker_that_wants_a_certificate(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, tls=True, config=["require_certificate true"]) as server:
            # The authority that the broker asks of its clients is its own.
            config = tmp_path / "mosquitto.conf"
            config.write_text(config.read_text() + f"\ncafile {server.ca_file}\n")
            server.restart()
            address = Address(host="localhost", port=server.port, tls=True)
            error = await ended_by(0, name, address=address, ssl=ssl.create_default_context(cafile=server.ca_file))
            assert isinstance(error, TlsRefused), error
            assert "it may want a certificate" in str(error)

    run(main())


@asynccontextmanager
async def hanging_up() -> AsyncIterator[int]:
    """A server that takes connections, and ends them without a word."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("tls", [False, True])
def test_what_says_nothing_at_all_is_waited_for(name: str, *, tls: bool) -> None:
    async def main() -> None:
        async with hanging_up() as port:
            one = Recorder(0, name, address=Address(host="127.0.0.1", port=port, tls=tls))
            async with one.link:
                await one.until(lambda: len(one.disconnections) > 1)
            assert all(isinstance(error, HungUp) for _, error in one.disconnections)

    run(main())


def test_the_other_scheme_later_is_waited_out(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with (
            run_mosquitto(folder(tmp_path, "plain")) as plain,
            run_mosquitto(folder(tmp_path, "sealed"), tls=True) as sealed,
            Proxy(plain.port) as proxy,
        ):
            async with linked(proxy.port, name) as one:
                await asyncio.to_thread(proxy.redirect, sealed.port)
                await one.until(lambda: len(one.disconnections) > 2)
                await asyncio.to_thread(proxy.redirect, plain.port)
                await one.link.connected()

    run(main())


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def reconfigure(server: Mosquitto, change: Callable[[str], str]) -> None:
    """Restart the broker with another configuration."""
    conf = server.folder / "mosquitto.conf"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(change(text), encoding="utf-8")
    server.restart()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("max_qos 0", NoQos1),
        ("retain_available false", NoRetainedMessages),
        ("allow_anonymous false", ConnectRefused),
    ],
)
def test_what_is_final_at_the_start_is_waited_out_later(
    tmp_path: Path, name: str, line: str, kind: type[LinkError]
) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path) as server:
            async with linked(server.port, name, f"{name}/#", needs=Needs(retained=True)) as one:
                await asyncio.to_thread(reconfigure, server, lambda text: f"{text}\n{line}\n")
                await one.until(lambda: any(isinstance(error, kind) for _, error in one.disconnections))
                await asyncio.to_thread(reconfigure, server, lambda text: text.replace(line, ""))
                await one.link.connected()

    run(main())


def test_a_subscription_refused_at_a_reconnection_is_waited_out(tmp_path: Path, name: str) -> None:
    """A broker that grants less for a moment: the link comes back by itself when it is corrected."""

    async def main() -> None:
        with run_mosquitto(tmp_path) as server:
            async with linked(server.port, name, f"{name}/#", needs=Needs(qos=0), clean_start=True) as one:
                await asyncio.to_thread(reconfigure, server, lambda text: f"{text}\nmax_qos 0\n")
                await one.until(lambda: any(isinstance(e, SubscribeRefused) for _, e in one.disconnections))
                await asyncio.to_thread(reconfigure, server, lambda text: text.replace("max_qos 0", ""))
                await one.link.connected()
                await one.link.publish(f"{name}/a", b"heard")
                await one.until(lambda: one.payloads == [b"heard"])

    run(main())


def test_a_message_longer_than_the_broker_takes_is_not_sent(tmp_path: Path, name: str) -> None:
    """MQTT 5 forbids to send it; the connection and its window stay as they are."""

    async def main() -> None:
        with run_mosquitto(tmp_path, config=["max_packet_size 200"]) as server:
            async with linked(server.port, name, f"{name}/#") as one:
                free = one.link.window_free
                with pytest.raises(PacketTooLong, match="at most 200 bytes"):
                    await one.link.publish(f"{name}/a", b"x" * 200)
                assert one.link.window_free == free
                assert await one.link.publish(f"{name}/a", b"short") == 0
                await one.until(lambda: one.payloads == [b"short"])
                assert one.disconnections == []

    run(main())


def test_a_birth_that_is_too_long_ends_the_link(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, config=["max_packet_size 200"]) as server:
            options = LinkOptions(address=at(server.port), client_id=name)

            async def birth(_: Session) -> None:
                await link.publish(f"{name}/state", b"x" * 200, retain=True)

            link = Link(options, on_connected=birth)
            async with link:
                with pytest.raises(PacketTooLong):
                    await link.connected()

    run(main())
