"""What the marks say: which hours are touched and not made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.stores.base import Chunk, Store
from park.catalogue import Channel, DeviceKind
from park.codecs.json.read import LATEST_MS
from park.rollup import HOUR_MS, LOG, MADE, MARKS, TAGS, TOUCHED

#: Clocks of those who write and of this host may differ by as much.
_CLOCKS_MS = 86_400_000

#: A kind, and the beginning of an hour in Unix milliseconds.
Hour = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class _Readings:
    """A kind's readings without their channels: when there are any."""

    name: str
    tags: tuple[str, ...] = TAGS
    channels: tuple[Channel, ...] = ()
    has_seq: bool = True


class MarkReader:
    """Reads the marks of a store; at first all of them, then those of the hours that the log names anew."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[tuple[str, int], int] = {}
        self._looked = False

    def changed(self, now_ms: int) -> dict[Hour, int | None]:
        """Hours that may have changed since the last time, all of them at first.

        Args:
            now_ms: Unix milliseconds.

        Returns:
            Of each hour the mark that its rollups do not answer to yet; None if they do.

        Raises:
            StoreError: the store did not answer; the next look tells what this one would have.
        """
        log = {(who, ts): row for who, ts, row in self._rows(now_ms - _CLOCKS_MS, now_ms + _CLOCKS_MS, LOG)}
        new = [row for key, row in log.items() if self._seen.get(key) != row["logged"]]
        spans = [(row["first"], row["last"]) for row in new] if self._looked else [(0, LATEST_MS)]
        found = {hour: mark for first, last in _joined(spans) for hour, mark in self._between(first, last + HOUR_MS)}
        self._seen = {key: row["logged"] for key, row in log.items()}
        self._looked = True
        return found

    def is_new(self) -> bool:
        """Whether nothing was ever rolled up here."""
        marks = self._rows(0, LATEST_MS, MADE)
        return next(iter(marks), None) is None

    def _between(self, first: int, until: int) -> Iterator[tuple[Hour, int | None]]:
        touched: dict[Hour, int] = {}
        made: dict[Hour, int] = {}
        for kind, ts, row in self._rows(first, until, TOUCHED):
            touched[kind, ts] = row["touched"]
        for kind, ts, row in self._rows(first, until, MADE):
            made[kind, ts] = row["made"]
        for hour, at in touched.items():
            yield hour, (None if made.get(hour) == at else at)

    def _rows(self, first: int, until: int, side: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Marks of a side: their kind, time and values."""
        for chunk in self._store.scan(MARKS, first, until):
            for place in np.flatnonzero(chunk.values["side"] == side):
                values = {channel.name: chunk.values[channel.name][place] for channel in MARKS.channels[:5]}
                yield str(chunk.values["kind"][place]), int(chunk.ts[place]), _ints(values)


def hours_of(store: Store, kind: DeviceKind, first: int, until: int) -> list[int]:
    """Beginnings of the hours in which a kind has readings."""
    found: set[int] = set()
    for chunk in store.scan(_Readings(name=kind.name), first, until):
        found.update(_hours(chunk))
    return sorted(found)


def _hours(chunk: Chunk) -> Iterable[int]:
    hours: list[int] = (np.unique(chunk.ts // HOUR_MS) * HOUR_MS).tolist()
    return hours


def _ints(values: dict[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in values.items()}


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, those that overlap or touch as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + HOUR_MS:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined
