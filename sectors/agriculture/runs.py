"""When a valve is open on a day on which it is told something: to the millisecond.

Water enters the soil on its grid of half-hours. A probe between two instants reads a line to the later one, so that
instant knows of no order after the earlier: it is given what would have flowed by then. The one after it settles what
has flowed in truth, and what is not settled by 04:00 is carried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.happenings import BEFORE, LATER, Spells
from park.model import DAY_MS, Bools, Carry, Floats, Ints
from park.orders import Told
from sectors.agriculture.catalogue import CLOSE, OPEN
from sectors.agriculture.drivers import HOURS
from sectors.agriculture.irrigation import Watering

_NODES_MS: Ints = np.rint(HOURS * 3_600_000).astype(np.int64)
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Left:
    """What one valve has left of what it was told.

    Attributes:
        ms: for so much longer it is open.
        since: from when on, Unix milliseconds; 0 if it is shut.
        volume: m3 that have flowed in this run.
        owed: mm that the soil is still to be given; below zero it was given too much.
    """

    ms: int = 0
    since: int = 0
    volume: float = 0.0
    owed: float = 0.0


_NOTHING = Left()


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One valve.

    Attributes:
        program: when it opens by itself, milliseconds since 04:00, and for how long; 0 if it does not.
        left: of earlier days.
        told: the day's orders to it, by time.
    """

    program: tuple[int, int]
    left: Left
    told: Sequence[Told]

    @cached_property
    def first_ms(self) -> int:
        """From here on it is not as its program has it."""
        return 0 if self.left.ms else self.told[0].ms if self.told else DAY_MS

    def opened(self, ms: Ints) -> tuple[Ints, Bools]:
        """(N,) milliseconds for which it has been open since 04:00, and whether it is."""
        when, until, before = self._chain
        place = np.searchsorted(when, ms, side="right") - 1
        return before[place] + np.clip(until[place] - when[place], 0, ms - when[place]), ms < until[place]

    @cached_property
    def foreseen(self) -> Ints:
        """(n,) the same at the soil's instants, as it was to be expected one instant earlier."""
        expected, _ = self.opened(_NODES_MS)
        for point in {int(np.searchsorted(_NODES_MS, one.ms)) for one in self.told}:
            known = [one for one in self.told if one.ms <= _NODES_MS[point - 1]] if point else self.told
            before = Run(program=self.program, left=self.left, told=known)
            expected[point] = before.opened(_NODES_MS[point : point + 1])[0][0]
        return expected

    @cached_property
    def _chain(self) -> tuple[Ints, Ints, Ints]:
        """When something is said, until when it is open from then on, and how long it has been open by then."""
        opens, lasts = self.program
        said: list[tuple[int, Told | None]] = [(opens, None)] if lasts else []
        said += [(one.ms, one) for one in self.told]
        when, until, before = [0], [self.left.ms], [0]
        for ms, one in sorted(said, key=lambda each: each[0]):
            before.append(before[-1] + min(max(until[-1] - when[-1], 0), ms - when[-1]))
            when.append(ms)
            until.append(max(until[-1], ms + lasts) if one is None else _until(one, until[-1]))
        return np.array(when), np.array(until), np.array(before)

    @cached_property
    def spells(self) -> list[tuple[int, int]]:
        """From when to when it is open; `BEFORE` and `LATER` beyond the day."""
        when, until, _ = self._chain
        found: list[list[int]] = []
        for begin, end in zip(when, np.minimum(until, np.append(when[1:], LATER)), strict=True):
            if found and found[-1][1] == begin < end:
                found[-1][1] = int(end)
            elif begin < end:
                found.append([BEFORE if begin == 0 and self.left.ms else int(begin), int(end)])
        if found and found[-1][1] == LATER and not self.lasts:
            found[-1][1] = DAY_MS - 1  # this day tells its end
        return [(begin, end) for begin, end in found]

    @property
    def lasts(self) -> int:
        """Milliseconds for which it is still open when the day ends."""
        return max(int(self._chain[1][-1]) - DAY_MS, 0)

    def ends(self, flow: float, depth_rate: float, first_ms: int) -> Left:
        """What is left for the next day, of m3/h through it and mm/h into the soil; the day begins at `first_ms`."""
        opened = int(self.opened(np.array([DAY_MS]))[0][0])
        owed = depth_rate / _HOUR_MS * (opened - int(self.foreseen[-1]))
        if not self.lasts:
            return Left(owed=owed)
        started, _ = self.spells[-1]
        goes_on = started == BEFORE
        volume = flow * (DAY_MS - max(started, 0)) / _HOUR_MS + (self.left.volume if goes_on else 0.0)
        return Left(ms=self.lasts, since=self.left.since if goes_on else first_ms + started, volume=volume, owed=owed)


def _until(one: Told, before: int) -> int:
    if one.action == OPEN:
        return one.ms + int(one.value[0]) * _MINUTE_MS
    return one.ms if one.action == CLOSE else before


def begin(cells: int) -> Carry:
    """Nobody has been told anything: a row for each field, without a column until one is."""
    return {"valve_told": np.zeros((cells, 0))}


def standing(carry: Carry) -> dict[int, Left]:
    """The valves that have something left, by row: by field, then zone."""
    told = carry["valve_told"].reshape(-1, 4)  # none of none
    return {
        int(row): Left(
            ms=int(told[row, 0]), since=int(told[row, 1]), volume=float(told[row, 2]), owed=float(told[row, 3])
        )
        for row in np.flatnonzero((told[:, 0] != 0) | (told[:, 3] != 0))
    }


def runs_of(day: Watering, carry: Carry, told: Mapping[int, Sequence[Told]]) -> dict[int, Run]:
    """The valves that are told something, or that something is left of, by their row: by field, then zone."""
    left = standing(carry)
    opens, lasts = (1000 * part.reshape(-1) for part in (day.opens_s, day.open_s))
    return {
        row: Run(program=(int(opens[row]), int(lasts[row])), left=left.get(row, _NOTHING), told=told.get(row, ()))
        for row in sorted({*told, *left})
    }


def poured(day: Watering, runs: Mapping[int, Run], irrigated: Floats) -> Floats:
    """(C, Z, n) water that has reached the soil since the day's start, mm; `irrigated` by programs alone."""
    if not runs:
        return irrigated
    flat, rate = irrigated.reshape(-1, len(HOURS)).copy(), day.depth_rate.reshape(-1)
    for row, run in runs.items():
        flat[row] = run.foreseen * (rate[row] / _HOUR_MS)
        flat[row, 1:] += run.left.owed
    return flat.reshape(irrigated.shape)


def spells_of(runs: Mapping[int, Run]) -> Spells:
    """When these valves are open."""
    found = [(row, begin, end) for row, run in runs.items() for begin, end in run.spells]
    row, begin, end = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return Spells(row=row, begin=begin, end=end)


def after(day: Watering, carry: Carry, runs: Mapping[int, Run], first_ms: int) -> Carry:
    """What is carried of valves, the water through them included."""
    cells, zones = day.flow.shape
    total, left = carry["water_total"] + day.volume, begin(cells)["valve_told"]
    for row, run in runs.items():
        place = divmod(row, zones)
        opened = int(run.opened(np.array([DAY_MS]))[0][0])
        total[place] = carry["water_total"][place] + day.flow[place] * opened / _HOUR_MS
        one = run.ends(float(day.flow[place]), float(day.depth_rate[place]), first_ms)
        if one.ms or one.owed:
            left = left if left.size else np.zeros((cells, zones * 4))
            left.reshape(-1, 4)[row] = one.ms, one.since, one.volume, one.owed
    return {"valve_told": left, "water_total": total}
