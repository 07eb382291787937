"""Some days of some cells at once: what is worked out without knowing what was carried into them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from park.grid import devices
from park.model import Floats, Ints, Setting, WorldDay


@dataclass(frozen=True, kw_only=True, eq=False)
class Span:
    """D days of C cells. Arrays have a row for a day and cell, or for a day and device: those of a day together."""

    setting: Setting
    cells: Ints
    worlds: tuple[WorldDay, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """(D, C)."""
        return len(self.worlds), len(self.cells)

    def each(self) -> Iterator["Span"]:
        """Its days by themselves."""
        return (replace(self, worlds=(world,)) for world in self.worlds)

    def series(self, of: Callable[[WorldDay], Floats], per_cell: int = 1) -> Floats:
        """(rows, GRID_POINTS) what the world says of a site, for its cells or devices in them."""
        site = np.repeat(self.setting.site_of(self.cells), per_cell)
        return np.concatenate([of(world)[site] for world in self.worlds])

    def factor(self, of: Callable[[WorldDay], float], per_cell: int = 1) -> Floats:
        """(rows,) what the calendar says of a day."""
        return np.repeat([float(of(world)) for world in self.worlds], len(self.cells) * per_cell)

    def number(self, kind: str = "") -> Ints:
        """(rows,) numbers in the town of its cells, or of a kind's devices in them."""
        return np.tile(devices(self.cells, self.per_cell(kind)).reshape(-1), len(self.worlds))

    def day(self, kind: str = "") -> Ints:
        """(rows,) the day."""
        return np.repeat([world.index for world in self.worlds], len(self.cells) * self.per_cell(kind))

    def per_cell(self, kind: str) -> int:
        """Devices of a kind in a cell; 1 for the cell itself."""
        return self.setting.per_cell[kind] if kind else 1

    def normal(self, name: str, kind: str = "") -> Floats:
        """(rows,) a standard normal of each."""
        return self.setting.streams.normal(name, self.number(kind), self.day(kind))

    def uniform(self, name: str, kind: str = "") -> Floats:
        """(rows,) a uniform number of each."""
        return self.setting.streams.uniform(name, self.number(kind), self.day(kind))
