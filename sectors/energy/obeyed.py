"""What becomes of microgrids on a day on which their devices are told something: row by row, beside the day without."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from park.grid import Sampler
from park.model import DAY_MS, GRID_POINTS, GRID_S, Bools, Carry, Floats, Ints, Orders
from park.orders import Told
from sectors.energy import battery, ev
from sectors.energy.catalogue import BATTERY, EV_CHARGER, RELEASE, RESUME, SET_LIMIT, SET_POWER
from sectors.energy.course import HOUR_MS, Course, Plan, Seen, Standing
from sectors.energy.limit import NO_LIMIT, UNDISTURBED, Entering, Limited, bends
from sectors.energy.net import Net

if TYPE_CHECKING:
    from sectors.energy.energy_day import EnergyDay

_USUAL = {
    "battery_power": 0.0,
    "battery_left_ms": 0.0,
    "battery_warm": 0.0,
    "ev_limit": NO_LIMIT,
    "ev_progress": UNDISTURBED,
}
_Made = TypeVar("_Made")


def usual(batteries: tuple[int, ...], points: tuple[int, ...]) -> Carry:
    """Nobody has been told anything; arrays of these shapes."""
    return {name: np.full(batteries if name[:2] == "ba" else points, value) for name, value in _USUAL.items()}


def told(carry: Carry) -> bool:
    """Whether anything that was told is left in the morning."""
    return any((carry[name] != value).any() for name, value in _USUAL.items() if name != "battery_power")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Member:
    """A device that obeys, as its grid connection has it.

    Attributes:
        first_ms: from here on it is not as it would have been.
        bends: milliseconds at which its course changes.
        more: what it draws on top, kW, and has drawn since 04:00, kWh, at milliseconds, (N,).
    """

    first_ms: int
    bends: Floats
    more: Callable[[Floats | Ints], tuple[Floats, Floats]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Obeyed:
    """The devices that were told something, by their row, and what that does to their cells.

    Attributes:
        day: without the day's orders, though it began as orders left it.
        orders: the day's.
    """

    day: "EnergyDay"
    orders: Orders

    @cached_property
    def batteries(self) -> Mapping[int, Course]:
        """By row."""
        left = (self._carried("battery_left_ms") != 0) | (self._carried("battery_warm") != 0)
        return self._made("battery", BATTERY.name, (SET_POWER, RESUME), left, self._course)

    @cached_property
    def points(self) -> Mapping[int, Limited]:
        """Charging points by row."""
        left = (self._carried("ev_limit") != NO_LIMIT) | (self._carried("ev_progress") != UNDISTURBED)
        return self._made("point", EV_CHARGER.name, (SET_LIMIT, RELEASE), left, self._limited)

    def _made(
        self, what: str, kind: str, actions: tuple[int, ...], left: Bools, make: Callable[[int, list[Told]], _Made]
    ) -> Mapping[int, _Made]:
        """Those that are told something, or of whose orders something is left."""
        count, cells = self.day.setting.per_cell[kind], self.day.flows.plant.cells
        given = self.orders.by_device(actions, cells=cells, per_cell=count, world=self.day.world)
        rows = sorted({*given, *np.flatnonzero(left).tolist()})
        return {row: self.day.known.get(what, row, given.get(row, []), make) for row in rows}

    def _carried(self, name: str) -> Floats:
        return np.asarray(self.day.carry[name].reshape(-1), dtype=np.float64)

    def _course(self, row: int, orders: list[Told]) -> Course:
        flows, one = self.day.flows, slice(row, row + 1)
        bank = flows.plant.battery
        some = battery.Batteries(capacity=bank.capacity[one], standby=bank.standby[one])
        charging, discharging = battery.wishes(some, flows.surplus[one])
        plan = Plan(charging=charging[0], discharging=discharging[0], planned=flows.planned[row])
        standing = Standing(
            charge=float(flows.morning_charge[row]),
            power=float(self._carried("battery_power")[row]),
            left_ms=float(self._carried("battery_left_ms")[row]),
            warm=float(self._carried("battery_warm")[row]),
        )
        return Course(some, plan, standing, orders)

    def _limited(self, row: int, orders: list[Told]) -> Limited:
        charging, phases = self.day.flows.charging, ev.PHASES[self.day.flows.plant.charger_type[row]]
        sessions = charging.sessions.each(lambda part: part[row : row + 1])
        entering = Entering(
            limit=float(self._carried("ev_limit")[row]), progress=float(self._carried("ev_progress")[row])
        )
        return Limited(sessions, float(phases), charging.voltage[row], entering, orders)

    def batteries_at(self, own: Ints, ms: Ints) -> Iterator[tuple[Ints, Seen]]:
        """Which of N readings are of batteries that obey, and how these stand; `own` is their row, `ms` since 04:00."""
        for row, course in self.batteries.items():
            mine = np.flatnonzero((own == row) & (ms >= course.first_ms))
            if len(mine):
                yield mine, course.at(ms[mine])

    def points_at(self, own: Ints, ms: Ints) -> Iterator[tuple[Ints, Limited]]:
        """The same of charging points."""
        for row, point in self.points.items():
            mine = np.flatnonzero((own == row) & (ms >= point.first_ms))
            if len(mine):
                yield mine, point

    def stored(self, cell: Ints, ms: Ints) -> Floats:
        """(N,) kW by which the batteries of cells discharge more than they would have."""
        return -self._drawn(self._banks, cell, ms)

    def charged(self, cell: Ints, ms: Ints) -> Floats:
        """(N,) kW by which vehicles in cells are given more than they would have been."""
        return self._drawn(self._posts, cell, ms)

    def metered(self, cell: Ints, ms: Ints, taken: Floats, fed: Floats) -> None:
        """Puts what the connections of cells counted since 04:00 over what they would have, in place; (N,) each."""
        for row, net in self.meters.items():
            mine = np.flatnonzero((cell == row) & (ms >= net.first_ms))
            if len(mine):
                taken[mine], fed[mine] = net.at(ms[mine].astype(np.float64))

    @staticmethod
    def _drawn(of_cells: Mapping[int, list[_Member]], cell: Ints, ms: Ints) -> Floats:
        more = np.zeros(len(cell))
        for row, members in of_cells.items():
            for one in members:
                mine = np.flatnonzero((cell == row) & (ms >= one.first_ms))
                if len(mine):
                    more[mine] += one.more(ms[mine])[0]
        return more

    @cached_property
    def _banks(self) -> Mapping[int, list[_Member]]:
        """Batteries by the row of their cell."""
        count, found = self.day.setting.per_cell[BATTERY.name], dict[int, list[_Member]]()
        for row, course in self.batteries.items():
            found.setdefault(row // count, []).append(self._bank(row, course))
        return found

    def _bank(self, row: int, course: Course) -> _Member:
        flows, standby = self.day.flows, self.day.flows.plant.battery.standby[row]

        def more(ms: Floats | Ints) -> tuple[Floats, Floats]:
            seen, here = course.at(ms), Sampler(np.full(len(ms), row), _place(ms))
            planned = here.energy(flows.planned, self.day.planned_energy)
            gave = seen.given - seen.taken + standby * (ms / HOUR_MS)
            return here.line(flows.planned) - seen.power, planned - gave

        return _Member(first_ms=course.first_ms, bends=course.ms.astype(np.float64), more=more)

    @cached_property
    def _posts(self) -> Mapping[int, list[_Member]]:
        """Charging points by the row of their cell."""
        count, found = self.day.setting.per_cell[EV_CHARGER.name], dict[int, list[_Member]]()
        for row, point in self.points.items():
            found.setdefault(row // count, []).append(self._post(row, point))
        return found

    def _post(self, row: int, point: Limited) -> _Member:
        charging = self.day.flows.charging

        def more(ms: Floats | Ints) -> tuple[Floats, Floats]:
            power, energy = charging.at(np.full(len(ms), row), _place(ms))
            now, today, *_ = point.at(ms)
            return now - power, today - energy

        unlimited = bends(charging.sessions.each(lambda part: part[row : row + 1]))
        return _Member(first_ms=point.first_ms, bends=np.concatenate([point.bends, unlimited]), more=more)

    @cached_property
    def meters(self) -> Mapping[int, Net]:
        """Grid connections of the cells in which something obeys, by the cell's row."""
        cells = sorted({*self._banks, *self._posts})
        return {cell: self._net(cell, [*self._banks.get(cell, []), *self._posts.get(cell, [])]) for cell in cells}

    def _net(self, cell: int, members: list[_Member]) -> Net:
        first, energy = min(one.first_ms for one in members), self.day.energy

        def more(ms: Floats) -> tuple[Floats, Floats]:
            power, kwh = np.zeros(len(ms)), np.zeros(len(ms))
            for one in members:
                obeys, (now, since) = ms >= one.first_ms, one.more(ms)
                power, kwh = power + np.where(obeys, now, 0.0), kwh + np.where(obeys, since, 0.0)
            return power, kwh

        here = Sampler(np.array([cell]), _place(np.array([first])))
        return Net(
            first_ms=first,
            counted=np.concatenate([here.line(energy.grid_import), here.line(energy.grid_export)]),
            steps=self.day.flows.grid_steps[cell],
            bends=np.concatenate([one.bends[one.bends >= one.first_ms] for one in members]),
            more=more,
        )

    def after(self, plain: Carry) -> Carry:
        """What is carried from the day's end on, `plain` being without its orders."""
        left, before = {name: np.array(values) for name, values in plain.items()}, self.day.carry
        for row, course in self.batteries.items():
            place, seen = np.unravel_index(row, left["charge"].shape), course.at(np.array([DAY_MS]))
            left["charge"][place], left["battery_warm"][place] = course.left.charge, course.left.warm
            left["battery_power"][place], left["battery_left_ms"][place] = course.left.power, course.left.left_ms
            left["battery_import"][place] = before["battery_import"][place] + seen.taken[0]
            left["battery_export"][place] = before["battery_export"][place] + seen.given[0]
        for row, point in self.points.items():
            place, energy = np.unravel_index(row, left["ev_limit"].shape), point.at(np.array([DAY_MS]))[1]
            left["ev_limit"][place], left["ev_progress"][place] = point.left_limit, point.left_progress
            left["ev_export"][place] = before["ev_export"][place] + energy[0]
            if left["ev_session_departure"][place] > 0:
                came = self.day.flows.charging.arrived(np.array([row]), np.array([GRID_POINTS - 1 - 1e-9]))
                left["ev_delivered"][place] = energy[0] - point.begun(came)[0]
        for row, net in self.meters.items():
            taken, fed = net.at(np.array([float(DAY_MS)]))
            left["grid_import"][row] = before["grid_import"][row] + taken
            left["grid_export"][row] = before["grid_export"][row] + fed
        return left


def _place(ms: Floats | Ints) -> Floats:
    """On the day's grid, before its last point."""
    return np.minimum(ms / (GRID_S * 1000.0), GRID_POINTS - 1 - 1e-9)
