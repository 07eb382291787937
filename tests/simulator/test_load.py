"""What a simulation under load or with a broken broker says of itself, on the real broker."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.clock import ScheduleOptions
from simulator.connections.link import DeviceAccounts
from simulator.plan import Shards
from simulator.simulate import Simulated, run_simulation
from simulator.unrest import Unrest
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.simulator.conftest import START
from tests.simulator.running import Heard, listen, options, running, wait_until

PROBES = {"interval_ms": 100, "kinds": ("soil_probe",)}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker:
        yield broker


@pytest.mark.parametrize("connect", [None, DeviceAccounts()], ids=["gateways", "devices"])
def test_who_is_always_late_is_live_all_the_same(broker: Mosquitto, connect: DeviceAccounts | None) -> None:
    """More is due than any machine sends: history is over when it is sent, not when nothing more is due."""
    shape = options(
        broker,
        ScheduleOptions(),
        selection={"interval_ms": 1, "kinds": ("soil_probe",), "devices": 2000},
        drain_s=0.0,
        devices_connect=connect,
    )

    async def main() -> Simulated:
        stop = asyncio.Event()
        return await run_simulation(shape, stop, on_live=stop.set)

    summary = asyncio.run(main()).summary
    assert not summary.complete


def test_a_broker_that_pauses_shows_as_latency_and_overruns(broker: Mosquitto) -> None:
    """A pause of 3 s makes thousands of readings late, and none may vanish."""
    client = listen(broker)
    heard = Heard()
    shape = options(broker, ScheduleOptions(), selection={**PROBES, "devices": 1500})
    with running(shape) as simulation:
        wait_until(lambda: simulation.progress.acknowledged > 10_000)
        assert simulation.progress.reconnects == 0
        broker.pause()
        time.sleep(3.0)
        broker.resume()
        caught_up = simulation.progress.acknowledged + 60_000
        wait_until(lambda: simulation.progress.acknowledged > caught_up)
        simulation.stop()
        done = simulation.result()
    heard.await_all(client, done, **PROBES, devices=1500)
    client.close()
    summary = done.summary
    assert summary.acknowledged == summary.offered
    assert summary.reconnects == 0
    assert summary.overruns > 1500 * 5
    assert summary.latency_ms["max"] is not None
    assert summary.latency_ms["max"] > 2500
    assert summary.latency_ms["p95"] is not None
    assert summary.latency_ms["p95"] > 500


def test_while_the_broker_is_away_readings_wait_with_their_own_time(broker: Mosquitto) -> None:
    client = listen(broker)
    heard = Heard()
    with running(options(broker, ScheduleOptions(), selection=PROBES)) as simulation:
        wait_until(lambda: simulation.progress.acknowledged > 1000)
        broker.kill()
        away_ms = int(time.time() * 1000)
        heard.take(client)
        client.close()
        time.sleep(3.0)
        broker.start()
        client = listen(broker)
        wait_until(lambda: simulation.progress.reconnects >= 2)
        simulation.stop()
        done = simulation.result()
    heard.await_all(client, done, **PROBES)
    client.close()
    during = [at for at in heard.readings if away_ms <= at[1] < away_ms + 3000]
    assert len(during) == 60 * 30
    assert done.summary.acknowledged == done.summary.offered
    assert done.summary.overruns >= 60 * 15
    assert done.summary.latency_ms["max"] is not None
    assert done.summary.latency_ms["max"] > 2900


def test_a_schedule_ends_even_if_the_broker_does_not_come_back(broker: Mosquitto) -> None:
    client = listen(broker)
    schedule = ScheduleOptions(start_ms=START, until_ms=START + 5000)
    began = time.monotonic()
    with running(options(broker, schedule, selection=PROBES, drain_s=1.0)) as simulation:
        wait_until(lambda: simulation.progress.acknowledged > 500)
        broker.kill()
        client.close()
        summary = simulation.result(40).summary
    assert time.monotonic() - began >= 6.0
    assert not summary.complete
    assert summary.offered == 60 * 50
    assert summary.acknowledged < summary.offered  # what the broker may have lost is not counted as taken
    assert summary.overruns > 0
    broker.start()


def test_gateways_that_drop_their_connections_lose_nothing(broker: Mosquitto) -> None:
    client = listen(broker)
    heard = Heard()
    unrest = Unrest(churn_per_min=30, storm_every_s=4.0)
    shape = options(broker, ScheduleOptions(), selection=PROBES, shards=Shards(total=2), unrest=unrest)
    with running(shape) as simulation:
        wait_until(lambda: simulation.progress.reconnects >= 8)
        simulation.stop()
        done = simulation.result()
    heard.await_all(client, done, **PROBES)
    client.close()
    assert done.summary.reconnects >= 8
    assert done.summary.acknowledged == done.summary.offered
    assert done.summary.sent > done.summary.offered


def test_gateways_join_one_after_the_other_and_leave_nothing_out(broker: Mosquitto) -> None:
    """What was due before a gateway joined is its history: it comes, and makes no latency."""
    client = listen(broker)
    heard = Heard()
    states = listen(broker, "states", "park/gateways/+/+/state")
    schedule = ScheduleOptions(start_ms=START, until_ms=START + 8000)
    shape = options(broker, schedule, selection=PROBES, shards=Shards(total=2), ramp_up_s=4.0)
    with running(shape) as simulation:
        births = []
        for _ in range(4):
            states.messages.get(timeout=20)
            births.append(time.monotonic())
        done = simulation.result()
    heard.await_all(client, done, **PROBES)
    client.close()
    states.close()
    assert births[3] - births[0] > 2.5
    assert done.summary.acknowledged == done.summary.offered
    assert done.summary.overruns == 0
    assert done.summary.latency_ms["max"] is not None
    assert done.summary.latency_ms["max"] < 1000


def test_when_connections_drop_is_a_function_of_the_seed() -> None:
    unrest = Unrest(churn_per_min=60, storm_every_s=30.0)

    def first(seed: int, client_id: str) -> list[float]:
        drops = unrest.drops(seed, client_id, gateways=4)
        return [next(drops) for _ in range(200)]

    assert first(7, "gw-a-0") == first(7, "gw-a-0") == sorted(first(7, "gw-a-0"))
    assert first(7, "gw-a-0") != first(8, "gw-a-0")
    shared = set(first(7, "gw-a-0")) & set(first(7, "gw-b-0"))
    assert shared
    assert all(at % 30.0 == 0 for at in shared)
    churn = [at for at in first(7, "gw-a-0") if at % 30.0]
    assert len(churn) / churn[-1] == pytest.approx(60 / 60 / 4, rel=0.3)
    assert next(Unrest().drops(7, "gw-a-0", gateways=4), None) is None
