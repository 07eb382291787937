"""Reefer lorries: air and load between doors, thaws and cycles, and what engine and unit burn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import Sampler
from park.model import GRID_S, NO_ORDERS, Carry, Floats, Ints, Orders, Setting
from park.orders import Told, shared
from sectors.logistics.catalogue import REEFER_TRUCK, RESUME, SET_TEMPERATURE
from sectors.logistics.cycles import saw
from sectors.logistics.pulses import Pulses
from sectors.logistics.route import LEGS, Motion, Rounds, motion
from sectors.logistics.setpoint import PULL_S, SETPOINT, WARM_S, Body

_BAND = 0.7
_NOON = 96  # point of the grid
_SHARE, _SHARE_K, _SHARES = 0.25, 0.018, (0.12, 0.9)  # of its time that a unit cools: without warmth, per K, bounds
_EARLY_S = 3600.0  # the unit is switched on before the loading
CARGO_LAG_S = 5 * 3600.0
_THAW_AFTER = np.array([3, 6, 9])  # legs
_THAW_S = 720.0
#: Of a lorry of 4.5 t: steady driving, L/m; speeding up, L per m2/s2 (0.5 m v2 over 0.4 x 35.9 MJ/L); idling, L/s.
_PER_M, _PER_V2, _IDLES = 0.085e-3, 0.5 * 4500 / (0.4 * 35.9e6), 1.2 / 3600
_UNIT_L_H = 0.9
_TANK, _UNIT_TANK = 110.0, 55.0
_FILL_BELOW, _UNIT_FILL_BELOW = 40.0, 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class TruckDay:
    """R lorries through a day, or several.

    Attributes:
        orders: of a single day.
        plain: the same day without them; None if there are none.
    """

    days: Days
    carry: Carry
    orders: Orders = NO_ORDERS
    plain: "TruckDay | None" = None

    @shared
    def rounds(self) -> Rounds:
        """Where they go."""
        return Rounds(days=self.days)

    @shared
    def switched(self) -> tuple[Floats, Floats]:
        """(R,) seconds when the unit is switched on and off."""
        return self.rounds.loads - _EARLY_S, self.rounds.back

    @shared
    def outside(self) -> Floats:
        """(R, GRID_POINTS) Cel about the body, sun on its roof included."""
        site = self.rounds.site
        return self.days.weather(lambda world: world.temperature + 0.3 * world.ghi / 17.0)[site]

    def ambient(self, row: Ints, t: Floats) -> Floats:
        """(N,) the same at t."""
        return Sampler(row, np.minimum(t / GRID_S, 287.999)).line(self.outside)

    @shared
    def doors(self) -> Pulses:
        """(R, LEGS) open for a part of each stay."""
        rounds = self.rounds
        start = rounds.arrives + 60.0
        length = (rounds.stays - 120.0) * (0.3 + 0.5 * rounds.draw("truck.doors", LEGS))
        row = np.repeat(np.arange(len(start)), LEGS)
        gap = self.ambient(row, start.reshape(-1)).reshape(start.shape) - SETPOINT
        gap[:, 0] *= 0.3  # it is loaded from a cooled dock
        # The dearer the longer: a body of 30 m3 has changed its air in a minute, its walls take longer.
        return Pulses(start=start, length=length, height=0.45 * gap, rise=260.0, decay=480.0)

    @shared
    def thaws(self) -> Pulses:
        """(R, 3) while it drives, some minutes after leaving."""
        start = self.rounds.hops[:, _THAW_AFTER, 0] + 30.0
        return Pulses(
            start=start, length=np.full(start.shape, _THAW_S), height=np.full(start.shape, 5.0), rise=900.0, decay=480.0
        )

    @shared
    def cycle(self) -> tuple[Floats, Floats]:
        """(R,) share of time that it cools, and cycles a second; of the day's warmth at noon."""
        warm = self.outside[:, _NOON] - SETPOINT
        share = np.clip(_SHARE + _SHARE_K * warm, *_SHARES)
        return share, 1.0 / (900.0 + 500.0 * self.rounds.draw("truck.cycle", 1)[:, 0])

    @cached_property
    def bodies(self) -> Mapping[int, Body]:
        """Those that keep another set point than the usual one, or are told one, by row."""
        cells, per_cell = self.days.once, self.rounds.per_cell
        told: dict[int, list[Told]] = {}
        if len(self.orders):
            world = self.days.worlds[0]
            told = self.orders.by_device((SET_TEMPERATURE, RESUME), cells=cells, per_cell=per_cell, world=world)
        entering = np.tile(self.carry["truck_setpoint"].reshape(-1), len(self.days.worlds))
        rows = sorted({*told, *np.flatnonzero(entering != SETPOINT).tolist()})
        on, off = self.switched
        loads = self.rounds.loads
        return {
            row: Body(
                on=float(on[row]),
                off=float(off[row]),
                loads=float(loads[row]),
                entering=float(entering[row]),
                told=told.get(row, ()),
            )
            for row in rows
        }

    def bodies_at(self, row: Ints) -> Iterator[tuple[Ints, Body]]:
        """Which of N readings are of such bodies; `row` is theirs."""
        for one, body in self.bodies.items():
            mine = np.flatnonzero(row == one)
            if len(mine):
                yield mine, body

    def air(self, row: Ints, t: Floats) -> Floats:
        """(N,) of the air that the unit draws in, Cel."""
        on, off = (part.take(row) for part in self.switched)
        ambient = self.ambient(row, t)
        cooled = self._cooled(row, np.clip(t, on, off))
        left = np.exp(-np.maximum(t - on, 0.0) / PULL_S)
        warm_at_on = self.ambient(row, on)
        running = cooled + (warm_at_on - self._cooled(row, on)) * left
        at_off = self._cooled(row, off) - self.ambient(row, off)
        warming = ambient + at_off * np.exp(-np.maximum(t - off, 0.0) / WARM_S)
        air = np.where(t < on, ambient, np.where(t < off, running, warming))
        for mine, body in self.bodies_at(row):
            air[mine] += body.shift(t[mine]).air
        return air

    def part(self, row: Ints, t: Floats) -> Floats:
        """(N,) of the unit's cycle."""
        return np.asarray((t - self.switched[0].take(row)) * self.cycle[1].take(row) % 1.0)

    def cargo(self, row: Ints, t: Floats, lag: float) -> Floats:
        """(N,) Cel in loads, or in parcels with another lag."""
        cargo = np.asarray(SETPOINT + 0.6 + self.doors.lagged(lag, row, t) + self.thaws.lagged(lag, row, t))
        for mine, body in self.bodies_at(row):
            cargo[mine] += body.load(t[mine], lag)
        return cargo

    def burnt(self, moved: Motion, row: Ints, t: Floats) -> Floats:
        """(N,) litres of the lorry since 04:00: the engine idles in the lights and at stops, not while loaded."""
        idle = np.clip(
            t - self.rounds.hops[:, 0, 0].take(row), 0.0, (self.rounds.back - self.rounds.hops[:, 0, 0]).take(row)
        )
        return np.asarray(_PER_M * moved.distance + _PER_V2 * moved.accelerated + 0.15 * _IDLES * idle)

    def hours(self, row: Ints, t: Floats) -> Floats:
        """(N,) that the unit has been on since 04:00."""
        on, off = (part.take(row) for part in self.switched)
        return np.asarray((np.clip(t, on, off) - on) / 3600.0)

    def unit_burnt(self, row: Ints, t: Floats) -> Floats:
        """(N,) litres of the unit since 04:00, the mean of its cycles."""
        burnt = np.asarray(self.hours(row, t) * (0.35 + self.cycle[0].take(row)) * _UNIT_L_H)
        for mine, body in self.bodies_at(row):
            share = _SHARE + _SHARE_K * (self.outside[row[mine[0]], _NOON] - SETPOINT)
            cools = body.burnt(t[mine], share, _SHARE_K, _SHARES)
            burnt[mine] = (self.hours(row[mine], t[mine]) * 0.35 + cools) * _UNIT_L_H
        return burnt

    def after(self) -> Carry:
        """What the day leaves."""
        row = np.arange(len(self.rounds.number))
        t = np.full(len(row), 86_400.0)
        moved = motion(self.rounds, row, t)
        burnt, unit = self.burnt(moved, row, t), self.unit_burnt(row, t)
        hours, distance = self.hours(row, t), moved.distance
        left = self.days.counted(self.carry, truck_distance=distance, truck_burnt=burnt, truck_hours=hours)
        tank, unit_tank = self.carry["truck_tank"], self.carry["truck_unit_tank"]
        for day, unit_day in zip(self.days.by_day(burnt, tank), self.days.by_day(unit, tank), strict=True):
            tank, unit_tank = filled(tank - day, unit_tank - unit_day)
        setpoint = np.array(self.carry["truck_setpoint"])
        for one, body in self.bodies.items():
            setpoint.reshape(-1)[one % setpoint.size] = body.left
        return {**left, "truck_tank": tank, "truck_unit_tank": unit_tank, "truck_setpoint": setpoint}

    def _cooled(self, row: Ints, t: Floats) -> Floats:
        share = self.cycle[0].take(row)
        swing = saw(self.part(row, t), share, np.full(len(row), _BAND))
        return np.asarray(SETPOINT + swing + self.doors.at(row, t) + self.thaws.at(row, t))


def filled(left: Floats, unit_left: Floats) -> tuple[Floats, Floats]:
    """(N,) what is in the lorry's tank and in the unit's, filled up where they are low."""
    tank, unit_tank = (left, _FILL_BELOW, _TANK), (unit_left, _UNIT_FILL_BELOW, _UNIT_TANK)
    first, second = (np.where(left < below, full, left) for left, below, full in (tank, unit_tank))
    return first, second


def begin(setting: Setting, cells: Ints) -> Carry:
    """Full tanks."""
    shape = (len(cells), setting.per_cell[REEFER_TRUCK.name])
    zeros = {name: np.zeros(shape) for name in ("truck_distance", "truck_burnt", "truck_hours")}
    tanks = {"truck_tank": np.full(shape, _TANK), "truck_unit_tank": np.full(shape, _UNIT_TANK)}
    return {**zeros, **tanks, "truck_setpoint": np.full(shape, SETPOINT)}
