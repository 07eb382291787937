"""What the sector's devices tell: when notes run out, a machine fails, the mains is gone."""

import numpy as np

from park.happenings import BEFORE, LATER, Happenings, Spells, told, told_since
from park.model import DAY_MS, Ints
from sectors.finance import supply
from sectors.finance.cash import CashDay
from sectors.finance.catalogue import CASH_OUT, MACHINE_FAULT, SUPPLY_INTERRUPTION
from sectors.finance.happenings import NEVER


def of_machines(day: CashDay, first_ms: int, per_cell: int) -> list[Happenings]:
    """What cash machines tell of a day that begins at `first_ms`."""
    spells, number = outs(day)
    row = np.flatnonzero(day.fault[:, 0] < NEVER)
    faults = Spells(row=row, begin=day.fault[row, 0], end=day.fault[row, 1])
    return [
        *told(CASH_OUT, spells, per_cell, number),
        *told_since(MACHINE_FAULT, faults, per_cell, first_ms),
    ]


def outs(day: CashDay) -> tuple[Spells, Ints]:
    """When machines have not a note to dispense; and how many withdrawals each had served until then.

    A machine that is out serves none until it is filled, so that the number is the same on the day when that happens.
    """
    before, after = (part[:, 1:] for part in day.left)
    asked, since = day.out.ms < NEVER, day.out.ms >= day.refill[:, None]
    empty = day.start["level"] <= 0
    runs = (before >= day.start["level"][:, None]) & ~since & asked & ~empty[:, None]
    again = (after >= day.load[:, None]) & since & asked
    served = day.start["withdrawals"]
    filled = np.minimum(day.refill, LATER)
    found = [(np.flatnonzero(empty), np.full(int(empty.sum()), BEFORE), filled[empty], served[empty])]
    for out, end in ((runs, filled), (again, np.full_like(filled, LATER))):
        row = np.flatnonzero(out.any(axis=1))
        first = out[row].argmax(axis=1)
        number = served[row] + day.totals["withdrawals"][row, first + 1]
        found.append((row, day.out.ms[row, first], end[row], number))
    row, begin, end, number = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Spells(row=row, begin=begin, end=end), number


def of_supplies(day: supply.SupplyDay, first_ms: int) -> list[Happenings]:
    """What backup supplies tell."""
    row = np.flatnonzero(day.fed.dip[:, 0] < DAY_MS)
    dips = Spells(row=row, begin=day.fed.dip[row, 0], end=day.fed.dip[row, 1])
    return told_since(SUPPLY_INTERRUPTION, dips, 1, first_ms)
