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
_MINUTE_MS = 60_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One valve.

    Attributes:
        program: when it opens by itself, milliseconds since 04:00, and for how long; 0 if it does not.
        left_ms: for so much longer it is open when the day begins.
        told: the day's orders to it, by time.
    """

    program: tuple[int, int]
    left_ms: int
    told: Sequence[Told]

    @cached_property
    def first_ms(self) -> int:
        """From here on it is not as its program has it."""
        return 0 if self.left_ms else self.told[0].ms if self.told else DAY_MS

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
            before = Run(program=self.program, left_ms=self.left_ms, told=known)
            expected[point] = before.opened(_NODES_MS[point : point + 1])[0][0]
        return expected

    @cached_property
    def _chain(self) -> tuple[Ints, Ints, Ints]:
        """When something is said, until when it is open from then on, and how long it has been open by then."""
        opens, lasts = self.program
        said = [(opens, None)] if lasts else []
        said += [(one.ms, one) for one in self.told]
        when, until, before = [0], [self.left_ms], [0]
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
                found.append([BEFORE if begin == 0 and self.left_ms else int(begin), int(end)])
        if found and found[-1][1] == LATER and not self.left:
            found[-1][1] = DAY_MS - 1  # this day tells its end
        return [(begin, end) for begin, end in found]

    @property
    def left(self) -> int:
        """Milliseconds for which it is still open when the day ends."""
        return max(int(self._chain[1][-1]) - DAY_MS, 0)


def _until(one: Told, before: int) -> int:
    if one.action == OPEN:
        return one.ms + int(one.value[0]) * _MINUTE_MS
    return one.ms if one.action == CLOSE else before


def runs_of(day: Watering, carry: Carry, told: Mapping[int, Sequence[Told]]) -> dict[int, Run]:
    """The valves that are told something, or that something is left of, by their row: by field, then zone."""
    left, owed = (np.asarray(carry[name]).reshape(-1) for name in ("valve_left_ms", "valve_owed"))
    opens, lasts = (1000 * part.reshape(-1) for part in (day.opens_s, day.open_s))
    return {
        row: Run(program=(int(opens[row]), int(lasts[row])), left_ms=int(left[row]), told=told.get(row, ()))
        for row in sorted({*told, *np.flatnonzero((left != 0) | (owed != 0)).tolist()})
    }


def poured(day: Watering, carry: Carry, runs: Mapping[int, Run], irrigated: Floats) -> Floats:
    """(C, Z, n) water that has reached the soil since the day's start, mm; `irrigated` by programs alone."""
    if not runs:
        return irrigated
    flat, rate = irrigated.reshape(-1, len(HOURS)).copy(), day.depth_rate.reshape(-1)
    owed = np.asarray(carry["valve_owed"]).reshape(-1)
    for row, run in runs.items():
        flat[row] = run.foreseen * (rate[row] / 3_600_000)
        flat[row, 1:] += owed[row]
    return flat.reshape(irrigated.shape)


def spells_of(runs: Mapping[int, Run]) -> Spells:
    """When these valves are open."""
    found = [(row, begin, end) for row, run in runs.items() for begin, end in run.spells]
    row, begin, end = (np.array(part, dtype=np.int64) for part in (zip(*found, strict=True) if found else ((),) * 3))
    return Spells(row=row, begin=begin, end=end)


def begin(cells: int, zones: int) -> Carry:
    """Closed valves, nothing owed."""
    zeros = {name: np.zeros((cells, zones)) for name in ("valve_owed", "valve_run_m3")}
    whole = {name: np.zeros((cells, zones), dtype=np.int64) for name in ("valve_left_ms", "valve_since")}
    return zeros | whole


def after(day: Watering, carry: Carry, runs: Mapping[int, Run], first_ms: int) -> Carry:
    """What is carried of valves, the water through them included."""
    left = {name: np.zeros_like(values) for name, values in begin(*day.flow.shape).items()}
    total = carry["water_total"] + day.volume
    for row, run in runs.items():
        place = divmod(row, day.flow.shape[1])
        opened = int(run.opened(np.array([DAY_MS]))[0][0])
        total[place] = carry["water_total"][place] + day.flow[place] * opened / 3_600_000
        left["valve_owed"][place] = day.depth_rate[place] / 3_600_000 * (opened - int(run.foreseen[-1]))
        if run.left:
            started, _ = run.spells[-1]
            lasts = DAY_MS - max(started, 0)
            left["valve_left_ms"][place] = run.left
            left["valve_since"][place] = carry["valve_since"][place] if started == BEFORE else first_ms + started
            left["valve_run_m3"][place] = day.flow[place] * lasts / 3_600_000
            if started == BEFORE:
                left["valve_run_m3"][place] += carry["valve_run_m3"][place]
    return {**left, "water_total": total}
