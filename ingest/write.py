"""Batches to the store, whatever it takes: retries, dividing, dead letters; several at once."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import compress
from operator import not_
from typing import TypeAlias

from ingest.batch import Batch
from ingest.deadletter import DeadLetterFile
from ingest.errors import Misconfigured, PartialWrite, Refused, Retryable, StoreError
from ingest.log import get_logger
from ingest.messages import Message
from ingest.status import Status
from ingest.stores.base import Row, Store
from park.rejection import Reason, Rejection

log = get_logger("ingest")

_PARTS = 8


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Full jitter below an exponentially growing bound, in seconds.

    A store may ask for a longer wait. It is probed in between all the same, at the latest after `max_s`: what asks may
    be a page of maintenance that nobody will take back in time, and readiness is to tell the end of a trouble soon.
    """

    first_s: float = 0.1
    max_s: float = 4.0

    def delay(self, attempt: int, after_s: float = 0.0) -> float:
        """Seconds to wait after the attempt, counted from 0."""
        bound = min(self.max_s, self.first_s * 2.0 ** min(attempt, 32))
        return min(self.max_s, after_s + random.uniform(0.0, bound))  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    index: int
    detail: str


#: Numbers of rows that the store does not take as they are, and why.
_Part: TypeAlias = tuple[Sequence[int], StoreError]

Witness: TypeAlias = Callable[[], Awaitable[StoreError | None]]


class BatchWriter:
    """Settles batches: every row is in the store, or its message in the dead-letter file.

    Args:
        settled: called with each batch once nothing of it can be lost any more.
        witness: writes a row that has nothing to do with any message; what the store says to it, None if it takes it.
        marks: rows that mark the hours of a batch's readings, made anew for every write; none unless given.
        in_flight: writes at once.
    """

    def __init__(
        self,
        store: Store,
        dead_letters: DeadLetterFile,
        status: Status,
        settled: Callable[[Batch], None],
        *,
        witness: Witness | None = None,
        marks: Callable[[AbstractSet[int]], list[Row]] | None = None,
        in_flight: int = 4,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._status = status
        self._settled = settled
        self._witness = witness
        self._marks = marks or _no_marks
        self._slots = asyncio.Semaphore(in_flight)
        self._retry = retry or RetryPolicy()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def submit(self, batch: Batch) -> None:
        """Begin to settle a batch."""
        task = asyncio.create_task(self._settle(batch), name="ingest batch")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def drain(self) -> None:
        """Wait until every batch is settled."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._failed.done():
            self._failed.result()

    async def failure(self) -> None:
        """Wait for an error that no retry can help, and raise it."""
        await asyncio.shield(self._failed)

    async def cancel(self) -> None:
        """Give up what is not settled; it was not acknowledged, so the broker sends it again."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _settle(self, batch: Batch) -> None:
        async with self._slots:
            rejections = list(batch.rejections)
            refusals = await self._store_rows(batch.rows, batch.hours)
            if refusals:
                rejections += _refused(batch, refusals)
            if rejections:
                await self._bury(rejections)
        self._status.settled(batch, refused=len(refusals), rejections=rejections)
        self._settled(batch)

    async def _store_rows(self, rows: Sequence[Row], hours: AbstractSet[int]) -> list[_Refusal]:
        """Store all rows that the store will have; those that it will not, once it is certain that it is they."""
        who = object()
        attempt = 0
        try:
            while True:
                error = await self._write(rows, hours) if rows else None
                if error is None:
                    return []
                wrong = None if isinstance(error, PartialWrite) else await self._wrong_store(error)
                if wrong is None:
                    refusals = await self._find_refused(rows, hours, error)
                    if len(refusals) < len(rows):
                        return refusals
                    wrong = await self._wrong_store(error)
                    if wrong is None:
                        return refusals
                self._status.health.store.fails(who, str(wrong), hold=isinstance(wrong, Misconfigured))
                self._status.retries += 1
                await asyncio.sleep(self._retry.delay(attempt))
                attempt += 1
        finally:
            self._status.health.store.works(who)

    async def _wrong_store(self, error: StoreError) -> StoreError | None:
        """Why a refusal is no row's fault, if it is none: the store says the same, or worse, of a row of our own."""
        said = None if self._witness is None else await self._witness()
        if isinstance(said, (Retryable, Misconfigured)):
            return said
        if said is None or _words(said) != _words(error):
            return None
        return Misconfigured(f"{error}; it says the same of the ingester's own figures")

    async def _find_refused(self, rows: Sequence[Row], hours: AbstractSet[int], error: StoreError) -> list[_Refusal]:
        """Find what the store will not have by writing ever smaller parts.

        All parts are posted anew, for what the store kept of them it does not tell for certain: InfluxDB's answer is of
        the first shard that failed. Writing again is harmless.
        """
        refusals: list[_Refusal] = []
        refused: list[_Part] = [(range(len(rows)), error)]
        while refused:
            part, error = refused.pop()
            all_dropped = isinstance(error, PartialWrite) and error.dropped == len(part)
            if len(part) == 1 or all_dropped:
                refusals += [_Refusal(index=i, detail=str(error)) for i in part]
            else:
                refused += await self._refused_parts(rows, hours, _divide(rows, part, error))
        return sorted(refusals, key=lambda refusal: refusal.index)

    async def _refused_parts(
        self, rows: Sequence[Row], hours: AbstractSet[int], parts: Sequence[Sequence[int]]
    ) -> list[_Part]:
        """Write parts at once; those that are refused in turn, and why."""
        errors = await asyncio.gather(*(self._write([rows[i] for i in part], hours) for part in parts))
        return [(part, error) for part, error in zip(parts, errors, strict=True) if error is not None]

    async def _write(self, rows: Sequence[Row], hours: AbstractSet[int]) -> StoreError | None:
        """Write until the store has taken the rows, or refuses them as they are: then the refusal."""
        who = object()
        first = time.monotonic()
        attempt = 0
        try:
            while True:
                began = time.perf_counter()
                try:
                    await self._post(rows, self._marks(hours))
                except (Retryable, Misconfigured) as error:
                    after_s = error.after_s if isinstance(error, Retryable) else 0.0
                    hold = isinstance(error, Misconfigured)
                    self._status.health.store.fails(who, self._told(error, after_s), hold=hold, since=first)
                except StoreError as error:
                    return error
                except Exception as error:  # noqa: BLE001 - a client library's own: found by dividing, like any refusal
                    return Refused(f"{type(error).__name__}: {error}")
                else:
                    self._status.wrote(time.perf_counter() - began)
                    return None
                self._status.retries += 1
                await asyncio.sleep(self._retry.delay(attempt, after_s))
                attempt += 1
        finally:
            self._status.health.store.works(who)

    async def _post(self, rows: Sequence[Row], marks: Sequence[Row]) -> None:
        """Write rows with their marks. What the store refuses is told of the rows alone: no mark may cost a reading."""
        try:
            await self._store.write([*rows, *marks])
        except (Retryable, Misconfigured):
            raise
        except Exception:
            if not marks:
                raise
            await self._store.write(rows)
            try:
                await self._store.write(marks)
            except (Retryable, Misconfigured):
                raise
            except Exception as error:  # noqa: BLE001 - as of rows
                log.warning("the store refuses the marks by which rollups are made", error=str(error))

    def _told(self, error: StoreError, after_s: float) -> str:
        if after_s <= self._retry.max_s:
            return str(error)
        return f"{error}; it asks to wait for {after_s:.0f} s, and is tried every {self._retry.max_s:g} s all the same"

    async def _bury(self, rejections: Sequence[Rejection]) -> None:
        """Write dead letters until the disk takes them; a full disk holds everything and loses nothing."""
        who = object()
        attempt = 0
        try:
            while True:
                try:
                    await self._dead_letters.thread.run(
                        self._dead_letters.append, rejections, time.time_ns() // 1_000_000
                    )
                except OSError as error:
                    message = f"{self._dead_letters.path}: {error.strerror}; make room, or name another file"
                    self._status.health.disk.fails(who, message, hold=True)
                    await asyncio.sleep(self._retry.delay(attempt))
                    attempt += 1
                else:
                    return
        finally:
            self._status.health.disk.works(who)


def _no_marks(_hours: AbstractSet[int]) -> list[Row]:
    return []


def _divide(rows: Sequence[Row], part: Sequence[int], error: StoreError) -> list[Sequence[int]]:
    """The rows that the store's own words point at, and the others; else up to eight parts of about the same length.

    Acknowledgements wait meanwhile, so few rounds matter more than few writes.
    """
    if isinstance(error, PartialWrite) and error.suspects is not None:
        suspected = [error.suspects(rows[i]) for i in part]
        if any(suspected) and not all(suspected):
            return [list(compress(part, suspected)), list(compress(part, map(not_, suspected)))]
    size = -(-len(part) // _PARTS)
    return [part[first : first + size] for first in range(0, len(part), size)]


def _words(error: StoreError) -> str:
    """What a refusal says, whatever it counts."""
    return re.sub(r"\d+", "#", str(error))


def _refused(batch: Batch, refusals: Sequence[_Refusal]) -> list[Rejection]:
    """The messages of the rows, each once, with the first detail; writing its other rows again is harmless."""
    details: dict[int, str] = {}
    for refusal in refusals:
        details.setdefault(batch.message(refusal.index), refusal.detail)
    return [_rejection(batch.source(first), detail) for first, detail in details.items()]


def _rejection(message: Message, detail: str) -> Rejection:
    return Rejection(
        reason=Reason.STORE_REFUSED,
        detail=detail,
        topic=message.topic,
        payload=message.payload,
        content_type=message.content_type,
    )
