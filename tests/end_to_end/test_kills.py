"""The whole chain under load while its parts are killed, frozen and cut off: nothing is lost."""

import contextlib
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.chaos import CLIENT_ID, LINKS, await_that, chaos
from tests.end_to_end.ledger import Load
from tests.servers.influxdb2 import InfluxDB2

#: The least that Mosquitto takes: frozen and half-open connections end after 15 s, not 45 s.
KEEP_ALIVE = ["max_keepalive 10"]


@pytest.mark.deadline(300)
def test_kills_of_every_part_lose_nothing(tmp_path: Path) -> None:
    with chaos(tmp_path, Load(seconds=22)) as park:
        park.begin()
        plan = ["ingester", "broker", "store"] * 2
        park.random.shuffle(plan)
        for name in plan:
            park.moment()
            park.kill(name)
            park.progress()
        ledger = park.end()
    ledger.hold()
    assert ledger.kills == 6
    assert park.under_load >= 3
    assert ledger.simulate["sent"] > ledger.simulate["offered"]


@pytest.mark.deadline(300)
def test_kills_of_the_ingester_and_the_broker_lose_nothing_of_a_duckdb_file(tmp_path: Path) -> None:
    load = Load(devices=200, seconds=12, kinds=("soil_probe", "building_meter", "parking_lot"))
    with chaos(tmp_path, load, duckdb=True) as park:
        park.begin()
        for names in (["ingester"], ["broker"], ["ingester", "broker"]):
            park.moment(1.0)
            park.kill(*names)
            park.progress(100)
        ledger = park.end()
    ledger.hold()
    assert ledger.kills == 4
    assert park.under_load >= 2


@pytest.mark.deadline(300)
def test_parts_that_freeze_lose_nothing(tmp_path: Path) -> None:
    """The ingester for so long that the broker drops it; each beyond its time-out is in bench/soak."""
    with chaos(tmp_path, Load(devices=600, seconds=28), broker_config=KEEP_ALIVE) as park:
        park.begin()
        with park.frozen("ingester"):
            dropped = f"Client {CLIENT_ID} has exceeded timeout"
            await_that(lambda: dropped in park.broker.process.log_tail(), what="the broker's patience")
        park.progress()
        assert park.metric("reconnects_total") == 1
        for name in ("store", "broker"):
            park.freeze(name, 3.0)
            park.progress()
        ledger = park.end()
    ledger.hold()
    assert park.under_load >= 2


@pytest.mark.deadline(300)
def test_resets_and_half_open_connections_lose_nothing(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """The store's half-open connection, which ends after 30 s, is in bench/soak."""
    load = Load(devices=600, seconds=25)
    with chaos(tmp_path, load, influxdb=influxdb, links=True, broker_config=KEEP_ALIVE) as park:
        park.begin()
        for link in LINKS:
            park.reset(link)
            park.progress()
        for link in ("ingester-broker", "gateways-broker"):
            park.half_open(link)
        park.noticed()
        ledger = park.end()
    ledger.hold()
    assert park.under_load >= 3
    assert ledger.simulate["sent"] > ledger.simulate["offered"]


@pytest.mark.deadline(300)
def test_a_killed_worker_loses_nothing_under_load(influxdb: InfluxDB2, tmp_path: Path) -> None:
    with chaos(tmp_path, Load(seconds=15), influxdb=influxdb, processes=2) as park:
        park.begin()
        for _ in range(5):
            park.moment()
            os.kill(park.random.choice(workers(park.ingester.pid)).pid, signal.SIGKILL)
            await_that(lambda: len(workers(park.ingester.pid)) == 2, what="the worker's return")
            park.progress()
        ledger = park.end()
    ledger.hold()
    assert ledger.ingest["gaps"] == 0


@pytest.mark.deadline(300)
def test_a_member_that_is_retired_for_good_under_load_loses_nothing(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """Three workers, then two: what the broker kept for the third is stored all the same."""
    with chaos(tmp_path, Load(seconds=15), influxdb=influxdb, processes=3) as park:
        park.begin()
        park.moment()
        park.change_ingester(processes=2)
        park.progress()
        ledger = park.end()
    ledger.hold()
    retired = [entry["client_id"] for entry in park.ingester.said() if entry.get("event", "").startswith("retiring")]
    assert retired == ["park-ingest-2"]


def workers(parent: int) -> list[psutil.Process]:
    """The worker processes that live; not multiprocessing's resource tracker."""
    found = []
    for child in psutil.Process(parent).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie counts as such
            found += [child] if "spawn_main" in " ".join(child.cmdline()) else []
    return found
