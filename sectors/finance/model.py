"""The finance sector: what branches, machines, shops and cars count. People and weather are `WorldDay`'s."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from park.grid import devices
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.finance import cars, cash, queue, supply, terminals, vault
from sectors.finance.catalogue import (
    BACKUP_SUPPLY,
    BRANCH_QUEUE,
    CASH_MACHINE,
    INSURED_CAR,
    PAYMENT_TERMINAL,
    VAULT_ROOM,
)
from sectors.finance.happenings import Draws

_CASH = (*cash.REGISTERS, "level", "taken", "paper")


@dataclass(frozen=True, kw_only=True, eq=False)
class FinanceDay:
    """One day of C cells, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay

    @cached_property
    def site(self) -> Ints:
        """(C,) row of each cell in the world's arrays."""
        return self.setting.site_of(self.cells)

    def numbers(self, kind: str) -> Ints:
        """(C x per_cell,) numbers of a kind's devices."""
        return devices(self.cells, self.setting.per_cell[kind]).reshape(-1)

    def draws(self, number: Ints) -> Draws:
        """Chance of these devices on this day."""
        return Draws.of(self.setting.streams, number, self.world.index)

    def rows(self, series: Floats, kind: str) -> Floats:
        """(C x per_cell, GRID_POINTS) a series of the sites, for the devices of a kind."""
        return np.repeat(series[self.site], self.setting.per_cell[kind], axis=0)

    def carried(self, name: str) -> npt.NDArray[Any]:
        """A carried array with the devices of all cells in its rows."""
        values = self.carry[name]
        return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])

    @cached_property
    def cash(self) -> cash.CashDay:
        """Cash machines."""
        per_cell = self.setting.per_cell[CASH_MACHINE.name]
        some = cash.machines(self.setting.streams, self.cells, per_cell)
        carry = dict(zip(_CASH, np.moveaxis(self.carried("cash"), -1, 0), strict=True))
        people = self.rows(self.world.out + 0.5 * self.world.under_way, CASH_MACHINE.name)
        return cash.cash_day(self.draws(some.number), some, carry, people, self.world)

    @cached_property
    def people(self) -> Floats:
        """(C, GRID_POINTS) those out and under way."""
        return np.asarray((self.world.out + self.world.under_way)[self.site])

    @cached_property
    def queue(self) -> queue.QueueDay:
        """Branch queues."""
        return queue.queue_day(self.draws(self.cells), self.people, self.world)

    @cached_property
    def vault(self) -> vault.VaultDay:
        """Vault rooms."""
        outside = self.world.temperature[self.site], self.world.relative_humidity[self.site]
        return vault.vault_day(self.draws(self.cells), self.carry, outside, workday=self.world.workday)

    @cached_property
    def supply(self) -> supply.SupplyDay:
        """Backup supplies."""
        volts, outdoor = self.world.supply_voltage[self.site], self.world.temperature[self.site]
        return supply.supply_day(
            self.draws(self.cells), self.carry["charge"], (volts, outdoor), workday=self.world.workday
        )

    @cached_property
    def shops(self) -> tuple[Draws, Floats]:
        """The R terminals, and (R, GRID_POINTS) who is out near them."""
        return self.draws(self.numbers(PAYMENT_TERMINAL.name)), self.rows(self.world.out, PAYMENT_TERMINAL.name)

    @cached_property
    def terminals(self) -> terminals.TerminalDay:
        """Payment terminals."""
        return terminals.terminal_day(*self.shops)

    @cached_property
    def cars(self) -> cars.CarDay:
        """Insured cars."""
        world = self.world
        series = (
            self.rows(part, INSURED_CAR.name) for part in (world.under_way, world.road_demand, world.precipitation)
        )
        return cars.car_day(self.draws(self.numbers(INSURED_CAR.name)), *series)

    def end(self) -> Carry:
        """What is carried into the next day."""
        shape = (len(self.cells), -1)
        after = cash.end(self.cash)
        count, declines, _ = terminals.totals(*self.shops)
        driven, counted = self.cars.totals()
        outside = self.world.temperature[self.site], self.world.relative_humidity[self.site]
        warm, moist = vault.air(self.carry, *outside)
        return {
            "cash": np.stack([after[name] for name in _CASH], axis=-1).reshape(*shape, len(_CASH)),
            "tickets": self.carry["tickets"] + queue.tickets(self.draws(self.cells), self.people, self.world),
            "payments": self.carry["payments"] + np.stack([count, declines], axis=-1).reshape(*shape, 2),
            "driven": self.carry["driven"] + driven.reshape(*shape, 2),
            "counted": self.carry["counted"] + counted.reshape(*shape, 3),
            "charge": self.supply.charge[:, -1].copy(),
            "vault_cel": warm[:, -1].copy(),
            "vault_hpa": moist[:, -1].copy(),
        }


def _per_cell(day: FinanceDay, kind: str) -> int:
    return day.setting.per_cell[kind]


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[FinanceDay, Moments], Observation]] = {
    CASH_MACHINE.name: lambda day, at: cash.observe(day.cash, at, _per_cell(day, CASH_MACHINE.name)),
    BRANCH_QUEUE.name: lambda day, at: queue.observe(day.queue, day.carry["tickets"], at),
    VAULT_ROOM.name: lambda day, at: vault.observe(day.setting.streams, day.vault, at),
    BACKUP_SUPPLY.name: lambda day, at: supply.observe(day.setting.streams, day.supply, at),
    PAYMENT_TERMINAL.name: lambda day, at: terminals.observe(
        day.setting.streams, day.terminals, day.carried("payments"), at, _per_cell(day, PAYMENT_TERMINAL.name)
    ),
    INSURED_CAR.name: lambda day, at: cars.observe(
        day.cars, (day.carried("driven"), day.carried("counted")), at, _per_cell(day, INSURED_CAR.name)
    ),
}


class FinanceModel:
    """Implements `park.model.Model`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Machines half full, batteries charged, nothing counted."""
        streams, per_cell, count = self._setting.streams, self._setting.per_cell, len(cells)
        some = cash.machines(streams, cells, per_cell[CASH_MACHINE.name])
        start = cash.begin(streams, some)
        return {
            "cash": np.stack([start[name] for name in _CASH], axis=-1).reshape(count, -1, len(_CASH)),
            "tickets": np.zeros(count, dtype=np.int64),
            "payments": np.zeros((count, per_cell[PAYMENT_TERMINAL.name], 2), dtype=np.int64),
            "driven": np.zeros((count, per_cell[INSURED_CAR.name], 2)),
            "counted": np.zeros((count, per_cell[INSURED_CAR.name], 3), dtype=np.int64),
            "charge": np.full(count, 100.0),
            **vault.begin(count),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The state one day later; queues and payments are counted without their instants."""
        return self.day(cells, carry, world, orders).end()

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> FinanceDay:
        """The day, not yet computed."""
        return FinanceDay(setting=self._setting, cells=cells, carry=carry, world=world)

    def observe(self, kind: str, state: FinanceDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)


MODEL = FinanceModel
