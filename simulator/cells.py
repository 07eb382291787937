"""A sector's model, and the cells of it that are observed: a block of them after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from park.happenings import Happenings
from park.model import NO_ORDERS, Carry, Ints, Model, Moments, Observation, WorldDay
from park.orders import Interlocks, Unmoved
from simulator.blocks import happened, taken, through

CELLS_AT_ONCE = 1024
_BLOCKS = 8  # a call of a model costs some 0.3 ms however few cells it has, so many cells make larger blocks, not more


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """A sector's model and the cells that are observed, ascending."""

    cells: Ints
    model: Model

    @property
    def at_once(self) -> int:
        """How many cells are unfolded over a day at a time, so that intermediate arrays stay small."""
        return max(CELLS_AT_ONCE, -(-len(self.cells) // _BLOCKS))

    @cached_property
    def interlocks(self) -> Interlocks | None:
        """The model, if its devices refuse anything."""
        return self.model if isinstance(self.model, Interlocks) else None

    @cached_property
    def unmoved(self) -> frozenset[int]:
        """Actions about which they decide whatever was ordered before."""
        return self.model.unmoved if isinstance(self.model, Unmoved) else frozenset()

    def day(self, carry: Carry, world: WorldDay) -> list[Any]:
        """The state of a day, a block of cells after the other."""
        blocks = [slice(first, first + self.at_once) for first in range(0, len(self.cells), self.at_once)]
        return [
            self.model.day(self.cells[some], {name: values[some] for name, values in carry.items()}, world, NO_ORDERS)
            for some in blocks
        ]

    def through(self, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """Some days on, a block of cells at a time, so that the models' intermediate arrays stay small."""
        parts = [
            through(self.model, self.cells[block], {name: values[block] for name, values in carry.items()}, worlds)
            for first in range(0, len(self.cells), CELLS_AT_ONCE)
            for block in (slice(first, first + CELLS_AT_ONCE),)
        ]
        return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in carry}

    def observe(self, kind: str, day: list[Any], at: Moments) -> Observation:
        """What devices of a kind measure, given the blocks of the day."""
        if len(day) == 1:
            return self.model.observe(kind, day[0], at)
        block = at.row // self.at_once
        order = np.argsort(block, kind="stable")
        bounds = np.searchsorted(block[order], np.arange(len(day) + 1))
        parts = [
            self.model.observe(kind, day[number], taken(at, order[first:last], number * self.at_once))
            for number, (first, last) in enumerate(pairwise(bounds.tolist()))
            if last > first
        ]
        return {name: _put_back(order, [part[name] for part in parts]) for name in parts[0]} if parts else {}

    def tell(self, kind: str, day: list[Any]) -> list[Happenings]:
        """What devices of a kind tell, given the blocks of the day."""
        return happened(self.model, kind, enumerate(day), self.at_once)


def _put_back(order: Ints, parts: list[Any]) -> Any:
    """(N,) the values of consecutive parts of `order`, each where it belongs."""
    joined = np.concatenate(parts)
    values = np.empty_like(joined)
    values[order] = joined
    return values
