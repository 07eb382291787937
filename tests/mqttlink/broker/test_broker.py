"""What the embedded broker promises beyond the standard: bounds, back-pressure, this host only."""

import asyncio

import mqtt5
import pytest

from mqttlink import CannotListen, ConnectionLost, ConnectRefused, NotLoopback
from mqttlink.broker.exchange import Limits
from mqttlink.broker.server import Broker
from tests.mqttlink.harness import Recorder, linked, publish_all, run

pytestmark = pytest.mark.deadline(40)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_only_this_host_is_served(host: str) -> None:
    with pytest.raises(NotLoopback, match="this host only"):
        Broker(host=host)


def test_a_taken_port_is_named() -> None:
    async def main() -> None:
        async with Broker() as first:
            with pytest.raises(CannotListen, match=str(first.port)):
                async with Broker(port=first.port):
                    pass

    run(main())


async def broker_holds(broker: Broker) -> None:
    while not broker.stats.held_back:  # noqa: ASYNC110 - a counter announces nothing
        await asyncio.sleep(0.01)


def test_a_fast_publisher_waits_for_a_slow_subscriber(name: str) -> None:
    count = 20_000

    async def main() -> None:
        limits = Limits(max_queued=4000, receive_max=500)
        async with (
            Broker(limits=limits) as broker,
            linked(broker.port, f"{name}-s", f"{name}/#", acknowledge=False, receive_max=200) as slow,
            linked(broker.port, f"{name}-p") as fast,
        ):
            payloads = [b"%d" % i for i in range(count)]
            sending = asyncio.create_task(publish_all(fast.link, [f"{name}/a".encode()] * count, payloads))
            await slow.until(lambda: len(slow.messages) == 200)
            # Nothing more can move: the publisher's window is full, and its other requests are answered.
            await asyncio.wait_for(broker_holds(broker), 10.0)
            await fast.link.unsubscribe(["none"])
            assert len(fast.acked_ids) < 2000
            done = 0
            while done < count:
                await slow.until(lambda: len(slow.messages) > done)  # noqa: B023
                ids = [m.packet_id or 0 for m in slow.messages[done:]]
                done += len(ids)
                slow.link.acknowledge(ids, 1)
            await sending
            assert slow.payloads == payloads
            assert broker.stats.dropped == 0
            assert broker.stats.held_back > 0

    run(main())


def test_two_clients_that_flood_each_other_do_not_lock_up(name: str) -> None:
    count = 5000

    async def main() -> None:
        limits = Limits(max_queued=800, receive_max=50)
        async with (
            Broker(limits=limits) as broker,
            linked(broker.port, f"{name}-a", f"{name}/a", receive_max=5) as a,
            linked(broker.port, f"{name}-b", f"{name}/b", receive_max=5) as b,
        ):
            payloads = [b"%d" % i for i in range(count)]
            await asyncio.gather(
                publish_all(a.link, [f"{name}/b".encode()] * count, payloads),
                publish_all(b.link, [f"{name}/a".encode()] * count, payloads),
            )
            await a.until(lambda: len(a.messages) == count)
            await b.until(lambda: len(b.messages) == count)
            assert a.payloads == b.payloads == payloads

    run(main())


def test_a_full_queue_drops_the_newest_and_says_so(name: str) -> None:
    async def main() -> None:
        limits = Limits(max_queued=100)
        async with Broker(limits=limits, sys_interval_s=0.05) as broker:
            async with linked(broker.port, f"{name}-s", f"{name}/#"):
                pass
            async with linked(broker.port, f"{name}-p") as sender:
                payloads = [b"%d" % i for i in range(150)]
                await publish_all(sender.link, [f"{name}/a".encode()] * 150, payloads)
                await sender.until(lambda: len(sender.acked_ids) == 150)
            assert broker.stats.dropped_queue_full == 50
            async with linked(broker.port, f"{name}-s") as receiver:
                await receiver.until(lambda: len(receiver.messages) == 100)
                assert receiver.payloads == payloads[:100]
            figure = "$SYS/broker/publish/messages/dropped"
            async with linked(broker.port, f"{name}-w", figure) as watcher:
                await watcher.until(lambda: b"50" in watcher.payloads)

    run(main())


def test_qos_0_to_a_reader_that_stopped_is_dropped_and_counted(name: str) -> None:
    async def main() -> None:
        async with (
            Broker() as broker,
            linked(broker.port, f"{name}-s", f"{name}/#") as stopped,
            linked(broker.port, f"{name}-p") as sender,
        ):
            stopped.link.pause_reading()
            payload = b"x" * 100_000
            while not broker.stats.dropped_slow_reader:
                await sender.link.writable()
                await sender.link.publish(f"{name}/a", payload, qos=0)
                await asyncio.sleep(0)
            assert broker.stats.sent * len(payload) < 64 << 20

    run(main())


def test_qos_2_is_refused(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker, linked(broker.port, name) as one:
            assert one.sessions[0].max_qos == 1
            packet = mqtt5.PublishPacket("a", b"", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=1)
            one.link.send(packet.write())
            await one.until(lambda: len(one.disconnections) > 0)
            assert "0x9b" in str(one.disconnections[0][1])

    run(main())


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\x30\x07\x00\x04a/#x\x00", "0x90"),
        (mqtt5.PublishPacket("a", b"", topic_alias=1).write(), "0x94"),
        (mqtt5.PublishPacket("a", b"x" * 2000).write(), "0x95"),
        (b"\x00\x00", "0x81"),
        (b"\x82\x03\x00\x01\x00", "0x82"),
        (mqtt5.PingRespPacket().write(), "0x82"),
    ],
)
def test_a_violation_is_named(name: str, packet: bytes, reason: str) -> None:
    async def main() -> None:
        async with (
            Broker(limits=Limits(max_packet_bytes=1000)) as broker,
            linked(broker.port, name) as one,
        ):
            one.link.send(packet)
            await one.until(lambda: len(one.disconnections) > 0)
            assert isinstance(one.disconnections[0][1], ConnectionLost)
            assert reason in str(one.disconnections[0][1])

    run(main())


def test_a_client_that_exceeds_receive_maximum_is_dismissed(name: str) -> None:
    async def main() -> None:
        limits = Limits(receive_max=10, max_queued=8)
        async with (
            Broker(limits=limits) as broker,
            linked(broker.port, f"{name}-s", f"{name}/#", acknowledge=False, receive_max=1),
            linked(broker.port, f"{name}-p") as greedy,
        ):
            for i in range(1, 40):
                packet = mqtt5.PublishPacket(f"{name}/a", b"", qos=mqtt5.QoS(1), packet_id=i)
                greedy.link.send(packet.write())
            await greedy.until(lambda: len(greedy.disconnections) > 0)
            assert "0x93" in str(greedy.disconnections[0][1])

    run(main())


def test_an_empty_client_id_is_assigned_and_kept(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker, linked(broker.port, "") as one:
            assigned = one.sessions[0].client_id
            assert assigned
            one.link.reconnect()
            await one.until(lambda: len(one.disconnections) > 0)
            session = await one.link.connected()
            assert (session.client_id, session.session_present) == (assigned, True)

    run(main())


def test_stopping_tells_the_clients(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker:
            recorder_context = linked(broker.port, name)
            one = await recorder_context.__aenter__()
        await one.until(lambda: len(one.disconnections) > 0)
        assert "server shutting down" in str(one.disconnections[0][1])
        await recorder_context.__aexit__(None, None, None)

    run(main())


def test_too_many_connections_are_refused(name: str) -> None:
    async def main() -> None:
        async with Broker(limits=Limits(max_connections=1)) as broker, linked(broker.port, f"{name}-1"):
            second = Recorder(broker.port, f"{name}-2")
            async with second.link:
                await second.until(lambda: len(second.disconnections) > 0)
            error = second.disconnections[0][1]
            assert isinstance(error, ConnectRefused)
            assert error.reason_code == mqtt5.ConnAckReasonCode.SERVER_BUSY

    run(main())


def test_a_broker_leaves_no_task_behind(name: str) -> None:
    async def main() -> None:
        async with Broker() as broker, linked(broker.port, name, f"{name}/#"):
            pass
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())
