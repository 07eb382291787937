"""What gateways publish, as an independent client sees it on the real broker."""

import asyncio
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mqttlink import parse_broker_url
from simulator.clock import ScheduleOptions
from simulator.processes import simulate_in_processes
from simulator.publish import BrokerOptions, Progress
from simulator.simulate import Simulated, SimulateOptions, simulate
from tests.mqttlink.paho_client import PahoClient
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.simulator.conftest import HOUR, MINUTE, START, lines_of, select

WINDOW = ScheduleOptions(start_ms=START, until_ms=START + HOUR, speed=math.inf)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker:
        yield broker


def options(broker: Mosquitto, schedule: ScheduleOptions = WINDOW, **changes: Any) -> SimulateOptions:
    address = BrokerOptions(address=parse_broker_url(broker.url), rewind_s=3.0)
    selection = select(**changes.pop("selection", {}))
    return SimulateOptions(selection=selection, schedule=schedule, broker=address, **changes)


def run(options: SimulateOptions, stop: asyncio.Event | None = None) -> Simulated:
    async def main() -> Simulated:
        if options.processes > 1:
            return await simulate_in_processes(options, stop or asyncio.Event(), on_progress=lambda _: None)
        return await simulate(options, stop or asyncio.Event())

    return asyncio.run(main())


def listen(broker: Mosquitto, client_id: str = "listener", pattern: str = "park/+/+/+/+/telemetry") -> PahoClient:
    client = PahoClient(broker.port, client_id, clean_start=False, expiry_s=600)
    client.subscribe(pattern)
    return client


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


@pytest.mark.parametrize("shape", [{}, {"connections": 3}, {"processes": 2}], ids=str)
def test_what_is_published_is_what_generate_prints(broker: Mosquitto, shape: dict[str, Any]) -> None:
    wanted = expected()
    client = listen(broker)
    summary = run(options(broker, **shape)).summary
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
    summary = run(options(broker)).summary
    assert summary.sent == summary.offered > 0
    assert summary.acknowledged == 0
    assert not summary.complete


def test_real_time_is_kept_and_measured(broker: Mosquitto) -> None:
    client = listen(broker)
    until = int(time.time() * 1000) + 5000
    done = run(
        options(broker, ScheduleOptions(until_ms=until), selection={"interval_ms": 500, "kinds": ("soil_probe",)})
    )
    found = readings(client, done.summary.offered)
    assert done.summary.acknowledged == done.summary.offered
    assert done.begin_ms <= min(payload["ts"] for _, payload in found)
    assert until - 500 <= max(payload["ts"] for _, payload in found) < until
    per_device = Counter(topic for topic, _ in found)
    assert len(per_device) == 60
    assert max(per_device.values()) - min(per_device.values()) <= 1
    p50 = done.summary.latency_ms["p50"]
    assert p50 is not None
    assert 0 < p50 < 2000
    client.close()


def test_history_joins_the_live_stream_without_a_seam(broker: Mosquitto) -> None:
    client = listen(broker)
    until = int(time.time() * 1000) + 10_000
    done = run(
        options(
            broker,
            ScheduleOptions(until_ms=until, backfill_ms=10 * MINUTE),
            selection={"interval_ms": 1000, "devices": 20},
        )
    )
    found = readings(client, done.summary.offered)
    seqs: dict[str, list[int]] = {}
    for topic, payload in found:
        seqs.setdefault(topic, []).append(payload["seq"])
    for series in seqs.values():
        assert series == list(range(series[0], series[0] + len(series)))
    times = [payload["ts"] for _, payload in found]
    assert done.begin_ms <= min(times) < done.begin_ms + 1000
    assert until - 1000 <= max(times) < until
    assert done.begin_ms + 10 * MINUTE < until
    client.close()


def test_a_gateway_is_born_says_goodbye_and_leaves_a_will(broker: Mosquitto) -> None:
    states = listen(broker, "states", "park/gateways/+/+/state")
    stop = threading.Event()

    async def main() -> None:
        ended = asyncio.Event()
        work = asyncio.create_task(
            simulate(options(broker, ScheduleOptions(), selection={"sectors": ("agriculture",)}), ended)
        )
        await asyncio.to_thread(stop.wait, 20)
        ended.set()
        await work

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    born = [states.messages.get(timeout=20) for _ in range(2)]
    assert {message.topic for message in born} == {
        "park/gateways/huishan/0/state",
        "park/gateways/yangshan/0/state",
    }
    assert {json.loads(message.payload)["state"] for message in born} == {"online"}
    stop.set()
    gone = [json.loads(states.messages.get(timeout=20).payload)["state"] for _ in range(2)]
    thread.join()
    assert gone == ["stopped", "stopped"]
    states.close()


@pytest.mark.deadline(90)
def test_killing_the_broker_loses_nothing(broker: Mosquitto) -> None:
    """Mosquitto forgets what came after its last snapshot; gateways rewind behind it."""
    client = listen(broker)
    progress: list[Progress] = []
    received: dict[tuple[str, int], dict[str, Any]] = {}
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    result: list[Simulated] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        result.append(
            await simulate(
                options(broker, ScheduleOptions(), selection={"interval_ms": 100, "kinds": ("soil_probe",)}),
                stop,
                on_progress=progress.append,
            )
        )

    def drain(client: PahoClient) -> None:
        while not client.messages.empty():
            message = client.messages.get()
            received[key((message.topic, json.loads(message.payload)))] = json.loads(message.payload)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    for _ in range(2):
        wait_for_acknowledged(progress, 1500)
        broker.kill()
        drain(client)
        client.close()
        broker.restart()
        client = listen(broker)
    wait_until(lambda: progress[-1].reconnects >= 2)
    loops[0].call_soon_threadsafe(stop.set)
    thread.join()
    done = result[0]
    assert done.summary.acknowledged == done.summary.offered
    assert done.summary.sent > done.summary.offered
    lines = lines_of(select(interval_ms=100, kinds=("soil_probe",)), done.begin_ms, done.until_ms).splitlines()
    wanted = {key((r["topic"], r["payload"])): r["payload"] for r in map(json.loads, lines)}
    assert len(wanted) == done.summary.offered

    def all_came() -> bool:
        drain(client)
        return wanted.keys() <= received.keys()

    wait_until(all_came)
    client.close()
    assert all(received[at] == payload for at, payload in wanted.items())


def wait_for_acknowledged(progress: list[Progress], more: int) -> None:
    enough = (progress[-1].acknowledged if progress else 0) + more
    wait_until(lambda: bool(progress) and progress[-1].acknowledged > enough)


def wait_until(condition: Any, deadline_s: float = 30.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
