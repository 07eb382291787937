"""How `bench.panels` fills a store: with readings, that are rolled up then, or with rollups alone."""

import asyncio
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bench.panels_store import Place, chunk_of
from ingest.rollups.reduce import Buckets, Gathering, reduced
from ingest.rollups.roll import made_rows
from ingest.rollups.rows import BucketRows
from ingest.rollups.touch import Touches
from ingest.stores.base import Row
from park.catalogue import DeviceKind
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
    place: Place,
    readings: Readings,
    begin: int,
    until: int,
    *,
    steps: Sequence[Step],
    distinct: int,
    most_s: float,
) -> tuple[int, int]:
    """Generate whole days of readings, and store what they come to; how many they were, of how many days.

    By the same code as `park store rollup`; only that nothing is written to be read again. The last day comes first,
    and after `most_s` no other.

    Args:
        place: where.
        readings: of which the last days are made.
        begin: of the first day, Unix milliseconds.
        until: the end of the last.
        steps: how long the buckets are.
        distinct: so many days are made; those before them are stored as these again, at times of their own.
        most_s: so long it is stored.
    """
    rolled = _Rolled(place, readings.plan, steps)
    cycle = [rolled.made(readings.columns(day, day + DAY_MS)) for day in _days(begin, until)[:distinct][::-1]][::-1]
    end, days, count = time.monotonic() + most_s, 0, 0
    for number, _ in enumerate(_days(begin, until)):
        day = cycle[number % len(cycle)]
        await _store(place, rolled.rows(day, back=number // len(cycle) * len(cycle) * DAY_MS))
        days, count = days + 1, count + sum(one.readings for one in day)
        if days % 10 == 0:
            print(f"{days} days, {count:,} readings", flush=True)
        if time.monotonic() > end:
            break
    return count, days


def _days(begin: int, until: int) -> list[int]:
    """The beginnings of whole days, the last first."""
    return list(range(until - DAY_MS, begin - 1, -DAY_MS))


async def _store(place: Place, rows: Iterator[Row]) -> None:
    """Write all rows; the next ones are rendered while the store takes some."""
    some = await asyncio.to_thread(list, islice(rows, _ROWS))
    while some:
        writing = asyncio.create_task(place.store.write(some))
        some = await asyncio.to_thread(list, islice(rows, _ROWS))
        await writing


@dataclass(frozen=True, kw_only=True, eq=False)
class _Made:
    """What the readings of a kind come to.

    Attributes:
        readings: how many they are.
        hours: the beginnings of the hours in which they are.
        fine: how many buckets of 5 minutes they come to.
        buckets: those that are stored.
    """

    kind: DeviceKind
    readings: int
    hours: Sequence[int]
    fine: int
    buckets: Mapping[Step, Buckets]


class _Rolled:
    """Readings to the rows of their rollups, and to the marks that these are made."""

    def __init__(self, place: Place, plan: Plan, steps: Sequence[Step]) -> None:
        self._plan = plan
        self._steps = steps
        self._rows = BucketRows(place.store)
        self._touches = Touches(place.store, "bench")

    def made(self, parts: Sequence[Columns]) -> list[_Made]:
        """What readings of whole hours come to."""
        return [made for made in map(self._made, parts) if made is not None]

    def _made(self, part: Columns) -> _Made | None:
        gathering = Gathering(part.kind, FINE)
        gathering.take(chunk_of(self._plan, part))
        if (fine := gathering.buckets()) is None:
            return None
        found = {step: fine if step == FINE else reduced(part.kind, [fine], step) for step in self._steps}
        hours = sorted({ts // HOUR_MS * HOUR_MS for ts in fine.ts.tolist()})
        return _Made(kind=part.kind, readings=len(part), hours=hours, fine=len(fine), buckets=found)

    def rows(self, day: Sequence[_Made], *, back: int) -> Iterator[Row]:
        """All rows of a day, so many milliseconds earlier than it was."""
        for made in day:
            for step, buckets in made.buckets.items():
                yield from self._rows.of(made.kind, step, dataclasses.replace(buckets, ts=buckets.ts - back))
            hours = [hour - back for hour in made.hours]
            yield from self._touches.rows((made.kind.name, hour) for hour in hours)
            counts = {"readings": made.readings // len(hours), "buckets": made.fine // len(hours)}
            answered = [(hour, self._touches.newest) for hour in hours]
            yield from made_rows(self._touches, made.kind.name, answered, counts)
