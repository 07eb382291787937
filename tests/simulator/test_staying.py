"""A gateway that has finished, and a broker that dies right afterwards: on the real one."""

import json
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.clock import ScheduleOptions
from simulator.plan import Shards, make_plan
from tests.park_cli.command import running as command
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.simulator.conftest import MINUTE, START, select
from tests.simulator.running import Heard, listen, options, run, running, wait_until

WINDOW = ScheduleOptions(start_ms=START, until_ms=START + MINUTE, speed=math.inf)
PROBES = {"kinds": ("soil_probe",), "interval_ms": 1000, "devices": 20}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """It saves its state when it is told to, and not by itself while a test runs."""
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1800) as broker:
        yield broker


@contextmanager
def asleep(broker: Mosquitto) -> Iterator[Heard]:
    """A session that the broker has on disk, of a listener who is away; at the end it has got what the broker has."""
    listen(broker).close()
    saved = broker.folder / "data" / "mosquitto.db"
    wait_until(lambda: "listener" in (broker.folder / "mosquitto.log").read_text())
    os.kill(broker.process.pid, signal.SIGUSR1)
    wait_until(saved.exists)
    yield Heard()


@pytest.mark.parametrize("ramp_up_s", [0.0, 5.0], ids=["the whole run", "one site before the others"])
def test_a_broker_killed_after_the_last_acknowledgement_loses_nothing(broker: Mosquitto, ramp_up_s: float) -> None:
    first, second = make_plan(select(**PROBES)).gateways(Shards())
    due = 60 * (len(first.plan) + (0 if ramp_up_s else len(second.plan)))
    with asleep(broker) as heard, running(options(broker, WINDOW, selection=PROBES, ramp_up_s=ramp_up_s)) as simulation:
        wait_until(lambda: simulation.progress.acknowledged == due)
        broker.kill()
        broker.restart()
        done = simulation.result()
    assert done.summary.reconnects > 0
    assert done.summary.acknowledged == done.summary.offered == 60 * 20
    client = listen(broker)
    heard.await_all(client, done, **PROBES)
    client.close()


def test_what_a_dead_broker_may_have_lost_is_not_called_acknowledged(broker: Mosquitto) -> None:
    with asleep(broker), running(options(broker, WINDOW, selection=PROBES, drain_s=1.0)) as simulation:
        wait_until(lambda: simulation.progress.acknowledged == 60 * 20)
        broker.kill()
        summary = simulation.result().summary
    assert (summary.offered, summary.acknowledged) == (60 * 20, 0)
    assert not summary.complete


def test_duration_and_rate_end_with_the_last_acknowledgement(broker: Mosquitto) -> None:
    with asleep(broker):
        began = time.monotonic()
        summary = run(options(broker, WINDOW, selection=PROBES)).summary
        took_s = time.monotonic() - began
    assert summary.complete
    assert took_s - summary.duration_s > 3.0
    assert summary.rate_per_s == pytest.approx(summary.acknowledged / summary.duration_s, rel=0.05)


@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_ends_the_stay_and_says_what_may_be_lost(broker: Mosquitto, tmp_path: Path, processes: int) -> None:
    argv = ["simulate", "--broker", broker.url, "--json", "--devices", "20", "--kind", "soil_probe", "--speed", "max"]
    argv += ["--start", "2026-01-02T00:00:00+08:00", "--until", "2026-01-02T00:10:00+08:00", "--rewind", "60s"]
    with asleep(broker), command(*argv, "--processes", str(processes), folder=tmp_path) as one:
        one.await_text("finished; staying until the broker has saved it")
        one.signal(signal.SIGINT)
        ended = one.end(deadline=20)
    assert ended.code == 0
    assert "it may lose what it has not saved yet" in ended.err
    summary = json.loads(ended.err.splitlines()[-1])
    assert summary["acknowledged"] == summary["offered"] > 0


def test_without_a_rewind_nobody_stays(broker: Mosquitto, tmp_path: Path) -> None:
    argv = ["simulate", "--broker", broker.url, "--devices", "20", "--kind", "soil_probe", "--speed", "max"]
    argv += ["--start", "2026-01-02T00:00:00+08:00", "--until", "2026-01-02T00:10:00+08:00", "--rewind", "0"]
    with asleep(broker), command(*argv, folder=tmp_path) as one:
        ended = one.end()
    assert ended.code == 0
    assert "staying" not in ended.err
