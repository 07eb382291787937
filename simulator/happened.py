"""What the models of a plan's devices tell, day by day."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from park.columns import quantise
from park.happenings import Happenings
from park.model import Bools, Ints
from simulator.event_columns import Told
from simulator.plan import Group, Plan
from simulator.state import TownState

_DAYS_KEPT = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class DayTold:
    """What is told in a day: all times, ascending, and the events by type and phase."""

    times: list[int]
    told: list[Told]


class DaysTold:
    """What is told of days; the latest that were asked for are kept."""

    def __init__(self) -> None:
        self._days: OrderedDict[Hashable, DayTold] = OrderedDict()

    def of(self, key: Hashable, tell: Callable[[], Iterable[Told]]) -> DayTold:
        """What is told of a day, by whatever tells that day apart from others."""
        if key not in self._days:
            told = list(tell())
            self._days[key] = DayTold(times=sorted(ts for one in told for ts in one.ts.tolist()), told=told)
            while len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        return self._days[key]


class Happened:
    """What a plan's devices tell of their models' days.

    Args:
        plan: the devices.
        state: their models.
        since_ms: nothing is told from before the town.
    """

    def __init__(self, plan: Plan, state: TownState, since_ms: int) -> None:
        self._plan, self._state, self._since_ms = plan, state, since_ms
        self._days = DaysTold()

    def told(self, first_day: int, last_day: int, start_ms: int, until_ms: int) -> list[Told]:
        """The events with start <= ts < until, which lie in these days of the town."""
        start_ms = max(start_ms, self._since_ms)
        days = (self.of(day) for day in range(first_day, last_day + 1))
        return [part for day in days for part in between(day, start_ms, until_ms)]

    def of(self, day: int) -> DayTold:
        """Of one day of the town."""
        key = day, self._state.commanded
        return self._days.of(key, lambda: (one for group in self._plan.groups for one in self._of_group(group, day)))

    def _of_group(self, group: Group, day: int) -> Iterator[Told]:
        begin_ms = self._state.world.day_start_ms(day)
        cells = self._state.cells(group)
        for some in self._state.happenings(group, day):
            device = cells[some.row] * group.kind.per_cell + some.unit
            mine = np.flatnonzero(_among(device, group.device))
            if len(mine):
                order = mine[np.lexsort((device[mine], some.ms[mine]))]
                yield _event(group, some, device, begin_ms, order)


def _event(group: Group, some: Happenings, device: Ints, begin_ms: int, order: Ints) -> Told:
    return Told(
        kind=group.kind,
        type=some.type,
        phase=some.phase,
        device=device[order],
        ts=begin_ms + some.ms[order],
        id=some.number[order],
        values={
            channel.name: quantise(channel, np.clip(some.values[channel.name][order], channel.low, channel.high))[0]
            for channel in some.type.channels
            if channel.name in some.values
        },
    )


def _among(device: Ints, ascending: Ints) -> Bools:
    """Whether each is one of some, which are not none."""
    place = np.minimum(np.searchsorted(ascending, device), len(ascending) - 1)
    return np.asarray(ascending[place] == device)


def between(day: DayTold, start_ms: int, until_ms: int) -> Iterator[Told]:
    """Those of a day with start <= ts < until."""
    if bisect_left(day.times, start_ms) < bisect_left(day.times, until_ms):
        for told in day.told:
            first, last = np.searchsorted(told.ts, (start_ms, until_ms)).tolist()
            if first < last:
                yield told.cut(first, last)
