"""Halls of public buildings: heat that comes and goes, and a heat pump that keeps a temperature.

C dT/dt = (T_out - T) / R + A GHI + people and lights + heat pump; R falls when doors and windows are open. The pump is
told every ten minutes how much to give: in proportion to what is missing, up to its size. Below its least it runs for a
part of the ten minutes, at their beginning; so it never starts twice within ten. After the State Council's rule of
2007, 26 Cel cooled and 20 Cel heated.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import HOURS, Sampler, rows
from park.model import DAY_STARTS_H, GRID_S, Carry, Floats, Ints, Moments, Observation, Orders
from park.vapour import saturation
from sectors.municipal.catalogue import CLIMATE_ZONE, SET_MODE, SET_TEMPERATURE
from sectors.municipal.room_steps import Steps
from sectors.municipal.span import Span

_EVERY = 2  # steps of the grid between two decisions
STEPS = 288 // _EVERY
POINTS = STEPS + 1
_STEP_S = GRID_S * _EVERY
_STEP_H = _STEP_S / 3600.0
_H = HOURS[::_EVERY] + DAY_STARTS_H

COOLED, HEATED = 26.0, 20.0
_HEAT_BELOW = 15.0  # mean of the day outside
_CAPACITY = 1.9  # kWh/K
_AIR, _WINDOWS = 0.28, 1.1  # kW/K
_LEAST_SHARE = 0.2
_REST_S = 180.0
_IDLE_KW = 0.015
_BEFORE_H = 1.5  # it begins before the doors open
#: Doors, by unit: an office on working days, a library every day.
_DOORS = ((8.5, 17.5, True), (9.0, 20.5, False))
AUTO, OFF, COOLING, HEATING = range(4)
STATE = ("room_cel", "room_target", "room_mode", "room_kwh")
PROGRAM = 0.0
"""Instead of a temperature: the program's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Halls:
    """Halls, (R,) each: kW/K through walls, m2 that the sun comes in by, kW at most, how warm at work."""

    loss: Floats
    sun: Floats
    most: Floats
    cop: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """(R, POINTS) each: temperature to keep, what to do, whether either is commanded, heat at least and at most, kW."""

    target: Floats
    mode: Ints
    commanded: Ints
    low: Floats
    high: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class RoomDay:
    """One day of halls, by cell, then unit: R of them. Without orders it may be several days, with R rows for them all.

    Attributes:
        span: of one day, or several.
        carry: each hall's, in the morning of the first.
        orders: the day's.
    """

    span: Span
    carry: Carry
    orders: Orders

    @property
    def per_cell(self) -> int:
        """Halls of a cell."""
        return self.span.per_cell(CLIMATE_ZONE.name)

    @cached_property
    def halls(self) -> Halls:
        """What they are like."""
        number, streams = self.span.number(CLIMATE_ZONE.name), self.span.setting.streams
        own = [
            0.85 + 0.3 * streams.uniform(f"municipal.hall.{what}", number) for what in ("loss", "sun", "most", "cop")
        ]
        return Halls(loss=0.18 * own[0], sun=2.6 * own[1], most=14.0 * own[2], cop=3.2 * own[3])

    @cached_property
    def open(self) -> tuple[Floats, Floats]:
        """(R, POINTS) whether the doors are open, and whether the program conditions the hall."""
        parts = [_open(world.workday, self.per_cell) for world in self.span.worlds]
        cells = len(self.span.cells)
        doors_open, running = (np.concatenate([np.tile(part[k], (cells, 1)) for part in parts]) for k in (0, 1))
        return doors_open, running

    @cached_property
    def outside(self) -> Floats:
        """(R, POINTS) Cel."""
        return self.span.series(lambda world: world.temperature, self.per_cell)[:, ::_EVERY]

    @cached_property
    def loss(self) -> Floats:
        """(R, POINTS) kW/K: walls, fresh air for people, and windows that are opened in mild weather."""
        mild = np.clip((self.outside - 12.0) / 6.0, 0.0, 1.0) * np.clip((26.0 - self.outside) / 2.0, 0.0, 1.0)
        return np.asarray(self.halls.loss[:, None] + self.open[0] * (_AIR + _WINDOWS * mild))

    @cached_property
    def gains(self) -> Floats:
        """(R, POINTS) kW of sun, people and lights."""
        people = self.span.series(lambda world: world.out + 0.3 * world.at_work, self.per_cell)[:, ::_EVERY]
        light = self.span.series(lambda world: world.ghi, self.per_cell)[:, ::_EVERY]
        return np.asarray(
            0.25 + self.halls.sun[:, None] * light / 1000.0 + self.open[0] * (1.0 + np.minimum(9.0 * people, 3.0))
        )

    @cached_property
    def told(self) -> Told:
        """By the program and by orders."""
        target, mode = self._ordered()
        season = np.where(self.outside.mean(axis=1) < _HEAT_BELOW, HEATING, COOLING)[:, None]
        program = np.where(self.open[1] > 0, season, OFF)
        does = np.where(mode == AUTO, program, mode).astype(np.int64)
        warm = (does == HEATING) | ((does == OFF) & (season == HEATING))
        usual = np.where(warm, HEATED, COOLED)
        most = self.halls.most[:, None]
        return Told(
            target=np.where(target == PROGRAM, usual, target),
            mode=does,
            commanded=((target != PROGRAM) | (mode != AUTO)).astype(np.int64),
            low=np.where(does == COOLING, -most, 0.0),
            high=np.where(does == HEATING, most, 0.0),
        )

    def _ordered(self) -> tuple[Floats, Floats]:
        """(R, POINTS) the temperature and the mode that are commanded; `PROGRAM` and `AUTO` if none."""
        times = self.span.worlds[0].times[::_EVERY]
        days = len(self.span.worlds)
        target, mode = (np.repeat(np.tile(self.carry[name], days)[:, None], POINTS, axis=1) for name in STATE[1:3])
        mine = np.flatnonzero((self.orders.action == SET_TEMPERATURE) | (self.orders.action == SET_MODE))
        row = np.searchsorted(self.span.cells, self.orders.cell[mine]) * self.per_cell + self.orders.unit[mine]
        points = np.searchsorted(times, self.orders.effective[mine])
        for one, point, order in zip(row, points, mine, strict=True):
            value = self.orders.value[order, 0]
            if self.orders.action[order] == SET_TEMPERATURE:
                target[one, point:] = value
                continue
            mode[one, point:] = value
            if value == AUTO:
                target[one, point:] = PROGRAM
        return target, mode

    @cached_property
    def _steps(self) -> Steps:
        told = self.told
        outside, gains, loss = (np.ascontiguousarray(part.T) for part in (self.outside, self.gains, self.loss))
        kept = np.exp(-_STEP_H / _CAPACITY * loss)
        per_kw = (1.0 - kept) / loss
        # What holds the hall at its target; the rest is in proportion to what is missing.
        target = told.target.T.copy()
        return Steps(
            kept=kept,
            steady=(1.0 - kept) * outside + per_kw * gains,
            per_kw=per_kw,
            feed=loss * (target - outside) - gains,
            target=target,
            low=told.low.T.copy(),
            high=told.high.T.copy(),
        )

    @cached_property
    def course(self) -> tuple[Floats, Floats]:
        """(R, POINTS) Cel, and kW of heat that the pump gives from each instant on, below zero cooled."""
        cel, heat = self._steps.walk(self.carry["room_cel"])
        return np.ascontiguousarray(cel.T), np.ascontiguousarray(heat.T)

    @cached_property
    def power(self) -> Floats:
        """(R, POINTS) kW that the pump draws on average from each instant on."""
        _, heat = self.course
        warm = np.where(heat < 0, self.outside, 36.0 - self.outside)
        # The farther it lifts heat, the more it draws.
        return np.asarray(np.abs(heat) / (self.halls.cop[:, None] * np.clip(1.45 - 0.015 * warm, 0.6, 1.4)))

    @cached_property
    def energy(self) -> Floats:
        """(R, POINTS) kWh so far."""
        total = np.zeros_like(self.power)
        np.cumsum(self.power[:, :-1] * _STEP_H, axis=1, out=total[:, 1:])
        return total

    @cached_property
    def runs(self) -> tuple[Floats, Floats]:
        """(R, POINTS) share of ten minutes that the pump runs, and kW that it draws then."""
        least = _LEAST_SHARE * self.halls.most[:, None] / self.halls.cop[:, None]
        share = np.where(self.power >= 0.7 * least, 1.0, self.power / least)
        return share, np.where(share == 1.0, self.power, least)

    def end(self) -> Carry:
        """Each hall's, what is carried from the last day's last instant on."""
        halls = len(self.carry["room_cel"])
        cel, _ = self.course
        target, mode = self._ordered()
        used = self.carry["room_kwh"]
        for today in self.energy[:, -1].reshape(-1, halls):
            used = used + today
        carried = (cel[-halls:, -1], target[-halls:, -1], mode[-halls:, -1], used)
        return {name: values.copy() for name, values in zip(STATE, carried, strict=True)}


def _open(workday: bool, per_cell: int) -> tuple[Floats, Floats]:
    """(per_cell, POINTS) whether the doors of a cell's halls are open on such a day, and whether the program runs."""
    doors, runs = [], []
    for unit in range(per_cell):
        begin, end, working = _DOORS[unit % len(_DOORS)]
        today = workday or not working
        doors.append((begin <= _H) & (end > _H) & today)
        runs.append((begin - _BEFORE_H <= _H) & (end > _H) & today)
    return np.stack(doors).astype(np.float64), np.stack(runs).astype(np.float64)


def begin(cells: int, per_cell: int) -> Carry:
    """Halls of a winter's night, following their program; (C, per_cell) each."""
    fresh = {name: np.zeros((cells, per_cell)) for name in STATE}
    return fresh | {"room_cel": np.full((cells, per_cell), 14.0)}


def after(span: Span, carry: Carry, orders: Orders) -> Carry:
    """(C, per_cell) each, what is carried after some days; of several none has orders."""
    shape = carry["room_cel"].shape
    halls = RoomDay(span=span, carry={name: carry[name].reshape(-1) for name in STATE}, orders=orders)
    return {name: values.reshape(shape) for name, values in halls.end().items()}


def observe(day: RoomDay, at: Moments) -> Observation:
    """Climate zones."""
    here = Sampler(rows(at, day.per_cell), at.x / _EVERY, POINTS)
    streams, told, (cel, _) = day.span.setting.streams, day.told, day.course
    share, drawn = (here.hold(part) for part in day.runs)
    stray = [streams.normal(f"municipal.hall.{what}", at.device, at.ts) for what in ("cel", "kw", "damp")]
    inside = here.line(cel)
    ran = np.minimum(here.share, share) * drawn * _STEP_H
    idle = _IDLE_KW * 24.0 * (day.span.worlds[0].index + at.x / (2 * STEPS))
    so_far = day.carry["room_kwh"][rows(at, day.per_cell)] + here.hold(day.energy)
    return {
        "temperature": inside + 0.05 * stray[0],
        "temperature_setpoint": here.hold(told.target),
        "mode": here.hold(told.mode) - 1,
        "active_power": np.where(here.share < share, drawn, 0.0) * (1.0 + 0.005 * stray[1]) + _IDLE_KW,
        "relative_humidity": np.clip(_humidity(day, here, at, inside) + 0.5 * stray[2], 3.0, 100.0),
        "occupied": here.hold(day.open[0]) > 0,
        "total_active_energy_import": so_far + ran + idle,
        "control_mode": here.hold(told.commanded),
    }


def _humidity(day: RoomDay, here: Sampler, at: Moments, inside: Floats) -> Floats:
    """% of the hall's air: the vapour of outside and of people, less what a cold coil takes."""
    site, world = Sampler(day.span.setting.site_of(day.span.cells)[at.row], at.x), day.span.worlds[0]
    vapour = site.line(world.relative_humidity) / 100.0 * saturation(site.line(world.temperature))
    vapour = vapour + 1.2 * here.hold(day.open[0])
    cold = saturation(np.minimum(inside, 12.0 + 0 * inside)) * 1.05
    cooled = here.hold(day.told.mode) == COOLING
    vapour = np.where(cooled & (vapour > cold), 0.35 * vapour + 0.65 * cold, vapour)
    return np.asarray(np.clip(100.0 * vapour / saturation(inside), 5.0, 99.0))


def refusal(day: RoomDay, action: int, value: Floats, at: Moments) -> str | None:
    """Why a hall does not take a temperature or a mode: the rule of 2007, or its compressor's rest."""
    here = Sampler(rows(at, day.per_cell), at.x / _EVERY, POINTS)
    mode = here.hold(day.told.mode)
    if action == SET_TEMPERATURE:
        beyond = ((mode == COOLING) & (value[0] < COOLED)) | ((mode == HEATING) & (value[0] > HEATED))
        return "beyond-rule" if beyond.any() else None
    before = Sampler(rows(at, day.per_cell), np.maximum(at.x / _EVERY - 1.0, 0.0), POINTS)
    ran, ran_before = here.hold(day.runs[0]), before.hold(day.runs[0])
    since_stop = np.where(ran > 0, here.share - ran, 1.0 + here.share - ran_before) * _STEP_S
    rests = (value[0] > OFF) & (mode != value[0]) & (since_stop > 0) & (since_stop < _REST_S)
    return "compressor-rest" if rests.any() else None
