"""The ingester's own measurement, `park_ingest`, written to the store every ten seconds and on drain."""

import asyncio
import time
from operator import sub
from types import SimpleNamespace

import msgspec

from ingest.errors import Misconfigured, Retryable, StoreError
from ingest.log import get_logger
from ingest.memory import resident_mb
from ingest.status import Status
from ingest.stores.base import Row, Series, Store
from park.latency import percentile
from park.pipeline import INGEST

log = get_logger("ingest")

EVERY_S = 10.0
SILENT_INTERVALS = 3
_WRITE_LIMIT_S = 3.0


class Reporter:
    """Samples the status; the first sample is also the store's first test."""

    def __init__(self, status: Status, store: Store, *, every_s: float = EVERY_S) -> None:
        self._status = status
        self._store = store
        self._every_s = every_s
        self._render = store.render(_series(status.instance))
        self._latency = status.latency.counts[:]
        self._write = status.write.counts[:]
        self._cpu_s = self._cpu_used_s()
        self._received = 0
        self._heard: dict[str, tuple[int, float]] = {}

    async def run(self) -> None:
        """Report for ever."""
        while True:
            await self.report()
            await asyncio.sleep(self._every_s)

    async def report(self) -> None:
        """Write one sample; a store that is away costs this sample and nothing else."""
        row = self.sample(time.time_ns() // 1_000_000)
        try:
            async with asyncio.timeout(_WRITE_LIMIT_S):
                await self._store.write([row])
        except TimeoutError:
            log.debug("the store did not take the ingester's own figures in time")
        except (Retryable, Misconfigured) as error:
            self._status.store_fails(str(error), hold=isinstance(error, Misconfigured))
        except StoreError as error:
            log.warning("the store refuses the ingester's own figures", error=str(error))
        else:
            self._status.store_answers()

    def sample(self, now_ms: int) -> Row:
        """The row of now; latencies and CPU since the last one."""
        status = self._status
        tally = status.tally
        latency = list(map(sub, status.latency.counts, self._latency))
        write = list(map(sub, status.write.counts, self._write))
        self._latency, self._write = status.latency.counts[:], status.write.counts[:]
        values = {
            "received": status.received,
            "stored": status.stored,
            "dead_lettered": status.dead_lettered,
            "batches": status.batches,
            "retries": status.retries,
            "gaps": tally.gaps,
            "duplicates": tally.duplicates,
            "late": tally.late,
            "reconnects": status.reconnects,
            "in_flight": float(status.in_flight),
            "devices": float(len(status.devices)),
            "devices_silent": float(self._silent()),
            "gateways_online": float(sum(status.gateways.values())),
            "latency_p50": _rounded(percentile(latency, 0.50)),
            "latency_p95": _rounded(percentile(latency, 0.95)),
            "latency_p99": _rounded(percentile(latency, 0.99)),
            "write_p95": _rounded(percentile(write, 0.95)),
            "memory": resident_mb() + status.workers_memory_mb,
            "cpu_per_message": self._cpu_per_message(),
        }
        return self._render(SimpleNamespace(ts=now_ms, **values))

    def _cpu_per_message(self) -> object:
        cpu_s, received = self._cpu_used_s(), self._status.received
        spent, count = cpu_s - self._cpu_s, received - self._received
        self._cpu_s, self._received = cpu_s, received
        return round(spent / count * 1e6, 3) if count else msgspec.UNSET

    def _cpu_used_s(self) -> float:
        return time.process_time() + self._status.workers_cpu_s

    def _silent(self) -> int:
        """Devices not heard for three intervals, seen by whether their expected sequence number moved."""
        now = time.monotonic()
        silent = 0
        for topic, device in self._status.devices.items():
            expected, heard = self._heard.get(topic, (-1, now))
            if device.track.expected != expected:
                self._heard[topic] = (device.track.expected, now)
            elif now - heard > SILENT_INTERVALS * device.interval_s:
                silent += 1
        return silent


def _series(instance: str) -> Series:
    return Series(measurement=INGEST.name, tags=(("instance", instance),), fields=INGEST.fields, has_seq=False)


def _rounded(value: float | None) -> object:
    return msgspec.UNSET if value is None else round(value, 3)
