"""The link against both brokers: bulk traffic, resumption, faults."""

import asyncio
import ssl
from pathlib import Path

import mqtt5
import numpy as np
import pytest

from mqttlink import (
    Address,
    BrokerUnreachable,
    ConnectionLost,
    ConnectRefused,
    Link,
    LinkClosed,
    LinkOptions,
    Needs,
    Session,
    SessionTakenOver,
    SubscribeRefused,
)
from mqttlink.broker.exchange import Limits
from mqttlink.broker.server import Broker
from tests.mqttlink.conftest import Endpoint
from tests.mqttlink.harness import Proxy, Recorder, at, at_least_once, linked, packet_ids, publish_all, run
from tests.servers.mosquitto import run_mosquitto

pytestmark = pytest.mark.deadline(40)


def numbered(name: str, count: int) -> tuple[list[bytes], list[bytes]]:
    topics = [f"{name}/north/probe-{i % 700}/telemetry".encode() for i in range(count)]
    return topics, [b'{"seq": %d}' % i for i in range(count)]


def test_bulk_messages_arrive_once_with_acknowledgements_deferred(broker: Endpoint, name: str) -> None:
    count = 20_000

    async def main() -> None:
        topics, payloads = numbered(name, count)
        async with (
            linked(broker.port, f"{name}-s", f"{name}/#", acknowledge=False) as receiver,
            linked(broker.port, f"{name}-p") as sender,
        ):
            sending = asyncio.create_task(publish_all(sender.link, topics, payloads))
            acknowledged = 0
            while acknowledged < count:
                await receiver.until(lambda: len(receiver.messages) > acknowledged)  # noqa: B023
                ids = packet_ids(receiver.messages[acknowledged:])
                acknowledged += len(ids)
                await asyncio.sleep(0)
                receiver.link.acknowledge(ids, receiver.link.generation)
            await sending
            await sender.until(lambda: len(sender.acked_ids) == count)
        assert sorted(receiver.payloads) == sorted(payloads)
        by_payload = {m.payload: m.topic.encode() for m in receiver.messages}
        assert all(by_payload[p] == t for p, t in zip(payloads, topics, strict=True))
        assert sender.acks == {0: count}

    run(main())


def test_what_waits_in_the_socket_is_handed_on_many_at_a_time(broker: Endpoint, name: str) -> None:
    count = 500

    async def main() -> None:
        topics, payloads = numbered(name, count)
        async with (
            linked(broker.port, f"{name}-s", f"{name}/#") as receiver,
            linked(broker.port, f"{name}-p") as sender,
        ):
            receiver.link.pause_reading()
            await publish_all(sender.link, topics, payloads)
            await sender.until(lambda: len(sender.acked_ids) == count)
            receiver.link.resume_reading()
            await receiver.until(lambda: len(receiver.messages) == count)
        assert receiver.payloads == payloads
        assert receiver.calls < count / 10

    run(main())


def test_the_window_follows_the_brokers_receive_maximum(name: str) -> None:
    async def main() -> None:
        async with Broker(limits=Limits(receive_max=50)) as broker, linked(broker.port, name) as one:
            assert one.link.window_free == 50
            ids = one.link.reserve(50)
            assert one.link.window_free == 0
            assert len(set(ids.tolist()) | {0}) == 51
            with pytest.raises(ValueError, match="0 are free"):
                one.link.reserve(1)
            full = asyncio.create_task(one.link.writable())
            frames = [mqtt5.PublishPacket("a", b"", qos=mqtt5.QoS(1), packet_id=i).write() for i in ids.tolist()]
            one.link.send(b"".join(frames[:-1]))
            await full
            await one.until(lambda: len(one.acked_ids) == 49)
            assert one.acked_ids == ids.tolist()[:-1]
            assert ids[-1] not in one.link.reserve(49)

    run(main())


def test_acknowledgements_tell_that_nobody_listens(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with (
            linked(broker.port, f"{name}-s", f"{name}/heard/#"),
            linked(broker.port, f"{name}-p") as sender,
        ):
            topics = [f"{name}/{'un' * (i % 3 == 0)}heard/a".encode() for i in range(3000)]
            await publish_all(sender.link, topics, [b"x"] * 3000)
            await sender.until(lambda: len(sender.acked_ids) == 3000)
            assert sender.acks == {0: 2000, 0x10: 1000}
            assert await sender.link.publish(f"{name}/unheard", b"x") == 0x10
            assert await sender.link.publish(f"{name}/heard/a", b"x") == 0

    run(main())


def test_what_was_not_acknowledged_is_redelivered_after_a_reconnection(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        topics, payloads = numbered(name, 1000)
        async with (
            linked(broker.port, f"{name}-s", f"{name}/#", acknowledge=False) as receiver,
            linked(broker.port, f"{name}-p") as sender,
        ):
            await publish_all(sender.link, topics, payloads)
            await receiver.until(lambda: len(receiver.messages) == 1000)
            first = list(receiver.messages)
            receiver.link.acknowledge(packet_ids(first[:400]), 1)
            await receiver.link.unsubscribe([f"{name}/none"])  # its answer shows that the acks were taken
            receiver.messages.clear()
            receiver.link.reconnect()
            await receiver.until(lambda: len(receiver.messages) == 600)
            assert receiver.payloads == [m.payload for m in first[400:]]
            assert all(m.duplicate for m in receiver.messages)
            assert [s.session_present for s in receiver.sessions] == [False, True]
            assert receiver.link.generation == 2

            # An acknowledgement of the first connection must not be taken for one of the second.
            receiver.link.acknowledge(packet_ids(first[400:]), 1)
            await receiver.link.unsubscribe([f"{name}/none"])
            receiver.messages.clear()
            receiver.link.reconnect()
            await receiver.until(lambda: len(receiver.messages) == 600)
            receiver.link.acknowledge(packet_ids(receiver.messages), 3)

    run(main())


def test_the_link_comes_back_after_the_broker_restarts(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, persistence=True) as server:
            async with linked(server.port, f"{name}-s", f"{name}/#") as receiver:
                await asyncio.to_thread(server.stop)
                await receiver.until(lambda: len(receiver.disconnections) >= 2)
                assert isinstance(receiver.disconnections[0][1], ConnectionLost)
                assert isinstance(receiver.disconnections[1][1], BrokerUnreachable)
                assert receiver.link.window_free == 0
                with pytest.raises(ConnectionLost):
                    await receiver.link.publish(f"{name}/a", b"lost")
                await asyncio.to_thread(server.start)
                session = await receiver.link.connected()
                assert session.session_present
                assert await receiver.link.publish(f"{name}/a", b"back") == 0
                await receiver.until(lambda: receiver.payloads == [b"back"])

    run(main())


def test_a_first_refusal_for_good_is_raised(guarded_broker: Endpoint) -> None:
    async def main() -> None:
        options = LinkOptions(address=at(guarded_broker.port, "meadow"), client_id="a", password=b"sesame-street")
        assert "sesame" not in repr(options)
        async with Link(options) as link:
            with pytest.raises(ConnectRefused, match="meadow") as caught:
                await link.connected()
            assert "sesame" not in str(caught.value) + repr(caught.value)
            with pytest.raises(ConnectRefused):
                await link.ended()

    run(main())


def test_the_right_password_is_taken(guarded_broker: Endpoint, name: str) -> None:
    async def main() -> None:
        address = at(guarded_broker.port, "meadow")
        async with linked(0, name, address=address, password=b"green-42") as one:
            assert one.link.is_connected

    run(main())


def test_a_half_open_connection_is_detected(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with (
            Proxy(broker.port) as proxy,
            linked(proxy.port, f"{name}-s", f"{name}/#", keep_alive_s=1) as receiver,
            linked(broker.port, f"{name}-p") as sender,
        ):
            began = asyncio.get_running_loop().time()
            proxy.forwarding.clear()
            await receiver.until(lambda: len(receiver.disconnections) > 0)
            assert 1.2 < asyncio.get_running_loop().time() - began < 5.0
            assert "silent" in str(receiver.disconnections[0][1])
            proxy.forwarding.set()
            await receiver.link.connected()
            await sender.link.publish(f"{name}/a", b"back")
            await receiver.until(lambda: b"back" in receiver.payloads)

    run(main())


def test_an_idle_link_stays_up(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with linked(broker.port, name, keep_alive_s=1) as one:
            await asyncio.sleep(2.2)  # silence itself is what is tested
            assert one.disconnections == []

    run(main())


def test_tls(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, tls=True) as server:
            assert server.ca_file is not None
            address = Address(host="127.0.0.1", port=server.port, tls=True)
            trusted = ssl.create_default_context(cafile=str(server.ca_file))
            topics, payloads = numbered(name, 3000)
            async with linked(0, name, f"{name}/#", address=address, ssl=trusted) as one:
                await publish_all(one.link, topics, payloads)
                await one.until(lambda: len(one.messages) == 3000)
                assert sorted(one.payloads) == sorted(payloads)

    run(main())


def test_a_takeover_is_named_and_waited_out(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker, linked(broker.port, name) as old, linked(broker.port, name):
            await old.until(lambda: len(old.disconnections) > 0)
            error = old.disconnections[0][1]
            assert isinstance(error, SessionTakenOver)
            assert name in str(error)

    run(main())


def test_births_come_before_bulk_traffic(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with linked(broker.port, f"{name}-s", f"{name}/#") as receiver:
            born = asyncio.Event()

            async def on_connected(_: object) -> None:
                assert not sender.is_connected
                await sender.publish(f"{name}/state", b"born")
                assert sender.window_free == 0
                born.set()

            sender = Link(LinkOptions(address=at(broker.port), client_id=f"{name}-p"), on_connected=on_connected)
            async with sender:
                await sender.writable()
                assert born.is_set()
                await publish_all(sender, [f"{name}/a".encode()], [b"bulk"])
                await receiver.until(lambda: len(receiver.messages) == 2)
            assert receiver.payloads == [b"born", b"bulk"]

    run(main())


def test_births_that_hang_do_not_keep_the_link_down(name: str) -> None:
    async def main() -> None:
        sessions: list[int] = []
        never = asyncio.Event()

        async def on_connected(session: Session) -> None:
            sessions.append(session.generation)
            if session.generation == 1:
                link.reconnect()
                await never.wait()

        async with Broker() as broker:
            link = Link(LinkOptions(address=at(broker.port), client_id=name), on_connected=on_connected)
            async with link:
                assert (await link.connected()).generation == 2
        assert sessions == [1, 2]

    run(main())


def test_leaving_drops_the_will_and_aborting_sends_it(broker: Endpoint, name: str) -> None:
    will = mqtt5.Will(f"{name}/state", payload=b"gone", qos=mqtt5.QoS.AT_LEAST_ONCE)

    async def main() -> None:
        async with linked(broker.port, f"{name}-s", f"{name}/#") as watcher:
            async with linked(broker.port, f"{name}-p", will=will) as polite:
                await polite.link.publish(f"{name}/state", b"bye")
            async with linked(broker.port, f"{name}-p", will=will) as rude:
                rude.link.abort()
                with pytest.raises(LinkClosed):
                    await rude.link.writable()
            await watcher.until(lambda: len(watcher.messages) == 2)
            assert watcher.payloads == [b"bye", b"gone"]

    run(main())


def test_leaving_flushes_acknowledgements(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        topics, payloads = numbered(name, 500)
        async with linked(broker.port, f"{name}-p") as sender:
            async with linked(broker.port, f"{name}-s", f"{name}/#", acknowledge=False) as receiver:
                await publish_all(sender.link, topics, payloads)
                await receiver.until(lambda: len(receiver.messages) == 500)
                receiver.link.acknowledge(packet_ids(receiver.messages), 1)
            async with linked(broker.port, f"{name}-s", f"{name}/#") as receiver:
                await sender.link.publish(f"{name}/a", b"end")
                await receiver.until(lambda: len(receiver.messages) > 0)
                assert receiver.sessions[0].session_present
                assert receiver.payloads == [b"end"]

    run(main())


def test_an_error_of_the_owners_callback_ends_the_link(broker: Endpoint, name: str) -> None:
    def fail(_packets: list[mqtt5.PublishPacket], _generation: int) -> None:
        raise ZeroDivisionError("owner's mistake")

    async def main() -> None:
        options = LinkOptions(address=at(broker.port), client_id=name)
        async with Link(options, on_publishes=fail) as link:
            await link.connected()
            await link.subscribe([at_least_once(f"{name}/#")])
            await link.publish(f"{name}/a", b"x", qos=0)
            with pytest.raises(ZeroDivisionError):
                await link.ended()

    run(main())


def test_a_refused_subscription_names_its_filter(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, config=["max_qos 0"]) as server:
            async with linked(server.port, name, needs=Needs(qos=0)) as one:
                with pytest.raises(SubscribeRefused, match=f"{name}/#: QoS 1 asked, 0 granted"):
                    await one.link.subscribe([at_least_once(f"{name}/#")])
                with pytest.raises(ValueError, match="QoS 2"):
                    await one.link.subscribe([mqtt5.TopicFilter("a")])

    run(main())


def test_a_refusal_within_on_connected_is_raised(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        with run_mosquitto(tmp_path, config=["max_qos 0"]) as server:
            one = Recorder(server.port, name, f"{name}/#", needs=Needs(qos=0))
            async with one.link:
                with pytest.raises(SubscribeRefused, match=name):
                    await one.link.connected()

    run(main())


def test_leaving_is_no_disconnection(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with linked(broker.port, name) as one:
            pass
        assert one.disconnections == []
        with pytest.raises(LinkClosed):
            await one.link.publish(f"{name}/a", b"x")
        await one.link.ended()

    run(main())


def test_an_acknowledgement_of_a_lost_connection_is_not_written_to_the_next(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker, linked(broker.port, name, f"{name}/#", acknowledge=False) as one:
            await one.link.publish(f"{name}/a", b"x")
            await one.until(lambda: len(one.messages) == 1)
            one.link.reconnect()
            # At every step of the reconnection, before CONNACK and after it.
            while len(one.messages) < 2:
                one.link.acknowledge(packet_ids(one.messages[:1]), 1)
                await asyncio.sleep(0)
            await one.link.connected()
            assert (one.messages[1].duplicate, broker.stats.acknowledged) == (True, 0)

    run(main())


def test_an_invalid_topic_costs_no_packet_id(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with linked(broker.port, name) as one:
            free = one.link.window_free
            with pytest.raises(ValueError, match="topic"):
                await one.link.publish(f"{name}/#", b"x")
            assert one.link.window_free == free

    run(main())


def test_a_paused_link_leaves_messages_with_the_broker(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker, linked(broker.port, f"{name}-s", f"{name}/#", receive_max=100) as slow:
            slow.link.pause_reading()
            async with linked(broker.port, f"{name}-p") as sender:
                topics, payloads = numbered(name, 2000)
                await publish_all(sender.link, topics, payloads)
                await sender.until(lambda: len(sender.acked_ids) == 2000)
                assert slow.messages == []
                slow.link.resume_reading()
                await slow.until(lambda: len(slow.messages) == 2000)
                assert slow.payloads == payloads

    run(main())


def test_a_large_message_outgrows_the_read_buffer(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        payload = np.random.default_rng(1).bytes(900_000)
        async with linked(broker.port, name, f"{name}/#") as one:
            for i in range(3):
                await one.link.publish(f"{name}/{i}", payload)
                await one.link.publish(f"{name}/{i}", b"small")
            await one.until(lambda: len(one.messages) == 6)
            assert one.payloads == [payload, b"small"] * 3

    run(main())
