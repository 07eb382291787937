"""A cold room's heat: what has come in is taken out, at once or, where the unit had to rest, after that.

A start-stop unit takes out the same heat in each run. So the n-th run begins when n runs' worth has come in, and a room
holds at any instant what has come in and is not taken out: its energy balances, and its air swings, by construction.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import Sampler
from park.model import GRID_S, Bools, Floats, Ints


def waiting(days: Days, heat: Floats, most: Floats, before: Floats) -> Floats:
    """(R, STEPS + 1) kJ that have come in while the unit rested or ran through, and are not yet taken out.

    With U the sum of what comes in less what could be taken out, that is U less its running minimum: what a unit could
    have taken out of a room that has no more to give is lost.

    Args:
        days: by whose days R goes.
        heat: (R, STEPS) kW that come in.
        most: (R, STEPS) kW that the unit takes out when it runs through; 0 while it rests.
        before: (C, units) kJ at the first day's beginning.
    """
    sums, begun = _sums((heat - most) * GRID_S), before.reshape(-1)
    left, one_day = np.zeros_like(sums), sums[: len(begun)]
    for come, made in zip(days.by_day(sums, one_day), days.by_day(left, one_day), strict=True):
        total = come + begun[:, None]
        made[:] = total - np.minimum(np.minimum.accumulate(total, axis=1), 0.0)
        begun = made[:, -1]
    return left


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """N units at moments: shares of a run's heat that have come in and are taken out, and s run since 04:00."""

    come: Floats
    taken: Floats
    ran: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """Runs of R units through a day each.

    Attributes:
        come: (R, STEPS + 1) runs' worth of heat, counted from the last run that began before the day.
        free: (R, STEPS + 1) s since 04:00 in which the unit did not rest.
        length: (R,) s of a run.
        starts: (R, W) s, as `free`, at which the n-th run begins; the 0th did on the day before.
    """

    come: Floats
    free: Floats
    length: Floats
    starts: Floats

    def at(self, sampler: Sampler, row: Ints) -> Seen:
        """Units at moments of the grid."""
        return self._seen(sampler.line(self.come), sampler.line(self.free), row)

    def last(self) -> Seen:
        """(R,) units at the day's end."""
        return self._seen(self.come[:, -1], self.free[:, -1], np.arange(len(self.come)))

    @cached_property
    def ran(self) -> Floats:
        """(R, STEPS + 1) s run since 04:00."""
        row = np.repeat(np.arange(len(self.come)), self.come.shape[1])
        return self._seen(self.come.reshape(-1), self.free.reshape(-1), row).ran.reshape(self.come.shape)

    def _seen(self, come: Floats, free: Floats, row: Ints) -> Seen:
        number = np.floor(come)
        place = row * self.starts.shape[1] + number.astype(np.int64)
        length = self.length.take(row)
        taken = np.clip((free - self.starts.reshape(-1).take(place)) / length, 0.0, 1.0)
        begun = -self.starts[:, 0].take(row)
        return Seen(come=come - number, taken=taken, ran=(number + taken) * length - begun)


def runs(days: Days, heat: Floats, resting: Bools, length: Floats, before: tuple[Floats, Floats]) -> Runs:
    """The units' runs through consecutive days.

    Args:
        days: by whose days R goes.
        heat: (R, STEPS) runs' worth of heat that comes in, to be taken out.
        resting: (R, STEPS).
        length: (R,) s.
        before: (C, units) shares of `Seen` at the first day's beginning.
    """
    come, free = _sums(heat), _sums(np.where(resting, 0.0, float(GRID_S)))
    begun = before[0].reshape(-1)
    by_day = days.by_day(come, come[: len(begun)])
    for day in range(len(by_day)):
        by_day[day] += begun[:, None]
        begun = by_day[day, :, -1] % 1.0
    starts = _starts(come, free)
    taken = before[1].reshape(-1)
    parts = (days.by_day(rows, rows[: len(begun)]) for rows in (come, free, length, starts))
    for came, was_free, part, begins in zip(*parts, strict=True):
        begins[:, 0] = -taken * part
        last = np.floor(came[:, -1]).astype(np.int64)
        since = was_free[:, -1] - np.take_along_axis(begins, last[:, None], axis=1)[:, 0]
        taken = np.clip(since / part, 0.0, 1.0)
    return Runs(come=come, free=free, length=length, starts=starts)


def _starts(come: Floats, free: Floats) -> Floats:
    """(R, W) of `Runs`, the first column to be filled in."""
    starts = np.zeros((len(come), int(come[:, -1].max()) + 1))
    for row, (came, was_free) in enumerate(zip(come, free, strict=True)):
        number = np.arange(1, int(came[-1]) + 1)
        after = np.searchsorted(came, number)
        part = (number - came[after - 1]) / (came[after] - came[after - 1])
        starts[row, number] = was_free[after - 1] + part * (was_free[after] - was_free[after - 1])
    return starts


def _sums(steps: Floats) -> Floats:
    """(R, STEPS + 1) sums of the first 0 to all."""
    sums = np.zeros((steps.shape[0], steps.shape[1] + 1))
    np.cumsum(steps, axis=1, out=sums[:, 1:])
    return sums
