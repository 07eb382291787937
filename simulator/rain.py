"""Spells of rain at every site: when one begins and ends, and what has fallen in it."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from park.model import GRID_S, WorldDay
from simulator.world import World

_KEPT_DAYS = 64


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A spell at a site, as far as a day knows it.

    Attributes:
        site: row of the `WorldDay` arrays.
        begin_ms: the first instant of the day's grid at which it rains, Unix milliseconds.
        end_ms: the first at which it does not any more; None if it goes on.
        depth_mm: fallen up to its end, or to the end of the day.
    """

    site: int
    begin_ms: int
    end_ms: int | None
    depth_mm: float


class Spells:
    """The spells of a world, by the town's day.

    It rains at an instant of the grid where the intensity is above 0, and between two instants as the straight line
    between them. A spell may run through any number of mornings.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._days: OrderedDict[int, list[Spell]] = OrderedDict()

    def day(self, index: int) -> list[Spell]:
        """The spells that begin, go on or end after the day's first instant, up to the first of the next."""
        if index not in self._days:
            day = self._world.day(index)
            self._days[index] = [
                spell for site in range(len(day.precipitation)) for spell in self._of_site(day, index, site)
            ]
            while len(self._days) > _KEPT_DAYS:
                self._days.popitem(last=False)
        return self._days[index]

    def _of_site(self, day: WorldDay, index: int, site: int) -> list[Spell]:
        rain = day.precipitation[site]
        wet = rain > 0
        if not wet.any():
            return []
        fallen = np.concatenate([[0.0], np.cumsum((rain[1:] + rain[:-1]) / 2 * (GRID_S / 3600))])
        begins = [(int(day.times[node]), float(fallen[node - 1])) for node in np.flatnonzero(wet[1:] & ~wet[:-1]) + 1]
        if wet[0]:
            begins.insert(0, self._gone_on(day, index, site))
        ends = [(int(day.times[node]), float(fallen[node])) for node in np.flatnonzero(~wet[1:] & wet[:-1]) + 1]
        last: list[tuple[int | None, float]] = [*ends, (None, float(fallen[-1]))]
        return [
            Spell(site=site, begin_ms=begin, end_ms=end, depth_mm=depth - before)
            for (begin, before), (end, depth) in zip(begins, last, strict=False)
        ]

    def _gone_on(self, day: WorldDay, index: int, site: int) -> tuple[int, float]:
        """Of the spell in which the day begins: when it began, and less what fell in it before."""
        if index == 0:
            return int(day.times[0]), 0.0
        (open_one,) = (one for one in self.day(index - 1) if one.site == site and one.end_ms is None)
        return open_one.begin_ms, -open_one.depth_mm
