"""One device whose readings are looked for in the store until they are there: what a user who queries would see."""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from ingest.errors import StoreError
from park.catalogue import DeviceKind

POLL_S = 0.05
"""How often the store is asked, so that a reading is found later than it is there by half of that, in the mean."""
_LOOK_BACK_MS = 1000


class Rows(Protocol):
    """Some stored rows."""

    @property
    def ts(self) -> Sequence[int]:
        """Unix milliseconds."""


class Scans(Protocol):
    """A store, as far as it is asked."""

    def scan(self, measurement: DeviceKind, start_ms: int, until_ms: int, /) -> Iterator[Rows]:
        """Every stored row of the kind with start_ms <= ts < until_ms."""


class Probe:
    """Asks a store for the readings of a kind of which one device reports.

    Args:
        store: where they are to come.
        kind: nobody else reports of it.
        since_ms: readings from then on.

    Attributes:
        latency_ms: from when each reading was due until it was found, by its time.
        errors: how often the store did not answer.
    """

    def __init__(self, store: Scans, kind: DeviceKind, since_ms: int) -> None:
        self.latency_ms: dict[int, float] = {}
        self.errors = 0
        self._store, self._kind = store, kind
        self._since_ms = self.newest_ms = since_ms

    async def look(self) -> None:
        """Ask once."""
        first = max(self._since_ms, self.newest_ms - _LOOK_BACK_MS)
        try:
            found = await asyncio.to_thread(self._times, first, int(time.time() * 1000) + 1)
        except StoreError:
            self.errors += 1
            return
        now_ms = time.time() * 1000
        for ts in found:
            self.latency_ms.setdefault(ts, now_ms - ts)
            self.newest_ms = max(self.newest_ms, ts)

    async def watch(self) -> None:
        """Ask again and again, until it is cancelled."""
        while True:
            began_s = time.monotonic()
            await self.look()
            await asyncio.sleep(max(0.0, POLL_S - (time.monotonic() - began_s)))

    def _times(self, start_ms: int, until_ms: int) -> list[int]:
        chunks = self._store.scan(self._kind, start_ms, until_ms)
        return [int(ts) for chunk in chunks for ts in chunk.ts]


def percentile(latency_ms: Sequence[float], unseen: int, share: float) -> float | None:
    """The latency within which this share was found; infinite if so many were not, None of nothing at all."""
    total = len(latency_ms) + unseen
    if not total:
        return None
    row = max(0, math.ceil(share * total) - 1)
    return sorted(latency_ms)[row] if row < len(latency_ms) else math.inf
