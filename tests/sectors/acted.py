"""Two days of a sector's first cells under orders, looked at instant by instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from park.catalogue import PARAMETERS
from park.model import DAY_MS, GRID_S, NO_ORDERS, Carry, Floats, Model, Moments, Orders
from sectors import SECTORS
from tests.reference.walk import setting_of, world_of

SEED, CELLS = 42, 4
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
#: Cell, unit, number of the action, milliseconds since 04:00 of the first day, what is said with it.
Said = tuple[int, int, int, int, Sequence[float]]


@cache
def model_of(sector: str) -> Model:
    model: Model = import_module(f"sectors.{sector}.model").MODEL(setting_of(sector, SEED))
    return model


@cache
def reached(sector: str, day: int) -> Carry:
    """What the first cells carry into a day on whose eve nobody commanded anything."""
    model = model_of(sector)
    if day == 0:
        return model.begin(np.arange(CELLS))
    return model.advance(np.arange(CELLS), reached(sector, day - 1), world_of(SEED).day(day - 1), NO_ORDERS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Acted:
    """Two days that begin with the morning of `day`."""

    sector: str
    day: int
    said: tuple[Said, ...] = ()

    @cached_property
    def orders(self) -> Orders:
        start = int(world_of(SEED).day(self.day).times[0])
        values = [[*value, *[np.nan] * (PARAMETERS - len(value))] for *_, value in self.said]
        cell, unit, action, ms, _ = zip(*self.said, strict=True) if self.said else ((),) * 5
        effective = np.array(ms, dtype=np.int64) + start
        return Orders.of(cell=cell, unit=unit, action=action, effective=effective, value=values)

    @cached_property
    def carries(self) -> tuple[Carry, Carry]:
        """Into the first day and into the second."""
        world, before = world_of(SEED).day(self.day), reached(self.sector, self.day)
        orders = self.orders.during(world)
        return before, model_of(self.sector).advance(np.arange(CELLS), before, world, orders)

    @cached_property
    def states(self) -> tuple[Any, Any]:
        first, second = (
            model_of(self.sector).day(np.arange(CELLS), carry, world, self.orders.during(world))
            for carry, world in zip(self.carries, (world_of(SEED).day(self.day + k) for k in (0, 1)), strict=True)
        )
        return first, second

    def moments(self, kind: str, cell: int, unit: int, ms: npt.ArrayLike) -> Moments:
        """Of one device, all within one of the days."""
        when = np.atleast_1d(np.asarray(ms, dtype=np.int64))
        per_cell = {one.name: one.per_cell for one in SECTORS[self.sector].kinds}[kind]
        row, ts = np.full(len(when), cell), when + int(world_of(SEED).day(self.day).times[0])
        device, x = row * per_cell + unit, when % DAY_MS / (GRID_S * 1000.0)
        return Moments(row=row, unit=np.full(len(when), unit), device=device, ts=ts, x=x)

    def seen(self, kind: str, cell: int, unit: int, ms: npt.ArrayLike) -> dict[str, Floats]:
        """Its readings, not rounded, at milliseconds since 04:00 of the first day."""
        when = np.atleast_1d(np.asarray(ms, dtype=np.int64))
        days = when // DAY_MS
        parts = [
            model_of(self.sector).observe(kind, self.states[k], self.moments(kind, cell, unit, when[days == k]))
            for k in np.unique(days)
        ]
        return {name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in parts[0]}

    def refusal(self, kind: str, order: Said) -> str | None:
        """Why the device does not take one more order."""
        cell, unit, action, ms, value = order
        said = np.array([*value, *[np.nan] * (PARAMETERS - len(value))])
        state, at = self.states[ms // DAY_MS], self.moments(kind, cell, unit, ms)
        found: str | None = model_of(self.sector).refusal(state, action, said, at)  # type: ignore[attr-defined]
        return found
