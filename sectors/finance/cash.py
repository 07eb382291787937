"""Cash machines: what is loaded, deposited, dispensed and rejected, note by note.

Three cassettes of one denomination are emptied one after another; the fourth takes deposits. In a refill all four are
exchanged. One is ordered at 04:00 when what is left would not last two days such as the planner expects, who knows the
calendar but not the day. Who finds no notes goes elsewhere: demand above the stock is lost, and the balance is exact.

References:
    Machine states: CEN XFS4IoT. Time between faults, 28.7 days: a bank's machines in Zimbabwe, 2012. Withdrawals a day
    (40 to 120), sizes and repair times are assumptions.
"""

from dataclasses import dataclass, fields

import numpy as np

from park.grid import HOURS, integral, rows
from park.model import DAY_MS, GRID_S, Bools, Carry, Floats, Ints, Moments, Observation, Streams
from sectors.finance import happenings
from sectors.finance.happenings import NEVER, Draws, Happenings

CASSETTE = 3000
#: Names of the carried registers, in order.
REGISTERS = ("withdrawals", "deposits", "dispensed", "deposited", "rejected", "loaded", "collected", "misreads")
_BUSY_MS, _MISREAD_MS = 70_000, 60_000
_REFILL_BEFORE_MS, _REFILL_MS = 300_000, 1_200_000
_SIZES = np.array((2, 5, 8, 10, 15, 20, 30, 50))
_SIZE_SHARE = np.cumsum((0.10, 0.22, 0.08, 0.28, 0.06, 0.16, 0.07, 0.03))
_MEAN_NOTES = 12.8
_SPREAD = 0.30
_USUAL = 0.110
_REJECTED, _MISREAD = 0.02, 0.004
_PER_FAULT_DAYS, _REPAIR_H = 28.7, 2.5
_ROLL = 1500
_FULL, _LOW = 0.98, 0.20


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


@dataclass(frozen=True, kw_only=True, eq=False)
class CashDay:
    """One day of R machines.

    Attributes:
        load: (R,) notes in a full load.
        start: names of `REGISTERS`, "level", "taken" and "paper" to (R,) at 04:00.
        refill: (R,) milliseconds since 04:00 at which the cassettes are exchanged; `NEVER` if not today.
        fault: (R, 2) milliseconds at which one begins and ends; `NEVER` if none does.
        out, into: withdrawals and deposits asked for.
        misread: (R, n) withdrawals whose card could not be read at first.
        totals: name to (R, n + 1) of what the first n of `out` or `into` brought.
        left: (R, n + 1) notes that the first n of `out` took, before the refill and since.
        kept: (R, n + 1) notes that the first n of `into` brought, likewise.
    """

    load: Ints
    start: Carry
    refill: Ints
    fault: Ints
    out: Happenings
    into: Happenings
    misread: Bools
    totals: Carry
    left: tuple[Ints, Ints]
    kept: tuple[Ints, Ints]


def machines(streams: Streams, numbers: Ints) -> Machines:
    """The machines with these numbers."""
    usual = 40.0 + 70.0 * streams.uniform("finance.cash.usual", numbers)
    load = 3 * np.minimum(100 * np.ceil(usual * _MEAN_NOTES * 5.0 / 300), CASSETTE)
    return Machines(number=numbers, usual=usual, load=load.astype(np.int64))


def begin(streams: Streams, some: Machines) -> Carry:
    """Half full at the commissioning, and nothing counted; what was there was loaded."""
    level = np.floor(some.load * (0.5 + 0.4 * streams.uniform("finance.cash.begin", some.number))).astype(np.int64)
    zero = np.zeros_like(level)
    return dict.fromkeys((*REGISTERS, "taken", "paper"), zero) | {"level": level, "loaded": level}


def plan(draws: Draws, some: Machines, people: Floats, expected: Floats) -> CashPlan:
    """What customers, technicians and vans would do, whatever is in the cassettes.

    Args:
        draws: of the machines, each on its day, (R,).
        some: the machines.
        people: (R, GRID_POINTS) who may pass by: those out and half of those under way.
        expected: (R,) what the calendar makes of a usual day.
    """
    fault = _faults(draws)
    course = (people + 0.004) * _in_order(fault)
    usual = some.usual * expected * (integral(course)[:, -1] / 24.0 / _USUAL) ** 0.7
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


def settle(some: CashPlan, carry: Carry) -> CashDay:
    """The day, with what is in the cassettes: `carry` as `begin` gives it, (R,) each."""
    refill = np.where((carry["level"] < some.need) & some.comes, some.van, NEVER)
    out, into = _wait(some.out, refill), _wait(some.into, refill)
    gone, left = _drawn(out, some.wanted, refill, carry["level"], some.load)
    given = gone - (some.unfit & (gone > 0))
    room = CASSETTE - carry["taken"]
    put, kept = _drawn(into, some.brought, refill, room, np.full_like(room, CASSETTE))
    totals = {
        "withdrawals": (given > 0).astype(np.int64),
        "dispensed": given,
        "rejected": gone - given,
        "misreads": some.misread.astype(np.int64),
        "deposits": (put > 0).astype(np.int64),
        "deposited": put,
    }
    return CashDay(
        load=some.load,
        start=carry,
        refill=refill,
        fault=some.fault,
        out=Happenings(ms=out),
        into=Happenings(ms=into),
        misread=some.misread,
        totals={name: happenings.running(values) for name, values in totals.items()},
        left=left,
        kept=kept,
    )


def end(day: CashDay) -> Carry:
    """What is carried into the next day."""
    row = np.arange(len(day.refill))
    found = _registers(day, row, np.full(len(row), DAY_MS))
    return {name: found[name] for name in (*REGISTERS, "level", "taken", "paper")}


def outs(day: CashDay) -> tuple[Ints, Ints, Ints]:
    """(K,) spells without a note to dispense: row, and milliseconds since 04:00 of begin and end.

    A spell that lasts over 04:00 ends in one day at `DAY_MS`, and begins in the next at 0.
    """
    before, after = day.left
    since = day.out.ms >= day.refill[:, None]
    load, level = day.load[:, None], day.start["level"][:, None]
    empty_before = (before[:, 1:] >= level) & ~since & (day.out.ms < NEVER)
    empty_after = (after[:, 1:] >= load) & since & (day.out.ms < NEVER)
    ends = np.minimum(day.refill, DAY_MS)
    first = np.where(empty_before.any(axis=1), day.out.ms[np.arange(len(ends)), empty_before.argmax(axis=1)], NEVER)
    first = np.where(day.start["level"] <= 0, 0, first)
    again = np.where(empty_after.any(axis=1), day.out.ms[np.arange(len(ends)), empty_after.argmax(axis=1)], NEVER)
    row = np.concatenate([np.flatnonzero(first < NEVER), np.flatnonzero(again < NEVER)])
    begins = np.concatenate([first[first < NEVER], again[again < NEVER]])
    stops = np.concatenate([ends[first < NEVER], np.full(int((again < NEVER).sum()), DAY_MS)])
    return row, begins, stops


def observe(day: CashDay, at: Moments, per_cell: int) -> Observation:
    """What the machines report."""
    ms = happenings.millis(at)
    row = rows(at, per_cell)
    found = _registers(day, row, ms)
    level, load = found["level"], day.load[row]
    each = load // 3
    status = _status(day, row, ms, found["out"])
    door = (ms >= day.refill[row] - _REFILL_BEFORE_MS) & (ms < day.refill[row] + _REFILL_MS - 2 * _REFILL_BEFORE_MS)
    share = level / load
    state = np.select([share >= _FULL, share >= _LOW, level > 0], [0, 1, 2], 3)
    return {
        "cassette_1": np.clip(level - 2 * each, 0, each),
        "cassette_2": np.clip(level - each, 0, each),
        "cassette_3": np.clip(level, 0, each),
        "cassette_4": found["taken"],
        "withdrawals": found["withdrawals"],
        "deposits": found["deposits"],
        "notes_dispensed": found["dispensed"],
        "notes_deposited": found["deposited"],
        "notes_rejected": found["rejected"],
        "notes_loaded": found["loaded"],
        "notes_collected": found["collected"],
        "card_reader_errors": found["misreads"],
        "receipt_paper": 100.0 * np.maximum(1.0 - found["paper"] / _ROLL, 0.0),
        "safe_door": door.astype(np.int64),
        "status": status,
        "cassette_state": state,
        "dispenser": np.maximum(state - 1, 0),
    }


def _registers(day: CashDay, row: Ints, ms: Ints) -> dict[str, Ints]:
    start = {name: values[row] for name, values in day.start.items()}
    out, into = day.out.before(row, ms), day.into.before(row, ms)
    since = ms >= day.refill[row]
    counts = {"deposits": into, "deposited": into}
    found = {name: start[name] + happenings.at(total, row, counts.get(name, out)) for name, total in day.totals.items()}
    load = day.load[row]
    before, after = (happenings.at(part, row, out) for part in day.left)
    put_before, put_after = (happenings.at(part, row, into) for part in day.kept)
    rest = start["level"] - before
    found["level"] = np.where(since, load - after, rest)
    found["taken"] = np.where(since, put_after, start["taken"] + put_before)
    found["loaded"] = start["loaded"] + np.where(since, load, 0)
    found["collected"] = start["collected"] + np.where(since, rest + start["taken"] + put_before, 0)
    used = start["paper"] + out + into
    found["paper"] = np.where(since & (used > _ROLL // 2), 0, np.minimum(used, _ROLL))
    found["out"] = out
    return found


def _drawn(ms: Ints, wanted: Ints, refill: Ints, before: Ints, after: Ints) -> tuple[Ints, tuple[Ints, Ints]]:
    """(R, n) what each gets of a stock, and (R, n + 1) what has gone before and since the refill."""
    since = ms >= refill[:, None]
    first = np.minimum(happenings.running(np.where(since, 0, wanted)), before[:, None])
    second = np.minimum(happenings.running(np.where(since, wanted, 0)), after[:, None])
    return np.diff(first + second, axis=1), (first, second)


def _wait(ms: Ints, refill: Ints) -> Ints:
    """(R, n) instants, those who come during a refill served soon after it, one after another."""
    begin, end = refill[:, None] - _REFILL_BEFORE_MS, refill[:, None] + _REFILL_MS
    later = np.where((ms >= begin) & (ms < end), end + (ms - begin) // 8, ms)
    return np.sort(later, axis=1)


def _faults(draws: Draws) -> Ints:
    """(R, 2) when a fault begins and ends; the technician is done before the day is."""
    fails = draws.uniform("finance.cash.fails") < 1.0 / _PER_FAULT_DAYS
    begins = np.floor(22 * 12 * draws.uniform("finance.cash.fails.at")).astype(np.int64) * GRID_S * 1000
    hours = _REPAIR_H * np.exp(0.7 * draws.normal("finance.cash.repair"))
    ends = np.minimum(begins + np.ceil(hours * 12).astype(np.int64) * GRID_S * 1000, DAY_MS - GRID_S * 1000)
    return np.where(fails[:, None], np.stack([begins, ends], axis=1), NEVER)


def _in_order(fault: Ints) -> Floats:
    """(R, GRID_POINTS) 1 where the machine works; both ends of a break belong to it."""
    ms = np.rint(HOURS * 3_600_000).astype(np.int64)
    return np.where((ms >= fault[:, :1]) & (ms <= fault[:, 1:]), 0.0, 1.0)


def _status(day: CashDay, row: Ints, ms: Ints, out: Ints) -> Ints:
    wide = day.out.ms.shape[1]
    last = row * wide + np.maximum(out - 1, 0)
    recent = (out > 0) & (ms - day.out.ms.reshape(-1)[last] < _MISREAD_MS)
    misread = recent & day.misread.reshape(-1)[last]
    busy = day.out.next_ms(row, out) - ms < _BUSY_MS
    broken = (ms >= day.fault[row, 0]) & (ms < day.fault[row, 1])
    refill = day.refill[row]
    filling = (ms >= refill - _REFILL_BEFORE_MS) & (ms < refill + _REFILL_MS)
    return np.select([filling, broken, misread, busy], [4, 3, 2, 1], 0)
