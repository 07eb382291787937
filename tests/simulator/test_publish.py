"""What gateways publish, as an independent client sees it on the real broker."""

import asyncio
import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.clock import ScheduleOptions
from simulator.errors import ProcessEnded, TooLate
from simulator.plan import Shards
from simulator.processes import simulate_in_processes
from tests.mqttlink.paho_client import PahoClient
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.simulator.conftest import HOUR, MINUTE, START, lines_of, select
from tests.simulator.running import Heard, listen, options, run, running, wait_until

WINDOW = ScheduleOptions(start_ms=START, until_ms=START + HOUR, speed=math.inf)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker:
        yield broker


def readings(client: PahoClient, count: int) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for _ in range(count):
        message = client.messages.get(timeout=20)
        found.append((message.topic, json.loads(message.payload)))
    return found


def expected(**selection: Any) -> list[tuple[str, dict[str, Any]]]:
    lines = lines_of(select(**selection), START, START + HOUR).splitlines()
    return [(reading["topic"], reading["payload"]) for reading in map(json.loads, lines)]


def key(reading: tuple[str, dict[str, Any]]) -> tuple[str, int]:
    return reading[0], reading[1]["ts"]


@pytest.mark.parametrize("shape", [{}, {"shards": Shards(total=3)}, {"processes": 3}], ids=str)
def test_what_is_published_is_what_generate_prints(broker: Mosquitto, shape: dict[str, Any]) -> None:
    wanted = expected()
    client = listen(broker)
    summary = run(options(broker, WINDOW, **shape)).summary
    found = readings(client, len(wanted))
    assert sorted(found, key=key) == sorted(wanted, key=key)
    assert client.messages.empty()
    assert (summary.offered, summary.sent, summary.acknowledged) == (len(wanted),) * 3
    assert summary.complete
    assert summary.latency_ms["p50"] is None
    client.close()


def test_payloads_name_their_codec(broker: Mosquitto) -> None:
    client = listen(broker)
    run(options(broker, ScheduleOptions(start_ms=START, until_ms=START + MINUTE, speed=math.inf)))
    assert client.next_with_properties()[1].ContentType == "application/json"
    client.close()


def test_readings_that_nobody_heard_are_not_called_acknowledged(broker: Mosquitto) -> None:
    summary = run(options(broker, WINDOW)).summary
    assert summary.sent == summary.offered > 0
    assert summary.acknowledged == 0
    assert not summary.complete


def test_real_time_is_kept_and_measured(broker: Mosquitto) -> None:
    client = listen(broker)
    schedule = ScheduleOptions(start_ms=START, until_ms=START + 5000)
    done = run(options(broker, schedule, selection={"interval_ms": 500, "kinds": ("soil_probe",)}))
    found = readings(client, 60 * 10)
    assert (done.begin_ms, done.until_ms) == (START, START + 5000)
    assert done.summary.acknowledged == done.summary.offered == 60 * 10
    assert done.summary.duration_s > 4.5
    assert set(Counter(topic for topic, _ in found).values()) == {10}
    p50 = done.summary.latency_ms["p50"]
    assert p50 is not None
    assert 0 < p50 < 2000
    client.close()


def test_history_joins_the_live_stream_without_a_seam(broker: Mosquitto) -> None:
    client = listen(broker)
    schedule = ScheduleOptions(start_ms=START, until_ms=START + 4000, backfill_ms=10 * MINUTE)
    done = run(options(broker, schedule, selection={"interval_ms": 1000, "devices": 20}))
    assert done.summary.offered == 20 * 604
    seqs: dict[str, list[int]] = {}
    for topic, payload in readings(client, done.summary.offered):
        seqs.setdefault(topic, []).append(payload["seq"])
    for series in seqs.values():
        assert series == list(range(series[0], series[0] + 604))
    assert done.summary.overruns == 0
    client.close()


def test_an_end_that_has_passed_is_named(broker: Mosquitto) -> None:
    with pytest.raises(TooLate, match="--until"):
        run(options(broker, ScheduleOptions(until_ms=int(time.time() * 1000) - 1)))


def test_a_gateway_is_born_says_goodbye_and_leaves_a_will(broker: Mosquitto) -> None:
    states = listen(broker, "states", "park/gateways/+/+/state")
    with running(options(broker, ScheduleOptions(), selection={"sectors": ("agriculture",)})) as simulation:
        born = [states.messages.get(timeout=20) for _ in range(2)]
        simulation.stop()
        gone = [json.loads(states.messages.get(timeout=20).payload)["state"] for _ in range(2)]
        simulation.result()
    assert {message.topic for message in born} == {
        "park/gateways/huishan/0/state",
        "park/gateways/yangshan/0/state",
    }
    assert {json.loads(message.payload)["state"] for message in born} == {"online"}
    assert gone == ["stopped", "stopped"]
    states.close()


def test_killing_the_broker_loses_nothing(broker: Mosquitto) -> None:
    """Mosquitto forgets what came after its last snapshot; gateways rewind behind it."""
    probes = {"interval_ms": 100, "kinds": ("soil_probe",)}
    client = listen(broker)
    heard = Heard()
    with running(options(broker, ScheduleOptions(), selection=probes)) as simulation:
        for _ in range(2):
            enough = simulation.progress.acknowledged + 1500
            wait_until(lambda enough=enough: simulation.progress.acknowledged > enough)  # type: ignore[misc]
            broker.kill()
            heard.take(client)
            client.close()
            broker.restart()
            client = listen(broker)
        wait_until(lambda: simulation.progress.reconnects >= 2)
        simulation.stop()
        done = simulation.result()
    assert done.summary.acknowledged == done.summary.offered
    assert done.summary.sent > done.summary.offered
    heard.await_all(client, done, **probes)
    client.close()


def test_a_killed_process_ends_the_others_and_is_named(broker: Mosquitto) -> None:
    states = listen(broker, "states", "park/gateways/+/+/state")

    async def main() -> None:
        work = asyncio.create_task(
            simulate_in_processes(options(broker, ScheduleOptions(), processes=2), asyncio.Event())
        )
        for _ in range(2):
            await asyncio.to_thread(states.messages.get, timeout=60)
        children = multiprocessing.active_children()
        assert len(children) == 2
        children[0].kill()
        with pytest.raises(ProcessEnded, match="ended without a summary"):
            await asyncio.wait_for(work, 20)
        assert not multiprocessing.active_children()

    asyncio.run(main())
    states.close()


@pytest.mark.parametrize("signals", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_signal_drains_and_the_summary_is_true(broker: Mosquitto, processes: int, signals: int) -> None:
    client = listen(broker)
    command = "from park_cli.main import main; main()"
    argv = [sys.executable, "-c", command, "simulate", "--broker", broker.url, "--json", "--devices", "40"]
    argv += ["--kind", "soil_probe", "--interval", "200ms", "--processes", str(processes)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0) as child:
        first = [client.messages.get(timeout=60) for _ in range(500)]
        # As a terminal does: the whole group gets it.
        os.killpg(child.pid, signals)
        out, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    summary = json.loads(out.splitlines()[-1])
    assert summary["acknowledged"] == summary["offered"] == summary["sent"]
    rest = readings(client, summary["offered"] - len(first))
    assert len({key(one) for one in rest}) == len(rest)
    assert client.messages.empty()
    client.close()
