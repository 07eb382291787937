"""Cash machines: what is loaded, deposited, dispensed and rejected, note by note.

Three cassettes of one denomination are emptied one after another; the fourth takes deposits. In a refill all four are
exchanged. Who finds no notes goes elsewhere: demand above the stock is lost, and the balance is exact.

References:
    Machine states: CEN XFS4IoT.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import rows
from park.model import DAY_MS, Bools, Carry, Ints, Moments, Observation, Streams
from sectors.finance import happenings
from sectors.finance.cash_plan import CASSETTE, CashPlan, Machines
from sectors.finance.happenings import NEVER, Instants

#: Names of the carried registers, in order.
REGISTERS = ("withdrawals", "deposits", "dispensed", "deposited", "rejected", "loaded", "collected", "misreads")
_BUSY_MS, _MISREAD_MS = 70_000, 60_000
_REFILL_BEFORE_MS, _REFILL_MS = 300_000, 1_200_000
_ROLL = 1500
_FULL, _LOW = 0.98, 0.20


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
    out: Instants
    into: Instants
    misread: Bools
    totals: Carry
    left: tuple[Ints, Ints]
    kept: tuple[Ints, Ints]


def begin(streams: Streams, some: Machines) -> Carry:
    """Half full at the commissioning, and nothing counted; what was there was loaded."""
    level = np.floor(some.load * (0.5 + 0.4 * streams.uniform("finance.cash.begin", some.number))).astype(np.int64)
    zero = np.zeros_like(level)
    return dict.fromkeys((*REGISTERS, "taken", "paper"), zero) | {"level": level, "loaded": level}


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
        out=Instants(ms=out),
        into=Instants(ms=into),
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


def observe(day: CashDay, at: Moments, per_cell: int) -> Observation:
    """What the machines report."""
    ms = at.ms
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
