"""Marks of the hours of which readings are written.

They go to the store with the very rows that they speak of, and anew with every attempt: what the store has accepted it
has marked, whenever that was and whatever died meanwhile.
"""

import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import msgspec

from ingest.stores.base import Render, Row, Series, Store
from park.codecs.json.read import LATEST_MS
from park.rollup import FORGOTTEN, HOUR_MS, LOG, MARKS, READINGS, TOUCHED

_MINUTE_MS = 60_000
_HOURS = 1 << 32
_ABSENT = {channel.name: msgspec.UNSET for channel in MARKS.channels}


class Numbers:
    """Kinds by number, so that the hour of a kind is one whole number: cheap to make for every reading."""

    def __init__(self) -> None:
        self._bases: dict[str, int] = {}
        self._names: list[str] = []

    def base(self, kind: str) -> int:
        """What is added to the hours of a kind, `ts // HOUR_MS`."""
        if kind not in self._bases:
            self._bases[kind] = len(self._names) * _HOURS
            self._names.append(kind)
        return self._bases[kind]

    def hour(self, number: int) -> tuple[str, int]:
        """The kind, and the beginning of the hour in Unix milliseconds."""
        return self._names[number // _HOURS], number % _HOURS * HOUR_MS


class Touches:
    """Makes the marks of one writer.

    Args:
        instance: the writer's name, its own among all who write to the store.

    Attributes:
        newest: the number of its newest marks; 0 before any.
    """

    def __init__(self, store: Store, instance: str) -> None:
        self._store = store
        self._instance = instance
        self._renders: dict[tuple[str, str], Render] = {}
        self.newest = 0
        # What a process of this name wrote before, in this same minute, nobody knows: it may be any hour.
        self._first, self._last = 0, LATEST_MS
        self._minute: int | None = None

    def rows(self, hours: Iterable[tuple[str, int]]) -> list[Row]:
        """Marks of these hours, as of now; none for none.

        Args:
            hours: kind, and the hour's beginning in Unix milliseconds.
        """
        found = list(hours)
        if not found:
            return []
        now = time.time_ns() // 1_000_000
        self.newest = max(self.newest + 1, now)
        begins = [begin for _, begin in found]
        self._widen(now // _MINUTE_MS * _MINUTE_MS, min(begins), max(begins))
        marks = [self.row(kind, TOUCHED, begin, touched=self.newest) for kind, begin in found]
        log = {"logged": self.newest, "first": self._first, "last": self._last}
        return [*marks, self.row(self._instance, LOG, self._minute or 0, **log)]

    def row(self, kind: str, side: str, ts: int, **said: Any) -> Row:
        """One mark."""
        render = self._renders.get((kind, side))
        if render is None:
            series = Series(
                measurement=MARKS.name,
                tags=(("kind", kind), ("side", side)),
                fields=MARKS.channels,
                has_seq=False,
                rewritten=True,
            )
            render = self._renders[kind, side] = self._store.render(series)
        return render(SimpleNamespace(**_ABSENT | said, ts=ts))

    def _widen(self, minute: int, first: int, last: int) -> None:
        if self._minute is None:
            self._minute = minute
        elif minute > self._minute:
            self._minute, self._first, self._last = minute, first, last
        self._first, self._last = min(self._first, first), max(self._last, last)


async def mark_forgotten(store: Store, until_ms: int) -> int:
    """Tell that readings will be deleted; of before which moment, for hours are forgotten as a whole.

    Args:
        store: from which.
        until_ms: Unix milliseconds.

    Raises:
        StoreError: the store does not take the mark.
    """
    hour = until_ms // HOUR_MS * HOUR_MS
    await store.write([Touches(store, "forget").row(READINGS, FORGOTTEN, hour, forgotten=hour)])
    return hour
