"""How each figure of the ingester, a row of `park.pipeline.INGEST`, is read."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import sub

from ingest.memory import resident_mb
from ingest.silence import Silence
from ingest.status import Status
from park.latency import Latencies, percentile

#: Figures that the counters tell at any moment; None where there is nothing to tell.
FIGURES: Mapping[str, Callable[[Status], float | None]] = {
    "received": lambda status: status.received,
    "stored": lambda status: status.stored,
    "rows": lambda status: status.rows,
    "dead_lettered": lambda status: status.dead_lettered,
    "batches": lambda status: status.batches,
    "retries": lambda status: status.retries,
    "gaps": lambda status: status.gaps,
    "duplicates": lambda status: status.tally.duplicates,
    "late": lambda status: status.tally.late,
    "reconnects": lambda status: status.reconnects,
    "in_flight": lambda status: status.in_flight,
    "devices": lambda status: len(status.devices),
    "gateways_online": lambda status: sum(status.gateways.values()),
    "memory": lambda status: resident_mb() + status.workers_memory_mb,
    "states": lambda status: status.states,
    "ready": lambda status: float(not status.troubles()),
}

#: Figures that are told apart by reason where there is room for it.
BY_REASON: Mapping[str, Callable[[Status], Mapping[str, int]]] = {"dead_lettered": lambda status: status.reasons}

#: Distributions since the start; Prometheus makes its own percentiles of them.
DISTRIBUTIONS: Mapping[str, Callable[[Status], Latencies]] = {
    "latency_seconds": lambda status: status.latency,
    "write_seconds": lambda status: status.write,
}


@dataclass(frozen=True, kw_only=True)
class Recent:
    """What happened between two looks at a status.

    Attributes:
        latency, write: how many lie in each bucket of `park.latency`.
        cpu_us: processor time, of all workers too.
        silent: devices not heard for three of their intervals.
    """

    latency: list[int]
    write: list[int]
    received: int
    cpu_us: float
    silent: int


#: Figures of the time since the last report.
RECENT: Mapping[str, Callable[[Recent], float | None]] = {
    "devices_silent": lambda recent: recent.silent,
    "latency_p50": lambda recent: percentile(recent.latency, 0.50),
    "latency_p95": lambda recent: percentile(recent.latency, 0.95),
    "latency_p99": lambda recent: percentile(recent.latency, 0.99),
    "write_p95": lambda recent: percentile(recent.write, 0.95),
    "cpu_per_message": lambda recent: recent.cpu_us / recent.received if recent.received else None,
}


class Recently:
    """Looks at a status again and again, and tells what happened since the last time."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._latency = status.latency.counts[:]
        self._write = status.write.counts[:]
        self._cpu_s = self._cpu_used_s()
        self._received = 0
        self._silence = Silence()

    def look(self) -> Recent:
        """What happened since the last look, or since the start."""
        status, cpu_s = self._status, self._cpu_used_s()
        recent = Recent(
            latency=list(map(sub, status.latency.counts, self._latency)),
            write=list(map(sub, status.write.counts, self._write)),
            received=status.received - self._received,
            cpu_us=(cpu_s - self._cpu_s) * 1e6,
            silent=self._silence.look(status.devices),
        )
        self._latency, self._write = status.latency.counts[:], status.write.counts[:]
        self._cpu_s, self._received = cpu_s, status.received
        return recent

    def _cpu_used_s(self) -> float:
        return time.process_time() + self._status.workers_cpu_s
