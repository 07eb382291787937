"""What should be stored against what is, by pieces of time: at a reading's limit, and at the end."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.errors import StoreError
from simulator.ledger import Findings, Ledger
from simulator.observed import Readings
from simulator.verify import Stored

_SLICE_MS = 1000
_AGAIN_S = 0.1
_LOOK_S = 1.0

Piece = tuple[int, int]


def pieces(begin_ms: int, until_ms: int, cuts: Iterable[int]) -> list[Piece]:
    """[begin, until), cut at these moments."""
    inside = sorted({cut for cut in cuts if begin_ms < cut < until_ms})
    return list(itertools.pairwise([begin_ms, *inside, until_ms])) if begin_ms < until_ms else []


@dataclass(kw_only=True, eq=False)
class Book:
    """The readings that are promised, and the store where they are looked for."""

    readings: Readings
    store: Stored
    _ledger: Ledger = field(init=False)
    #: What makes readings again keeps its state; a look that nobody waits for any more may still be at it.
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._ledger = Ledger(self.readings, ignore_unselected=True)

    def look(self, piece: Piece) -> Findings:
        """Compare a piece of time.

        Raises:
            StoreError: the store does not answer.
        """
        total = Findings()
        with self._one_at_a_time:
            for window in self._ledger.windows(*piece):
                expected = self._ledger.expected(*window)
                for kind in self._ledger.kinds:
                    found = self.store.scan(kind, *window)
                    total.add(self._ledger.compare(kind, expected.get(kind.name), found))
        return total


@dataclass(kw_only=True, eq=False)
class Lateness:
    """Looks for readings when their limit has passed, a second of them at a time.

    A store that does not answer then is asked until it does: what it holds by its first answer was in time.

    Attributes:
        limit_s: after a reading was due.
        cuts: moments at which a piece is to end, as far as they are known.
        missing: how many readings of each piece were not there at their limit.
        until_ms: where to end; None while the load runs.
    """

    book: Book
    limit_s: float
    cuts: Callable[[], Iterable[int]]
    missing: dict[Piece, int] = field(default_factory=dict)
    until_ms: int | None = None

    async def watch(self, begin_ms: int) -> None:
        """Look at one second after the other, until `until_ms`, or until it is cancelled."""
        at_ms = begin_ms
        while self.until_ms is None or at_ms < self.until_ms:
            end_ms = at_ms + _SLICE_MS
            await asyncio.sleep(max(0.0, end_ms / 1000 + self.limit_s - time.time()))
            for piece in pieces(at_ms, min(end_ms, self.until_ms or end_ms), self.cuts()):
                self.missing[piece] = await self._lost(piece)
            at_ms = end_ms

    async def _lost(self, piece: Piece) -> int:
        while True:
            try:
                return (await asyncio.to_thread(self.book.look, piece)).lost
            except StoreError:
                await asyncio.sleep(_AGAIN_S)

    def within(self, piece: Piece) -> int:
        """How many were not there at their limit, of the readings of a piece."""
        return sum(count for (begin, until), count in self.missing.items() if piece[0] <= begin and until <= piece[1])


def settled(book: Book, windows: Sequence[Piece], wait_s: float) -> Iterator[Findings]:
    """What the store holds of each piece; one that lacks something is looked at again, until the time has passed.

    Raises:
        StoreError: the store does not answer within that time.
    """
    end_s = time.monotonic() + wait_s
    found = [_answered(book, window, end_s) for window in windows]
    while any(one.lost for one in found) and time.monotonic() < end_s:
        time.sleep(min(_LOOK_S, max(0.0, end_s - time.monotonic())))
        pairs = zip(found, windows, strict=True)
        found = [_answered(book, window, end_s) if one.lost else one for one, window in pairs]
    yield from found


def _answered(book: Book, window: Piece, end_s: float) -> Findings:
    """A look, and another if the store does not answer, for as long as is waited."""
    while True:
        try:
            return book.look(window)
        except StoreError:
            if time.monotonic() > end_s:
                raise
            time.sleep(_AGAIN_S)
