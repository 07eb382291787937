"""What devices are told at instants of a day, by a program and by orders, one after another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.model import DAY_MS, Floats, Ints, Orders, WorldDay

#: The instant of what does not come: after any day.
NEVER = 4 * DAY_MS


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """The day's orders to D devices, put between the instants at which their program speaks.

    Attributes:
        ms: (D, K + n) milliseconds of the day, ascending; the program first where both come at once.
        order: (D, K + n) where each stands in the K of the program and the n of the orders, one after another.
        row, column: (M,) of each of the day's orders to such devices, in the (D, n) of the orders.
        mine: (M,) places of these in the orders.
    """

    ms: Ints
    order: Ints
    row: Ints
    column: Ints
    mine: Ints

    @staticmethod
    def of(
        program_ms: Ints, orders: Orders, actions: tuple[int, ...], *, cells: Ints, per_cell: int, world: WorldDay
    ) -> "Chain":
        """Of the orders that are one of `actions`, to the devices of `cells`, which `program_ms`, (D, K), is of."""
        mine = np.flatnonzero(np.isin(orders.action, actions))
        row = np.searchsorted(cells, orders.cell[mine]) * per_cell + orders.unit[mine]
        # The how manieth of its device's an order is; they come in the order of effect.
        together = np.argsort(row, kind="stable")
        column = np.empty_like(row)
        column[together] = np.arange(len(row)) - np.searchsorted(row[together], row[together])
        ms = np.full((len(program_ms), int(column.max(initial=-1)) + 1), NEVER)
        ms[row, column] = orders.effective[mine] - world.times[0]
        whole = np.concatenate([program_ms, ms], axis=1)
        order = np.argsort(whole, axis=1, kind="stable")
        return Chain(ms=np.take_along_axis(whole, order, axis=1), order=order, row=row, column=column, mine=mine)

    def ordered(self, values: npt.NDArray[np.floating], other: float) -> Floats:
        """(D, n) what the orders say, `values` being (M,); `other` where there is none."""
        said = np.full((len(self.ms), int(self.column.max(initial=-1)) + 1), other)
        said[self.row, self.column] = values
        return said

    def put(self, program: Floats, ordered: Floats) -> Floats:
        """(D, K + n) both in the order of time."""
        return np.take_along_axis(np.concatenate([program, ordered], axis=1), self.order, axis=1)
