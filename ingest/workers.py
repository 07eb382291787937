"""Several worker processes on one shared subscription, and the parent that keeps them and adds them up.

Workers have stable ids, because a broker hands the queue of a dead member to nobody else: the supervisor
restarts the same id, which resumes its session. Members see alternate sequence numbers of a device, so they
report what they saw, and the parent merges.
"""

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from ingest.errors import WorkerError
from ingest.health import READY_S
from ingest.ingester import observe
from ingest.log import get_logger
from ingest.options import IngestOptions
from ingest.retire import member
from ingest.sequence import Tally, Track
from ingest.status import IngestSummary, Status
from ingest.stores import open_store
from ingest.words import SILENT_WORKER
from ingest.worker import COUNTERS, Failure, Report, work
from park.latency import Latencies

log = get_logger("ingest")

_RESTART_S = 1.0
_LOOK_S = 1.0
_FROZEN_LOOKS = 25
"""A worker that does not report at so many looks is killed and started again: after half a minute."""


@dataclass(kw_only=True)
class _Device:
    track: Track


@dataclass(kw_only=True)
class _Worker:
    """One member: its process, and what its incarnations have reported."""

    options: IngestOptions
    process: SpawnProcess | None = None
    latest: Report | None = None
    past: list[Report] = field(default_factory=list)
    topics: list[_Device] = field(default_factory=list)
    has_connected: bool = False
    failure: str | None = None

    @property
    def silence_s(self) -> float:
        """Since it made its last report, which is not when that was read."""
        return time.monotonic() - self.latest.at if self.latest is not None else 0.0


class Supervisor:
    """Starts the workers, restarts the dead, merges their reports."""

    def __init__(self, options: IngestOptions, begun: asyncio.Event) -> None:
        self._options = options
        self._begun = begun
        self._context = multiprocessing.get_context("spawn")
        self._devices: dict[str, _Device] = {}
        self._gateways: dict[tuple[str, int], bool] = {}
        self._stopping = asyncio.Event()
        alone = replace(options, processes=1, metrics=None, report_every_s=None)
        self._workers = [
            _Worker(options=replace(alone, broker=member(options, number))) for number in range(options.processes)
        ]
        self.status = Status(
            options.broker.client_id,
            Tally(),
            self._devices,
            self._gateways,
            grouped=options.broker.group is not None,
        )
        self.status.more_troubles = self._troubles

    async def run(self, stop: asyncio.Event) -> IngestSummary:
        """Keep the workers until `stop` is set, then let them drain."""
        keeping = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        stopping = asyncio.create_task(stop.wait())
        watching = asyncio.create_task(self._watch(), name="ingest worker watch")
        try:
            await asyncio.wait([stopping, *keeping], return_when=asyncio.FIRST_COMPLETED)
            self._stopping.set()
            for worker in self._workers:
                if worker.process is not None and worker.process.is_alive():
                    worker.process.terminate()
            await asyncio.gather(*keeping)
        finally:
            stopping.cancel()
            watching.cancel()
            for worker in self._workers:
                if worker.process is not None and worker.process.is_alive():
                    worker.process.kill()
        return self.status.summary()

    async def _keep(self, worker: _Worker) -> None:
        while True:
            started = time.monotonic()
            code = await self._run_once(worker)
            if self._stopping.is_set():
                return
            name = worker.options.broker.client_id
            if code > 0 and not worker.has_connected:
                said = f"worker {name} ended with code {code} before it had connected; see its words above"
                raise WorkerError(worker.failure or said)
            why = {"error": worker.failure} if worker.failure else {}
            log.error("a worker ended; starting it again", worker=name, code=code, **why)
            if worker.latest is not None:
                worker.past.append(_closed(worker.latest))
                worker.latest = None
                self._add_up()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, _RESTART_S - (time.monotonic() - started))):
                    await self._stopping.wait()
                    return

    async def _run_once(self, worker: _Worker) -> int:
        """One incarnation, to its end; the exit code."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=work, args=(worker.options, theirs, os.getpid()), name=worker.options.broker.client_id
        )
        # PDEATHSIG watches the thread that forks, so it must be the one that lives as long as we do.
        process.start()
        theirs.close()
        worker.process, worker.topics, worker.failure = process, [], None
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        loop.add_reader(ours.fileno(), self._read, worker, ours, ended)
        await ended
        await asyncio.to_thread(process.join)
        return int(process.exitcode or 0)

    def _read(self, worker: _Worker, pipe: Connection, ended: "asyncio.Future[None]") -> None:
        try:
            told: Report | Failure = pipe.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(pipe.fileno())
            pipe.close()
            if not ended.done():  # whoever waited for it may have been cancelled
                ended.set_result(None)
            return
        if isinstance(told, Failure):
            worker.failure = told.message
            return
        worker.latest = report = told
        worker.has_connected |= report.connected
        self._merge(worker, report)
        self._add_up()

    def _troubles(self) -> list[str]:
        """What the workers tell, and which of them tell nothing any more."""
        told = {trouble for worker in self._workers if worker.latest for trouble in worker.latest.troubles}
        silent = [
            SILENT_WORKER.format(name=worker.options.broker.client_id, seconds=worker.silence_s)
            for worker in self._workers
            if worker.silence_s >= READY_S
        ]
        return [*sorted(told), *silent]

    async def _watch(self) -> None:
        """Tell of a worker that has stopped without an end, and end it after a while: another one takes its place."""
        looks: Counter[str] = (
            Counter()
        )  # not seconds: of those in which this process was stopped itself nothing is known
        while True:
            await asyncio.sleep(_LOOK_S)
            for worker in self._workers:
                name = worker.options.broker.client_id
                if worker.silence_s < READY_S:
                    del looks[name]
                    continue
                looks[name] += 1
                if looks[name] == 1:
                    log.error("a worker does not report", worker=name)
                if looks[name] >= _FROZEN_LOOKS and worker.process is not None and not self._stopping.is_set():
                    worker.process.kill()  # what it had not acknowledged comes again

    def _merge(self, worker: _Worker, report: Report) -> None:
        for topic in report.topics:
            if topic not in self._devices:
                self._devices[topic] = _Device(track=Track(self.status.tally))
            worker.topics.append(self._devices[topic])
        for number, seq, ts in zip(report.seen[::3], report.seen[1::3], report.seen[2::3], strict=True):
            track = worker.topics[number].track
            if seq == track.expected and ts >= track.newest:
                track.expected = seq + 1
                track.newest = ts
            else:
                track.observe(seq, ts)
        self._gateways.update(report.gateways)

    def _add_up(self) -> None:
        status = self.status
        current = [worker.latest for worker in self._workers if worker.latest is not None]
        reports = [*current, *(past for worker in self._workers for past in worker.past)]
        for name in COUNTERS:
            setattr(status, name, sum(report.counters[name] for report in reports))
        status.reasons.clear()
        for report in reports:
            status.reasons.update(report.reasons)
        status.tally.late = sum(report.late for report in reports)
        for name in ("latency", "write"):
            total: Latencies = getattr(status, name)
            total.clear()
            for report in reports:
                total.merge(getattr(report, name))
        status.workers_cpu_s = sum(report.cpu_s for report in reports)
        status.workers_memory_mb = sum(report.memory_mb for report in current)
        status.connected = len(current) == len(self._workers) and all(report.connected for report in current)
        if status.connected:
            self._begun.set()


def _closed(report: Report) -> Report:
    """The last report of an incarnation: what it had not settled, its successor receives again and counts."""
    settled = report.counters["stored"] + report.counters["dead_lettered"]
    return replace(report, counters={**report.counters, "received": settled})


async def supervise(options: IngestOptions, stop: asyncio.Event, begun: asyncio.Event) -> IngestSummary:
    """Run `options.processes` workers until `stop` is set; `begun` is set once all of them have subscribed.

    Raises:
        WorkerError: a worker could not even begin.
    """
    supervisor = Supervisor(options, begun)
    store = open_store(options.store, os.environ)
    try:
        async with AsyncExitStack() as stack:
            await observe(options, supervisor.status, store, stack)
            return await supervisor.run(stop)
    finally:
        await store.close()
