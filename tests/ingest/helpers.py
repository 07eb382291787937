"""Publishing to the real broker, running the ingester in this process, and reading the store."""

import asyncio
import json
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.batch import Batch, BatchPolicy
from ingest.ingester import Ingester
from ingest.receive import SessionOptions
from ingest.run import IngestOptions
from ingest.status import IngestSummary, Status
from ingest.stores.base import Store
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from ingest.write import RetryPolicy
from mqttlink import parse_broker_url
from park.topics import TELEMETRY_FILTER
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto

T0 = 1_767_225_600_000


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One message to publish."""

    topic: str
    payload: bytes
    content_type: str | None = None


def topic(device: str = "soil-probe-000001", *, site: str = "north") -> str:
    return f"park/agriculture/{site}/soil_probe/{device}/telemetry"


def payload(seq: int, ts: int | None = None, **channels: object) -> bytes:
    values = channels or {"soil_moisture": 0.25 + seq / 1000}
    return json.dumps({"ts": T0 + 1000 * seq if ts is None else ts, "seq": seq, **values}).encode()


def readings(count: int, *, device: str = "soil-probe-000001", first: int = 0) -> list[Sent]:
    return [Sent(topic=topic(device), payload=payload(seq)) for seq in range(first, first + count)]


def new_batch() -> Batch:
    return Batch(generation=1, opened=0.0, opened_ms=T0)


def publish(broker: Mosquitto, messages: Sequence[Sent]) -> None:
    """Publish at QoS 1 and return once the broker has acknowledged everything."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        for info in [_publish(client, message) for message in messages]:
            info.wait_for_publish(30)
            assert info.is_published()
    finally:
        client.disconnect()
        client.loop_stop()


def _publish(client: paho.Client, message: Sent) -> paho.MQTTMessageInfo:
    properties = None
    if message.content_type is not None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = message.content_type
    return client.publish(message.topic, message.payload, qos=1, properties=properties)


def influx_store(server: InfluxDB2, bucket: str, *, token: str | None = None) -> InfluxStore:
    url = InfluxUrl(endpoint=server.url, bucket=bucket, org=server.org)
    return InfluxStore(url, server.token if token is None else token, timeout_s=5.0)


def options(broker: Mosquitto, folder: Path, client_id: str, **changes: Any) -> IngestOptions:
    session = SessionOptions(address=parse_broker_url(broker.url), client_id=client_id)
    defaults: dict[str, Any] = {
        "broker": session,
        "store": InfluxUrl(endpoint="http://127.0.0.1:1", bucket="park", org="park"),
        "dead_letters": folder / "dead-letters.ndjson",
        "batch": BatchPolicy(linger_s=0.05),
        "retry": RetryPolicy(first_s=0.05, max_s=0.3),
    }
    return IngestOptions(**{**defaults, **changes})


@dataclass(kw_only=True)
class Running:
    """An ingester in this process; `summary` is there after it has drained."""

    ingester: Ingester
    summary: IngestSummary | None = None

    @property
    def status(self) -> Status:
        return self.ingester.status

    async def settles(self, count: int) -> None:
        await until(lambda: self.status.stored + self.status.dead_lettered >= count, what=f"{count} settled")


@asynccontextmanager
async def ingesting(settings: IngestOptions, store: Store) -> AsyncIterator[Running]:
    """Run the ingester until the end of the block, then drain it."""
    stop = asyncio.Event()
    running = Running(ingester=Ingester(settings, store))
    task = asyncio.create_task(running.ingester.run(stop))
    try:
        await until(lambda: running.status.connected or task.done(), what="connected")
        yield running
        stop.set()
        running.summary = await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


async def until(condition: Callable[[], bool], *, what: str, deadline_s: float = 20.0) -> None:
    """Poll for what no event announces."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline_s:g} s")
        await asyncio.sleep(0.01)


def open_session(broker: Mosquitto, client_id: str, pattern: str = TELEMETRY_FILTER) -> None:
    """Make the ingester's session, as if it had been there before."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
    done = threading.Event()
    client.on_subscribe = lambda *_: done.set()
    _resume(client, broker)
    client.subscribe(pattern, qos=1)
    assert done.wait(10)
    client.disconnect()
    client.loop_stop()


def session_is_known(broker: Mosquitto, client_id: str) -> bool:
    """Whether the broker keeps a session under the id."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
    present: queue.Queue[bool] = queue.Queue()
    client.on_connect = lambda _client, _data, flags, _code, _properties: present.put(flags.session_present)
    _resume(client, broker)
    known = present.get(timeout=10)
    client.disconnect()
    client.loop_stop()
    return known


def _resume(client: paho.Client, broker: Mosquitto) -> None:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    client.connect(broker.host, broker.port, clean_start=False, properties=properties)
    client.loop_start()
