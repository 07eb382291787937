"""What MQTT 5 asks of a broker, seen by independent clients: the embedded one and Mosquitto alike."""

import itertools
import queue
import socket
import struct
import subprocess
import time

import pytest

from tests.mqttlink.conftest import Endpoint
from tests.mqttlink.paho_client import DEADLINE_S, paho
from tests.servers.find import require

pytestmark = pytest.mark.deadline(30)


@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_arrives_unaltered(broker: Endpoint, name: str, qos: int) -> None:
    payload = bytes(range(256))
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        assert subscriber.subscribe(f"{name}/#") == 1
        code = publisher.publish(
            f"{name}/ü/ä",
            payload,
            qos=qos,
            ContentType="application/json",
            ResponseTopic=f"{name}/answers",
            CorrelationData=b"\x00\x01",
            UserProperty=[("unit", "Cel"), ("unit", "%")],
        )
        message, properties = subscriber.next_with_properties()
    assert code == 0
    assert (message.topic, message.payload, message.qos) == (f"{name}/ü/ä", payload, qos)
    assert properties.ContentType == "application/json"
    assert properties.ResponseTopic == f"{name}/answers"
    assert properties.CorrelationData == b"\x00\x01"
    assert properties.UserProperty == [("unit", "Cel"), ("unit", "%")]


def test_qos_is_the_lower_of_both(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        assert subscriber.subscribe(f"{name}/#", qos=0) == 0
        publisher.publish(f"{name}/a", b"1", qos=1)
        assert subscriber.next().qos == 0


def test_overlapping_filters_deliver_once_at_the_highest_qos(embedded: Endpoint, name: str) -> None:
    with paho(embedded.port, f"{name}-s") as subscriber, paho(embedded.port, f"{name}-p") as publisher:
        subscriber.subscribe(f"{name}/#", qos=0)
        subscriber.subscribe(f"{name}/+", qos=1)
        publisher.publish(f"{name}/a", b"1")
        publisher.publish(f"{name}/a", b"end")
        assert (subscriber.next().qos, subscriber.next().payload) == (1, b"end")


@pytest.mark.parametrize(
    ("pattern", "topic", "selected"),
    [
        ("{0}/a", "{0}/a", True),
        ("{0}/a", "{0}/a/b", False),
        ("{0}/+", "{0}/a", True),
        ("{0}/+", "{0}/", True),
        ("{0}/+", "{0}", False),
        ("{0}/+/c", "{0}/b/c", True),
        ("{0}/+/c", "{0}/b/d", False),
        ("{0}/#", "{0}", True),
        ("{0}/#", "{0}/a/b/c", True),
        ("{0}/+/#", "{0}/a", True),
        ("+/{0}", "/{0}", True),
        ("/+", "/{0}", True),
    ],
)
def test_wildcards(broker: Endpoint, name: str, pattern: str, topic: str, selected: bool) -> None:
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        subscriber.subscribe(pattern.format(name))
        subscriber.subscribe(f"end/{name}")
        publisher.publish(topic.format(name), b"probe")
        publisher.publish(f"end/{name}", b"end")
        assert subscriber.until(b"end") == ([b"probe"] if selected else [])


@pytest.mark.parametrize("pattern", ["a/#/b", "a+/b", "$share//a", "$share/g"])
def test_a_malformed_filter_is_refused(embedded: Endpoint, name: str, pattern: str) -> None:
    # paho refuses some of these by itself, and Mosquitto drops the connection: hence bare packets, one broker
    with socket.create_connection(("127.0.0.1", embedded.port), timeout=DEADLINE_S) as sock:
        sock.sendall(_connect_packet(name, keep_alive=0))
        _read_packet(sock)
        body = b"\x00\x07\x00" + _text(pattern) + b"\x01"
        sock.sendall(b"\x82" + bytes([len(body)]) + body)
        assert _read_packet(sock) == b"\x90\x04\x00\x07\x00\x8f"


def test_wildcards_at_the_root_leave_out_the_brokers_own_topics(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        subscriber.subscribe("$SYS/broker/publish/messages/dropped")
        assert int(subscriber.next().payload) >= 0
        subscriber.subscribe("#", retainHandling=0)
        publisher.publish(f"{name}/end", b"end")
        topics = []
        while (message := subscriber.next()).payload != b"end":
            topics.append(message.topic)
        assert {t for t in topics if t.startswith("$")} <= {"$SYS/broker/publish/messages/dropped"}


def test_retained_messages_are_replaced_and_deleted(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-p") as publisher:
        for payload in (b"old", b"new"):
            publisher.publish(f"{name}/state", payload, retain=True)
        with paho(broker.port, f"{name}-1") as first:
            first.subscribe(f"{name}/#")
            message = first.next()
            assert (message.payload, message.retain) == (b"new", True)
        publisher.publish(f"{name}/state", b"", retain=True)
        with paho(broker.port, f"{name}-2") as second:
            second.subscribe(f"{name}/#")
            publisher.publish(f"{name}/end", b"end")
            assert second.until(b"end") == []


def test_retain_handling(broker: Endpoint, name: str) -> None:
    topic = f"{name}/state"
    with paho(broker.port, f"{name}-p") as publisher, paho(broker.port, f"{name}-s") as subscriber:
        publisher.publish(topic, b"kept", retain=True)
        subscriber.subscribe(topic, retainHandling=2)
        publisher.publish(topic, b"live", retain=True)
        assert subscriber.next().payload == b"live"
        subscriber.subscribe(topic, retainHandling=1)
        publisher.publish(topic, b"again", retain=True)
        assert subscriber.next().payload == b"again"
        subscriber.subscribe(topic, retainHandling=0)
        assert subscriber.next().payload == b"again"
        publisher.publish(topic, b"", retain=True)


@pytest.mark.parametrize("as_published", [False, True])
def test_retain_as_published(broker: Endpoint, name: str, as_published: bool) -> None:
    with paho(broker.port, f"{name}-p") as publisher, paho(broker.port, f"{name}-s") as subscriber:
        subscriber.subscribe(f"{name}/#", retainAsPublished=as_published)
        publisher.publish(f"{name}/state", b"live", retain=True)
        assert subscriber.next().retain is as_published
        publisher.publish(f"{name}/state", b"", retain=True)


def test_no_local(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-a") as one, paho(broker.port, f"{name}-b") as other:
        one.subscribe(f"{name}/#", noLocal=True)
        one.publish(f"{name}/a", b"own")
        other.publish(f"{name}/a", b"end")
        assert one.until(b"end") == []


def test_a_will_is_sent_when_the_connection_is_cut(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s") as subscriber:
        subscriber.subscribe(f"{name}/#")
        with paho(broker.port, f"{name}-d", will=(f"{name}/state", b"gone")) as device:
            device.cut()
            assert subscriber.next().payload == b"gone"


def test_a_will_is_dropped_by_a_goodbye(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        subscriber.subscribe(f"{name}/#")
        with paho(broker.port, f"{name}-d", will=(f"{name}/state", b"gone")) as device:
            pass
        assert device.disconnects.get(timeout=DEADLINE_S).value == 0
        publisher.publish(f"{name}/end", b"end")
        assert subscriber.until(b"end") == []


def test_a_delayed_will_is_dropped_when_the_session_resumes(broker: Endpoint, name: str) -> None:
    will = {"will": (f"{name}/state", b"gone"), "will_delay_s": 1, "expiry_s": 60}
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        subscriber.subscribe(f"{name}/#")
        with paho(broker.port, f"{name}-d", **will) as device:
            device.cut()
        with paho(broker.port, f"{name}-d", clean_start=False, expiry_s=60) as device:
            assert device.flags.session_present
            time.sleep(1.5)  # the delay itself is what must pass
            publisher.publish(f"{name}/end", b"end")
            assert subscriber.until(b"end") == []


def test_a_takeover_ends_the_old_connection_and_sends_its_will(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s") as subscriber:
        subscriber.subscribe(f"{name}/#")
        with (
            paho(broker.port, f"{name}-d", will=(f"{name}/state", b"gone")) as old,
            paho(broker.port, f"{name}-d"),
        ):
            # Mosquitto closes without a word, which paho reports as 0x80
            assert old.disconnects.get(timeout=DEADLINE_S).value in {0x8E, 0x80}
            assert subscriber.next().payload == b"gone"


def test_a_session_keeps_messages_while_its_client_is_away(broker: Endpoint, name: str) -> None:
    wanted = [b"%d" % i for i in range(200)]
    with paho(broker.port, f"{name}-s", expiry_s=60) as subscriber:
        assert not subscriber.flags.session_present
        subscriber.subscribe(f"{name}/#")
    with paho(broker.port, f"{name}-p") as publisher:
        assert {publisher.publish(f"{name}/a", payload) for payload in wanted} == {0}
    with paho(broker.port, f"{name}-s", clean_start=False, expiry_s=60) as subscriber:
        assert subscriber.flags.session_present
        assert [subscriber.next().payload for _ in wanted] == wanted
    with paho(broker.port, f"{name}-s", clean_start=True) as subscriber:
        assert not subscriber.flags.session_present


def test_a_session_ends_with_its_expiry(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s", expiry_s=0) as subscriber:
        subscriber.subscribe(f"{name}/#")
    with paho(broker.port, f"{name}-s", clean_start=False) as subscriber:
        assert not subscriber.flags.session_present


def test_what_was_not_acknowledged_comes_again_as_duplicate(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s", expiry_s=60, manual_ack=True) as subscriber:
        subscriber.subscribe(f"{name}/#")
        with paho(broker.port, f"{name}-p") as publisher:
            for payload in (b"1", b"2", b"3"):
                publisher.publish(f"{name}/a", payload)
        first = [subscriber.next() for _ in range(3)]
        assert not any(m.dup for m in first)
        subscriber.client.ack(first[0].mid, 1)
    with paho(broker.port, f"{name}-s", clean_start=False, expiry_s=60) as subscriber:
        again = [subscriber.next() for _ in range(2)]
        assert [(m.payload, m.dup, m.mid) for m in again] == [(m.payload, True, m.mid) for m in first[1:]]


def test_receive_maximum_of_the_client_is_respected(broker: Endpoint, name: str) -> None:
    options = {"receive_max": 5, "manual_ack": True}
    with paho(broker.port, f"{name}-s", **options) as subscriber, paho(broker.port, f"{name}-p") as publisher:
        subscriber.subscribe(f"{name}/#")
        subscriber.subscribe(f"end/{name}", qos=0)
        for i in range(20):
            publisher.publish(f"{name}/a", b"%d" % i)
        publisher.publish(f"end/{name}", b"end")
        sent: list[bytes] = []
        first = [subscriber.next() for _ in range(5)]
        assert subscriber.next().payload == b"end"
        assert subscriber.messages.empty()
        for message in itertools.chain(first, iter(subscriber.next, None)):
            sent.append(bytes(message.payload))
            subscriber.client.ack(message.mid, 1)
            if len(sent) == 20:
                break
        assert sent == [b"%d" % i for i in range(20)]


def test_an_expired_message_is_not_delivered(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-s", expiry_s=60) as subscriber:
        subscriber.subscribe(f"{name}/#")
    with paho(broker.port, f"{name}-p") as publisher:
        publisher.publish(f"{name}/a", b"brief", MessageExpiryInterval=1)
        publisher.publish(f"{name}/a", b"long", MessageExpiryInterval=600)
        time.sleep(2.1)  # the interval itself is what must pass
    with paho(broker.port, f"{name}-s", clean_start=False) as subscriber:
        message, properties = subscriber.next_with_properties()
        assert message.payload == b"long"
        assert 590 <= properties.MessageExpiryInterval <= 599


def test_a_shared_subscription_gives_each_message_to_one_member(broker: Endpoint, name: str) -> None:
    wanted = {b"%d" % i for i in range(100)}
    with (
        paho(broker.port, f"{name}-1") as one,
        paho(broker.port, f"{name}-2") as two,
        paho(broker.port, f"{name}-all") as everyone,
        paho(broker.port, f"{name}-p") as publisher,
    ):
        for member in (one, two):
            member.subscribe(f"$share/{name}/{name}/#")
        everyone.subscribe(f"{name}/#")
        for payload in sorted(wanted):
            publisher.publish(f"{name}/a", payload)
        assert {everyone.next().payload for _ in wanted} == wanted
        got: dict[int, set[bytes]] = {0: set(), 1: set()}
        end = time.monotonic() + DEADLINE_S
        while sum(map(len, got.values())) < 100 and time.monotonic() < end:
            for i, member in enumerate((one, two)):
                try:
                    got[i].add(bytes(member.messages.get(timeout=0.05).payload))
                except queue.Empty:
                    continue
    assert got[0] | got[1] == wanted
    assert not got[0] & got[1]
    assert min(len(got[0]), len(got[1])) >= 25


def test_the_publisher_learns_that_nobody_listens(broker: Endpoint, name: str) -> None:
    with paho(broker.port, f"{name}-p") as publisher:
        assert publisher.publish(f"{name}/nobody", b"1") == 0x10
        assert publisher.publish(f"{name}/nobody", b"1", qos=0) == 0


def test_a_large_message(broker: Endpoint, name: str) -> None:
    payload = bytes(range(256)) * 3000
    with paho(broker.port, f"{name}-s") as subscriber, paho(broker.port, f"{name}-p") as publisher:
        subscriber.subscribe(f"{name}/#")
        publisher.publish(f"{name}/a", payload)
        assert subscriber.next().payload == payload


def test_a_silent_client_is_dropped_and_its_will_sent(embedded: Endpoint, name: str) -> None:
    # Mosquitto does so too, but looks only every few seconds.
    with paho(embedded.port, f"{name}-s") as subscriber:
        subscriber.subscribe(f"{name}/#")
        with socket.create_connection(("127.0.0.1", embedded.port), timeout=DEADLINE_S) as sock:
            sock.sendall(_connect_packet(f"{name}-d", keep_alive=1, will=(f"{name}/state", b"gone")))
            began = time.monotonic()
            assert subscriber.next().payload == b"gone"
            assert time.monotonic() - began > 1.4


@pytest.mark.parametrize(
    ("login", "codes"),
    [
        (("meadow", "green-42"), {0}),
        (("meadow", "wrong"), {0x86, 0x87}),
        (("nobody", "green-42"), {0x86, 0x87}),
        (None, {0x87}),
    ],
)
def test_login(guarded_broker: Endpoint, name: str, login: tuple[str, str] | None, codes: set[int]) -> None:
    with paho(guarded_broker.port, name, login=login) as client:
        assert client.reason.value in codes


def test_mosquittos_own_clients(broker: Endpoint, name: str) -> None:
    port = str(broker.port)
    common = ["-h", "127.0.0.1", "-p", port, "-V", "5", "-q", "1"]
    with paho(broker.port, f"{name}-w") as watcher:
        watcher.subscribe(f"{name}/ready")
        subscriber = subprocess.Popen(
            [require("mosquitto_sub"), *common, "-t", f"{name}/#", "-C", "4", "-F", "%t %p", "-W", "20"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            # Until it has subscribed, the broker says that nobody but the watcher listens.
            end = time.monotonic() + DEADLINE_S
            while watcher.publish(f"{name}/other", b"probe") == 0x10:
                assert time.monotonic() < end, "mosquitto_sub did not subscribe"
                time.sleep(0.05)
            subprocess.run(
                [require("mosquitto_pub"), *common, "-t", f"{name}/b", "-l"],
                input="one\ntwo\nthree\n",
                text=True,
                check=True,
                timeout=DEADLINE_S,
            )
            output, _ = subscriber.communicate(timeout=DEADLINE_S)
        finally:
            subscriber.kill()
    lines = [line for line in output.splitlines() if not line.endswith("probe")]
    assert lines == [f"{name}/b one", f"{name}/b two", f"{name}/b three"]


def _text(value: str) -> bytes:
    return struct.pack("!H", len(value.encode())) + value.encode()


def _connect_packet(client_id: str, *, keep_alive: int, will: tuple[str, bytes] | None = None) -> bytes:
    flags = 0x02 if will is None else 0x06
    body = _text("MQTT") + bytes([5, flags]) + struct.pack("!H", keep_alive) + b"\x00" + _text(client_id)
    if will is not None:
        body += b"\x00" + _text(will[0]) + struct.pack("!H", len(will[1])) + will[1]
    return b"\x10" + bytes([len(body)]) + body


def _read_packet(sock: socket.socket) -> bytes:
    head = sock.recv(2, socket.MSG_WAITALL)
    return head + sock.recv(head[1], socket.MSG_WAITALL)
