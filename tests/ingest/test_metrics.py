"""What Prometheus, health probes and the store are told."""

import asyncio
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from ingest.metrics import read_page
from ingest.options import MetricsAddress
from park.catalogue import Behaviour
from park.pipeline import INGEST
from tests.ingest.helpers import Sent, influx_store, ingesting, options, payload, publish, readings, topic, until
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

ROWS = {row.name: row for row in (*INGEST.fields, *INGEST.asked)}
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with _OPENER.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def samples(text: str) -> dict[str, float]:
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name + "".join(sample.labels.values()): sample.value for sample in found}


def test_prometheus_and_probes_see_the_ingester(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    port = free_port()
    settings = options(mosquitto, tmp_path, bucket, metrics=MetricsAddress(port=port))

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, [*readings(20), Sent(topic=topic(), payload=b"{")])
            await running.settles(21)
            assert await asyncio.to_thread(get, port, "/livez") == (200, "alive\n")
            await until(lambda: not running.status.troubles(), what="ready")
            assert await asyncio.to_thread(get, port, "/readyz") == (200, "ready\n")
            assert (await asyncio.to_thread(get, port, "/else"))[0] == 404
            status, text = await asyncio.to_thread(get, port, "/metrics")
        assert status == 200
        found = samples(text)
        assert found["park_ingest_received_total"] == 21
        assert found["park_ingest_stored_total"] == 20
        assert found["park_ingest_dead_lettered_totalmalformed-payload"] == 1
        assert found["park_ingest_devices"] == 1
        assert found["park_ingest_write_seconds_count"] >= 1
        assert found["park_ingest_write_seconds_bucket+Inf"] == found["park_ingest_write_seconds_count"]
        assert (found["park_ingest_ready"], found["park_ingest_gaps"]) == (1, 0)
        read = read_page(text)
        assert (read["received"], read["dead_lettered"], read["duplicates"], read["late"]) == (21, 1, 0, 0)
        for family in text_string_to_metric_families(text):
            row = ROWS[family.name.removeprefix("park_ingest_")]
            assert family.documentation.startswith(row.description)
            assert (family.type == "counter") == (row.behaviour is Behaviour.REGISTER)

    asyncio.run(main())


def test_head_has_no_body_and_silent_connections_keep_nobody_out(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    port = free_port()
    settings = options(mosquitto, tmp_path, bucket, metrics=MetricsAddress(port=port))

    def ask(text: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(text)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def held() -> int:
        ours = psutil.Process().net_connections()
        return len([one for one in ours if one.laddr.port == port and one.status == "ESTABLISHED" and one.raddr])

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket)):
            for path in (b"/metrics", b"/livez", b"/readyz", b"/else"):
                head, _, body = (await asyncio.to_thread(ask, b"HEAD %b HTTP/1.1\r\n\r\n" % path)).partition(
                    b"\r\n\r\n"
                )
                assert b"Content-Length: " in head
                assert body == b""
            assert b"405" in await asyncio.to_thread(ask, b"POST /metrics HTTP/1.1\r\n\r\n")
            with ExitStack() as stack:
                for _ in range(200):
                    stack.enter_context(
                        await asyncio.to_thread(socket.create_connection, ("127.0.0.1", port), timeout=10)
                    )
                await until(lambda: held() <= 32, what="the oldest closed")
                assert await asyncio.to_thread(get, port, "/livez") == (200, "alive\n")

    asyncio.run(main())


def test_not_ready_says_why(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    port = free_port()
    settings = options(mosquitto, tmp_path, bucket, metrics=MetricsAddress(port=port), drain_s=0.1)

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket, token="wrong")) as running:
            await until(lambda: bool(running.status.troubles()), what="trouble")
            status, text = await asyncio.to_thread(get, port, "/readyz")
            assert status == 503
            assert "INFLUXDB_V2_TOKEN" in text

    asyncio.run(main())


def test_the_store_holds_the_ingesters_own_figures(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    stats = b'{"ts": 1767225600000, "offered": 10, "sent": 10, "acknowledged": 9, "latency_p50": 1.5}'
    gateway = f"g{bucket[-6:]}"
    messages = [
        *readings(10),
        Sent(topic=topic(), payload=payload(2)),
        Sent(topic=f"park/gateways/{gateway}/0/state", payload=b'{"state": "online"}'),
        Sent(topic=f"park/gateways/{gateway}/0/stats", payload=stats),
    ]

    async def main() -> None:
        settings = options(mosquitto, tmp_path, bucket, report_every_s=0.2)
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, messages)
            await running.settles(12)
            assert running.status.gateways[gateway, 0]

    asyncio.run(main())
    (row,) = influxdb.influxql("SELECT * FROM park_ingest ORDER BY time DESC LIMIT 1", bucket=bucket)
    assert row["instance"] == bucket
    expected = {"received": 12, "stored": 12, "dead_lettered": 0, "duplicates": 1, "gaps": 0, "devices": 1}
    assert {name: row[name] for name in expected} == expected
    assert row["in_flight"] == 0
    assert float(str(row["memory"])) > 10  # JSON tells a whole float as an integer
    (row,) = influxdb.influxql("SELECT * FROM park_gateway", bucket=bucket)
    assert (row["instance"], row["site"], row["acknowledged"]) == (f"gw-{gateway}-0", gateway, 9)


def test_devices_beyond_the_limit_are_counted_and_kept(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    port = free_port()
    settings = options(mosquitto, tmp_path, bucket, metrics=MetricsAddress(port=port), max_devices=2)
    flood = [Sent(topic=topic(f"d-{i}"), payload=payload(1)) for i in range(5)]

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, flood)
            await running.settles(5)
            _, text = await asyncio.to_thread(get, port, "/metrics")
        found = samples(text)
        assert found["park_ingest_devices"] == 2
        assert found["park_ingest_dead_lettered_totaltoo-many-devices"] == 3

    asyncio.run(main())


def test_an_ingester_that_shares_a_group_over_hosts_tells_no_gaps(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    port = free_port()
    settings = options(mosquitto, tmp_path, bucket, metrics=MetricsAddress(port=port), report_every_s=0.2)
    settings = replace(settings, broker=replace(settings.broker, group=bucket))

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            # What lies between is another member's, for all that one of them can know.
            await asyncio.to_thread(publish, mosquitto, [*readings(2), *readings(1, first=5)])
            await running.settles(3)
            _, text = await asyncio.to_thread(get, port, "/metrics")
        assert "park_ingest_gaps" not in samples(text)
        assert samples(text)["park_ingest_stored_total"] == 3
        assert running.summary is not None
        assert running.summary.gaps is None

    asyncio.run(main())
    (row,) = influxdb.influxql("SELECT * FROM park_ingest ORDER BY time DESC LIMIT 1", bucket=bucket)
    assert row["stored"] == 3
    assert "gaps" not in row
