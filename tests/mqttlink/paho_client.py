"""paho-mqtt as an independent MQTT 5 client: blocking, with deadlines."""

import queue
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

DEADLINE_S = 10.0


def properties(packet_type: int, **values: object) -> Properties:
    made = Properties(packet_type)  # type: ignore[no-untyped-call]
    for key, value in values.items():
        setattr(made, key, value)
    return made


class PahoClient:
    """One connection; what arrives is read from queues."""

    def __init__(
        self,
        port: int,
        client_id: str,
        *,
        clean_start: bool = True,
        expiry_s: int = 0,
        receive_max: int | None = None,
        manual_ack: bool = False,
        will: tuple[str, bytes] | None = None,
        will_delay_s: int = 0,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.messages: queue.Queue[MQTTMessage] = queue.Queue()
        self.connacks: queue.Queue[tuple[ConnectFlags, ReasonCode]] = queue.Queue()
        self.disconnects: queue.Queue[ReasonCode] = queue.Queue()
        self._answers: dict[int, queue.Queue[list[ReasonCode]]] = {}
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=manual_ack,
            reconnect_on_failure=False,
        )
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.on_publish = lambda _c, _u, mid, code, _p: self._answer(mid).put([code])
        self.client.on_subscribe = lambda _c, _u, mid, codes, _p: self._answer(mid).put(codes)
        if login is not None:
            self.client.username_pw_set(*login)
        if will is not None:
            delay = properties(PacketTypes.WILLMESSAGE, WillDelayInterval=will_delay_s)
            self.client.will_set(*will, qos=1, properties=delay)
        options: dict[str, Any] = {"SessionExpiryInterval": expiry_s}
        if receive_max is not None:
            options["ReceiveMaximum"] = receive_max
        self.client.connect(
            "127.0.0.1",
            port,
            keepalive=30,
            clean_start=clean_start,
            properties=properties(PacketTypes.CONNECT, **options),
        )
        self.client.loop_start()
        self.flags, self.reason = self.connacks.get(timeout=DEADLINE_S)

    def _answer(self, mid: int) -> queue.Queue[list[ReasonCode]]:
        return self._answers.setdefault(mid, queue.Queue())

    def _on_connect(
        self, _client: Client, _userdata: object, flags: ConnectFlags, code: ReasonCode, _properties: object
    ) -> None:
        self.connacks.put((flags, code))

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, code: ReasonCode, _properties: object
    ) -> None:
        self.disconnects.put(code)

    def subscribe(self, pattern: str, **options: Any) -> int:
        """Subscribe and return the granted QoS or the refusal."""
        options.setdefault("qos", 1)
        _, mid = self.client.subscribe(pattern, options=SubscribeOptions(**options))
        assert mid is not None
        return self._answer(mid).get(timeout=DEADLINE_S)[0].value

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, **extra: object) -> int:
        """Publish, wait until it is sent (QoS 0) or acknowledged, and return the reason code."""
        info = self.client.publish(topic, payload, qos, retain, properties(PacketTypes.PUBLISH, **extra))
        return self._answer(info.mid).get(timeout=DEADLINE_S)[0].value

    def next(self) -> MQTTMessage:
        return self.messages.get(timeout=DEADLINE_S)

    def next_with_properties(self) -> tuple[MQTTMessage, Any]:
        """The next message and its properties, whose attributes paho makes at run time."""
        message = self.next()
        return message, message.properties

    def until(self, payload: bytes) -> list[bytes]:
        """Payloads that arrive before the one given."""
        got: list[bytes] = []
        while (message := self.next()).payload != payload:
            got.append(bytes(message.payload))
        return got

    def cut(self) -> None:
        """Lose the connection as a crash does, without DISCONNECT."""
        sock = self.client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        self.disconnects.get(timeout=DEADLINE_S)
        self.client.loop_stop()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def paho(port: int, client_id: str, **options: Any) -> Iterator[PahoClient]:
    client = PahoClient(port, client_id, **options)
    try:
        yield client
    finally:
        client.close()
