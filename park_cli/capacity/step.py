"""One step of the search: a rate for some seconds, what a query sees meanwhile, and then the proof."""

import asyncio
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mqttlink import Address, Trust
from park_cli.capacity.found import Step
from park_cli.capacity.load import PROBE_INTERVAL_MS, Load, probe_kind
from park_cli.capacity.meter import GENERATOR, Cost, Meter
from park_cli.capacity.probe import POLL_S, Probe, percentile
from park_cli.capacity.slo import LATENCIES, Slo
from park_cli.publishers import once_sent
from simulator.broker import Credentials, GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.observed import readings_of
from simulator.options import SimulateOptions
from simulator.processes import simulate_in_processes
from simulator.progress import Progress
from simulator.simulate import Simulated
from simulator.verify import VerifySummary, verify

#: What the first moments cost, connections among them, is nobody's latency.
_BEGINNING_MS = 2000
#: Without a reading for so long, or for so many times what is allowed, the rest of a step teaches nothing.
_SILENT_S, _SILENT_TIMES = 5.0, 4.0
_BUSY = 0.85
#: Of a host's processors: what waits for one then, waits for all.
_FULL = 0.95


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The pipeline that is tried, and how.

    Attributes:
        store: as `verify` reads it.
        ports: of broker and store on this host; None of one that is elsewhere.
        seconds: how long a step lasts.
        wait_s: how long after it what was sent may take to be stored.
        processes: of the generator.
    """

    address: Address
    credentials: Credentials
    trust: Trust
    store: Any
    slo: Slo
    ports: tuple[int | None, int | None]
    seconds: float
    wait_s: float
    processes: int = 1

    def options(self, load: Load) -> SimulateOptions:
        """The simulation of a load; the broker is not expected to die, so that nobody waits for it."""
        return SimulateOptions(
            selection=load.selection,
            schedule=ScheduleOptions(),
            broker=GatewayOptions(
                address=self.address,
                credentials=self.credentials,
                trust=self.trust,
                rewind_s=0.0,
                stays=False,
                drain_s=self.wait_s,
            ),
            processes=self.processes,
        )


async def run_step(bench: Bench, load: Load, asked: float, stop: asyncio.Event) -> Step | None:
    """Try a load, until its time is over; None if `stop` was set before it was judged, of which nothing is awaited."""
    begun, ended = asyncio.Event(), asyncio.Event()
    latest, tell = [Progress()], once_sent(begun)

    def keep(progress: Progress) -> None:
        latest[:] = [progress]
        tell(progress)

    work = simulate_in_processes(bench.options(load), ended, on_progress=keep)
    simulation = asyncio.create_task(work, name="simulation")
    probe = Probe(bench.store, probe_kind(load.selection.kinds[:-1]), _now_ms())
    beside = [asyncio.create_task(event.wait(), name="begun") for event in (begun, stop)]
    watching = asyncio.create_task(probe.watch(), name="probe")
    try:
        await asyncio.wait([simulation, *beside], return_when=asyncio.FIRST_COMPLETED)
        meter = Meter.begin(bench.ports, latest[0])
        remarks = await _pass(bench, probe, simulation, stop)
        cost = meter.end(latest[0])
        ended.set()
        end_s = time.monotonic() + bench.wait_s
        if not await _unless(stop, simulation):
            return None
        done = simulation.result()
        watching.cancel()
        await _see_the_rest(probe, done, stop, end_s)
    finally:
        ended.set()
        if stop.is_set():
            simulation.cancel()
        await _ended([simulation], [*beside, watching])
    proof = await asyncio.to_thread(_prove, bench, load, done, stop, end_s)
    if stop.is_set():
        return None
    return _judged(bench, load, asked, done, proof=proof, probe=probe, cost=cost, remarks=remarks)


async def _unless(stop: asyncio.Event, simulation: "asyncio.Task[Simulated]") -> bool:
    """Wait for the simulation; False if `stop` is set before it has ended."""
    stopped = asyncio.create_task(stop.wait(), name="stopped")
    await asyncio.wait([simulation, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    return simulation.done()


async def _ended(work: Sequence["asyncio.Task[Any]"], beside: Sequence["asyncio.Task[Any]"]) -> None:
    """Wait for the work, whose failure is raised elsewhere, and cancel the rest."""
    for task in beside:
        task.cancel()
    await asyncio.gather(*work, *beside, return_exceptions=True)


async def _pass(
    bench: Bench, probe: Probe, simulation: "asyncio.Task[Simulated]", stop: asyncio.Event
) -> tuple[str, ...]:
    """Let the step's time pass; it ends early if nothing comes any more."""
    # Who sets no bound to latency may have a pipeline that writes every so often.
    limit_ms = bench.slo.latency_ms
    silent_s = math.inf if limit_ms is None else max(_SILENT_S, _SILENT_TIMES * limit_ms / 1000)
    end_s, begun_ms = time.monotonic() + bench.seconds, _now_ms()
    while time.monotonic() < end_s and not simulation.done():
        if stop.is_set():
            return ("ended early, by Ctrl-C",)
        if _now_ms() - max(probe.newest_ms, begun_ms) > silent_s * 1000:
            return (f"ended early: nothing had come for {silent_s:g} s",)
        await asyncio.sleep(POLL_S)
    return ()


async def _see_the_rest(probe: Probe, done: Simulated, stop: asyncio.Event, end_s: float) -> None:
    """Wait until the probe's last reading is there, or has had its time."""
    last_ms = done.until_ms - PROBE_INTERVAL_MS
    while probe.newest_ms < last_ms and time.monotonic() < end_s and not stop.is_set():
        await probe.look()
        await asyncio.sleep(POLL_S)


def _prove(bench: Bench, load: Load, done: Simulated, stop: asyncio.Event, end_s: float) -> VerifySummary:
    """Hold the store against what was sent, which has had its time at `end_s`."""
    summary, _ = verify(
        readings_of(load.selection),
        bench.store,
        (done.begin_ms, done.until_ms),
        wait_s=max(0.0, end_s - time.monotonic()),
        ignore_unselected=True,
        given_up=stop.is_set,
    )
    return summary


def _judged(
    bench: Bench,
    load: Load,
    asked: float,
    done: Simulated,
    *,
    proof: VerifySummary,
    probe: Probe,
    cost: Cost,
    remarks: Sequence[str],
) -> Step:
    seen, unseen = _seen(load, probe, done)
    latency = {name: percentile(seen, unseen, share) for name, share in LATENCIES.items()}
    simulated = done.summary
    counts = {
        "offered": simulated.offered,
        "acknowledged": simulated.acknowledged,
        "overruns": simulated.overruns,
        **{name: getattr(proof, name) for name in ("expected", "lost", "duplicated", "altered", "late")},
    }
    failures = bench.slo.failures({**latency, **counts})
    seconds = (done.until_ms - done.begin_ms) / 1000
    return Step(
        asked_per_s=asked,
        rate_per_s=round(simulated.offered / seconds, 1) if seconds else 0.0,
        seconds=round(seconds, 1),
        held=not failures,
        failures=failures,
        latency_ms={
            name: None if value is None or math.isinf(value) else round(value, 1) for name, value in latency.items()
        },
        found=len(seen),
        unseen=unseen,
        counts=counts,
        cpu_us=cost.cpu_us,
        cores=cost.cores,
        host_cores=cost.host_cores,
        remarks=(*remarks, *_remarks(bench, simulated.overruns, cost, probe)),
    )


def _seen(load: Load, probe: Probe, done: Simulated) -> tuple[list[float], int]:
    """Latencies of the probe's readings, without the first moments', and how many were not found."""
    alone = replace(load.selection, kinds=load.selection.kinds[-1:], devices=1)
    first = done.begin_ms + _BEGINNING_MS
    due = readings_of(alone).count(first, done.until_ms) if first < done.until_ms else 0
    seen = [latency for ts, latency in probe.latency_ms.items() if first <= ts < done.until_ms]
    return seen, max(0, due - len(seen))


def _remarks(bench: Bench, overruns: int, cost: Cost, probe: Probe) -> list[str]:
    found = []
    processors = os.cpu_count() or 1
    if overruns and cost.cores.get(GENERATOR, 0.0) > _BUSY * bench.processes:
        found.append("the generator itself was at its limit: give it more --processes, or another machine")
    if cost.host_cores is not None and cost.host_cores > _FULL * processors:
        found.append(f"{cost.host_cores:.1f} of this host's {processors} processors were busy")
    if probe.errors:
        found.append(f"the store did not answer {probe.errors} of the probe's questions")
    return found


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
