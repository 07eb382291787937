"""Members of the ingester's shared subscription, each with its own account, on Mosquitto as compose runs it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.brokers import Guarded, run_guarded
from tests.end_to_end.park import HERE, PARK, Command
from tests.ingest.helpers import payload, topic
from tests.ingest.seen import await_count
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import free_port, wait_until

SITE = "xinwu"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Guarded]:
    with run_guarded("mosquitto", tmp_path) as guarded:
        yield guarded


def members(broker: Guarded, influxdb: InfluxDB2, bucket: str, folder: Path, count: int) -> Command:
    port = free_port()
    argv = [
        *(*PARK, "ingest", "--processes", str(count), "--broker", f"mqtt://127.0.0.1:{broker.port}", "--json"),
        *("--store", influxdb.store_url(bucket), "--metrics-port", str(port)),
    ]
    environ = {"INFLUXDB_V2_TOKEN": influxdb.token, "PARK_MQTT_PASSWORD_DIR": str(folder / "secrets" / "ingest")}
    ready = f"http://127.0.0.1:{port}/readyz"
    log = folder / f"{count}.log"
    return Command(argv=argv, log=log, ready=lambda: http.healthy(ready), env={**HERE, **environ})


def publish(broker: Guarded, first: int, count: int) -> None:
    gateway = broker.enter(f"gw-{SITE}-0")
    for seq in range(first, first + count):
        assert gateway.publish(topic(site=SITE), payload(seq)) == 0
    gateway.close()


@pytest.mark.deadline(150)
def test_members_log_in_as_themselves_and_so_does_who_retires_them(
    broker: Guarded, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    """Three, then two with what waits for the third, then one; each reading is stored."""
    bucket, total = influxdb.new_bucket(), 0
    summaries: list[dict[str, Any]] = []
    for count in (3, 2, 1):
        command = members(broker, influxdb, bucket, tmp_path, count)
        command.start()
        try:
            if total:
                wait_until(lambda log=command.log: b"is retired" in log.read_bytes(), deadline=40, what="retired")  # type: ignore[misc]
            publish(broker, total, 60)
            await_count(influxdb, bucket, total + 60)
            summaries.append(command.finish(deadline=40, ask=True))
        finally:
            command.kill()
        publish(broker, total + 60, 60)  # wait for the members, the one that is gone as well
        total += 120
    assert all(summary["dead_lettered"] == 0 for summary in summaries)
    # What waits for the last is all that is missing now.
    command = members(broker, influxdb, bucket, tmp_path, 1)
    command.start()
    try:
        await_count(influxdb, bucket, total)
        command.finish(deadline=40, ask=True)
    finally:
        command.kill()
    log = (tmp_path / "mosquitto.log").read_text()
    assert "not authorised" not in log.lower()
    assert "as park-ingest-2 (p5, c1" in log  # ended under its own account
