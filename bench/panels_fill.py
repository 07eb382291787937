"""How `bench.panels` fills a store: with readings, that are rolled up then, or with rollups alone."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import islice

from bench.panels_store import Place, chunk_of
from ingest.rollups.reduce import Gathering, reduced
from ingest.rollups.roll import made_rows
from ingest.rollups.rows import BucketRows
from ingest.rollups.touch import Touches
from ingest.stores.base import Row
from park.columns import Columns
from park.rollup import FINE, HOUR_MS, Step
from simulator.observed import Readings
from simulator.plan import Plan

DAY_MS = 86_400_000
_ROWS = 10_000


def fill(place: Place, readings: Readings, begin: int, until: int) -> int:
    """Generate the readings into the store; how many."""
    count = 0
    for first, last in readings.windows(begin, until):
        parts = readings.columns(first, last)
        count += sum(map(len, parts))
        place.put(readings.plan, parts)
    return count


async def fill_rolled(
    place: Place, readings: Readings, begin: int, until: int, *, steps: Sequence[Step], most_s: float
) -> tuple[int, int]:
    """Generate whole days of readings, and store what they come to; how many they were, of how many days.

    By the same code as `park store rollup`; only that nothing is written to be read again. The last day comes first,
    and after `most_s` no other.
    """
    rolled, end, days = _Rolled(place, readings.plan, steps), time.monotonic() + most_s, 0
    for day in range(until - DAY_MS, begin - 1, -DAY_MS):
        rows = rolled.rows(readings.columns(day, day + DAY_MS))
        while some := await asyncio.to_thread(list, islice(rows, _ROWS)):
            await place.store.write(some)
        days += 1
        if days % 10 == 0:
            print(f"{days} days, {rolled.readings:,} readings", flush=True)
        if time.monotonic() > end:
            break
    return rolled.readings, days


class _Rolled:
    """Readings to the rows of their rollups, and to the marks that these are made."""

    def __init__(self, place: Place, plan: Plan, steps: Sequence[Step]) -> None:
        self._plan = plan
        self._steps = steps
        self._rows = BucketRows(place.store)
        self._touches = Touches(place.store, "bench")
        self.readings = 0

    def rows(self, parts: Sequence[Columns]) -> Iterator[Row]:
        """All rows of the readings of whole hours."""
        for part in parts:
            self.readings += len(part)
            gathering = Gathering(part.kind, FINE)
            gathering.take(chunk_of(self._plan, part))
            if (fine := gathering.buckets()) is None:
                continue
            for step in self._steps:
                yield from self._rows.of(part.kind, step, fine if step == FINE else reduced(part.kind, [fine], step))
            hours = sorted({ts // HOUR_MS * HOUR_MS for ts in fine.ts.tolist()})
            yield from self._touches.rows((part.kind.name, hour) for hour in hours)
            counts = {"readings": len(part) // len(hours), "buckets": len(fine) // len(hours)}
            answered = [(hour, self._touches.newest) for hour in hours]
            yield from made_rows(self._touches, part.kind.name, answered, counts)
