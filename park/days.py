"""Consecutive days of an array of cells, worked out at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import Carry, Floats, Ints, Setting, WorldDay

__all__ = ["Days", "through_blocks"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Days:
    """D days of C cells as D * C rows: all cells on the first day, then on the next.

    What a day does not take from the day before is elementwise in these rows, so a model that is written for rows goes
    through many days at the price of a few calls; what is carried is then handed on from day to day.

    Attributes:
        setting: of the sector.
        once: (C,) the cells.
        worlds: of the D days.
    """

    setting: Setting
    once: Ints
    worlds: Sequence[WorldDay]

    @cached_property
    def cells(self) -> Ints:
        """(D * C,) the cell of each row."""
        return np.tile(self.once, len(self.worlds))

    @cached_property
    def index(self) -> Ints:
        """(D * C,) number of each row's day."""
        return np.repeat(np.array([world.index for world in self.worlds], dtype=np.int64), len(self.once))

    def of_day(self, of: Callable[[WorldDay], Any]) -> npt.NDArray[Any]:
        """(D * C,) what the calendar says of each row's day."""
        return np.repeat(np.array([of(world) for world in self.worlds]), len(self.once))

    @cached_property
    def _sites(self) -> tuple[Ints, Ints]:
        """Rows of the world in which cells stand, ascending, and which of them each cell has."""
        of_cells = self.setting.site_of(self.once)
        some = np.array(sorted(set(of_cells.tolist())), dtype=np.int64)
        return some, np.asarray(np.searchsorted(some, of_cells), dtype=np.int64)

    @cached_property
    def site(self) -> Ints:
        """(D * C,) the row of each in what `weather` gives."""
        some, site = self._sites
        return np.tile(site, len(self.worlds)) + np.repeat(np.arange(len(self.worlds)) * len(some), len(site))

    def weather(self, of: Callable[[WorldDay], Floats]) -> Floats:
        """(D * S, ...) what the world says of the S sites of the cells, those of the first day first."""
        some, _ = self._sites
        return np.concatenate([of(world)[some] for world in self.worlds])

    def by_day(self, rows: npt.NDArray[Any], like: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(D, ...) what rows of cells or devices have, a day at a time and each in the shape of `like`, (C, ...)."""
        return rows.reshape(len(self.worlds), *like.shape)

    def counted(self, carry: Carry, **made: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Registers after the days: what is carried, and what each row `made` of them in its day."""
        # Day by day: the order in which floats are added shows.
        return {name: sum(self.by_day(rows, carry[name]), start=carry[name]) for name, rows in made.items()}


def through_blocks(
    after: Callable[[Days, Carry], Carry],
    setting: Setting,
    cells: Ints,
    carry: Carry,
    worlds: Sequence[WorldDay],
    *,
    rows: int = 64,
) -> Carry:
    """A model's `stride`, a block of cells and days at a time.

    Args:
        after: what some days leave to some cells.
        setting: of the sector.
        cells: (C,).
        carry: at the morning of the first day.
        worlds: consecutive days.
        rows: cells times days of a block: few enough that its arrays stay in the processor's cache, and enough that
            they cost more than the calls.
    """
    left = []
    for block in np.array_split(np.arange(len(cells)), -(-len(cells) // rows)):
        some: Carry = {name: values[block] for name, values in carry.items()}
        days_at_once = max(1, rows // len(block))
        for first in range(0, len(worlds), days_at_once):
            days = Days(setting=setting, once=cells[block], worlds=worlds[first : first + days_at_once])
            some = after(days, some)
        left.append(some)
    return left[0] if len(left) == 1 else {name: np.concatenate([each[name] for each in left]) for name in carry}
