"""Cells that were commanded, a block at a time, beside the sector's state in which nobody commands anything.

An order changes its own cell alone, so only the block of cells in which it stands is worked out anew, and only from
the day on which it takes effect.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from park.happenings import Happenings, Tells
from park.model import NO_ORDERS, Bools, Carry, Ints, Model, Moments, Observation, Orders, Strides, WorldDay
from simulator.world import World

_CELLS = 64
_DAYS_AT_ONCE = 32
_DAYS_KEPT = 3
_NEVER = 2**62

#: Number of the block, day, digest of the block's orders before it.
_Key = tuple[int, int, bytes]


def through(model: Model, cells: Ints, carry: Carry, worlds: Sequence[WorldDay], orders: Orders = NO_ORDERS) -> Carry:
    """The carried state after consecutive days."""
    if not len(orders) and isinstance(model, Strides):
        return model.stride(cells, carry, worlds)
    for world in worlds:
        carry = model.advance(cells, carry, world, orders.during(world))
    return carry


class _Told:
    """What a block's devices have been commanded, by day, so that one more order touches its own day alone."""

    def __init__(self) -> None:
        self._days: dict[int, Orders] = {}

    def add(self, day: int, orders: Orders) -> None:
        """More orders of a day."""
        self._days[day] = self.of(day).merged(orders)

    def of(self, day: int) -> Orders:
        """Those that take effect in a day."""
        return self._days.get(day, NO_ORDERS)

    @property
    def first(self) -> int:
        """The first day that has any."""
        return min(self._days)

    def before(self, day: int) -> bytes:
        """Tells those that take effect before a day from any others."""
        digests = [self._days[known].digest for known in sorted(self._days) if known < day]
        return hashlib.blake2b(b"".join(digests), digest_size=16).digest() if digests else b""

    def between(self, start: int, stop: int) -> Orders:
        """Those of days start <= day < stop."""
        orders = NO_ORDERS
        for day in sorted(self._days):
            if start <= day < stop:
                orders = orders.merged(self._days[day])
        return orders


@dataclass(kw_only=True, eq=False)
class _Made:
    """A block's state of a day, and for which of its cells, (C,), orders have come since it was made."""

    state: Any
    outdated: Bools


class CommandedBlocks:
    """The blocks of a sector's observed cells.

    Args:
        model: the sector's.
        cells: (C,) that are observed, ascending.
        world: the town's.
        undisturbed: the carried state of all the cells at the morning of a day, had there been no orders.
    """

    def __init__(self, model: Model, cells: Ints, world: World, undisturbed: Callable[[int], Carry]) -> None:
        self._model = model
        self._cells = cells
        self._world = world
        self._undisturbed = undisturbed
        self._told: dict[int, _Told] = {}
        #: (C,) the day of each cell's first order.
        self._since = np.full(len(cells), _NEVER)
        self._carries: OrderedDict[_Key, Carry] = OrderedDict()
        self._days: dict[int, OrderedDict[int, _Made]] = {}

    def obey(self, more: Orders) -> None:
        """Take more orders, besides all so far; those to cells that are not observed are passed over."""
        row = np.searchsorted(self._cells, more.cell)
        mine = np.flatnonzero(self._cells[np.minimum(row, len(self._cells) - 1)] == more.cell)
        row, more = row[mine], more.take(mine)
        block, day = row // _CELLS, self._world.day_index(more.effective)
        np.minimum.at(self._since, row, day)
        for number, today in sorted(set(zip(block.tolist(), day.tolist(), strict=True))):
            some = np.flatnonzero((block == number) & (day == today))
            self._told.setdefault(number, _Told()).add(today, more.take(some))
            for known, made in self._days.setdefault(number, OrderedDict()).items():
                if known >= today:
                    made.outdated[row[some] - number * _CELLS] = True

    def hold(self, day: int, at: Moments) -> bool:
        """Whether all these moments of a day are of cells in one block, to which orders have come."""
        return bool((self._since[at.row] <= day).all() and (at.row // _CELLS == at.row[0] // _CELLS).all())

    def observe(self, kind: str, day: int, at: Moments, undisturbed: Observation) -> Observation:
        """The readings, of cells to which orders have come; else the `undisturbed` ones, or none if they `hold`."""
        moved = np.flatnonzero(self._since[at.row] <= day)
        seen, blocks = undisturbed, at.row[moved] // _CELLS
        for block in sorted(set(blocks.tolist())):
            some = moved[blocks == block]
            here = taken(at, some, block * _CELLS)
            measured = self._model.observe(kind, self._day(block, day, here.row), here)
            if len(some) == len(at.row):
                return measured
            if seen is undisturbed:
                seen = {name: values.copy() for name, values in undisturbed.items()}
            for name, values in measured.items():
                seen[name][some] = values
        return seen

    def tell(self, kind: str, day: int, undisturbed: list[Happenings]) -> list[Happenings]:
        """What happens, where orders have come; elsewhere it is the `undisturbed`."""
        states = {
            block: self._day(block, day, np.arange(len(self._cells_of(block))))
            for block, told in self._told.items()
            if told.first <= day
        }
        left = [some.take(~np.isin(some.row // _CELLS, [*states])) for some in undisturbed]
        return left + happened(self._model, kind, states.items(), _CELLS)

    def standing(self, day: int, at: Moments) -> tuple[Any, Moments] | None:
        """The state of a day in which one moment lies, and the moment in it; None where no orders have come."""
        block = int(at.row[0]) // _CELLS
        if self._since[at.row[0]] > day:
            return None
        here = taken(at, np.zeros(1, dtype=np.int64), block * _CELLS)
        return self._day(block, day, here.row), here

    def _cells_of(self, block: int) -> Ints:
        return self._cells[block * _CELLS : (block + 1) * _CELLS]

    def _day(self, block: int, day: int, rows: Ints) -> Any:
        """A block's state of a day, right for some of its cells: one that waits to be looked at is not made anew."""
        days = self._days[block]
        made = days.get(day)
        if made is None or made.outdated[rows].any():
            cells = self._cells_of(block)
            carry = self._carried(block, day)
            state = self._model.day(cells, carry, self._world.day(day), self._told[block].of(day))
            made = days[day] = _Made(state=state, outdated=np.zeros(len(cells), dtype=np.bool_))
            while len(days) > _DAYS_KEPT:
                days.popitem(last=False)
        return made.state

    def _carried(self, block: int, day: int) -> Carry:
        """The block's carried state at the morning of a day."""
        cells, told = self._cells_of(block), self._told[block]
        known, carry = self._latest_before(block, day)
        while known < day:
            stop = min(day, known - known % _DAYS_AT_ONCE + _DAYS_AT_ONCE)
            carry = through(self._model, cells, carry, self._world.days(known, stop), told.between(known, stop))
            known = stop
        key = block, day, told.before(day)
        self._carries[key] = carry
        self._carries.move_to_end(key)
        while len(self._carries) > _DAYS_KEPT * len(self._told):
            self._carries.popitem(last=False)
        return carry

    def _latest_before(self, block: int, day: int) -> tuple[int, Carry]:
        """The last morning up to that of `day` that was reached under these orders, and what was carried then."""
        told = self._told[block]
        if (now := (block, day, told.before(day))) in self._carries:
            return day, self._carries[now]
        days = [
            known
            for number, known, digest in self._carries
            if number == block and known <= day and digest == told.before(known)
        ]
        if days:
            return max(days), self._carries[block, max(days), told.before(max(days))]
        first = min(day, told.first)
        rows = slice(block * _CELLS, (block + 1) * _CELLS)
        return first, {name: values[rows] for name, values in self._undisturbed(first).items()}


def happened(model: Model, kind: str, days: Iterable[tuple[int, Any]], cells: int) -> list[Happenings]:
    """What devices of a kind tell, given the days of some blocks of so many cells, by the number of the block."""
    if not isinstance(model, Tells):
        return []
    return [
        replace(some, row=some.row + block * cells)
        for block, day in days
        for some in model.tell(kind, day)
        if len(some)
    ]


def taken(at: Moments, some: Ints, first_row: int) -> Moments:
    """Some of the moments, in the state of the block of cells that begins at a row."""
    return replace(
        at,
        row=at.row[some] - first_row,
        unit=at.unit[some],
        device=at.device[some],
        ts=at.ts[some],
        x=at.x[some],
    )
