"""What delivery does to readings that are right: each of these is a pure function of a window of time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from park.columns import Columns
from park.model import Bools, Ints

_TIMES = 20
_AHEAD_MS = 3_600_000


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


#: The readings of a window, by kind.
Made = Callable[[int, int], list[Columns]]


@dataclass(frozen=True, kw_only=True)
class Trick:
    """What becomes of readings.

    Attributes:
        sent: what is sent in a window, given what makes readings.
        torn: whether payloads end too early.
    """

    sent: Callable[[Made, Hit, int, int], list[Columns]]
    torn: bool = False


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


#: Each is sent twenty times.
repeated = Trick(sent=_repeated)
#: Its time is an hour ahead.
jumped = Trick(sent=_jumped)
#: It is sent at the end, all at once.
held_back = Trick(sent=_held_back)
#: Its payload ends too early.
torn = Trick(sent=_as_made, torn=True)
