"""Makes the rollups of the hours that were written to, and makes them again when they are written to again.

Whole hours are read and whole buckets written, never added to, so that a bucket may be made any number of times, and a
process that is killed at any moment leaves nothing wrong: an hour is marked as made only afterwards.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from ingest.errors import PartialWrite, Refused, StoreError, TooLarge
from ingest.log import get_logger
from ingest.rollups.marks import Hour, MarkReader, hours_of
from ingest.rollups.reduce import Readings
from ingest.rollups.rows import BucketRows
from ingest.rollups.touch import Touches
from ingest.stores.base import Row, Store
from park.codecs.json.read import LATEST_MS
from park.rollup import COARSE, FINE, HOUR_MS, MADE, STEPS, Step
from sectors import KINDS

log = get_logger("rollups")

T = TypeVar("T")

INSTANCE = "park-rollup"
_ROWS = 200_000
"""So many readings are read at once, or one hour's, if those are more."""
_MOST_HOURS = 168
_WRITE_ROWS = 5_000


@dataclass(frozen=True, kw_only=True)
class Pace:
    """When an hour is made, in seconds.

    Attributes:
        quiet_s: since its last mark.
        latest_s: since its first mark that is not answered: then with what there is, and again later.
        look_s: between two looks at the marks.
    """

    quiet_s: float = 30.0
    latest_s: float = 300.0
    look_s: float = 5.0


@dataclass(kw_only=True)
class _Pending:
    """An hour to be made: its newest mark, and since when it is known, and any; monotonic seconds."""

    mark: int
    changed: float
    since: float


class Roller:
    """Keeps the rollups of a store right.

    Args:
        store: which; more than one at work on it costs time and nothing else.
        pace: how soon.
        steps: lengths of the buckets.

    Attributes:
        made: how many hours of kinds are made, those of a busy hour not counted.
    """

    def __init__(self, store: Store, *, pace: Pace | None = None, steps: Sequence[Step] = STEPS) -> None:
        self._store = store
        self._pace = pace or Pace()
        self._steps = steps
        self._touches = Touches(store, INSTANCE)
        self._reader = MarkReader(store)
        self._rows = BucketRows(store)
        self._pending: dict[Hour, _Pending] = {}
        self._at_once: dict[str, int] = {}
        self._stop = asyncio.Event()
        self.made = 0

    async def run(self, stop: asyncio.Event) -> int:
        """Make rollups until `stop` is set; how many hours of kinds. A store that is away is asked again."""
        self._stop, began = stop, False
        while not stop.is_set():
            try:
                began = began or await self.begin()
                await self._look()
                await self._make_due()
            except StoreError as error:
                log.warning("the store does not work with rollups; it is tried again", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.look_s):
                    await stop.wait()
        return self.made

    async def once(self, stop: asyncio.Event | None = None) -> int:
        """Make what is not made yet, without waiting for anything, until `stop` is set; how many hours of kinds.

        Raises:
            StoreError: the store does not answer, or takes no rollups.
        """
        self._stop = stop or self._stop
        await self.begin()
        await self._look()
        await self._make(list(self._pending), final=True)
        return self.made

    async def begin(self) -> bool:
        """Mark all that there is, if nothing was ever rolled up: readings of before marks were made have none."""
        if await asyncio.to_thread(self._reader.is_new):
            await self.touch(0, LATEST_MS)
        return True

    async def touch(self, first: int, until: int) -> int:
        """Mark every hour of readings in [first, until), Unix milliseconds; how many hours of kinds.

        Raises:
            StoreError: the store does not answer, or takes no marks.
        """
        count = 0
        for kind in KINDS.values():
            hours = await asyncio.to_thread(hours_of, self._store, kind, first // HOUR_MS * HOUR_MS, until)
            for some in _batched(hours, _WRITE_ROWS):
                await self._write(self._touches.rows((kind.name, hour) for hour in some))
            count += len(hours)
        return count

    async def _look(self) -> None:
        """Learn which hours are to be made."""
        found = await asyncio.to_thread(self._reader.changed, time.time_ns() // 1_000_000)
        now = time.monotonic()
        for hour, mark in found.items():
            known = self._pending.get(hour)
            if mark is None or hour[0] not in KINDS:
                self._pending.pop(hour, None)
            elif known is None:
                self._pending[hour] = _Pending(mark=mark, changed=now, since=now)
            elif known.mark != mark:
                known.mark, known.changed = mark, now

    async def _make_due(self) -> None:
        """Make what has been quiet for long enough, and provisionally what is never quiet."""
        now = time.monotonic()
        quiet = [hour for hour, one in self._pending.items() if now - one.changed >= self._pace.quiet_s]
        await self._make(quiet, final=True)
        busy = [hour for hour, one in self._pending.items() if now - one.since >= self._pace.latest_s]
        await self._make(busy, final=False)

    async def _make(self, hours: Iterable[Hour], *, final: bool) -> None:
        for kind, begins in self._portions(hours):
            if self._stop.is_set():
                return
            marks = [self._pending[kind, begin].mark for begin in begins]
            await self._make_hours(kind, begins)
            if not final:
                for begin in begins:
                    self._pending[kind, begin].since = time.monotonic()
                continue
            answered = zip(begins, marks, strict=True)
            await self._store.write(
                [self._touches.row(kind, MADE, begin, made=mark, **_SUFFIXES) for begin, mark in answered]
            )
            for begin in begins:
                del self._pending[kind, begin]
            self.made += len(begins)

    def _portions(self, hours: Iterable[Hour]) -> Iterator[tuple[str, list[int]]]:
        """Hours of a kind that follow one another, as many as are read at once."""
        portion: list[int] = []
        of = ""
        for kind, begin in sorted(hours):
            follows = kind == of and portion and begin == portion[-1] + HOUR_MS
            if portion and (not follows or len(portion) >= self._at_once.get(of, 1)):
                yield of, portion
                portion = []
            of = kind
            portion.append(begin)
        if portion:
            yield of, portion

    async def _make_hours(self, name: str, begins: Sequence[int]) -> None:
        """Read the hours' readings, and write what they come to."""
        kind, first, until = KINDS[name], begins[0], begins[-1] + HOUR_MS
        chunks = await asyncio.to_thread(lambda: list(self._store.scan(kind, first, until)))
        count = sum(map(len, chunks))
        self._at_once[name] = max(1, min(_MOST_HOURS, _ROWS * len(begins) // max(count, 1)))
        if not count:
            return
        readings = await asyncio.to_thread(Readings, kind, chunks)
        for step in self._steps:
            buckets = await asyncio.to_thread(readings.buckets, step)
            rows = await asyncio.to_thread(self._rows.of, kind, step, buckets)
            for some in _batched(rows, _WRITE_ROWS):
                await self._write(some)

    async def _write(self, rows: Sequence[Row]) -> None:
        """Write; what the store refuses for good is told, or it would keep all other hours waiting for ever."""
        try:
            await self._store.write(rows)
        except TooLarge:
            if len(rows) < 2:
                raise
            await self._write(rows[: len(rows) // 2])
            await self._write(rows[len(rows) // 2 :])
        except (PartialWrite, Refused) as error:
            log.warning("the store refuses rollups; the others go on", error=str(error))


_SUFFIXES = {"fine": FINE.suffix, "coarse": COARSE.suffix}


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
