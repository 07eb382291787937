"""Some days of some cells at once: what is worked out without knowing what was carried into them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import devices
from park.model import Floats, Ints, Setting, WorldDay
from sectors.finance import cars, cash_plan, rhythm, supply
from sectors.finance.catalogue import CASH_MACHINE, INSURED_CAR, PAYMENT_TERMINAL
from sectors.finance.happenings import Courses, Draws

Series = Callable[[WorldDay], Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class BranchDays:
    """D days of C cells. Its arrays have a row for a day and cell, or for a day and device: those of a day together."""

    setting: Setting
    cells: Ints
    worlds: tuple[WorldDay, ...]

    @cached_property
    def days(self) -> Days:
        """The same, as rows of days and cells."""
        return Days(setting=self.setting, once=self.cells, worlds=self.worlds)

    def series(self, of: Series) -> Floats:
        """(rows, GRID_POINTS) what the world says of the site of each cell."""
        return self.days.weather(of)[self.days.site]

    def courses(self, of: Series, kind: str) -> Courses:
        """What the world says of sites, for the devices of a kind."""
        return Courses(rate=self.days.weather(of), row=np.repeat(self.days.site, self._per_cell(kind)))

    def factor(self, of: Callable[[WorldDay], float], kind: str = "") -> Floats:
        """(rows,) what the calendar says of a day."""
        return np.repeat([float(of(world)) for world in self.worlds], len(self.cells) * self._per_cell(kind))

    def draws(self, kind: str = "") -> Draws:
        """The chance of its cells, or of the devices of a kind."""
        number = devices(self.cells, self._per_cell(kind)).reshape(-1)
        day = np.repeat([world.index for world in self.worlds], len(number))
        return Draws(streams=self.setting.streams, number=np.tile(number, len(self.worlds)), day=day)

    @cached_property
    def cash(self) -> cash_plan.CashPlan:
        """What would happen at cash machines."""
        kind = CASH_MACHINE.name
        draws = self.draws(kind)
        people = self.courses(lambda world: np.asarray(world.out + 0.5 * world.under_way + 0.004), kind)
        expected = self.factor(lambda world: rhythm.withdrawals(world.date), kind)
        return cash_plan.plan(draws, cash_plan.machines(draws.streams, draws.number), people, expected)

    @cached_property
    def supply(self) -> supply.Fed:
        """What backup supplies are fed."""
        return supply.fed(
            self.draws(), self.series(lambda world: world.supply_voltage), self.factor(lambda world: world.workday)
        )

    @cached_property
    def shops(self) -> tuple[Draws, Courses]:
        """The payment terminals, and who is out near them."""
        kind = PAYMENT_TERMINAL.name
        return self.draws(kind), self.courses(lambda world: world.out, kind)

    @cached_property
    def cars(self) -> cars.CarDay:
        """What insured cars do."""
        kind = INSURED_CAR.name
        roads, rain = (
            self.days.weather(of) for of in (lambda world: world.road_demand, lambda world: world.precipitation)
        )
        return cars.car_day(self.draws(kind), self.courses(lambda world: world.under_way, kind), roads, rain)

    def _per_cell(self, kind: str) -> int:
        return self.setting.per_cell[kind] if kind else 1
