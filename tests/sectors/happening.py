"""What readings say of what is told to happen: between a beginning and its end they show it, elsewhere they do not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from park.event import Phase
from park.model import Bools, Floats
from tests.reference.walk import walk

SEED = 5
#: Of one device's readings, (instants,) each, whether they show it.
Shows = Callable[[dict[str, npt.NDArray[Any]], float], Bools]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Where to look for a type of event, and how it shows.

    Attributes:
        inside, outside: share of the readings that show it, at least and at most.
        first, days, cells: which of the town, with the seed `SEED`.
        every_s: interval of the readings.
        late_h: by how much it would be told too late, or early, for the readings to contradict.
    """

    sector: str
    kind: str
    type: str
    shows: Shows
    inside: float = 1.0
    outside: float = 0.0
    first: int = 0
    days: int = 30
    cells: int = 4
    every_s: float = 60.0
    late_h: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Watched:
    """R devices: their readings, (R, instants), whether they show it, and the spells told, milliseconds."""

    ms: Floats
    shown: Bools
    spells: list[list[tuple[int, int]]]

    def shares(self, shift_ms: int = 0) -> tuple[float, float]:
        """Of the readings within spells that are shifted, and of those outside, how many show it."""
        told = np.zeros_like(self.shown)
        for row, spells in enumerate(self.spells):
            for begin, end in spells:
                told[row] |= (self.ms >= begin + shift_ms) & (self.ms < end + shift_ms)
        return float(self.shown[told].mean()), float(self.shown[~told].mean())


@cache
def watched(one: Shown) -> Watched:
    """The devices of some cells through some days."""
    parts: list[dict[str, npt.NDArray[Any]]] = []
    events: dict[int, list[tuple[int, Phase]]] = {}
    count = 0
    for number, day in enumerate(walk(one.sector, SEED, one.days, one.cells, first=one.first)):
        parts.append(day.observe(one.kind, one.every_s))
        count = next(iter(parts[0].values())).shape[1]
        for some in day.model.tell(one.kind, day.state):  # type: ignore[attr-defined]
            if some.type.name == one.type:
                for row, unit, ms in zip(some.row, some.unit, some.ms, strict=True):
                    at = number * 86_400_000 + int(ms)
                    events.setdefault(int(row) * count + int(unit), []).append((at, some.phase))
    rows = range(one.cells * count)
    series = [
        {name: np.concatenate([part[name].reshape(len(rows), -1)[row] for part in parts]) for name in parts[0]}
        for row in rows
    ]
    shown = np.array([one.shows(each, one.every_s) for each in series])
    return Watched(
        ms=np.arange(shown.shape[1], dtype=np.float64) * (one.every_s * 1000.0),
        shown=shown,
        spells=[_spells(sorted(events.get(row, [])), one.days * 86_400_000) for row in rows],
    )


def _spells(events: list[tuple[int, Phase]], until: int) -> list[tuple[int, int]]:
    if events and events[0][1] is Phase.END:
        events = [(0, Phase.BEGIN), *events]
    if events and events[-1][1] is Phase.BEGIN:
        events = [*events, (until, Phase.END)]
    return [(begin, end) for (begin, phase), (end, _) in pairwise(events) if phase is Phase.BEGIN]


def lasting(inside: Bools, every_s: float, least_s: float) -> Bools:
    """Those of runs that last so long."""
    edges = np.diff(np.concatenate([[0], inside.astype(np.int8), [0]]))
    begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    long = np.zeros_like(inside)
    for begin, end in zip(begins, ends, strict=True):
        long[begin:end] = (end - begin) * every_s >= least_s
    return long
