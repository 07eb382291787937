from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from park.catalogue import DeviceKind, ValueType
from park.happenings import BEFORE, LATER
from park.model import DAY_MS, GRID_POINTS, NO_ORDERS, Floats, Ints
from sectors.finance import cash, cash_plan, events, happenings
from sectors.finance.catalogue import CASH_MACHINE, SECTOR
from sectors.finance.happenings import NEVER, Courses, Draws, Instants
from sectors.finance.model import MODEL
from sectors.finance.queue import QueueDay, call
from sectors.finance.supply import HIGH_V, LOW_V
from simulator.streams import CounterStreams
from tests.reference.walk import Walked, setting_of, walk, world_of

SEED = 11
CELLS = 3
KINDS = pytest.mark.parametrize("kind", SECTOR.kinds, ids=lambda kind: kind.name)
STATUS = CASH_MACHINE.channel["status"].texts


@cache
def days() -> tuple[Walked, ...]:
    """Twelve days from a Friday on."""
    return tuple(walk("finance", SEED, 12, CELLS, first=8))


@KINDS
def test_every_channel_is_observed_within_its_range(kind: DeviceKind) -> None:
    for day in days():
        seen = day.observe(kind.name, 60.0)
        assert set(seen) == set(kind.channel)
        for channel in kind.channels:
            values = seen[channel.name]
            high = len(channel.texts) - 1 if channel.type is ValueType.TEXT else channel.high
            known = values[np.isfinite(values)]
            assert channel.type is ValueType.FLOAT or values.dtype.kind in "ib", channel.name
            assert not known.size or (known.min() >= channel.low and known.max() <= high), channel.name


def test_nothing_says_who_or_where() -> None:
    told = {channel.name for kind in SECTOR.kinds for channel in kind.channels}
    words = {word for name in told for word in name.split("_")}
    secret = {"account", "amount", "balance", "card", "customer", "driver", "holder", "iban", "name", "number", "owner"}
    assert words & (secret | {"latitude", "longitude", "location", "pan", "plate", "speed", "vin"}) <= {"card"}
    assert {name for name in told if "card" in name} == {"card_reader_errors"}
    texts = [channel for kind in SECTOR.kinds for channel in kind.channels if channel.type is ValueType.TEXT]
    assert all(len(channel.texts) < 6 for channel in texts)


@KINDS
def test_registers_go_on_where_the_day_before_ended(kind: DeviceKind) -> None:
    registers = [channel.name for channel in kind.channels if channel.behaviour.value == "register"]
    for day, after in zip(days(), days()[1:], strict=False):
        last, first = day.observe(kind.name), after.observe(kind.name)
        for name in registers:
            assert (first[name][..., 0] >= last[name][..., -1]).all(), name


def test_payments_declines_and_tickets_of_a_day_are_the_totals_that_are_carried() -> None:
    for day in days():
        end = np.full(CELLS, DAY_MS)
        issued = day.state.queue.issued.before(np.arange(CELLS), end)
        np.testing.assert_array_equal(day.after["tickets"] - day.before["tickets"], issued)
        rows = np.arange(CELLS * 6)
        terminals = day.state.terminals
        paid = [part.before(rows, np.full(len(rows), DAY_MS)) for part in (terminals.paid, terminals.declined)]
        np.testing.assert_array_equal(
            (day.after["payments"] - day.before["payments"]).reshape(-1, 2), np.stack(paid, axis=1)
        )


def test_safe_opens_in_refills_alone_and_the_machine_is_then_off_line() -> None:
    refills = 0
    for day in days():
        seen = day.observe("cash_machine", 60.0)
        opened = seen["safe_door"] == 1
        assert (seen["status"][opened] == STATUS.index("offline")).all()
        loaded = np.diff(seen["notes_loaded"], axis=2) > 0
        refills += int(loaded.sum())
        assert opened[..., 1:][loaded].all()
    assert refills > CELLS


def test_nothing_is_dispensed_by_a_broken_machine() -> None:
    broken = 0
    for day in walk("finance", SEED, 40, CELLS):
        seen = day.observe("cash_machine", 60.0)
        down = seen["status"] == STATUS.index("hardware-error")
        inside = down[..., 1:] & down[..., :-1]
        assert (np.diff(seen["notes_dispensed"], axis=2)[inside] == 0).all()
        broken += int(inside.sum())
    assert broken > 0


def test_a_machine_that_is_not_refilled_runs_out_and_the_spell_is_known_to_the_millisecond() -> None:
    streams = CounterStreams(SEED, "finance")
    some = cash_plan.machines(streams, np.arange(4))
    day = world_of(SEED).day(12)
    people = Courses(rate=day.out[:1] + 0.004, row=np.zeros(4, dtype=np.int64))
    plan = cash_plan.plan(Draws.of(streams, np.arange(4), 12), some, people, np.ones(4))
    plan = replace(plan, comes=np.zeros(4, dtype=bool))
    start = dict(cash.begin(streams, some)) | {"level": np.array([0, 60, 60, 9000])}
    spent = cash.settle(plan, start)
    spells, _ = events.outs(spent)
    assert spells.row.tolist() == [0, 1, 2]
    assert spells.begin[0] == BEFORE
    assert (spells.begin[1:] > 0).all()
    assert (spells.end == LATER).all()
    after = cash.end(spent)
    assert after["level"][:3].tolist() == [0, 0, 0]
    assert (after["dispensed"] + after["rejected"])[:3].tolist() == [0, 60, 60]


def test_cash_outs_are_the_readings_without_notes() -> None:
    empty = CASH_MACHINE.channel["cassette_state"].texts.index("empty")
    for day in walk("finance", SEED, 45, 6):
        seen = day.observe("cash_machine", 60.0)["cassette_state"].reshape(18, -1) == empty
        told = np.zeros_like(seen)
        spells, _ = events.outs(day.state.cash)
        for row, begin, end in zip(spells.row, spells.begin, spells.end, strict=True):
            ms = np.arange(seen.shape[1]) * 60_000
            told[row] |= (ms >= begin) & (ms < end)
        np.testing.assert_array_equal(seen, told)


def test_tickets_are_called_in_order_none_before_it_was_drawn_and_none_on_a_rest_day() -> None:
    for day in days():
        line: QueueDay = day.state.queue
        comes = line.issued.ms < NEVER
        assert (np.diff(line.called.ms, axis=1) >= 0).all()
        assert (line.waited[comes] >= 0).all()
        if not day.world.workday:
            assert not comes.any()


@pytest.mark.parametrize(("counters", "load", "waits"), [(1, 0.5, 1.0), (2, 1.5, 1.2857), (3, 2.4, 1.0787)])
def test_the_queue_waits_as_erlang_says(counters: int, load: float, waits: float) -> None:
    """M/M/c of service time 1: W = C(c, a) / (c - a), Erlang's second formula; 40 runs of 4,000."""
    rng, minute = np.random.default_rng(1), 10_000
    comes = np.cumsum(rng.exponential(minute / load, (40, 4_000)), axis=1).astype(np.int64)
    serves = rng.exponential(minute, comes.shape).astype(np.int64)
    assert comes.max() < NEVER
    opens = np.zeros((40, counters), dtype=np.int64)
    waited = call(comes, serves, opens, np.full_like(opens, NEVER)) - comes
    assert waited[:, 500:].mean() / minute == pytest.approx(waits, rel=0.06)


def test_a_brown_out_of_the_district_puts_every_branch_on_battery() -> None:
    model, day = MODEL(setting_of("finance", SEED)), world_of(SEED).day(3)
    low = day.supply_voltage.copy()
    low[:, 100:112] = 0.80
    dark = replace(day, more={**day.more, "supply_voltage": low})
    cells = np.arange(CELLS)
    carry = model.begin(cells)
    walked = replace(days()[0], world=dark, cells=cells, state=model.day(cells, carry, dark, NO_ORDERS))
    seen = walked.observe("backup_supply", 20.0)
    on, volts, charge = (seen[name][:, 0] for name in ("on_battery", "input_voltage", "battery_charge"))
    np.testing.assert_array_equal(on, (volts < LOW_V) | (volts > HIGH_V))
    assert on[:, 15 * 100 : 15 * 111].all()
    assert (np.diff(charge[:, 15 * 100 : 15 * 111], axis=1) < 0).all()
    fell = np.diff(charge, axis=1) < -1e-9
    assert (on[:, 1:] | on[:, :-1])[fell].all()
    assert model.advance(cells, carry, dark, NO_ORDERS)["charge"].tolist() == walked.state.supply.charge[:, -1].tolist()


@pytest.mark.parametrize("change", [lambda rain: rain * 0.0, lambda rain: rain * 0.0 + 5.0], ids=["dry", "wet"])
def test_rain_changes_how_harshly_and_not_how_far_cars_are_driven(change: Callable[[Floats], Floats]) -> None:
    model, day = MODEL(setting_of("finance", SEED)), world_of(SEED).day(4)
    cells = np.arange(60)
    carry = model.begin(cells)
    dry, other = (
        model.advance(cells, carry, replace(day, precipitation=rain), NO_ORDERS)
        for rain in (day.precipitation * 0.0, change(day.precipitation))
    )
    np.testing.assert_array_equal(dry["driven"], other["driven"])
    brakings = [int(after["counted"][..., 1].sum()) for after in (dry, other)]
    rained = bool(change(day.precipitation).any())
    assert brakings[1] >= 1.8 * brakings[0] if rained else brakings[1] == brakings[0]


def test_happenings_are_where_their_course_is() -> None:
    rate = np.zeros((2, GRID_POINTS))
    rate[0, 100:120], rate[1, 200:210] = 1.0, 3.0
    draws = Draws.of(CounterStreams(1, "x"), np.arange(2), 0)
    found = happenings.instants(draws, "test", np.array([50, 7]), Courses(rate=rate, row=np.arange(2)))
    steps = found.ms / 300_000
    assert (found.ms < NEVER).sum(axis=1).tolist() == [50, 7]
    assert steps[0].min() >= 99
    assert steps[0].max() <= 120
    assert steps[1, :7].min() >= 199
    assert steps[1, :7].max() <= 210


def test_counting_happenings_is_counting_them_one_by_one() -> None:
    ms: Ints = np.sort(np.random.default_rng(1).integers(0, DAY_MS, (3, 20)), axis=1)
    ms[1, 12:] = NEVER
    row, at = np.array([0, 1, 2, 1, 0]), np.array([0, DAY_MS, DAY_MS // 2, int(ms[1, 3]), DAY_MS - 1])
    expected = [(ms[r] <= a).sum() for r, a in zip(row, at, strict=True)]
    assert Instants(ms=ms).before(row, at).tolist() == expected
