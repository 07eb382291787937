"""Cells that were commanded, a block at a time, beside the sector's state in which nobody commands anything.

An order changes its own cell alone, so only the block of cells in which it stands is worked out anew, and only from
the day on which it takes effect.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from park.happenings import Happenings, Tells
from park.model import NO_ORDERS, Carry, Ints, Model, Moments, Observation, Orders, Strides, WorldDay
from simulator.world import World

_CELLS = 64
_DAYS_AT_ONCE = 32
_DAYS_KEPT = 3

#: Number of the block, day, digest of the block's orders before it ends (of a state) or begins (of what is carried).
_Key = tuple[int, int, bytes]


def through(model: Model, cells: Ints, carry: Carry, worlds: Sequence[WorldDay], orders: Orders = NO_ORDERS) -> Carry:
    """The carried state after consecutive days."""
    if not len(orders) and isinstance(model, Strides):
        return model.stride(cells, carry, worlds)
    for world in worlds:
        carry = model.advance(cells, carry, world, orders.during(world))
    return carry


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
        self._orders: dict[int, Orders] = {}
        self._carries: OrderedDict[_Key, Carry] = OrderedDict()
        self._days: OrderedDict[_Key, Any] = OrderedDict()

    def obey(self, orders: Orders) -> None:
        """From now on these are all the orders. What was reached under the same ones so far is kept."""
        mine = orders.within(self._cells)
        block = np.searchsorted(self._cells, mine.cell) // _CELLS
        self._orders = {number: mine.within(self._cells_of(number)) for number in np.unique(block).tolist()}

    def observe(self, kind: str, day: int, at: Moments, undisturbed: Observation) -> Observation:
        """The readings, where orders have come; elsewhere they are the `undisturbed` ones."""
        until = self._world.day_start_ms(day + 1)
        seen = undisturbed
        for block, orders in self._orders.items():
            if orders.effective[0] >= until:
                continue
            some = np.flatnonzero(at.row // _CELLS == block)
            if len(some):
                if seen is undisturbed:
                    seen = {name: values.copy() for name, values in undisturbed.items()}
                state = self._day(block, day, orders.between(0, until))
                for name, values in self._model.observe(kind, state, taken(at, some, block * _CELLS)).items():
                    seen[name][some] = values
        return seen

    def tell(self, kind: str, day: int, undisturbed: list[Happenings]) -> list[Happenings]:
        """What happens, where orders have come; elsewhere it is the `undisturbed`."""
        until = self._world.day_start_ms(day + 1)
        states = {
            block: self._day(block, day, orders.between(0, until))
            for block, orders in self._orders.items()
            if orders.effective[0] < until
        }
        left = [some.take(~np.isin(some.row // _CELLS, [*states])) for some in undisturbed]
        return left + happened(self._model, kind, states.items(), _CELLS)

    def standing(self, day: int, at: Moments) -> tuple[Any, Moments] | None:
        """The state of a day in which one moment lies, and the moment in it; None where no orders have come."""
        block, until = int(at.row[0]) // _CELLS, self._world.day_start_ms(day + 1)
        orders = self._orders.get(block)
        if orders is None or orders.effective[0] >= until:
            return None
        return self._day(block, day, orders.between(0, until)), taken(at, np.zeros(1, dtype=np.int64), block * _CELLS)

    def _cells_of(self, block: int) -> Ints:
        return self._cells[block * _CELLS : (block + 1) * _CELLS]

    def _day(self, block: int, day: int, orders: Orders) -> Any:
        key = (block, day, orders.digest)
        if key not in self._days:
            world, cells = self._world.day(day), self._cells_of(block)
            carry = self._carried(block, day, orders)
            self._days[key] = self._model.day(cells, carry, world, orders.during(world))
            self._forget(self._days)
        return self._days[key]

    def _carried(self, block: int, day: int, orders: Orders) -> Carry:
        """The block's carried state at the morning of a day."""
        cells = self._cells_of(block)
        known, carry = self._latest_before(block, day, orders)
        while known < day:
            stop = min(day, known - known % _DAYS_AT_ONCE + _DAYS_AT_ONCE)
            carry = through(self._model, cells, carry, self._world.days(known, stop), orders)
            known = stop
        self._carries[block, day, self._before(orders, day).digest] = carry
        self._forget(self._carries)
        return carry

    def _latest_before(self, block: int, day: int, orders: Orders) -> tuple[int, Carry]:
        """The last morning up to that of `day` that was reached under these orders, and what was carried then."""
        days = [
            known
            for number, known, digest in self._carries
            if number == block and known <= day and digest == self._before(orders, known).digest
        ]
        if days:
            return max(days), self._carries[block, max(days), self._before(orders, max(days)).digest]
        first = min(day, int(self._world.day_index(int(orders.effective[0]))))
        rows = slice(block * _CELLS, (block + 1) * _CELLS)
        return first, {name: values[rows] for name, values in self._undisturbed(first).items()}

    def _before(self, orders: Orders, day: int) -> Orders:
        return orders.between(0, self._world.day_start_ms(day))

    def _forget(self, kept: OrderedDict[_Key, Any]) -> None:
        while len(kept) > _DAYS_KEPT * max(1, len(self._orders)):
            kept.popitem(last=False)


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
