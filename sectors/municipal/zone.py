"""Pressure zones: a valve that keeps a pressure, or is held at an opening, and what follows from it.

The pressure behind the valve is on the day's grid, and moves by no more than 5 kPa a minute; what is drawn, leaks and
falls along the pipes is worked out at the moment of a reading.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import STEPS, Sampler, commanded, smooth_noise
from park.model import GRID_S, Carry, Floats, Ints, Moments, Observation, Orders
from sectors.municipal.catalogue import SET_PRESSURE, SET_VALVE, WATER_METER
from sectors.municipal.demand import Drawn, drawn
from sectors.municipal.network import Bursts, Leaks, Network, balance, leaks, network
from sectors.municipal.span import Span
from sectors.municipal.valve import ValveDay

LEAST_KPA = 140.0
_SLEW_KPA = 5.0 * GRID_S / 60.0  # a step of the grid
_MAIN_KPA, _MAIN_FALL = 430.0, 22.0
_DROP_KPA = 8.0  # least fall over the open valve
STATE = ("zone_kpa", "zone_setpoint", "zone_position", "zone_mode")
PRESSURE, POSITION = 0.0, 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Quarter:
    """What C blocks draw on a day, and what the town's main gives them, whatever is commanded."""

    span: Span

    @cached_property
    def pipes(self) -> Network:
        """Of the cells."""
        return network(self.span.setting, self.span.cells)

    @property
    def bursts(self) -> Bursts:
        """Of the cells' mains."""
        return Bursts(setting=self.span.setting, cell=self.span.cells)

    @cached_property
    def drawn(self) -> Drawn:
        """What the buildings draw."""
        return drawn(self.span)

    @cached_property
    def flows(self) -> Floats:
        """(C * meters, GRID_POINTS) m3/h of each building."""
        return self.drawn.flow()

    @cached_property
    def demand(self) -> Floats:
        """(C, GRID_POINTS) m3/h of all buildings."""
        per_cell = self.span.per_cell(WATER_METER.name)
        flows = self.flows.reshape(len(self.span.cells), per_cell, -1)
        total = np.zeros_like(flows[:, 0])
        for unit in range(per_cell):
            total += flows[:, unit]
        return total

    @cached_property
    def supply(self) -> Floats:
        """(C, GRID_POINTS) kPa before the valve: the town's main sinks when everybody draws."""
        streams, cells = self.span.setting.streams, self.span.cells
        stray = smooth_noise(streams, "municipal.main", (cells,), self.span.worlds[0].index, 6)
        own = 20.0 * streams.uniform("municipal.main.own", cells)
        busy = self.drawn.course / self.drawn.course.mean(axis=1)[:, None] - 1.0
        return np.asarray(_MAIN_KPA + own[:, None] - _MAIN_FALL * busy + 4.0 * stray)


@dataclass(frozen=True, kw_only=True, eq=False)
class Plant:
    """The valves of C zones through a day; `carry` is (C,) each, `orders` the day's."""

    quarter: Quarter
    carry: Carry
    orders: Orders

    @property
    def span(self) -> Span:
        """Of one day."""
        return self.quarter.span

    @cached_property
    def told(self) -> "Told":
        """What the valve keeps at each instant of the grid."""
        times, cells = self.span.worlds[0].times, self.span.cells
        setpoint, position = (
            commanded(self.orders, action, 0, cells=cells, per_cell=1, times=times, before=self.carry[name])
            for action, name in ((SET_PRESSURE, STATE[1]), (SET_VALVE, STATE[2]))
        )
        mode = np.repeat(self.carry[STATE[3]][:, None], len(times), axis=1)
        mine = np.flatnonzero((self.orders.action == SET_PRESSURE) | (self.orders.action == SET_VALVE))
        rows = np.searchsorted(cells, self.orders.cell[mine])
        points = np.searchsorted(times, self.orders.effective[mine])
        for row, point, action in zip(rows, points, self.orders.action[mine], strict=True):
            mode[row, point:] = POSITION if action == SET_VALVE else PRESSURE
        told = np.isin(np.arange(len(cells)), rows) | (self.carry[STATE[3]] == POSITION)
        moves = told | (self.carry[STATE[0]] != self.carry[STATE[1]])
        return Told(setpoint=setpoint, position=position, mode=mode, moves=np.flatnonzero(moves).astype(np.int64))

    @cached_property
    def inlet(self) -> Floats:
        """(C, GRID_POINTS) kPa behind the valve, where the main allows it."""
        inlet = np.repeat(self.carry[STATE[0]][:, None], STEPS + 1, axis=1)
        some = self.told.moves
        if not len(some):
            return inlet
        setpoint, mode = self.told.setpoint[some].T, self.told.mode[some].T
        holds = np.any(mode == POSITION, axis=1)
        held = self._held(some) if holds.any() else None
        now = inlet[some, 0]
        for k in range(STEPS):
            goal = setpoint[k]
            if held and holds[k]:
                goal = np.where(mode[k] == POSITION, held(k, now), goal)
            now = now + np.clip(goal - now, -_SLEW_KPA, _SLEW_KPA)
            inlet[some, k + 1] = now
        return inlet

    def _held(self, some: Ints) -> Callable[[int, Floats], Floats]:
        """What pressures zones would come to that hold an opening, of the point of the grid and the pressures there."""
        count, quarter = len(some), self.quarter
        pipes = quarter.pipes.take(some)
        demand, supply, position = (
            part[some].T.copy() for part in (quarter.demand, quarter.supply, self.told.position)
        )
        ms = np.repeat(np.arange(STEPS + 1) * GRID_S * 1000, count)
        every = quarter.pipes.take(np.tile(some, STEPS + 1))
        leak = leaks(self.span.setting, every, np.full(len(ms), self.span.worlds[0].index), ms)
        background, burst = (part.reshape(STEPS + 1, count) for part in (leak.background, leak.burst))

        def held(k: int, now: Floats) -> Floats:
            inflow, _, _ = balance(pipes, Leaks(background=background[k], burst=burst[k]), now, demand[k])
            return np.asarray(np.maximum(supply[k] - fall(pipes, inflow, position[k]), 30.0))

        return held

    def end(self) -> Carry:
        """(C,) each, what is carried from the day's last instant on."""
        kpa, setpoint, _, mode = (self.carry[name] for name in STATE)
        if not len(self.orders) and (mode == PRESSURE).all() and (kpa == setpoint).all():
            return self.carry
        told = self.told
        parts = (self.inlet, told.setpoint, told.position, told.mode)
        return {name: values[:, -1].copy() for name, values in zip(STATE, parts, strict=True)}


@dataclass(frozen=True, kw_only=True, eq=False)
class ZoneDay:
    """One day of C zones, with the valves of their greens, which draw too."""

    plant: Plant
    valves: ValveDay

    @property
    def quarter(self) -> Quarter:
        """What does not depend on orders."""
        return self.plant.quarter

    def at(self, at: Moments) -> "Seen":
        """The zones at moments."""
        here, ms, row = Sampler(at.row, at.x), at.ms, at.row
        span = self.plant.span
        pipes, supply = self.quarter.pipes.take(row), here.line(self.quarter.supply)
        inlet = np.minimum(here.line(self.plant.inlet), supply - _DROP_KPA)
        leak = leaks(span.setting, pipes, np.full(len(ms), span.worlds[0].index), ms)
        draws = here.line(self.quarter.demand) + self.valves.drawn(row, ms)
        inflow, critical, mean = balance(pipes, leak, inlet, draws)
        return Seen(
            here=here, pipes=pipes, inflow=inflow, supply=supply, inlet=inlet, critical=critical, leaking=leak.at(mean)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """(C, GRID_POINTS) each: kPa to keep, opening to hold, %, which of them; and the rows whose pressure moves."""

    setpoint: Floats
    position: Floats
    mode: Floats
    moves: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """N zones, each at a moment: m3/h in, kPa before and behind the valve and at the farthest tap, m3/h that leak."""

    here: Sampler
    pipes: Network
    inflow: Floats
    supply: Floats
    inlet: Floats
    critical: Floats
    leaking: Floats


def fall(pipes: Network, inflow: Floats, position: Floats) -> Floats:
    """KPa that are lost over a valve at an opening of so many %; its flow is as the square of the opening."""
    through = pipes.opening * (position / 100.0) ** 2
    return np.asarray(100.0 * (inflow / through) ** 2)


def begin(span: Span) -> Carry:
    """Zones at the pressure that they were set up with."""
    setpoint = network(span.setting, span.cells).setpoint
    return {
        "zone_kpa": setpoint,
        "zone_setpoint": setpoint.copy(),
        "zone_position": np.full(len(setpoint), 50.0),
        "zone_mode": np.full(len(setpoint), PRESSURE),
    }


def observe(day: ZoneDay, at: Moments) -> Observation:
    """Pressure zones."""
    seen, told, streams = day.at(at), day.plant.told, day.plant.span.setting.streams
    stray = [streams.normal(f"municipal.zone.{what}", at.device, at.ts) for what in ("flow", "main", "inlet", "tap")]
    mode = seen.here.hold(told.mode)
    kept = np.sqrt(seen.inflow / seen.pipes.opening / np.sqrt(np.maximum(seen.supply - seen.inlet, 1.0) / 100.0))
    position = np.where(mode == POSITION, seen.here.hold(told.position), np.clip(100.0 * kept, 5.0, 100.0))
    return {
        "inflow": seen.inflow * (1.0 + 0.003 * stray[0]),
        "supply_pressure": seen.supply + 0.8 * stray[1],
        "inlet_pressure": np.maximum(seen.inlet + 0.6 * stray[2], 0.0),
        "critical_pressure": np.maximum(seen.critical + 0.8 * stray[3], 0.0),
        "pressure_setpoint": seen.here.hold(told.setpoint),
        "valve_position": position,
        "control_mode": mode.astype(np.int64),
    }


def too_low(day: ZoneDay, at: Moments, inlet: Floats) -> str | None:
    """Whether the farthest tap would have too little at a pressure behind the valve, kPa."""
    seen = day.at(at)
    return "low-pressure" if (inlet - (seen.inlet - seen.critical) < LEAST_KPA).any() else None


def refusal(day: ZoneDay, action: int, value: Floats, at: Moments) -> str | None:
    """Why a zone does not take a pressure or an opening: the farthest tap would have too little."""
    if action == SET_PRESSURE:
        return too_low(day, at, value[:1])
    seen = day.at(at)
    return too_low(day, at, seen.supply - fall(seen.pipes, seen.inflow, value[:1]))
