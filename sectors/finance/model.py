"""The finance sector: what branches, machines, shops and cars count. People and weather are `WorldDay`'s."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from park.grid import devices
from park.happenings import Happenings
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.finance import cars, cash, cash_plan, events, queue, rhythm, supply, terminals, vault
from sectors.finance.branch_days import BranchDays
from sectors.finance.catalogue import (
    BACKUP_SUPPLY,
    BRANCH_QUEUE,
    CASH_MACHINE,
    INSURED_CAR,
    PAYMENT_TERMINAL,
    VAULT_ROOM,
)

_CASH = (*cash.REGISTERS, "level", "taken", "paper")
_ROWS = 64  # cells times days that are worked out together


def _passing(world: WorldDay) -> Floats:
    return np.asarray(world.out + world.under_way)


def _humidity(world: WorldDay) -> Floats:
    return world.relative_humidity


@dataclass(frozen=True, kw_only=True, eq=False)
class FinanceDay:
    """One day of C cells, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay

    @cached_property
    def span(self) -> BranchDays:
        """The day by itself."""
        return BranchDays(setting=self.setting, cells=self.cells, worlds=(self.world,))

    def carried(self, name: str) -> npt.NDArray[Any]:
        """A carried array with the devices of all cells in its rows."""
        return _by_device(self.carry[name])

    @cached_property
    def cash(self) -> cash.CashDay:
        """Cash machines."""
        return cash.settle(self.span.cash, dict(zip(_CASH, np.moveaxis(self.carried("cash"), -1, 0), strict=True)))

    @cached_property
    def queue(self) -> queue.QueueDay:
        """Branch queues."""
        return queue.queue_day(self.span.draws(), self.span.series(_passing), self.world)

    @cached_property
    def vault(self) -> vault.VaultDay:
        """Vault rooms."""
        outside = self.span.series(lambda world: world.temperature), self.span.series(_humidity)
        return vault.vault_day(self.span.draws(), self.carry, outside, workday=self.world.workday)

    @cached_property
    def supply(self) -> supply.SupplyDay:
        """Backup supplies."""
        feed = self.span.supply
        outdoor = self.span.series(lambda world: world.temperature)
        return supply.SupplyDay(fed=feed, charge=supply.charged(self.carry["charge"], feed.change), outdoor=outdoor)

    @cached_property
    def terminals(self) -> terminals.TerminalDay:
        """Payment terminals."""
        return terminals.terminal_day(*self.span.shops)

    @cached_property
    def cars(self) -> cars.CarDay:
        """Insured cars."""
        return self.span.cars


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

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[FinanceDay, int], list[Happenings]]] = {
    CASH_MACHINE.name: lambda day, first_ms: events.of_machines(day.cash, first_ms, _per_cell(day, CASH_MACHINE.name)),
    BACKUP_SUPPLY.name: lambda day, first_ms: events.of_supplies(day.supply, first_ms),
}


def _after(span: BranchDays, carry: Carry) -> Carry:
    """What is carried after the days of a span."""
    days, cells = len(span.worlds), len(span.cells)
    count, declines, _course = terminals.totals(*span.shops)
    driven, counted = span.cars.totals()
    held, distance = carry["cash"], carry["driven"]
    for day in range(days):
        held = _settled(span.cash, held, day)
        distance = distance + driven.reshape(days, *distance.shape)[day]
    charge = carry["charge"]
    for change in span.supply.change.reshape(days, cells, -1):
        charge = supply.charged(charge, change)[:, -1]
    warm, moist = vault.aims(span.series(lambda world: world.temperature), span.series(_humidity))
    tickets = queue.tickets(span.draws(), span.series(_passing), span.factor(rhythm.branch))
    payments = np.stack([count, declines], axis=-1).reshape(days, *carry["payments"].shape)
    return {
        "cash": held,
        "tickets": carry["tickets"] + tickets.reshape(days, cells).sum(axis=0),
        "payments": carry["payments"] + payments.sum(axis=0),
        "driven": distance,
        "counted": carry["counted"] + counted.reshape(days, *carry["counted"].shape).sum(axis=0),
        "charge": charge.copy(),
        "vault_cel": vault.ends(carry["vault_cel"], warm.reshape(days, cells, -1)),
        "vault_hpa": vault.ends(carry["vault_hpa"], moist.reshape(days, cells, -1)),
    }


def _settled(plan: cash_plan.CashPlan, held: npt.NDArray[Any], day: int) -> npt.NDArray[Any]:
    """What machines hold and have counted at the end of one day of a plan's."""
    rows = held.shape[0] * held.shape[1]
    start = dict(zip(_CASH, np.moveaxis(_by_device(held), -1, 0), strict=True))
    after = cash.end(cash.settle(plan.part(slice(day * rows, (day + 1) * rows)), start))
    return np.stack([after[name] for name in _CASH], axis=-1).reshape(held.shape)


def _by_device(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


class FinanceModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Machines half full, batteries charged, nothing counted."""
        streams, per_cell, count = self._setting.streams, self._setting.per_cell, len(cells)
        some = cash_plan.machines(streams, devices(cells, per_cell[CASH_MACHINE.name]).reshape(-1))
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
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The state after these days; what does not depend on the state is worked out for many of them at once."""
        at_once = max(1, _ROWS // len(cells))
        for first in range(0, len(worlds), at_once):
            some = tuple(worlds[first : first + at_once])
            carry = _after(BranchDays(setting=self._setting, cells=cells, worlds=some), carry)
        return carry

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> FinanceDay:
        """The day, not yet computed."""
        return FinanceDay(setting=self._setting, cells=cells, carry=carry, world=world)

    def observe(self, kind: str, state: FinanceDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: FinanceDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.world.times[0])) if kind in TELLERS else ()


MODEL = FinanceModel
