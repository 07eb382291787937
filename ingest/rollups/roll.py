"""Makes the rollups of the hours that were written to, and makes them again when they are written to again.

Whole hours are read and whole buckets written, never added to, so that a bucket may be made any number of times, and a
process that is killed at any moment leaves nothing wrong: an hour is marked as made only afterwards.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from ingest.errors import StoreError
from ingest.log import get_logger
from ingest.rollups.make import READINGS, Maker, write
from ingest.rollups.marks import Hour, MarkReader, hours_of
from ingest.rollups.touch import Touches
from ingest.stores.base import Row, Store
from park.codecs.json.read import LATEST_MS
from park.rollup import COARSE, FINE, HOUR_MS, MADE, STEPS, Step
from sectors import KINDS

log = get_logger("rollups")

T = TypeVar("T")

INSTANCE = "park-rollup"
_PENDING = 10_000
"""While so many hours wait to be made, no further page of marks is read."""
_MARKS = 5_000
"""So many marks are written at once."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """When an hour is made, in seconds.

    Attributes:
        quiet_s: since its last mark.
        latest_s: since its first mark that is not answered: then with what there is, and again later.
        look_s: between two looks at the marks.
        again_s: between two looks at all of them: the log does not tell of one whose writer's clock was days off.
    """

    quiet_s: float = 30.0
    latest_s: float = 300.0
    look_s: float = 5.0
    again_s: float = 3600.0


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
        readings: about so many are read at once.

    Attributes:
        made: how many hours of kinds are made, those of a busy hour not counted.
    """

    def __init__(
        self, store: Store, *, pace: Pace | None = None, steps: Sequence[Step] = STEPS, readings: int = READINGS
    ) -> None:
        self._store = store
        self._pace = pace or Pace()
        self._touches = Touches(store, INSTANCE)
        self._reader = MarkReader(store)
        self._maker = Maker(store, steps, readings=readings)
        self._pending: dict[Hour, _Pending] = {}
        self._again = time.monotonic() + self._pace.again_s
        self._stop = asyncio.Event()
        self._trouble: str | None = None
        self.made = 0

    async def run(self, stop: asyncio.Event) -> int:
        """Make rollups until `stop` is set; how many hours of kinds. A store that is away is asked again."""
        self._stop, began = stop, False
        while not stop.is_set():
            try:
                began = began or await self.begin()
                await self._look()
                await self._make_due()
                self._tell(None)
            except StoreError as error:
                self._tell(str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.look_s):
                    await stop.wait()
        return self.made

    def _tell(self, trouble: str | None) -> None:
        """Say when the store begins to refuse, for which reason, and when it works again; not at every look."""
        if trouble is not None and trouble != self._trouble:
            log.warning("the store does not work with rollups; it is tried again", error=trouble)
        elif trouble is None and self._trouble is not None:
            log.info("the store works with rollups again")
        self._trouble = trouble

    async def once(self, stop: asyncio.Event | None = None) -> int:
        """Make what is not made yet, without waiting for anything, until `stop` is set; how many hours of kinds.

        Raises:
            StoreError: the store does not answer, or takes no rollups.
        """
        self._stop = stop or self._stop
        await self.begin()
        await self._look()
        while self._pending and not self._stop.is_set():
            await self._make(list(self._pending), final=True)
            await self._turn_pages()
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
            for some in _batched(hours, _MARKS):
                await write(self._store, self._touches.rows((kind.name, hour) for hour in some))
            count += len(hours)
        return count

    async def _look(self) -> None:
        """Learn which hours are to be made."""
        self._learn(await asyncio.to_thread(self._reader.changed, time.time_ns() // 1_000_000))
        if time.monotonic() >= self._again:
            await asyncio.to_thread(self._reader.again)
            self._again = time.monotonic() + self._pace.again_s
        await self._turn_pages()

    async def _turn_pages(self) -> None:
        """Read on in the marks, until there is enough to be made."""
        while len(self._pending) < _PENDING and not self._stop.is_set():
            page = await asyncio.to_thread(self._reader.page)
            if page is None:
                return
            self._learn(page)

    def _learn(self, found: Mapping[Hour, int | None]) -> None:
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
        for kind, first, until in _runs(hours):
            async with aclosing(self._maker.make(kind, first, until)) as slices:
                readings = buckets = 0
                async for one in slices:
                    readings, buckets = readings + one.readings, buckets + one.buckets
                    begins = range(one.first // HOUR_MS * HOUR_MS, one.until // HOUR_MS * HOUR_MS, HOUR_MS)
                    if begins and final:
                        counts = {"readings": readings // len(begins), "buckets": buckets // len(begins)}
                        await self._answer(kind, begins, counts)
                    elif begins:
                        self._wait_on(kind, begins)
                    if begins:
                        readings = buckets = 0
                    if self._stop.is_set():
                        return

    def _wait_on(self, kind: str, begins: Sequence[int]) -> None:
        """Hours are made as far as they go: the next time is a while off."""
        for begin in begins:
            self._pending[kind, begin].since = time.monotonic()

    async def _answer(self, kind: str, begins: Sequence[int], counts: Mapping[str, int]) -> None:
        """Hours are made: mark them so."""
        answered = [(begin, self._pending[kind, begin].mark) for begin in begins]
        await write(self._store, made_rows(self._touches, kind, answered, counts))
        for begin in begins:
            del self._pending[kind, begin]
        self.made += len(begins)


def _runs(hours: Iterable[Hour]) -> Iterator[tuple[str, int, int]]:
    """Of hours of a kind that follow one another the beginning of the first and the end of the last."""
    run: tuple[str, int, int] | None = None
    for kind, begin in sorted(hours):
        if run is not None and run[0] == kind and run[2] == begin:
            run = kind, run[1], begin + HOUR_MS
            continue
        if run is not None:
            yield run
        run = kind, begin, begin + HOUR_MS
    if run is not None:
        yield run


def made_rows(touches: Touches, kind: str, answered: Iterable[tuple[int, int]], counts: Mapping[str, int]) -> list[Row]:
    """Marks that hours of a kind are made.

    Args:
        touches: who makes them.
        kind: of what.
        answered: of each hour its beginning, and to which mark of its readings it answers.
        counts: about how many `readings` and `buckets` of 5 minutes each has.
    """
    return [touches.row(kind, MADE, begin, made=mark, **counts, **_SUFFIXES) for begin, mark in answered]


_SUFFIXES = {"fine": FINE.suffix, "coarse": COARSE.suffix}


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
