"""What delivery does to readings that are right: each of these is a pure function of a window of time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from park.columns import Columns
from park.model import Bools, Ints

_TIMES = 20
_AHEAD_MS = 3_600_000
#: It comes late by up to such a part of the incident, so that all has come before the replay ends.
_LATE_PART = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Hit:
    """Whom it befalls, and when.

    Attributes:
        devices: numbers in their kind, from 0, ascending.
        start_ms, end_ms: [start, end), Unix milliseconds.
    """

    devices: Ints
    start_ms: int
    end_ms: int

    def rows(self, columns: Columns) -> Bools:
        """(N,) which readings it is about."""
        during = (columns.ts >= self.start_ms) & (columns.ts < self.end_ms)
        return np.asarray(during & np.isin(columns.device, self.devices))


def _every(columns: Columns) -> Bools:
    return np.ones(len(columns), dtype=np.bool_)


def _drawn(columns: Columns) -> Ints:
    """(N,) a number for each reading, the same whenever it is asked for: a multiplicative hash of device and slot."""
    return np.asarray((columns.seq * 2_654_435_761 + columns.device * 40_503) >> 7 & 0xFF_FFFF)


def _third(columns: Columns) -> Bools:
    return np.asarray(_drawn(columns) % 3 == 0)


#: The readings of a window, by kind.
Made = Callable[[int, int], list[Columns]]


@dataclass(frozen=True, kw_only=True)
class Trick:
    """What becomes of readings.

    Attributes:
        sent: what is sent in a window, given what makes readings.
        torn: whether payloads end too early.
        befalls: (N,) which of the readings that it is about it does something to.
    """

    sent: Callable[[Made, Hit, int, int], list[Columns]]
    torn: bool = False
    befalls: Callable[[Columns], Bools] = _every


def _as_made(made: Made, _hit: Hit, start_ms: int, until_ms: int) -> list[Columns]:
    return made(start_ms, until_ms)


def _repeated(made: Made, hit: Hit, start_ms: int, until_ms: int) -> list[Columns]:
    return [
        columns.take(np.repeat(np.arange(len(columns)), np.where(hit.rows(columns), _TIMES, 1)))
        for columns in made(start_ms, until_ms)
    ]


def _jumped(made: Made, hit: Hit, start_ms: int, until_ms: int) -> list[Columns]:
    return [
        replace(columns, ts=columns.ts + np.where(hit.rows(columns), _AHEAD_MS, 0))
        for columns in made(start_ms, until_ms)
    ]


def _held_back(made: Made, hit: Hit, start_ms: int, until_ms: int) -> list[Columns]:
    kept = [columns.take(~hit.rows(columns)) for columns in made(start_ms, until_ms)]
    burst: list[Columns] = []
    if start_ms <= hit.end_ms < until_ms:
        burst = [columns.take(hit.rows(columns)) for columns in made(hit.start_ms, hit.end_ms)]
    return [columns for columns in (*burst, *kept) if len(columns)]


def _thinned(made: Made, hit: Hit, start_ms: int, until_ms: int) -> list[Columns]:
    kept = (columns.take(~(hit.rows(columns) & _third(columns))) for columns in made(start_ms, until_ms))
    return [columns for columns in kept if len(columns)]


def _delayed(made: Made, hit: Hit, start_ms: int, until_ms: int) -> list[Columns]:
    kept = [columns.take(~hit.rows(columns)) for columns in made(start_ms, until_ms)]
    most = (hit.end_ms - hit.start_ms) // _LATE_PART
    first, last = max(hit.start_ms, start_ms - most), min(hit.end_ms, until_ms)
    late = [columns.take(hit.rows(columns)) for columns in (made(first, last) if first < last else ())]
    due = [columns.take(_within(columns.ts + _drawn(columns) % most, start_ms, until_ms)) for columns in late]
    return [columns for columns in (*due, *kept) if len(columns)]


def _within(at: Ints, start_ms: int, until_ms: int) -> Bools:
    return np.asarray((at >= start_ms) & (at < until_ms))


#: Each is sent twenty times.
repeated = Trick(sent=_repeated)
#: Its time is an hour ahead.
jumped = Trick(sent=_jumped)
#: It is sent at the end, all at once.
held_back = Trick(sent=_held_back)
#: Its payload ends too early.
torn = Trick(sent=_as_made, torn=True)
#: One in three is lost.
thinned = Trick(sent=_thinned, befalls=_third)
#: It comes late, each by its own while.
delayed = Trick(sent=_delayed)
