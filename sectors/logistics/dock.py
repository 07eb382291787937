"""Dock doors: booked by the hour, early and late comers, first come first served at each door."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import devices, rows
from park.model import GRID_S, Bools, Carry, Floats, Ints, Moments, Observation, Setting
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
    """R doors through a day, or several; (R, bookings) seconds since 04:00, `_NEVER` of whom did not come."""

    days: Days
    carry: Carry

    @property
    def per_cell(self) -> int:
        """Doors of a hub."""
        return self.days.setting.per_cell[DOCK_DOOR.name]

    @cached_property
    def number(self) -> Ints:
        """(R,) numbers of the devices."""
        return devices(self.days.cells, self.per_cell).reshape(-1)

    @cached_property
    def comes(self) -> Bools:
        """(R, bookings) whether an hour is booked: by how busy the roads are."""
        site = np.repeat(self.days.site, self.per_cell)[:, None]
        booked = ((_FIRST_S + _EVERY_S * np.arange(_BOOKINGS)) / GRID_S).astype(np.int64)
        demand = self.days.weather(lambda world: world.road_demand)[site, booked]
        week = np.repeat(np.where(self.days.of_day(lambda world: world.workday), 1.0, 0.65), self.per_cell)[:, None]
        return np.asarray(self._draw("dock.booked") < np.clip(0.02 + 0.63 * demand, 0.05, 0.95) * week)

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
        """When each takes the door: as it comes, or as the one before leaves."""
        left = np.maximum.accumulate(np.where(self.comes, self.leaves, -_NEVER), axis=1)
        before = np.concatenate([np.full((len(left), 1), -_NEVER), left[:, :-1]], axis=1)
        return np.asarray(np.maximum(self.arrives, before))

    def after(self) -> Carry:
        """All have left by 04:00."""
        return self.days.counted(self.carry, dock_trucks=self.comes.sum(axis=1))

    @cached_property
    def _places(self) -> Ints:
        """(R, bookings) numbers of the bookings since the commissioning."""
        return np.repeat(self.days.index, self.per_cell)[:, None] * _BOOKINGS + np.arange(_BOOKINGS)

    def _draw(self, name: str) -> Floats:
        return self.days.setting.streams.uniform(name, self.number[:, None], self._places)

    def _normal(self, name: str) -> Floats:
        return self.days.setting.streams.normal(name, self.number[:, None], self._places)


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
    bench = Bench(kind=DOCK_DOOR, streams=day.days.setting.streams, at=at)
    return bench.shown(
        {
            "occupied": np.asarray(stands.any(axis=1)),
            "door_open": np.asarray(is_open.any(axis=1)),
            "queue_length": come - begun,
            "turnaround_time": np.where(left > 0, took, np.nan),
            "trucks": np.asarray(day.carry["dock_trucks"]).reshape(-1).take(row) + left,
        }
    )
