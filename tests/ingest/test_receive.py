"""The broker's side at its edges: what is retained, what is dropped, and who is refused after an outage."""

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from mqttlink import parse_broker_url
from tests.ingest.helpers import (
    influx_store,
    ingesting,
    open_session,
    options,
    publish,
    readings,
    topic,
    until,
)
from tests.servers.find import require
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.proxy import Proxy


def retain(broker: Mosquitto, where: str, data: bytes) -> None:
    argv = [str(require("mosquitto_pub")), "-p", str(broker.port), "-V", "5", "-q", "1", "-r", "-t", where, "-s"]
    subprocess.run(argv, input=data, check=True, timeout=30)


def test_retained_junk_is_a_dead_letter_once_and_states_are_heard_at_every_start(
    influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path) as broker, Proxy(broker.port) as proxy:
        retain(broker, topic("junk"), b"{")
        retain(broker, topic("junk").replace("telemetry", "event"), b"{")
        retain(broker, "park/gateways/north/0/stats", b"{")
        retain(broker, "park/gateways/north/0/state", b'{"state": "online"}')

        async def main() -> None:
            settings = options(broker, tmp_path, bucket)
            address = parse_broker_url(f"mqtt://127.0.0.1:{proxy.port}")
            settings = replace(settings, broker=replace(settings.broker, address=address))
            for start in range(2):
                async with ingesting(settings, influx_store(influxdb, bucket)) as running:
                    letters = 3 if start == 0 else 0
                    await running.settles(letters)
                    # What comes after says that the broker has read the acknowledgements of what came before.
                    await asyncio.to_thread(publish, broker, readings(1, first=2 * start))
                    await running.settles(letters + 1)
                    for reconnects in range(1, 4):
                        await until(lambda: running.status.connected, what="connected")
                        await asyncio.to_thread(proxy.reset)
                        await until(lambda n=reconnects: running.status.reconnects == n, what="cut off")  # type: ignore[misc]
                    await until(lambda: running.status.connected, what="connected")
                    await asyncio.to_thread(publish, broker, readings(1, first=2 * start + 1))
                    await running.settles(letters + 2)
                    assert running.status.dead_lettered == letters
                    assert running.status.gateways == {("north", 0): True}

        asyncio.run(main())


def test_a_drop_at_the_broker_is_told(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """While the ingester was away, more came than its queue holds."""
    bucket = influxdb.new_bucket()
    with (
        run_mosquitto(tmp_path, max_queued_messages=10, config=["sys_interval 1"]) as broker,
        Proxy(broker.port) as proxy,
    ):

        async def main() -> None:
            settings = options(broker, tmp_path, bucket)
            address = parse_broker_url(f"mqtt://127.0.0.1:{proxy.port}")
            settings = replace(settings, broker=replace(settings.broker, address=address))
            with structlog.testing.capture_logs() as logs:
                async with ingesting(settings, influx_store(influxdb, bucket)) as running:
                    await asyncio.to_thread(publish, broker, readings(5))
                    await running.settles(5)
                    assert running.status.troubles() == []
                    await asyncio.to_thread(proxy.redirect, 1)
                    await until(lambda: not running.status.connected, what="cut off")
                    await asyncio.to_thread(publish, broker, readings(100, first=5))
                    await asyncio.to_thread(proxy.redirect, broker.port)
                    await until(lambda: any("dropped" in one for one in running.status.troubles()), what="told")
            (line,) = [line for line in logs if line["event"] == "the broker has dropped messages"]
            assert line["can_be_own"] is True
            assert line["dropped"] >= 90  # and what the broker tells of itself meanwhile, which it drops as well

        asyncio.run(main())


def test_a_broker_that_keeps_its_figures_to_itself_is_served_all_the_same(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path, users={"anna": "x"}, acl="user anna\ntopic readwrite park/#\n") as broker:

        async def main() -> None:
            settings = options(broker, tmp_path, bucket)
            login = replace(settings.broker, address=parse_broker_url(broker.url_for("anna")), password=b"x")
            async with ingesting(replace(settings, broker=login), influx_store(influxdb, bucket)) as running:
                await until(lambda: not running.status.troubles(), what="ready")

        asyncio.run(main())


CHANGES = [
    ("allow_anonymous true", "allow_anonymous false", "not authorized"),
    ("log_dest stderr", "log_dest stderr\nmax_qos 0", "QoS 0 only"),
    ("log_dest stderr", "log_dest stderr\nmax_packet_size 30", ""),
]


@pytest.mark.parametrize(("old", "new", "words"), CHANGES, ids=["login", "qos", "packets"])
def test_what_is_refused_at_a_reconnection_is_told_and_waited_out(
    influxdb: InfluxDB2, tmp_path: Path, old: str, new: str, words: str
) -> None:
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker:
        conf = broker.folder / "mosquitto.conf"
        before = conf.read_text()
        open_session(broker, bucket)

        async def main() -> None:
            with structlog.testing.capture_logs() as logs:
                async with ingesting(options(broker, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
                    await asyncio.to_thread(publish, broker, readings(10))
                    await running.settles(10)
                    conf.write_text(before.replace(old, new))
                    await asyncio.to_thread(broker.restart)
                    await until(lambda: not running.status.connected, what="cut off")
                    if words:
                        await until(lambda: any(words in str(line.get("error")) for line in logs), what=words)
                    conf.write_text(before)
                    await asyncio.to_thread(broker.restart)
                    await until(lambda: running.status.connected, what="connected again")
                    await asyncio.to_thread(publish, broker, readings(10, first=10))
                    await running.settles(20)

        asyncio.run(main())
