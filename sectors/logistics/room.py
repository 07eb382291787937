"""Cold rooms: a start-stop unit that works harder when it is warm, doors, thawing, and seldom a failure.

The day is planned in seconds. Heat comes in through walls and doors, with goods, people and heaters, and the unit takes
out all of it: by cycles, and by running through after a thaw or a repair. How often and how long it runs is constant
within a step of the grid, so what it drew is exact at any second.

References:
    ASHRAE Handbook Refrigeration, chapter 24: heat through doors, here as air that is exchanged.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import STEPS, devices, smooth_noise
from park.model import GRID_S, Bools, Carry, Floats, Ints, Setting
from sectors.logistics.catalogue import COLD_ROOM
from sectors.logistics.heat import Runs, runs, waiting
from sectors.logistics.pulses import Pulses

SETPOINT = np.array([4.0, -20.0])
BAND = np.array([0.8, 1.3])  # K either side, of a unit that runs a third of the time
STORES = np.array([1090.0, 1770.0])  # kJ/K of air, shelves and floor, which swing with the unit's runs
RUN = 3.0 * BAND * STORES  # kJ that a run takes out
_UA = np.array([0.10, 0.12])  # kW/K, walls and leaks
_INSIDE = np.array([1.6, 1.3])  # kW of lamps, people, goods that come warm, fans
_SIZES = 0.35  # of days, by what comes in; judgement
_CAPACITY = np.array([9.0, 16.5])  # kW at 20 Cel outside
_COP = np.array([3.0, 1.6])
_FANS = np.array([0.30, 0.45])
_HEATER = np.array([0.0, 6.0])  # the chilled room thaws by its air
_INTO_ROOM = 0.4  # of the heaters' heat; the rest melts ice and leaves as water
_LEAST = 0.6  # kW: fans, controls, what leaks in
_EXCHANGED = np.array([265.0, 520.0])  # kJ/K of the air that a door lets out
COIL_UNDER = np.array([7.0, 6.5])  # K below the air when it runs
LAG_S = 3.5 * 3600.0  # of packed goods
DOOR_SLOTS, SLOT_S = 96, 900.0
_LAST_SLOT = 88  # none after 02:00: a day ends at rest
_THAWS = 8
_OPEN_S = 20.0, 300.0  # least and most of an opening
LEFT_OPEN_S, _LEFT_LONGEST_S = 420.0, 630.0  # seven to ten minutes and a half, before the next is due
_LEFT_OPEN = 0.001  # of openings, some forty a day: about once a month; judgement
_FAILS = 0.008  # of a room's days
_FAILED_RISE_S = 6 * 3600.0


@dataclass(frozen=True, kw_only=True, eq=False)
class RoomDay:
    """R rooms of C hubs through a day, or several: by day, cell, then unit.

    Grids are (R, STEPS) and hold from their instant on.
    """

    days: Days
    carry: Carry

    @cached_property
    def number(self) -> Ints:
        """(R,) numbers of the devices."""
        return devices(self.days.cells, self.per_cell).reshape(-1)

    @property
    def per_cell(self) -> int:
        """Rooms of a hub."""
        return self.days.setting.per_cell[COLD_ROOM.name]

    @cached_property
    def frozen(self) -> Ints:
        """(R,) 0 of chilled rooms, 1 of frozen ones."""
        return np.minimum(np.tile(np.arange(self.per_cell), len(self.days.cells)), 1)

    @cached_property
    def site(self) -> Ints:
        """(R,) rows of the days' weather."""
        return np.repeat(self.days.site, self.per_cell)

    @cached_property
    def outside(self) -> Floats:
        """(R, STEPS) Cel around the room: one half of it faces the dock, the other a roof that the sun warms."""
        roof = self.days.weather(lambda world: world.temperature + 0.4 * world.ghi / 17.0)[self.site, :STEPS]
        return 0.5 * (roof + self.dock)

    @cached_property
    def ambient(self) -> Floats:
        """(R, STEPS) Cel of the air that takes the unit's heat."""
        return self.days.weather(lambda world: world.temperature)[self.site, :STEPS]

    @cached_property
    def dock(self) -> Floats:
        """(R, STEPS) Cel of the air before the doors: a cooled dock that the outdoors warms."""
        air = self.days.weather(lambda world: world.temperature)
        return np.clip(10.0 + 0.5 * (air - 10.0), 2.0, 26.0)[self.site, :STEPS]

    @cached_property
    def opened(self) -> Bools:
        """(R, DOOR_SLOTS) whether the door opens in each quarter of an hour: when people work and roads are busy."""
        slot = np.arange(DOOR_SLOTS)
        busy = self.days.weather(lambda world: 0.55 * world.at_work + 0.3 * world.road_demand)[self.site, :STEPS:3]
        wanted = np.clip(busy, 0.02, 0.9) * (slot < _LAST_SLOT)
        return np.asarray(self._draw("room.opens", DOOR_SLOTS) < wanted)

    @cached_property
    def doors(self) -> Pulses:
        """Openings of 20 s to 5 min, hardly ever ten; the air is exchanged within some minutes."""
        start = np.arange(DOOR_SLOTS) * SLOT_S + 10.0 + 250.0 * self._draw("room.when", DOOR_SLOTS)
        stays = self._draw("room.stays", DOOR_SLOTS)
        usual = _OPEN_S[0] + (_OPEN_S[1] - _OPEN_S[0]) * stays**2
        beyond = (stays - (1.0 - _LEFT_OPEN)) / _LEFT_OPEN
        left = LEFT_OPEN_S + (_LEFT_LONGEST_S - LEFT_OPEN_S) * beyond
        length = np.where(beyond > 0, left, usual) * self.opened
        gap = self.dock[:, :: STEPS // DOOR_SLOTS] - SETPOINT[self.frozen][:, None]
        share = np.where(self.frozen == 1, 0.30, 0.5)[:, None]  # a curtain of strips hangs before the frost
        return Pulses(start=start, length=length, height=share * np.maximum(gap, 1.0), rise=150.0, decay=420.0)

    @cached_property
    def thaws(self) -> Pulses:
        """Of the coil: three a day when dry, up to seven when damp, 15 to 30 minutes each, on whole steps."""
        damp = (
            self.days.weather(lambda world: world.relative_humidity.mean(axis=1, keepdims=True))[self.site, 0] / 100.0
        )
        air = self.days.weather(lambda world: world.temperature.mean(axis=1, keepdims=True))[self.site, 0]
        warm = np.clip(air / 30.0, 0.0, 1.0)
        count = np.rint(2.0 + 2.2 * damp + 2.6 * damp * warm + 0.5 * (self._draw("room.frost", 1)[:, 0] - 0.5))
        k = np.arange(_THAWS)
        every = 252 / np.maximum(count, 1.0)[:, None]
        step = np.floor(10 + every * (k + 0.5 * self._draw("room.thaw", _THAWS)))
        takes = 3 + np.floor(3.999 * self._draw("room.thawing", _THAWS) ** (1.5 - 0.5 * damp[:, None]))
        there = (k < count[:, None]) & (step + takes < 276)
        start = np.where(there, step, STEPS) * GRID_S  # those that are not there lie beyond the day's end
        length = np.where(there, takes * GRID_S, 0.0)
        height = np.where(self.frozen == 1, 4.5, 2.2)[:, None] * np.ones(_THAWS)
        return Pulses(
            start=np.maximum.accumulate(start, axis=1), length=length, height=height, rise=1200.0, decay=600.0
        )

    @cached_property
    def failure(self) -> Pulses:
        """Of the compressor, two to five hours, in few rooms' days."""
        draws = self._draw("room.fails", 3)
        start = np.floor(24 + 150 * draws[:, 1:2]) * GRID_S
        length = (24 + np.floor(36 * draws[:, 2:])) * GRID_S * (draws[:, :1] < _FAILS)
        gap = self.outside.mean(axis=1, keepdims=True) - SETPOINT[self.frozen][:, None]
        return Pulses(start=start, length=length, height=np.maximum(gap, 0.0), rise=_FAILED_RISE_S, decay=1800.0)

    @property
    def parts(self) -> tuple[Pulses, Pulses, Pulses]:
        """All that moves the air beside the unit's cycles."""
        return self.doors, self.thaws, self.failure

    @cached_property
    def thawing(self) -> Bools:
        """(R, STEPS)."""
        return _covered(self.thaws, 0.0)

    @cached_property
    def failed(self) -> Bools:
        """(R, STEPS)."""
        return _covered(self.failure, 0.0)

    @cached_property
    def let_in(self) -> Floats:
        """(R, STEPS) kW of the air that doors exchange, spread over half an hour."""
        door = self.doors.peak * (_EXCHANGED[self.frozen] / (6.0 * GRID_S))[:, None]
        by_step = np.repeat(door, STEPS // DOOR_SLOTS, axis=1)
        later = np.concatenate([np.zeros((len(door), 3)), by_step[:, :-3]], axis=1)
        return np.asarray(by_step + later)

    @cached_property
    def load(self) -> Floats:
        """(R, STEPS) heat that comes in, kW: walls, goods and people, heaters, and doors."""
        wall = _UA[self.frozen][:, None] * (self.outside - SETPOINT[self.frozen][:, None])
        wave = smooth_noise(self.days.setting.streams, "room.goods", (self.number,), self._index, 24)[:, :STEPS]
        size = _SIZES * self.days.setting.streams.normal("room.size", self.number, self._index)
        inside = (_INSIDE[self.frozen] * np.exp(size - 0.5 * _SIZES**2))[:, None] * (1.0 + 0.25 * wave)
        heaters = _INTO_ROOM * _HEATER[self.frozen][:, None] * self.thawing
        return np.asarray(np.maximum(wall + inside + heaters + self.let_in, _LEAST))

    @cached_property
    def capacity(self) -> Floats:
        """(R, 1) kW that a running unit takes away: less on a hot day."""
        warm = self.ambient.mean(axis=1, keepdims=True)
        return np.asarray(_CAPACITY[self.frozen][:, None] * (1.0 - 0.008 * (warm - 20.0)))

    @cached_property
    def drawn(self) -> Floats:
        """(R, STEPS) kW of a running compressor: more for the same heat when it is hot."""
        return np.asarray(self.capacity / _COP[self.frozen][:, None] * (1.0 + 0.022 * (self.ambient - 20.0)))

    @cached_property
    def waiting(self) -> Floats:
        """(R, STEPS + 1) kJ that the unit has yet to take out after a rest, or has no time for."""
        most = np.where(self.resting, 0.0, self.capacity)
        return waiting(self.days, self.load, most, self.carry["room_waiting"])

    @property
    def resting(self) -> Bools:
        """(R, STEPS)."""
        return self.thawing | self.failed

    @cached_property
    def runs(self) -> Runs:
        """Of the units."""
        run = RUN[self.frozen]
        heat = (self.load * GRID_S - np.diff(self.waiting, axis=1)) / run[:, None]
        length = run / self.capacity[:, 0]
        begun = self.carry["room_come"], self.carry["room_taken"]
        return runs(self.days, np.maximum(heat, 0.0), self.resting, length, begun)

    @cached_property
    def middle(self) -> Floats:
        """(R,) runs' worth of heat that is stored, in the middle, below what is when a run begins."""
        return np.asarray(0.5 - 0.5 * np.clip((self.load / self.capacity).mean(axis=1), 0.0, 1.0))

    @cached_property
    def steady(self) -> Floats:
        """(R, STEPS) kW beside the compressor: fans, and heaters that thaw."""
        fans = _FANS[self.frozen][:, None] * ~self.thawing
        return np.asarray(fans + _HEATER[self.frozen][:, None] * self.thawing + 0.05)

    @cached_property
    def energy(self) -> Floats:
        """(R, STEPS + 1) kW.h since 04:00."""
        ran = np.diff(self.runs.ran, axis=1)
        total = np.zeros((len(self.number), STEPS + 1))
        np.cumsum((self.drawn * ran + self.steady * GRID_S) / 3600.0, axis=1, out=total[:, 1:])
        return total

    def goods(self, row: Ints, t: Floats) -> Floats:
        """(N,) K that the goods are above the set point."""
        left = self.carry["room_goods"].reshape(-1).take(row) * np.exp(-t / LAG_S)
        return np.asarray(left + self._warmed(row, t))

    def after(self) -> Carry:
        """What the day leaves."""
        goods, end = self.carry["room_goods"], STEPS * float(GRID_S)
        row = np.arange(len(self.number))
        ends = self.runs.last()
        for warmed in self.days.by_day(self._warmed(row, np.full(len(row), end)), goods):
            goods = goods * np.exp(-end / LAG_S) + warmed
        return {
            **self.days.counted(self.carry, room_energy=self.energy[:, -1], room_openings=self.opened.sum(axis=1)),
            "room_come": self.days.by_day(ends.come, goods)[-1],
            "room_taken": self.days.by_day(ends.taken, goods)[-1],
            "room_goods": goods,
            "room_waiting": self.days.by_day(self.waiting[:, -1], goods)[-1],
        }

    def _warmed(self, row: Ints, t: Floats) -> Floats:
        """(N,) K of the goods since 04:00."""
        return np.asarray(sum(part.lagged(LAG_S, row, t) for part in self.parts))

    @cached_property
    def _index(self) -> Ints:
        return np.repeat(self.days.index, self.per_cell)

    def _draw(self, name: str, count: int) -> Floats:
        place = self._index[:, None] * count + np.arange(count)
        return self.days.setting.streams.uniform(name, self.number[:, None], place)


def begin(setting: Setting, cells: Ints) -> Carry:
    """Registers at zero; the units at some moment of a cycle."""
    shape = (len(cells), setting.per_cell[COLD_ROOM.name])
    return {
        "room_energy": np.zeros(shape),
        "room_openings": np.zeros(shape, dtype=np.int64),
        "room_come": setting.streams.uniform("room.phase", devices(cells, shape[1])),
        "room_taken": np.ones(shape),
        "room_goods": np.zeros(shape),
        "room_waiting": np.zeros(shape),
    }


def _covered(pulses: Pulses, longer_s: float) -> Bools:
    """(R, STEPS) steps within a pulse or so long after it, all of which begin and end on steps."""
    row, place = np.nonzero(pulses.length)
    first, past = (
        np.minimum((part[row, place] / GRID_S).astype(np.int64), STEPS)
        for part in (pulses.start, pulses.end + longer_s)
    )
    change = np.zeros((len(pulses.start), STEPS + 1), dtype=np.int8)
    np.add.at(change, (row, first), 1)
    np.add.at(change, (row, past), -1)
    return np.asarray(np.cumsum(change[:, :STEPS], axis=1, dtype=np.int8) > 0)
