"""Dock doors: booked by the hour, early and late comers, first come first served at each door."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import devices, rows
from park.model import GRID_S, Bools, Carry, Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.logistics.catalogue import DOCK_DOOR
from sectors.logistics.instruments import Bench

_FIRST_S, _EVERY_S, _BOOKINGS = 3600.0, 3600.0, 15  # from 05:00 to 19:00
_SERVICE_S, _SPREAD = 2700.0, 0.47  # lognormal: median, and sigma for a coefficient of variation of .5
_LATE_S = 900.0
_DAY_S = 86_400.0
_NEVER = 1e7
_MARGIN_S = 150.0  # of a lorry's stay with the door shut, at either end


@dataclass(frozen=True, kw_only=True, eq=False)
class DockDay:
    """R doors through a day; (R, bookings) seconds since 04:00, `_NEVER` of whom did not come."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay

    @property
    def per_cell(self) -> int:
        """Doors of a hub."""
        return self.setting.per_cell[DOCK_DOOR.name]

    @cached_property
    def number(self) -> Ints:
        """(R,) numbers of the devices."""
        return devices(self.cells, self.per_cell).reshape(-1)

    @cached_property
    def comes(self) -> Bools:
        """(R, bookings) whether an hour is booked: by how busy the roads are."""
        site = np.repeat(self.setting.site_of(self.cells), self.per_cell)
        demand = self.world.road_demand[site][:, ((_FIRST_S + _EVERY_S * np.arange(_BOOKINGS)) / GRID_S).astype(int)]
        week = 1.0 if self.world.workday else 0.65
        return np.asarray(self._draw("dock.booked") < np.clip(0.1 + 0.55 * demand, 0.05, 0.95) * week)

    @cached_property
    def arrives(self) -> Floats:
        """At the gate, in the order of the bookings."""
        booked = _FIRST_S + _EVERY_S * np.arange(_BOOKINGS)
        late = np.clip(_LATE_S * self._normal("dock.late"), -2 * _LATE_S, 3 * _LATE_S)
        return np.where(self.comes, np.maximum.accumulate(booked + late, axis=1), _NEVER)

    @cached_property
    def leaves(self) -> Floats:
        """e_j = max(a_j, e_(j-1)) + s_j, as sums and running maxima."""
        total = np.cumsum(self.serves, axis=1)
        held = np.where(self.comes, self.arrives - (total - self.serves), -_NEVER)
        end = np.minimum(total + np.maximum.accumulate(held, axis=1), _DAY_S - 60.0)
        return np.where(self.comes, end, _NEVER)

    @cached_property
    def serves(self) -> Floats:
        """Seconds at the door."""
        return np.asarray(_SERVICE_S * np.exp(_SPREAD * self._normal("dock.serves")) * self.comes)

    @property
    def begins(self) -> Floats:
        """When each takes the door."""
        return np.asarray(self.leaves - self.serves)

    def after(self) -> Carry:
        """All have left by 04:00."""
        left = self.comes.sum(axis=1).reshape(len(self.cells), -1)
        return {"dock_trucks": np.asarray(self.carry["dock_trucks"]) + left}

    def _draw(self, name: str) -> Floats:
        number = self.world.index * _BOOKINGS + np.arange(_BOOKINGS)
        return self.setting.streams.uniform(name, self.number[:, None], number)

    def _normal(self, name: str) -> Floats:
        number = self.world.index * _BOOKINGS + np.arange(_BOOKINGS)
        return self.setting.streams.normal(name, self.number[:, None], number)


def begin(setting: Setting, cells: Ints) -> Carry:
    """None has come."""
    return {"dock_trucks": np.zeros((len(cells), setting.per_cell[DOCK_DOOR.name]), dtype=np.int64)}


def observe(day: DockDay, at: Moments) -> Observation:
    """What the doors report."""
    row, t = rows(at, day.per_cell), (at.x * GRID_S)[:, None]
    arrives, begins, leaves = (part.take(row, axis=0) for part in (day.arrives, day.begins, day.leaves))
    come, begun, left = ((part <= t).sum(axis=1) for part in (arrives, begins, leaves))
    stands = (begins <= t) & (t < leaves)
    is_open = (begins + _MARGIN_S <= t) & (t < leaves - _MARGIN_S)
    last = np.where(leaves <= t, leaves, -1.0).argmax(axis=1)[:, None]
    took = np.take_along_axis(leaves - arrives, last, axis=1)[:, 0] / 60.0
    bench = Bench(kind=DOCK_DOOR, streams=day.setting.streams, at=at)
    return bench.shown(
        {
            "occupied": np.asarray(stands.any(axis=1)),
            "door_open": np.asarray(is_open.any(axis=1)),
            "queue_length": come - begun,
            "turnaround_time": np.where(left > 0, took, np.nan),
            "trucks": np.asarray(day.carry["dock_trucks"]).reshape(-1).take(row) + left,
        }
    )
