"""Neighbours that are away, a full disk, wrong clocks: the ingester says so once, waits, and loses nothing."""

import datetime as dt
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.chaos import await_that, chaos
from tests.end_to_end.ledger import Load
from tests.end_to_end.memory import watching
from tests.end_to_end.park import Command, young_town
from tests.ingest.helpers import Sent, publish, topic
from tests.servers.influxdb2 import InfluxDB2


def complaints(command: Command) -> list[dict[str, Any]]:
    """What it logged beyond information."""
    return [entry for entry in command.said() if entry.get("level") in {"warning", "error"}]


@pytest.mark.deadline(300)
def test_a_store_away_at_the_start_and_for_a_while_loses_nothing(tmp_path: Path) -> None:
    with chaos(tmp_path, Load(seconds=25)) as park:
        park.influxdb.stop()
        park.begin_to_ingest()
        park.simulator.start()
        await_that(lambda: park.metric("retries_total") > 2, what="retries")
        assert park.metric("stored_total") == 0
        assert "trying again" in complaints(park.ingester)[0]["event"]
        park.influxdb.start()
        park.progress()
        await_that(lambda: not park.troubles(), what="readiness")  # killed earlier, it would be one outage
        park.influxdb.kill()
        await_that(lambda: "store" in park.troubles() or "retry" in park.troubles(), what="trouble")
        with watching(park.ingester.pid) as memory:
            time.sleep(6.0)
        park.influxdb.start()
        ledger = park.end()
        told = [entry["event"] for entry in complaints(park.ingester)]
        assert told == ["the store does not take writes; trying again, nothing is lost"] * 2
    ledger.hold()
    assert memory.growth_mb < 10


@pytest.mark.deadline(300)
def test_a_broker_away_at_the_start_loses_nothing(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """First the ingester finds nobody, then the gateways."""
    with chaos(tmp_path, Load(seconds=8), influxdb=influxdb) as park:
        park.broker.stop()
        park.ingester.start()
        await_that(lambda: bool(complaints(park.ingester)), what="a complaint")
        assert "the broker is not connected" in park.troubles()
        park.broker.start()
        await_that(lambda: not park.troubles(), what="readiness")
        assert [entry["event"] for entry in complaints(park.ingester)] == ["the broker is away; trying again"]
        park.broker.stop()
        park.simulator.start()
        await_that(lambda: bool(complaints(park.simulator)), what="a complaint")
        park.broker.start()
        ledger = park.end()
        gateways = [entry["gateway"] for entry in complaints(park.simulator)]
        assert len(gateways) == len(set(gateways))
    ledger.hold()


@pytest.mark.deadline(300)
def test_a_full_disk_under_the_dead_letters_holds_and_recovers(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """No file of the ingester may grow beyond 64 KiB, which is what a full disk does to it."""
    poison = [Sent(topic=topic(f"poison-{i}"), payload=b"{" + b"x" * 8000) for i in range(12)]
    with chaos(tmp_path, Load(devices=400, seconds=12), influxdb=influxdb) as park:
        park.begin()
        _, hard = resource.prlimit(park.ingester.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(park.ingester.pid, resource.RLIMIT_FSIZE, (64 * 1024, hard))
        for letter in poison:
            publish(park.broker, [letter])
        await_that(lambda: "File too large" in park.troubles(), what="the full disk")
        assert park.dead_letters.stat().st_size <= 64 * 1024
        assert "make room" in park.troubles()
        resource.prlimit(park.ingester.pid, resource.RLIMIT_FSIZE, (hard, hard))
        park.progress()
        ledger = park.end()
        assert len(complaints(park.ingester)) == 1
    ledger.hold(dead_letters=len(poison))
    assert ledger.ingest["dead_lettered"] == len(poison)


@pytest.mark.deadline(300)
def test_gateways_whose_clocks_are_hours_wrong_lose_nothing(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """First six hours ahead, then six hours behind: readings are stored at the time they carry."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    town = young_town(tmp_path)
    ahead, behind = (
        Load(devices=300, seconds=5, start=now + dt.timedelta(hours=hours), config=town) for hours in (6, -6)
    )
    with chaos(tmp_path, ahead, influxdb=influxdb) as park:
        park.begin()
        park.simulator.finish(deadline=60)
        assert park.verify()["found"] == ahead.count
        park.load = behind
        park.simulator = park.new_simulator()
        park.simulator.start()
        ledger = park.end()
    ledger.hold()
    assert ledger.ingest["late"] == behind.count
    assert ledger.ingest["latency_ms"]["max"] is None
