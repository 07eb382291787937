"""A day of cash machines before anyone looks into the cassettes: who comes, what fails, when a van would come.

A refill is ordered at 04:00 when what is left would not last two days such as the planner expects, who knows the
calendar but not the day.

References:
    Time between faults, 28.7 days: a bank's machines in Zimbabwe, 2012. Withdrawals a day (40 to 120), sizes and
    repair times are assumptions.
"""

from dataclasses import dataclass, fields

import numpy as np

from park.model import DAY_MS, GRID_S, Bools, Floats, Ints, Streams
from sectors.finance import happenings
from sectors.finance.happenings import NEVER, Courses, Draws

CASSETTE = 3000
_SIZES = np.array((2, 5, 8, 10, 15, 20, 30, 50))
_SIZE_SHARE = np.cumsum((0.10, 0.22, 0.08, 0.28, 0.06, 0.16, 0.07, 0.03))
_MEAN_NOTES = 12.8
_SPREAD = 0.30
_USUAL = 0.110
_REJECTED, _MISREAD = 0.02, 0.004
_PER_FAULT_DAYS, _REPAIR_H = 28.7, 2.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Machines:
    """(R,) machines: their number, usual withdrawals a day, and notes in a full load."""

    number: Ints
    usual: Floats
    load: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class CashPlan:
    """A day of R machines before anyone looks into the cassettes.

    Attributes:
        usual, load: as of `Machines`.
        need: (R,) notes below which a refill is ordered.
        van, comes: (R,) milliseconds since 04:00 at which it would come, and whether it does.
        fault: (R, 2) milliseconds at which one begins and ends; `NEVER` if none does.
        out, into: (R, n) milliseconds of withdrawals and deposits, ascending.
        wanted, unfit, misread: (R, n) notes asked for, whether one more is rejected, whether the card is read late.
        brought: (R, n) notes deposited.
    """

    usual: Floats
    load: Ints
    need: Floats
    van: Ints
    comes: Bools
    fault: Ints
    out: Ints
    into: Ints
    wanted: Ints
    unfit: Bools
    misread: Bools
    brought: Ints

    def part(self, which: slice) -> "CashPlan":
        """Some of its rows."""
        return CashPlan(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


def machines(streams: Streams, numbers: Ints) -> Machines:
    """The machines with these numbers."""
    usual = 40.0 + 70.0 * streams.uniform("finance.cash.usual", numbers)
    load = 3 * np.minimum(100 * np.ceil(usual * _MEAN_NOTES * 5.0 / 300), CASSETTE)
    return Machines(number=numbers, usual=usual, load=load.astype(np.int64))


def plan(draws: Draws, some: Machines, people: Courses, expected: Floats) -> CashPlan:
    """What customers, technicians and vans would do, whatever is in the cassettes.

    Args:
        draws: of the machines, each on its day, (R,).
        some: the machines.
        people: who may pass by: those out and half of those under way, and a few at any hour.
        expected: (R,) what the calendar makes of a usual day.
    """
    fault = _faults(draws)
    course = people.but(fault)
    usual = some.usual * expected * (course.whole / 24.0 / _USUAL) ** 0.7
    out_count = happenings.number(draws, "finance.cash.out", usual, _SPREAD)
    into_count = happenings.number(draws, "finance.cash.into", 0.3 * usual, _SPREAD)
    out = happenings.instants(draws, "finance.cash.out.at", out_count, course)
    into = happenings.instants(draws, "finance.cash.into.at", into_count, course)
    place, other = np.arange(out.ms.shape[1]), np.arange(into.ms.shape[1])
    chosen = np.searchsorted(_SIZE_SHARE, draws.uniform("finance.cash.notes", place), side="right")
    unfit = draws.uniform("finance.cash.unfit", place) < _REJECTED
    brought = 3 + np.floor(40 * draws.uniform("finance.cash.brought", other) ** 2).astype(np.int64)
    hour = 5.0 + 7.0 * draws.uniform("finance.cash.round")
    return CashPlan(
        usual=some.usual,
        load=some.load,
        need=2.0 * some.usual * _MEAN_NOTES * np.maximum(expected, 1.0),
        van=np.floor(hour * 3600 / GRID_S).astype(np.int64) * GRID_S * 1000,
        comes=draws.uniform("finance.cash.late") > 0.06,
        fault=fault,
        out=out.ms,
        into=into.ms,
        wanted=np.where(out.ms < NEVER, _SIZES[np.minimum(chosen, len(_SIZES) - 1)] + unfit, 0),
        unfit=unfit,
        misread=(draws.uniform("finance.cash.misread", place) < _MISREAD) & (out.ms < NEVER),
        brought=np.where(into.ms < NEVER, brought, 0),
    )


def _faults(draws: Draws) -> Ints:
    """(R, 2) when a fault begins and ends; the technician is done before the day is."""
    fails = draws.uniform("finance.cash.fails") < 1.0 / _PER_FAULT_DAYS
    begins = np.floor(22 * 12 * draws.uniform("finance.cash.fails.at")).astype(np.int64) * GRID_S * 1000
    hours = _REPAIR_H * np.exp(0.7 * draws.normal("finance.cash.repair"))
    ends = np.minimum(begins + np.ceil(hours * 12).astype(np.int64) * GRID_S * 1000, DAY_MS - GRID_S * 1000)
    return np.where(fails[:, None], np.stack([begins, ends], axis=1), NEVER)
