"""What a store holds of commands and of their effects, held against one another."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from park.catalogue import DeviceKind
from park.command import State, may_follow
from park.event import Log
from park.orders import NO_ORDERS
from sectors import KINDS, SECTOR_OF
from simulator.commands.directory import among
from simulator.commands.outcomes import Outcomes
from simulator.commands.record import Record
from simulator.fleet import Fleet
from simulator.ledger import Example, Findings, Found, Ledger
from simulator.plan import Group, Plan


class Scanned(Protocol):
    """What a store is asked for."""

    def scan(self, measurement: DeviceKind, start_ms: int, until_ms: int, /) -> Iterator[Found]:
        """Every stored row of the kind with start_ms <= ts < until_ms."""


#: How long after its expiry a command may come to its end.
GRACE_MS = 10_000


def broken_lives(outcomes: Outcomes, plan: Plan, window: tuple[int, int]) -> Findings:
    """Commands to a plan's devices whose states are not those of one life, where that shows within a window.

    lost: a state that must have been, before the one that is there or after it. duplicated: one that cannot be.
    """
    devices = {group.kind.name: group.device for group in plan.groups}
    lives: dict[tuple[str, str, str], list[Record]] = {}
    for record in outcomes.between(0, window[1]):
        if record.where.kind in devices and among(record.number, devices[record.where.kind]):
            lives.setdefault(record.key, []).append(record)
    tally = Findings()
    for life in lives.values():
        for example in _broken(life, window):
            tally.add(
                Findings(
                    expected=example.verdict == "lost",
                    lost=example.verdict == "lost",
                    duplicated=example.verdict == "duplicated",
                    examples=[example],
                )
            )
    return tally


def _broken(life: list[Record], window: tuple[int, int]) -> Iterator[Example]:
    start_ms, until_ms = window
    before: State | None = None
    for record in life:
        if record.ts >= start_ms and not may_follow(before, record.state):
            if before is None:
                yield _example("lost", record, f"{record.state.value}, and nothing says that it was accepted")
            else:
                yield _example("duplicated", record, f"{record.state.value} after {before.value}")
        before = record.state
    last = life[-1]
    if last.state is State.ACCEPTED and start_ms <= last.expires + GRACE_MS < until_ms:
        yield _example("lost", last, "accepted, and nothing says how it ended")


def _example(verdict: str, record: Record, words: str) -> Example:
    detail = f"command {record.id}: {words}"
    return Example(verdict=verdict, kind=Log.COMMAND.value, device=record.where.device, ts=record.ts, detail=detail)


def explained(examples: Iterable[Example], outcomes: Outcomes, plan: Plan, store: Scanned) -> list[Example]:
    """Examples of which those of altered readings of cells that can be commanded say what it may have to do with."""
    return [
        replace(one, detail=f"{_why(one, outcomes, plan, store)}: {one.detail}") if _obeys(one) else one
        for one in examples
    ]


def _obeys(example: Example) -> bool:
    return example.verdict == "altered" and example.kind in KINDS and bool(SECTOR_OF[example.kind].actions)


def _why(example: Example, outcomes: Outcomes, plan: Plan, store: Scanned) -> str:
    kind = KINDS[example.kind]
    sector = SECTOR_OF[kind.name]
    number = int(example.device.rpartition("-")[2]) - 1
    orders = outcomes.orders.get(sector.name)
    before = NO_ORDERS if orders is None else orders.between(0, example.ts + 1)
    group = Group(kind=kind, sector=sector, device=np.array([number]))
    commanded = (before.cell == number // kind.per_cell).any()
    if commanded and _as_if_not_commanded(kind, replace(plan, groups=(group,)), example.ts, store):
        return "an outcome without its effect"
    return "an effect without its outcome, or a changed reading"


def _as_if_not_commanded(kind: DeviceKind, plan: Plan, ts: int, store: Scanned) -> bool:
    ledger = Ledger(Fleet(plan), ignore_unselected=True)
    found = ledger.compare(kind, ledger.expected(ts, ts + 1).get(kind.name), store.scan(kind, ts, ts + 1))
    return found.expected == 1 and found.clean


def said(outcomes: Outcomes) -> str | None:
    """How many outcomes there are, and since when; None without any."""
    if not len(outcomes):
        return None
    first = dt.datetime.fromtimestamp(outcomes.records[0].ts / 1000, dt.UTC).isoformat(timespec="milliseconds")
    return f"{len(outcomes)} states of commands, the earliest at {first}"
