"""Forklifts: they work when the hub does, charge at lunch and at night, and knock into racks now and then."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from park.days import Days
from park.grid import GRID_H, STEPS, Sampler, devices, rows
from park.model import GRID_POINTS, Bools, Carry, Floats, Ints, Moments, Observation, Setting
from sectors.logistics.catalogue import FORKLIFT, LIFT_STATES
from sectors.logistics.instruments import Bench

_PARKED, _DRIVING, _LIFTING, _CHARGING = range(len(LIFT_STATES))
_HOURS = np.arange(STEPS) * GRID_H
_LUNCH = (_HOURS >= 8.0) & (_HOURS < 9.0)  # from noon on
_NIGHT = _HOURS >= 18.0  # from 22:00 on
_USE, _CHARGE = 9.0, 22.0  # % an hour
_KNOCKS = 0.004  # of five minutes of work


@dataclass(frozen=True, kw_only=True, eq=False)
class LiftDay:
    """R lift trucks through a day, or several."""

    days: Days
    carry: Carry

    @property
    def per_cell(self) -> int:
        """Lift trucks of a hub."""
        return self.days.setting.per_cell[FORKLIFT.name]

    @cached_property
    def number(self) -> Ints:
        """(R,) numbers of the devices."""
        return devices(self.days.cells, self.per_cell).reshape(-1)

    @cached_property
    def works(self) -> Bools:
        """(R, STEPS)."""
        at_work, demand = (
            self.days.weather(of) for of in (lambda world: world.at_work, lambda world: world.road_demand)
        )
        wanted = np.clip(0.9 * at_work + 0.2 * demand, 0.0, 0.85)[np.repeat(self.days.site, self.per_cell), :STEPS]
        return np.asarray((self._draw("lift.works") < wanted) & ~_LUNCH & ~_NIGHT)

    @cached_property
    def knocks(self) -> Ints:
        """(R, GRID_POINTS) since 04:00."""
        return _sum(1.0 * ((self._draw("lift.knocks") < _KNOCKS) & self.works)).astype(np.int64)

    @cached_property
    def hours(self) -> Floats:
        """(R, GRID_POINTS) of work since 04:00."""
        return _sum(self.works * GRID_H)

    @cached_property
    def charge(self) -> Floats:
        """(R, GRID_POINTS) %: full at 04:00, and full again by the night's charging."""
        charge = np.full((len(self.number), GRID_POINTS), 100.0)
        change = GRID_H * (_CHARGE * (_LUNCH | _NIGHT) - _USE * self.works)
        for i in range(STEPS):
            charge[:, i + 1] = np.clip(charge[:, i] + change[:, i], 8.0, 100.0)
        return charge

    def after(self) -> Carry:
        """What the day leaves."""
        return self.days.counted(self.carry, lift_hours=self.hours[:, -1], lift_impacts=self.knocks[:, -1])

    def _draw(self, name: str) -> Floats:
        step = np.repeat(self.days.index, self.per_cell)[:, None] * STEPS + np.arange(STEPS)
        return self.days.setting.streams.uniform(name, self.number[:, None], step)


def _sum(values: npt.NDArray[np.floating]) -> Floats:
    total = np.zeros((len(values), GRID_POINTS))
    np.cumsum(values, axis=1, out=total[:, 1:])
    return total


def begin(setting: Setting, cells: Ints) -> Carry:
    """New."""
    shape = (len(cells), setting.per_cell[FORKLIFT.name])
    return {"lift_hours": np.zeros(shape), "lift_impacts": np.zeros(shape, dtype=np.int64)}


def observe(day: LiftDay, at: Moments) -> Observation:
    """What the lift trucks report."""
    bench = Bench(kind=FORKLIFT, streams=day.days.setting.streams, at=at)
    row = rows(at, day.per_cell)
    here = Sampler(row, at.x)
    works = day.works.reshape(-1).take(row * STEPS + at.x.astype(np.int64))
    # Half a minute each: it drives, lifts, or waits for the driver.
    doing = day.days.setting.streams.uniform("lift.doing", at.device, at.ts // 30_000)
    charge = here.line(day.charge)
    charging = ((at.x * GRID_H >= 8.0) & (at.x * GRID_H < 9.0)) | (at.x * GRID_H >= 18.0)
    status = np.where(
        works, np.where(doing < 0.6, _DRIVING, _LIFTING), np.where(charging & (charge < 99.9), 3, _PARKED)
    )
    driving = works & (doing < 0.6)
    current = np.where(status == _CHARGING, 3.0, np.where(works, -1.6, 0.0))
    speed = np.abs(7.5 + 2.5 * day.days.setting.streams.normal("lift.speed", at.device, at.ts)) * driving
    hours = np.asarray(day.carry["lift_hours"]).reshape(-1).take(row)
    return bench.shown(
        {
            "status": status,
            "battery_level": charge,
            "battery_voltage": bench.noisy("battery_voltage", 46.5 + 0.045 * charge + current, 0.08),
            "speed": speed,
            "hours": hours + here.hold(day.hours) + here.share * GRID_H * works,
            "impacts": np.asarray(day.carry["lift_impacts"]).reshape(-1).take(row) + here.hold(day.knocks),
        }
    )
