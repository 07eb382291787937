"""Workers on a shared subscription: stable ids, restarts, merged counts, retiring."""

import json
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.ingest.helpers import open_session, publish, readings, session_is_known
from tests.ingest.process import start
from tests.ingest.seen import await_count, nothing_waits, seqs
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import wait_until


def workers_of(child: subprocess.Popen[str]) -> list[psutil.Process]:
    """The worker processes; not multiprocessing's resource tracker."""
    found = psutil.Process(child.pid).children(recursive=True)
    return [process for process in found if "spawn_main" in " ".join(process.cmdline())]


def finish(child: subprocess.Popen[str]) -> dict[str, int]:
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    summary: dict[str, int] = json.loads(out.splitlines()[-1])
    return summary


@pytest.mark.deadline(240)
def test_a_killed_worker_is_restarted_and_its_share_is_not_lost(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    for number in range(2):
        open_session(mosquitto, f"{bucket}-{number}", shared_filter(bucket))
    child = start(mosquitto, influxdb, bucket, tmp_path, processes=2)
    try:
        publish(mosquitto, readings(1000))
        await_count(influxdb, bucket, 1000)
        first, second = workers_of(child)
        os.kill(first.pid, signal.SIGKILL)
        publish(mosquitto, readings(1000, first=1000))
        await_count(influxdb, bucket, 2000)
        assert second.is_running()
        summary = finish(child)
    finally:
        child.kill()
        child.communicate()
    assert seqs(influxdb, bucket) == list(range(2000))
    # The parent sees what both saw, each every other reading: no gap in all.
    assert summary["gaps"] == 0
    assert summary["late"] >= 0
    assert all(nothing_waits(mosquitto, f"{bucket}-{i}") for i in range(2))


@pytest.mark.deadline(240)
def test_workers_end_with_their_parent(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    child = start(mosquitto, influxdb, bucket, tmp_path, processes=2)
    try:
        wait_until(lambda: len(workers_of(child)) == 2, deadline=20, what="two workers")
        workers = workers_of(child)
    finally:
        child.kill()
        child.communicate()
    wait_until(lambda: not any(alive(worker) for worker in workers), deadline=10, what="the workers' end")


@pytest.mark.deadline(240)
def test_members_of_an_earlier_run_are_emptied_and_ended(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    for number in range(2):
        open_session(mosquitto, f"{bucket}-{number}", shared_filter(bucket))
    publish(mosquitto, readings(200))
    open_session(mosquitto, bucket)
    child = start(mosquitto, influxdb, bucket, tmp_path)
    try:
        await_count(influxdb, bucket, 200)
        publish(mosquitto, readings(100, first=200))
        await_count(influxdb, bucket, 300)
        # A clean start under its client id is how a session is ended.
        ends = [f"as {bucket}-{number} (p5, c1" for number in range(2)]
        wait_until(
            lambda: all(end in mosquitto.process.log.read_text() for end in ends), deadline=30, what="both retired"
        )
        finish(child)
    finally:
        child.kill()
        child.communicate()
    assert seqs(influxdb, bucket) == list(range(300))
    assert session_is_known(mosquitto, bucket)
    assert not any(session_is_known(mosquitto, f"{bucket}-{number}") for number in range(2))


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def shared_filter(group: str) -> str:
    return f"$share/{group}/park/+/+/+/+/telemetry"
