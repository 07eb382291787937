"""Cold rooms: a start-stop unit that works harder when it is warm, doors, thawing, and seldom a failure.

The day is planned in seconds. The unit's cycles follow from a body of one time constant between its two asymptotes;
how often and how long it runs is constant within a step of the grid, so what it drew is exact at any second.

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
from sectors.logistics.cycles import on_phase
from sectors.logistics.pulses import Pulses

SETPOINT = np.array([4.0, -20.0])
BAND = np.array([0.8, 1.3])  # K either side
_UA = np.array([0.10, 0.12])  # kW/K, walls and leaks
_INSIDE = np.array([1.6, 1.3])  # kW of lamps, people, goods that come warm, fans
_CAPACITY = np.array([8.0, 13.0])  # kW at 20 Cel outside
_COP = np.array([3.0, 1.6])
_FANS = np.array([0.30, 0.45])
_HEATER = np.array([0.0, 6.0])  # the chilled room thaws by its air
COIL_UNDER = np.array([7.0, 6.5])  # K below the air when it runs
_TAU_S = 1500.0  # of the air with shelves and floor
LAG_S = 3 * 3600.0  # of packed goods
DOOR_SLOTS, SLOT_S = 96, 900.0
_LAST_SLOT = 88  # none after 02:00: a day ends at rest
_THAWS = 8
LEFT_OPEN_S = 600.0
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
        """(R, STEPS) Cel under a roof that the sun warms."""
        return self.days.weather(lambda world: world.temperature + 0.4 * world.ghi / 17.0)[self.site, :STEPS]

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
        """Openings of 20 s to 5 min, seldom ten; the air is exchanged within some minutes."""
        start = np.arange(DOOR_SLOTS) * SLOT_S + 10.0 + 250.0 * self._draw("room.when", DOOR_SLOTS)
        stays = self._draw("room.stays", DOOR_SLOTS)
        length = np.where(stays > 0.985, LEFT_OPEN_S, 20.0 + 280.0 * stays**2) * self.opened
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
    def pulling(self) -> Bools:
        """(R, STEPS) whether it runs through, after a thaw or a repair."""
        after = _covered(self.thaws, 2.0 * GRID_S) | _covered(self.failure, 9.0 * GRID_S)
        return np.asarray(after & ~self.thawing & ~self.failed)

    @cached_property
    def load(self) -> Floats:
        """(R, STEPS) heat that comes in, kW: walls, goods, and what the doors let in, spread over half an hour."""
        wall = _UA[self.frozen][:, None] * (self.outside - SETPOINT[self.frozen][:, None])
        door = self.doors.peak * 0.0105 * np.where(self.frozen == 1, 55.0, 28.0)[:, None] / 2
        by_step = np.repeat(door, STEPS // DOOR_SLOTS, axis=1)
        later = np.concatenate([np.zeros((len(door), 3)), by_step[:, :-3]], axis=1)
        wave = smooth_noise(self.days.setting.streams, "room.goods", (self.number,), self._index, 24)[:, :STEPS]
        goods = _INSIDE[self.frozen][:, None] * (1.0 + 0.25 * wave)
        return np.asarray(np.maximum(wall + goods + by_step + later, 0.15))

    @cached_property
    def capacity(self) -> Floats:
        """(R, STEPS) kW that a running unit takes away: less when it is hot."""
        return np.asarray(_CAPACITY[self.frozen][:, None] * (1.0 - 0.008 * (self.outside - 20.0)))

    @cached_property
    def drawn(self) -> Floats:
        """(R, STEPS) kW of a running compressor: more for the same heat when it is hot."""
        return np.asarray(self.capacity / _COP[self.frozen][:, None] * (1.0 + 0.022 * (self.outside - 20.0)))

    @cached_property
    def cycle(self) -> tuple[Floats, Floats]:
        """(R, STEPS) share of time that the unit runs, and cycles a second."""
        kelvin = _CAPACITY / 11.0  # kW that hold the air a degree off, were the unit to run for ever
        warm = self.load / kelvin[self.frozen][:, None]
        cold = np.maximum((self.capacity - self.load) / kelvin[self.frozen][:, None], 0.2)
        band = BAND[self.frozen][:, None]
        on = _TAU_S * np.log((band * 1.15 + cold) / (band * 0.15 + cold)) + 120.0
        off = _TAU_S * np.log((band * 1.15 + warm) / (band * 0.15 + warm)) + 120.0
        share = np.clip(self.load / self.capacity, 0.08, 0.97)
        return share, 1.0 / np.clip(on + off, 480.0, 5400.0)

    @cached_property
    def phase(self) -> Floats:
        """(R, STEPS + 1) cycles since commissioning, less whole ones before the day; it rests where they do not."""
        resting = self.thawing | self.failed | self.pulling
        phase = np.zeros((len(self.number), STEPS + 1))
        np.cumsum(np.where(resting, 0.0, self.cycle[1] * GRID_S), axis=1, out=phase[:, 1:])
        begun = self.carry["room_phase"].reshape(-1)
        by_day = self.days.by_day(phase, phase[: len(begun)])
        for day in range(len(by_day)):
            by_day[day] += begun[:, None]
            begun = by_day[day, :, -1] % 1.0
        return phase

    @cached_property
    def steady(self) -> Floats:
        """(R, STEPS) kW beside the compressor: fans, and heaters that thaw."""
        fans = _FANS[self.frozen][:, None] * ~self.thawing
        return np.asarray(fans + _HEATER[self.frozen][:, None] * self.thawing + 0.05)

    @cached_property
    def energy(self) -> Floats:
        """(R, STEPS + 1) kW.h since 04:00."""
        share, often = self.cycle
        cycles = (on_phase(self.phase[:, 1:], share) - on_phase(self.phase[:, :-1], share)) / often
        ran = np.where(self.pulling, GRID_S, cycles)
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
        for warmed in self.days.by_day(self._warmed(row, np.full(len(row), end)), goods):
            goods = goods * np.exp(-end / LAG_S) + warmed
        return {
            **self.days.counted(self.carry, room_energy=self.energy[:, -1], room_openings=self.opened.sum(axis=1)),
            "room_phase": self.days.by_day(self.phase[:, -1] % 1.0, goods)[-1],
            "room_goods": goods,
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
        "room_phase": setting.streams.uniform("room.phase", devices(cells, shape[1])),
        "room_goods": np.zeros(shape),
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
