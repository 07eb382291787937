"""What happens at instants: withdrawals, tickets, payments, brakings.

A day's number is drawn first; then each gets its instant from the day's course by the inverse of its running share. So
registers are exact counts, a reading between two instants of the grid needs none of them, and a day's total is known
without its instants.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.chance import reached_ms
from park.grid import HOURS, integral
from park.model import DAY_MS, Floats, Ints, Streams

#: The instant of what does not happen: after any day.
NEVER = 2 * DAY_MS


@dataclass(frozen=True, kw_only=True, eq=False)
class Instants:
    """(R, n) instants of R devices, ascending milliseconds since 04:00; `NEVER` fills up the rows."""

    ms: Ints

    def before(self, row: Ints, ms: Ints) -> Ints:
        """(N,) how many of the row have happened, the millisecond itself included."""
        rows, wide = self.ms.shape
        # Whole numbers, so that what stands in the rows beside cannot round a comparison.
        keys = self.ms + (4 * DAY_MS) * np.arange(rows)[:, None]
        found = np.searchsorted(keys.reshape(-1), row * (4 * DAY_MS) + ms, side="right")
        return np.asarray(found - row * wide)

    def next_ms(self, row: Ints, count: Ints) -> Ints:
        """(N,) the instant of the one after the first `count`; `NEVER` after the last."""
        wide = self.ms.shape[1]
        flat = self.ms.reshape(-1)
        return np.asarray(np.where(count < wide, flat[np.minimum(row * wide + count, flat.size - 1)], NEVER))


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """Chance for R devices, each on a day: `number` and `day` are (R,)."""

    streams: Streams
    number: Ints
    day: Ints

    @staticmethod
    def of(streams: Streams, number: Ints, day: int) -> "Draws":
        """All on one day."""
        return Draws(streams=streams, number=number, day=np.full_like(number, day))

    def uniform(self, name: str, *places: Ints) -> Floats:
        """(R,), or (R, *places): a value for each place."""
        return self.streams.uniform(name, *self._counters(places))

    def normal(self, name: str, *places: Ints) -> Floats:
        """As `uniform`."""
        return self.streams.normal(name, *self._counters(places))

    def _counters(self, places: tuple[Ints, ...]) -> list[Ints]:
        wide = max((place.ndim for place in places), default=0)
        shape = (-1, *(1,) * wide)
        return [self.number.reshape(shape), self.day.reshape(shape), *places]


def number(draws: Draws, name: str, mean: Floats, spread: float) -> Ints:
    """(R,) how many in a day: a Poisson number about a mean that strays by `spread` from day to day."""
    size = np.exp(spread * draws.normal(f"{name}.size") - spread * spread / 2)
    expected = np.maximum(mean, 0.0) * size
    drawn = expected + np.sqrt(expected) * draws.normal(f"{name}.number")
    return np.asarray(np.maximum(np.rint(drawn), 0.0).astype(np.int64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """How frequent something is through a day: few courses for many devices, as those of a site have the same.

    Attributes:
        rate: (K, GRID_POINTS) an hour; where only instants are asked for, its shape alone counts.
        row: (R,) which of them each device has.
    """

    rate: Floats
    row: Ints

    @cached_property
    def running(self) -> Floats:
        """(K, GRID_POINTS) since 04:00."""
        return integral(self.rate)

    @property
    def whole(self) -> Floats:
        """(R,) of the day, by device."""
        return self.running[:, -1].take(self.row)

    def but(self, broken: Ints) -> "Courses":
        """The same with nothing in each device's break: (R, 2) milliseconds at either end, `NEVER` if it has none."""
        some = np.flatnonzero(broken[:, 0] < NEVER)
        at = np.rint(HOURS * 3_600_000).astype(np.int64)
        within = (at >= broken[some, :1]) & (at <= broken[some, 1:])
        row = self.row.copy()
        row[some] = len(self.rate) + np.arange(len(some))
        return Courses(rate=np.concatenate([self.rate, np.where(within, 0.0, self.rate[self.row[some]])]), row=row)


def instants(draws: Draws, name: str, count: Ints, courses: Courses, *, together: float = 0.0) -> Instants:
    """The instants of `count` happenings of each row.

    Args:
        draws: of the devices.
        name: of the stream.
        count: (R,) how many.
        courses: of the day.
        together: share of those who come with the one before, within half a minute.
    """
    course = courses.running
    # The width only fills up with NEVER: what is drawn for a place does not depend on it.
    place = np.arange(max(int(count.max(initial=0)), 1))
    drawn = draws.uniform(name, place)
    ms = reached_ms(course / np.maximum(course[:, -1:], 1e-12), courses.row[:, None], drawn)
    ms = np.minimum(ms, DAY_MS - 1)
    if together:
        joins = draws.uniform(f"{name}.joins", place) < together
        lead = np.maximum.accumulate(np.where(joins, 0, place), axis=1)
        ms = np.take_along_axis(ms, lead, axis=1) + 7_000 * (place - lead)
        ms = np.minimum(ms, DAY_MS - 1)
    return Instants(ms=np.sort(np.where(place < count[:, None], ms, NEVER), axis=1))


def running(values: Ints) -> Ints:
    """(R, n + 1) sums of what the first 0 to n of each row brought."""
    total = np.zeros((values.shape[0], values.shape[1] + 1), dtype=np.int64)
    np.cumsum(values, axis=1, out=total[:, 1:])
    return total


def at(total: Ints, row: Ints, count: Ints) -> Ints:
    """(N,) of `running` after the first `count`."""
    return np.asarray(total.reshape(-1)[row * total.shape[1] + count])
