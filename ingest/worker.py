"""A worker process: an ingester that tells its parent, before each acknowledgement, what it saw."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from array import array
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from ingest.errors import IngestError
from ingest.ingester import Ingester
from ingest.log import log_to_stderr
from ingest.memory import relax_collector, resident_mb
from ingest.options import IngestOptions
from ingest.receive import LinkError
from ingest.sequence import Tally, Track
from ingest.status import Status
from ingest.stores import open_store
from park.latency import State

REPORT_S = 1.0
COUNTERS = ("received", "stored", "rows", "dead_lettered", "states", "batches", "retries", "reconnects")
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a worker has done since it started, and the readings it saw since its last report.

    Attributes:
        at: when it was made, on the monotonic clock, which all processes of a host share.
        topics: devices seen for the first time, in the order of their numbers.
        seen: number of the device, sequence number and `ts`, in turns.
    """

    at: float
    counters: Mapping[str, int]
    reasons: Mapping[str, int]
    late: int
    latency: State
    write: State
    connected: bool
    troubles: list[str]
    gateways: Mapping[tuple[str, int], bool]
    cpu_s: float
    memory_mb: float
    topics: list[str]
    seen: "array[int]"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What ended a worker, in a person's words."""

    message: str


class RecordingTrack(Track):
    """Counts what is late, and leaves gaps and duplicates to the parent."""

    __slots__ = ("_number", "_seen")

    def __init__(self, tally: Tally, number: int, seen: "array[int]") -> None:
        super().__init__(tally)
        self._number = number
        self._seen = seen
        self.expected = -2  # never the next, so that every reading is observed

    def observe(self, seq: int, ts: int) -> None:
        """Remember the reading for the next report."""
        self._seen.extend((self._number, seq, ts))
        if ts < self.newest:
            self._tally.late += 1
        else:
            self.newest = ts


class _Recorder:
    def __init__(self) -> None:
        self._topics: list[str] = []
        self._seen = array("q")
        self._count = 0

    def new_track(self, tally: Tally, topic: str) -> Track:
        self._topics.append(topic)
        self._count += 1
        return RecordingTrack(tally, self._count - 1, self._seen)

    def report(self, status: Status) -> Report:
        seen, topics = self._seen[:], self._topics.copy()
        del self._seen[:]
        self._topics.clear()
        return Report(
            at=time.monotonic(),
            counters={name: getattr(status, name) for name in COUNTERS},
            reasons=dict(status.reasons),
            late=status.tally.late,
            latency=status.latency.state(),
            write=status.write.state(),
            connected=status.connected,
            troubles=status.troubles(),
            gateways=dict(status.gateways),
            cpu_s=time.process_time(),
            memory_mb=resident_mb(),
            topics=topics,
            seen=seen,
        )


def work(options: IngestOptions, pipe: Connection, parent: int) -> None:
    """The whole of a worker process."""
    _die_with(parent)
    if options.prepare_worker is not None:
        options.prepare_worker()
    else:
        log_to_stderr()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches the parent, which stops its workers in order
    with suppress(BrokenPipeError):
        try:
            asyncio.run(_work(options, pipe))
        except (IngestError, LinkError) as error:
            pipe.send(Failure(message=str(error)))
            raise SystemExit(1) from None


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("the parent ended before this worker began")


async def _work(options: IngestOptions, pipe: Connection) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    recorder = _Recorder()
    store = open_store(options.store, os.environ)

    def report() -> None:
        # Before the acknowledgement: if this process is killed in between, the parent counts the
        # redelivery as duplicates. The other way round it would see gaps that are none.
        pipe.send(recorder.report(ingester.status))

    try:
        relax_collector()
        ingester = Ingester(options, store, new_track=recorder.new_track, before_ack=report)
        running = asyncio.create_task(ingester.run(stop))
        while not running.done():
            await asyncio.wait([running], timeout=REPORT_S)
            report()
        await running
    finally:
        await store.close()
