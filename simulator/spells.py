"""Spells of the world's at every site, such as of rain: when one begins and ends, and what has come together in it."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from park.model import GRID_S, Floats, WorldDay
from simulator.world import World

_KEPT_DAYS = 64


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A spell at a site, as far as a day knows it.

    Attributes:
        site: row of the `WorldDay` arrays.
        begin_ms: the first instant of the day's grid in it, Unix milliseconds.
        end_ms: the first that is not any more; None if it goes on.
        total: integral over its hours up to its end, or to the end of the day, of what it is a spell of.
    """

    site: int
    begin_ms: int
    end_ms: int | None
    total: float


class Spells:
    """The spells of a world, by the town's day: of the instants of its grid at which a series is above a limit.

    Between two instants the series is the straight line between them. A spell may run through any number of mornings.

    Args:
        world: the town's.
        of: what of a day, (sites, GRID_POINTS).
        limit: above which it is.
    """

    def __init__(self, world: World, of: Callable[[WorldDay], Floats], limit: float = 0.0) -> None:
        self._world, self._of, self._limit = world, of, limit
        self._days: OrderedDict[int, list[Spell]] = OrderedDict()

    def day(self, index: int) -> list[Spell]:
        """The spells that begin, go on or end after the day's first instant, up to the first of the next."""
        if index not in self._days:
            day = self._world.day(index)
            series = self._of(day)
            self._days[index] = [
                spell for site in range(len(series)) for spell in self._of_site(day, index, site, series[site])
            ]
            while len(self._days) > _KEPT_DAYS:
                self._days.popitem(last=False)
        return self._days[index]

    def _of_site(self, day: WorldDay, index: int, site: int, series: Floats) -> list[Spell]:
        inside = series > self._limit
        if not inside.any():
            return []
        sums = np.concatenate([[0.0], np.cumsum((series[1:] + series[:-1]) / 2 * (GRID_S / 3600))])
        entered = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1
        begins = [(int(day.times[node]), float(sums[node - 1])) for node in entered]
        if inside[0]:
            begins.insert(0, self._gone_on(day, index, site))
        ends = [(int(day.times[node]), float(sums[node])) for node in np.flatnonzero(~inside[1:] & inside[:-1]) + 1]
        last: list[tuple[int | None, float]] = [*ends, (None, float(sums[-1]))]
        return [
            Spell(site=site, begin_ms=begin, end_ms=end, total=total - before)
            for (begin, before), (end, total) in zip(begins, last, strict=False)
        ]

    def _gone_on(self, day: WorldDay, index: int, site: int) -> tuple[int, float]:
        """Of the spell in which the day begins: when it began, and less what came together in it before."""
        if index == 0:
            return int(day.times[0]), 0.0
        (open_one,) = (one for one in self.day(index - 1) if one.site == site and one.end_ms is None)
        return open_one.begin_ms, -open_one.total
