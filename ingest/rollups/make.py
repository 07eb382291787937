"""Makes the buckets of hours from their readings: whole ones, with no more in memory than that takes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from ingest.errors import PartialWrite, Refused, TooLarge
from ingest.log import get_logger
from ingest.rollups.forgotten import forgotten_until, not_less
from ingest.rollups.reduce import Buckets, Gathering, reduced
from ingest.rollups.rows import BucketRows
from ingest.stores.base import Row, Store
from park.catalogue import DeviceKind
from park.rollup import FINE, HOUR_MS, Step
from sectors import KINDS

log = get_logger("rollups")

READINGS = 200_000
"""About so many readings are read at once, and of so many buckets of a slice it is cut shorter."""
_LONGEST_MS = 168 * HOUR_MS
_SHORTER = 8
_WRITE_ROWS = 5_000


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A time of which the buckets are written, [first, until) in Unix milliseconds.

    Attributes:
        readings, buckets: how many readings there were, and of how many buckets of 5 minutes.
    """

    first: int
    until: int
    readings: int
    buckets: int


class Maker:
    """Makes buckets, by slices of time: as many hours as have a fair number of readings, or 5 minutes at least.

    Args:
        store: of the readings, and of the buckets.
        steps: lengths of the buckets.
        readings: what a fair number is.
    """

    def __init__(self, store: Store, steps: Sequence[Step], *, readings: int = READINGS) -> None:
        self._store = store
        self._steps = steps
        self._readings = readings
        self._rows = BucketRows(store)
        self._lengths: dict[str, int] = {}

    async def make(self, name: str, first: int, until: int) -> AsyncGenerator[Slice]:
        """Make the buckets of a kind's hours in [first, until); tells of each slice of them.

        Raises:
            StoreError: the store does not answer, or takes nothing.
        """
        kind = KINDS[name]
        held: dict[Step, list[Buckets]] = {step: [] for step in self._steps}
        while first < until:
            after = self._after(name, first, until)
            gathered = await asyncio.to_thread(self._gathered, kind, first, after)
            if gathered is None:
                self._lengths[name] = (after - first) // _SHORTER
                continue
            self._lengths[name] = min(_LONGEST_MS, self._readings * (after - first) // max(gathered.readings, 1))
            fine = await asyncio.to_thread(gathered.buckets)
            for step, parts in held.items():
                if fine is not None:
                    parts.append(fine if step == FINE else await asyncio.to_thread(reduced, kind, [fine], step))
                if parts and after % step.ms == 0:
                    await self._write_buckets(kind, step, parts)
                    parts.clear()
            yield Slice(first=first, until=after, readings=gathered.readings, buckets=gathered.size)
            first = after

    def _after(self, name: str, first: int, until: int) -> int:
        """Where the slice ends that begins at `first`: within the hour, or at the end of one."""
        length = self._lengths.get(name, HOUR_MS)
        if first % HOUR_MS == 0 and length >= HOUR_MS:
            return min(until, first + length // HOUR_MS * HOUR_MS)
        return min(first // HOUR_MS * HOUR_MS + HOUR_MS, first + max(1, length // FINE.ms) * FINE.ms)

    def _gathered(self, kind: DeviceKind, first: int, after: int) -> Gathering | None:
        """The slice's readings; None if they come to too many buckets, and could be cut shorter."""
        gathering = Gathering(kind, FINE)
        for chunk in self._store.scan(kind, first, after):
            gathering.take(chunk)
            if gathering.size > self._readings and after - first > FINE.ms:
                return None
        return gathering

    async def _write_buckets(self, kind: DeviceKind, step: Step, parts: Sequence[Buckets]) -> None:
        """Write what the parts come to, but no bucket of forgotten readings that counts less than what is stored."""
        buckets = parts[0] if len(parts) == 1 else await asyncio.to_thread(reduced, kind, parts, step)
        # Who deletes readings has left its mark before: where any of these were gone already, it is seen now.
        forgotten = await asyncio.to_thread(forgotten_until, self._store)
        buckets = await asyncio.to_thread(not_less, kind, step, buckets, self._store, forgotten)
        for begin in range(0, len(buckets), _WRITE_ROWS):
            some = buckets.take(slice(begin, begin + _WRITE_ROWS))
            await write(self._store, await asyncio.to_thread(self._rows.of, kind, step, some))


async def write(store: Store, rows: Sequence[Row]) -> None:
    """Write; what the store refuses for good is told, or it would keep all other hours waiting for ever.

    Raises:
        StoreError: the store does not answer, or takes nothing at all.
    """
    try:
        await store.write(rows)
    except TooLarge:
        if len(rows) < 2:
            raise
        await write(store, rows[: len(rows) // 2])
        await write(store, rows[len(rows) // 2 :])
    except (PartialWrite, Refused) as error:
        log.warning("the store refuses rollups; the others go on", error=str(error))
