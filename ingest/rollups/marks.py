"""What the marks say: which hours are touched and not made.

They are read in pages of a week, so that what is held of them at once does not grow with the park's age.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ingest.rollups.reduce import Ints
from ingest.stores.base import Store
from park.catalogue import Channel, DeviceKind
from park.codecs.json.read import LATEST_MS
from park.rollup import HOUR_MS, LOG, MADE, TAGS, TOUCHED, Marks, mark_of

#: Clocks of those who write and of this host may differ by as much, and what they touch is found at once.
_CLOCKS_MS = 86_400_000

PAGE_MS = 168 * HOUR_MS

#: A kind, and the beginning of an hour in Unix milliseconds.
Hour = tuple[str, int]

_TOUCHED, _MADE = mark_of(TOUCHED), mark_of(MADE)
_LOG = mark_of("logged", "first", "last")


@dataclass(frozen=True, kw_only=True)
class _Readings:
    """A kind's readings without their channels: when there are any."""

    name: str
    tags: tuple[str, ...] = TAGS
    channels: tuple[Channel, ...] = ()
    has_seq: bool = True


class MarkReader:
    """Reads the marks of a store: those of the hours that the log names anew, and page by page all there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[tuple[str, int], int] = {}
        self._looked: int | None = None
        self._unread: set[int] = set()

    def changed(self, now_ms: int) -> dict[Hour, int | None]:
        """Hours that may have changed since the last time; the first time, or if they are many, pages tell them.

        Args:
            now_ms: Unix milliseconds.

        Returns:
            Of each hour the mark that its rollups do not answer to yet; None if they do.

        Raises:
            StoreError: the store did not answer; the next look tells what this one would have.
        """
        since = now_ms if self._looked is None else min(now_ms, self._looked)
        log = list(self._rows(_LOG, since - _CLOCKS_MS, now_ms + _CLOCKS_MS, LOG))
        new = [(first, last) for who, ts, (logged, first, last) in log if self._seen.get((who, ts)) != logged]
        spans = _joined(new)
        found: dict[Hour, int | None] = {}
        if self._looked is None:
            self.again()
        elif sum(last + HOUR_MS - first for first, last in spans) > PAGE_MS:
            for first, last in spans:
                self._unread |= self._pages(first, last + HOUR_MS)
        else:
            for first, last in spans:
                found |= self._between(first, last + HOUR_MS)
        self._seen = {(who, ts): logged for who, ts, (logged, _, _) in log}
        self._looked = now_ms
        return found

    def again(self) -> None:
        """Let the pages tell of all hours.

        Raises:
            StoreError: the store did not answer.
        """
        self._unread |= self._pages(0, LATEST_MS)

    def page(self) -> dict[Hour, int | None] | None:
        """Hours as `changed` tells them, of the latest page that was not read; None if all were.

        Raises:
            StoreError: the store did not answer; the next time it is asked for the same.
        """
        if not self._unread:
            return None
        number = max(self._unread)
        found = self._between(number * PAGE_MS, (number + 1) * PAGE_MS)
        self._unread.discard(number)
        return found

    def is_new(self) -> bool:
        """Whether nothing was ever rolled up here."""
        return next(self._rows(_MADE, 0, LATEST_MS, MADE), None) is None

    def _pages(self, first: int, until: int) -> set[int]:
        """Numbers of the pages that have marks, by a look at all of these."""
        found: set[int] = set()
        for chunk in self._store.scan(_TOUCHED, first, until):
            found.update(np.unique(chunk.ts // PAGE_MS).tolist())
        return found

    def _between(self, first: int, until: int) -> dict[Hour, int | None]:
        touched: dict[Hour, int] = {}
        made: dict[Hour, int] = {}
        for which, side, values in ((_TOUCHED, TOUCHED, touched), (_MADE, MADE, made)):
            for kind, ts, (mark,) in self._rows(which, first, until, side):
                values[kind, ts] = mark
        return {hour: None if made.get(hour) == mark else mark for hour, mark in touched.items()}

    def _rows(self, marks: Marks, first: int, until: int, side: str) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """Marks of a side: their kind, time and values."""
        for chunk in self._store.scan(marks, first, until):
            values = [chunk.values[channel.name] for channel in marks.channels]
            for place in np.flatnonzero(chunk.values["side"] == side):
                yield str(chunk.values["kind"][place]), int(chunk.ts[place]), tuple(int(one[place]) for one in values)


def hours_of(store: Store, kind: DeviceKind, first: int, until: int) -> list[int]:
    """Beginnings of the hours in which a kind has readings."""
    found: set[int] = set()
    for chunk in store.scan(_Readings(name=kind.name), first, until):
        found.update(_hours(chunk.ts))
    return sorted(found)


def _hours(ts: Ints) -> list[int]:
    hours: list[int] = (np.unique(ts // HOUR_MS) * HOUR_MS).tolist()
    return hours


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, those that overlap or touch as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + HOUR_MS:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined
