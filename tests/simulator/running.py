"""A simulation that runs beside its test, and a listener that collects what it publishes."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mqttlink import parse_broker_url
from simulator.broker import GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.options import SimulateOptions
from simulator.processes import simulate_in_processes
from simulator.progress import Progress
from simulator.simulate import Simulated, run_simulation
from tests.mqttlink.paho_client import PahoClient
from tests.servers.mosquitto import Mosquitto
from tests.simulator.conftest import lines_of, select

Key = tuple[str, int]


def options(broker: Mosquitto, schedule: ScheduleOptions, **changes: Any) -> SimulateOptions:
    drain_s = changes.pop("drain_s", 30.0)
    address = GatewayOptions(address=parse_broker_url(broker.url), rewind_s=3.0, drain_s=drain_s)
    selection = select(**changes.pop("selection", {}))
    return SimulateOptions(selection=selection, schedule=schedule, broker=address, **changes)


def run(options: SimulateOptions, stop: asyncio.Event | None = None) -> Simulated:
    async def main() -> Simulated:
        if options.processes > 1:
            return await simulate_in_processes(options, stop or asyncio.Event())
        return await run_simulation(options, stop or asyncio.Event())

    return asyncio.run(main())


class Running:
    """A simulation in a thread of its own."""

    def __init__(self, options: SimulateOptions) -> None:
        self.progress = Progress()
        self._options = options
        self._stop = asyncio.Event()
        self._done: list[Simulated] = []
        self._errors: list[Exception] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main)
        self._thread.start()

    def _main(self) -> None:
        def keep(progress: Progress) -> None:
            self.progress = progress

        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                self._done.append(runner.run(run_simulation(self._options, self._stop, on_progress=keep)))
        except Exception as error:
            self._errors.append(error)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)

    def result(self, timeout_s: float = 60.0) -> Simulated:
        self._thread.join(timeout_s)
        assert not self._errors, self._errors
        assert self._done, "the simulation has not ended"
        return self._done[0]


@contextmanager
def running(options: SimulateOptions) -> Iterator[Running]:
    simulation = Running(options)
    try:
        yield simulation
    finally:
        simulation.stop()
        simulation._thread.join(60)


def listen(broker: Mosquitto, client_id: str = "listener", pattern: str = "park/+/+/+/+/telemetry") -> PahoClient:
    client = PahoClient(broker.port, client_id, clean_start=False, expiry_s=600)
    client.subscribe(pattern)
    return client


class Heard:
    """What one session has received so far, each reading once."""

    def __init__(self) -> None:
        self.readings: dict[Key, dict[str, Any]] = {}

    def take(self, client: PahoClient) -> None:
        while not client.messages.empty():
            message = client.messages.get()
            payload = json.loads(message.payload)
            self.readings[message.topic, payload["ts"]] = payload

    def await_all(self, client: PahoClient, done: Simulated, **selection: Any) -> None:
        """Wait until every reading has come that the simulation offered, just as it should be."""
        lines = lines_of(select(**selection), done.begin_ms, done.until_ms).splitlines()
        wanted = {(r["topic"], r["payload"]["ts"]): r["payload"] for r in map(json.loads, lines)}
        assert len(wanted) == done.summary.offered

        def all_came() -> bool:
            self.take(client)
            return wanted.keys() <= self.readings.keys()

        wait_until(all_came)
        assert all(self.readings[at] == payload for at, payload in wanted.items())


def wait_until(condition: Callable[[], bool], deadline_s: float = 60.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
