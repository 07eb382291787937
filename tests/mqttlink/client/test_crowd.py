"""Many light sessions, against both brokers; faults against Mosquitto."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import mqtt5
import pytest

from mqttlink import Address, Backoff, LinkError, LinkOptions, NotABroker, Session
from mqttlink.client.crowd import Crowd, CrowdHandlers
from tests.mqttlink.conftest import Endpoint
from tests.mqttlink.harness import at, run
from tests.mqttlink.paho_client import PahoClient
from tests.servers.mosquitto import Mosquitto, run_mosquitto


class Heard:
    """What a crowd told."""

    def __init__(self) -> None:
        self.acks: list[tuple[int, int, int]] = []
        self.greeted: list[tuple[int, Session]] = []
        self.lost: list[tuple[int, LinkError, bool]] = []

    def handlers(self) -> CrowdHandlers:
        return CrowdHandlers(acks=self._acks, greeted=self._greeted, lost=self._lost)

    def _acks(self, who: "array[int]", ids: "array[int]", reasons: bytearray) -> None:
        self.acks += zip(who, ids, reasons, strict=True)

    def _greeted(self, index: int, session: Session) -> None:
        self.greeted.append((index, session))

    def _lost(self, index: int, error: LinkError, was_up: bool) -> None:
        self.lost.append((index, error, was_up))


@asynccontextmanager
async def crowd_of(
    count: int, address: Address, name: str, *, keep_alive_s: int = 30
) -> AsyncIterator[tuple[Crowd, Heard]]:
    def login(index: int) -> LinkOptions:
        will = mqtt5.Will(f"{name}/will/{index}", payload=b"gone", qos=mqtt5.QoS.AT_LEAST_ONCE)
        backoff = Backoff(first_s=0.05, max_s=0.2)
        return LinkOptions(
            address=address,
            client_id=f"{name}-{index}",
            clean_start=True,
            session_expiry_s=0,
            keep_alive_s=keep_alive_s,
            will=will,
            backoff=backoff,
        )

    heard = Heard()
    crowd = Crowd(count, login, heard.handlers())
    try:
        for index in range(count):
            crowd.join(index)
        yield crowd, heard
    finally:
        crowd.close()


async def until(crowd: Crowd, condition: Callable[[], bool]) -> None:
    """Step as an owner does, until it holds."""
    while not condition():
        await crowd.step()
        await asyncio.sleep(0.01)


def packet(topic: str, packet_id: int, payload: bytes = b"x") -> bytes:
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mosquitto]:
    with run_mosquitto(tmp_path) as server:
        yield server


def test_each_publishes_and_is_answered_in_order(broker: Endpoint, name: str) -> None:
    listener = PahoClient(broker.port, f"{name}-ear")
    listener.subscribe(f"{name}/+")

    async def main() -> None:
        async with crowd_of(150, at(broker.port), name) as (crowd, heard):
            await until(crowd, lambda: bool(crowd.up.all()))
            for index in range(150):
                crowd.send(index, b"".join(packet(f"{name}/{index}", packet_id) for packet_id in (1, 2, 3)))
            await until(crowd, lambda: len(heard.acks) == 450)
            for index in range(150):
                assert [one[1:] for one in heard.acks if one[0] == index] == [(1, 0), (2, 0), (3, 0)]
            assert not heard.lost
            await crowd.leave(lambda _: b"", 5.0)

    run(main())
    assert sum(listener.messages.get(timeout=10) is not None for _ in range(450)) == 450
    listener.close()


def test_a_goodbye_leaves_no_will_and_a_drop_does(broker: Endpoint, name: str) -> None:
    listener = PahoClient(broker.port, f"{name}-ear")
    listener.subscribe(f"{name}/#")

    async def main() -> None:
        async with crowd_of(3, at(broker.port), name) as (crowd, heard):
            await until(crowd, lambda: bool(crowd.up.all()))
            crowd.drop(1)
            await until(crowd, lambda: len(heard.greeted) == 4)
            assert [(index, was_up) for index, _, was_up in heard.lost] == [(1, True)]
            assert heard.greeted[-1][1].generation == 2
            words = mqtt5.PublishPacket(f"{name}/bye", b"").write()
            await crowd.leave(lambda index: words if index == 2 else b"", 5.0)

    run(main())
    assert {listener.messages.get(timeout=10).topic for _ in range(2)} == {f"{name}/will/1", f"{name}/bye"}
    assert listener.messages.empty()
    listener.close()


def test_those_that_are_idle_ping(server: Mosquitto) -> None:
    async def main() -> None:
        async with crowd_of(20, at(server.port), "idle", keep_alive_s=1) as (crowd, heard):
            await until(crowd, lambda: bool(crowd.up.all()))
            end = time.monotonic() + 4.0  # the broker ends a connection that is silent for 1.5 s
            await until(crowd, lambda: time.monotonic() > end)
            assert not heard.lost

    run(main())


def test_a_broker_that_falls_silent_is_left_and_found_again(server: Mosquitto) -> None:
    async def main() -> None:
        async with crowd_of(20, at(server.port), "silent", keep_alive_s=1) as (crowd, heard):
            await until(crowd, lambda: bool(crowd.up.all()))
            server.pause()
            await until(crowd, lambda: len({index for index, _, was_up in heard.lost if was_up}) == 20)
            assert "silent" in str(heard.lost[0][1])
            server.resume()
            await until(crowd, lambda: bool(crowd.up.all()))

    run(main())


def test_a_socket_that_is_full_takes_the_rest_later(server: Mosquitto) -> None:
    async def main() -> None:
        async with crowd_of(2, at(server.port), "full") as (crowd, heard):
            await until(crowd, lambda: bool(crowd.up.all()))
            server.pause()
            sent = 0
            while crowd.up[0]:
                sent += 1
                crowd.send(0, packet("full/0", sent, bytes(100_000)))
            assert crowd.up[1]
            server.resume()
            await until(crowd, lambda: len(heard.acks) == sent)
            assert crowd.up[0]
            assert [packet_id for _, packet_id, _ in heard.acks] == list(range(1, sent + 1))

    run(main())


def test_a_broker_that_dies_is_found_again_when_it_is_back(server: Mosquitto) -> None:
    async def main() -> None:
        async with crowd_of(50, at(server.port), "back") as (crowd, heard):
            await until(crowd, lambda: bool(crowd.up.all()))
            server.kill()
            await until(crowd, lambda: len(heard.lost) > 60)
            assert not crowd.up.any()
            server.restart()
            await until(crowd, lambda: bool(crowd.up.all()))
            assert {session.generation for _, session in heard.greeted[50:]} == {2}

    run(main())


def test_what_is_no_broker_is_named() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def main() -> None:
        web = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = web.sockets[0].getsockname()[1]
        async with web, crowd_of(3, at(port), "web") as (crowd, _):
            with pytest.raises(NotABroker, match="HTTP"):
                await until(crowd, lambda: False)

    run(main())
