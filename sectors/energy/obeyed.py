"""What becomes of microgrids on a day on which their devices are told something: row by row, beside the day without."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from park.grid import Sampler
from park.model import DAY_MS, GRID_S, Carry, Floats, Ints, Orders
from park.orders import Told
from sectors.energy import battery
from sectors.energy.catalogue import BATTERY, RESUME, SET_POWER
from sectors.energy.course import Course, Plan, Seen, Standing
from sectors.energy.net import Net

if TYPE_CHECKING:
    from sectors.energy.energy_day import EnergyDay

_KEPT = 512
_Made = TypeVar("_Made")


def begin(batteries: tuple[int, int]) -> Carry:
    """Nobody has been told anything; arrays of these shapes."""
    return {name: np.zeros(batteries) for name in ("battery_power", "battery_left_ms", "battery_warm")}


def told(carry: Carry) -> bool:
    """Whether anything that was told is left in the morning."""
    return bool(np.any(carry["battery_left_ms"]) or np.any(carry["battery_warm"]))


class Known:
    """What obeyed on a day, so that an order makes anew only what it changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}

    def get(self, what: str, row: int, orders: list[Told], make: Callable[[], _Made]) -> _Made:
        """What a device did under its orders."""
        key = (what, row, *((one.ms, one.action, one.value.tobytes()) for one in orders))
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = make()
        made: _Made = self._known[key]
        return made


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
        """Batteries by row."""
        count = self.day.setting.per_cell[BATTERY.name]
        given = self._given((SET_POWER, RESUME), count)
        rows = sorted({*given, *np.flatnonzero(self._carried("battery_left_ms") + self._carried("battery_warm") != 0)})
        known = self.day.known
        return {
            int(row): known.get("battery", row, orders, lambda row=row, orders=orders: self._course(row, orders))
            for row in rows
            for orders in [given.get(int(row), [])]
        }

    def _given(self, actions: tuple[int, ...], per_cell: int) -> dict[int, list[Told]]:
        if not len(self.orders):
            return {}
        cells = self.day.flows.plant.cells
        return self.orders.by_device(actions, cells=cells, per_cell=per_cell, world=self.day.world)

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

    def batteries_at(self, own: Ints, ms: Ints) -> Iterator[tuple[Ints, Seen]]:
        """Which of N readings are of batteries that obey, and how these stand; `own` is their row, `ms` since 04:00."""
        for row, course in self.batteries.items():
            mine = np.flatnonzero((own == row) & (ms >= course.first_ms))
            if len(mine):
                yield mine, course.at(ms[mine])

    def stored(self, cell: Ints, ms: Ints) -> Floats:
        """(N,) kW by which the batteries of cells discharge more than they would have."""
        more = np.zeros(len(cell))
        for row, course in self.batteries.items():
            mine = np.flatnonzero((cell == row // self.day.setting.per_cell[BATTERY.name]) & (ms >= course.first_ms))
            if len(mine):
                more[mine] += course.at(ms[mine]).power - self._planned(row, ms[mine])[0]
        return more

    def _planned(self, row: int, ms: Floats | Ints) -> tuple[Floats, Floats]:
        """(N,) what a battery would have done: power, kW, and its energy since 04:00, kWh."""
        flows, x = self.day.flows, np.minimum(ms / (GRID_S * 1000.0), DAY_MS / (GRID_S * 1000.0) - 1e-9)
        here = Sampler(np.full(len(x), row), x)
        return here.line(flows.planned), here.energy(flows.planned, self.day.planned_energy)

    @cached_property
    def meters(self) -> Mapping[int, Net]:
        """Grid connections of the cells in which something obeys, by cell's row."""
        count = self.day.setting.per_cell[BATTERY.name]
        cells: dict[int, list[int]] = {}
        for row in self.batteries:
            cells.setdefault(row // count, []).append(row)
        return {cell: self._net(cell, rows) for cell, rows in cells.items()}

    def _net(self, cell: int, rows: list[int]) -> Net:
        courses = [self.batteries[row] for row in rows]
        first = min(course.first_ms for course in courses)

        def more(ms: Floats) -> tuple[Floats, Floats]:
            power, energy = np.zeros(len(ms)), np.zeros(len(ms))
            for row, course in zip(rows, courses, strict=True):
                seen, (planned, planned_kwh) = course.at(ms), self._planned(row, ms)
                standby = self.day.flows.plant.battery.standby[row] * (ms / 3_600_000.0)
                power = power + (planned - seen.power)
                energy = energy + (planned_kwh - standby - (seen.given - seen.taken))
            return power, energy

        energy, x = self.day.energy, np.array([first / (GRID_S * 1000.0)])
        here = Sampler(np.array([cell]), x)
        counted = np.concatenate([here.line(energy.grid_import), here.line(energy.grid_export)])
        bends = np.concatenate([course.ms for course in courses]).astype(np.float64)
        return Net(first_ms=first, counted=counted, steps=self.day.flows.grid_steps[cell], bends=bends, more=more)

    def metered(self, cell: Ints, ms: Ints, taken: Floats, fed: Floats) -> None:
        """Puts what the connections of cells counted since 04:00 over what they would have, in place; (N,) each."""
        for row, net in self.meters.items():
            mine = np.flatnonzero((cell == row) & (ms >= net.first_ms))
            if len(mine):
                taken[mine], fed[mine] = net.at(ms[mine].astype(np.float64))

    def after(self, usual: Carry) -> Carry:
        """What is carried from the day's end on, `usual` being without its orders."""
        left = {name: np.array(values) for name, values in usual.items()}
        left |= {
            name: np.zeros_like(self.day.carry[name]) for name in ("battery_power", "battery_left_ms", "battery_warm")
        }
        end = np.array([DAY_MS])
        for row, course in self.batteries.items():
            place, seen = np.unravel_index(row, left["charge"].shape), course.at(end)
            left["charge"][place] = course.left.charge
            left["battery_power"][place], left["battery_left_ms"][place] = course.left.power, course.left.left_ms
            left["battery_warm"][place] = course.left.warm
            left["battery_import"][place] = self.day.carry["battery_import"][place] + seen.taken[0]
            left["battery_export"][place] = self.day.carry["battery_export"][place] + seen.given[0]
        for row, net in self.meters.items():
            taken, fed = net.at(end.astype(np.float64))
            left["grid_import"][row] = self.day.carry["grid_import"][row] + taken
            left["grid_export"][row] = self.day.carry["grid_export"][row] + fed
        return left
