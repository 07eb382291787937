"""The ingester's counters and its health."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ingest.batch import Batch
from ingest.health import Health
from ingest.sequence import Tally
from ingest.silence import Device
from ingest.words import NOT_CONNECTED
from park.latency import Latencies
from park.rejection import Rejection

AHEAD_MS = 1_000
"""A reading more than this ahead of the clock is simulated time, and is left out too."""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """From a reading's intended time to its acceptance by the store, in milliseconds; None if none was live."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


@dataclass(frozen=True, kw_only=True)
class IngestSummary:
    """What became of the messages of a run."""

    received: int
    stored: int
    dead_lettered: int
    gaps: int | None
    duplicates: int
    late: int
    batches: int
    retries: int
    latency_ms: Latency


class Status:
    """Counters of messages from the start of the process. `received` is the sum of stored, dead-lettered and in flight.

    A message is stored when all its rows are, and dead-lettered when one is not. Stored rows are counted apart, in
    `rows`; so is a gateway's state, which is neither a reading nor a figure, in `states`.

    Args:
        grouped: the messages are shared with ingesters elsewhere, so that nobody here sees all of a device's.
    """

    def __init__(
        self,
        instance: str,
        tally: Tally,
        devices: Mapping[str, Device],
        gateways: Mapping[tuple[str, int], bool],
        *,
        grouped: bool = False,
    ) -> None:
        self.instance = instance
        self._grouped = grouped
        self.tally = tally
        self.devices = devices
        self.gateways = gateways
        self.workers_cpu_s = 0.0
        self.workers_memory_mb = 0.0
        self.more_troubles: Callable[[], list[str]] = list
        self.received = 0
        self.stored = 0
        self.rows = 0
        self.dead_lettered = 0
        self.states = 0
        self.batches = 0
        self.retries = 0
        self.reconnects = 0
        self.connected = False
        self.reasons: Counter[str] = Counter()
        self.latency = Latencies()
        self.write = Latencies()
        self.health = Health()

    # --- what the parts report

    def settled(self, batch: Batch, *, refused: int, rejections: Sequence[Rejection]) -> None:
        """A batch is in the store, but for so many rows, and the rejections in the dead-letter file."""
        self.health.settled(batch)
        self.stored += batch.with_rows + len(batch.rejections) - len(rejections)
        self.rows += len(batch.rows) - refused
        self.dead_lettered += len(rejections)
        for rejection in rejections:
            self.reasons[rejection.reason.value] += 1
        if len(batch.rows) > refused:
            self.batches += 1
        if not refused:
            self._age(batch)

    def _age(self, batch: Batch) -> None:
        """Count how old the batch's live readings are now; many share a millisecond."""
        now_ms, ahead_ms = time.time_ns() // 1_000_000, batch.opened_ms + AHEAD_MS
        for ts, times in Counter(batch.times).items():
            if ts <= ahead_ms:
                self.latency.add(now_ms - ts, times)

    def wrote(self, seconds: float) -> None:
        """The store took a write."""
        self.write.add(seconds * 1000.0)

    # --- what others ask

    @property
    def in_flight(self) -> int:
        """Messages received and not yet settled."""
        return self.received - self.stored - self.dead_lettered

    @property
    def gaps(self) -> int | None:
        """Sequence numbers that have not come; None in a group, where another may have had them."""
        return None if self._grouped else self.tally.gaps

    def troubles(self) -> list[str]:
        """Why the ingester is not ready; empty if it is."""
        broker = [] if self.connected else [NOT_CONNECTED]
        return [*broker, *self.health.troubles(), *self.more_troubles()]

    def summary(self) -> IngestSummary:
        """What became of the messages so far."""
        tally = self.tally
        return IngestSummary(
            received=self.received,
            stored=self.stored,
            dead_lettered=self.dead_lettered,
            gaps=self.gaps,
            duplicates=tally.duplicates,
            late=tally.late,
            batches=self.batches,
            retries=self.retries,
            latency_ms=Latency(**self.latency.summary()),
        )
