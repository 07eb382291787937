"""Readings as they are stored, whatever goes wrong on their way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from park.columns import Columns
from simulator.event_columns import Tells
from simulator.faults.delivery.fates import FateMaker, taken_ms
from simulator.faults.delivery.outbox import Outbox
from simulator.faults.delivery.rules import DeliveryRule
from simulator.fleet import Fleet, concatenated
from simulator.plan import Group, Plan


class Taken(Protocol):
    """Readings as devices take them; `simulator.observed.Readings` without what is not needed here."""

    @property
    def plan(self) -> Plan:
        """The devices."""

    @property
    def events(self) -> Tells:
        """What the same devices tell between their readings."""

    def windows(self, start_ms: int, until_ms: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Cuts [start, until) into windows of about `rows` readings each."""

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The readings taken in [start, until), by kind."""

    def count(self, start_ms: int, until_ms: int) -> int:
        """How many are taken in [start, until)."""


class Delivered:
    """Implements `simulator.observed.Readings`: of those that are taken, what can be stored of them, and how.

    A window has what was taken in it, so that windows one after the other have everything once. Times that are told
    may lie elsewhere (`Misdated`); events are delivered as they are.

    Args:
        taken: the readings that devices take.
        clean: the same devices' slots.
        some: from a part of the plan to its readings.
        events: what the devices tell, if it is more than `taken` does: labels.
    """

    def __init__(self, taken: Taken, clean: Fleet, some: Callable[[Plan], Taken], events: Tells | None = None) -> None:
        self.taken, self.clean, self._some = taken, clean, some
        self._events = taken.events if events is None else events
        self.fates = FateMaker(taken.plan)
        self.commissioned_ms = clean.commissioned_ms
        self._parts: dict[tuple[tuple[str, bytes], ...], Taken] = {}

    @property
    def plan(self) -> Plan:
        """The devices."""
        return self.taken.plan

    @property
    def events(self) -> Tells:
        """What happens in the world, which is always delivered; and the labels, if they are wanted."""
        return self._events

    def windows(self, start_ms: int, until_ms: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Cuts [start, until) into windows of about `rows` readings each."""
        return self.taken.windows(start_ms, until_ms, rows)

    def count(self, start_ms: int, until_ms: int) -> int:
        """How many readings are taken in [start, until), those that cannot be stored among them."""
        return self.taken.count(start_ms, until_ms)

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        """What can be stored of the readings taken in [start, until), by kind, in the order of their taking."""
        parts = (self.fates.of(columns).stored() for columns in self.taken.columns(start_ms, until_ms))
        return [part for part in parts if len(part)]

    def told(self, start_ms: int, until_ms: int, within: tuple[int, int]) -> list[Columns]:
        """What can be stored of readings that tell a time in [start, until), and were taken in `within`."""
        first, last = within
        clock_ms = self.fates.schedule.clock_ms
        first, last = max(first, self.commissioned_ms), max(last, self.commissioned_ms)
        parts: list[Columns] = []
        if max(start_ms, first) < min(until_ms, last):
            parts += self.columns(max(start_ms, first), min(until_ms, last))
        if clock_ms:
            parts += self._misdated(max(start_ms - clock_ms, first), min(start_ms, last))
            parts += self._misdated(max(until_ms, first), min(until_ms + clock_ms, last))
        kinds: dict[str, list[Columns]] = {}
        for part in parts:
            told = part.ts
            if (told < start_ms).any() or (told >= until_ms).any():
                part = part.take((told >= start_ms) & (told < until_ms))  # noqa: PLW2901 - what is left of it
            if len(part):
                kinds.setdefault(part.kind.name, []).append(part)
        return [some[0] if len(some) == 1 else concatenated(some) for some in kinds.values()]

    def _misdated(self, start_ms: int, until_ms: int) -> list[Columns]:
        """What can be stored of the readings taken in [start, until) by devices whose clocks may be wrong then."""
        part = self.befallen(start_ms, until_ms, lambda rule: rule.clock_ms(1) > 0)
        if part is None:
            return []
        found = (self.fates.of(columns).stored() for columns in part.columns(start_ms, until_ms))
        return [columns.take(taken_ms(columns) != columns.ts) for columns in found]

    def outbox(self, begin_ms: int) -> Outbox:
        """The messages of a run."""
        return Outbox(self.fates, self.taken.columns, self._delayed, begin_ms)

    def slots_outbox(self, begin_ms: int) -> Outbox:
        """The same without the values, which costs next to nothing."""
        return Outbox(self.fates, self.clean.slots, self.clean.slots, begin_ms)

    def _delayed(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The readings taken in [start, until) by devices that may have been silent or late then."""
        part = self.befallen(start_ms, until_ms, lambda rule: rule.delay_ms(1) > 0)
        return [] if part is None else part.columns(start_ms, until_ms)

    def befallen(self, start_ms: int, until_ms: int, matters: Callable[[DeliveryRule], bool]) -> Taken | None:
        """The readings of those devices that rules which matter befall in [start, until); None if there are none.

        Args:
            start_ms: from when on.
            until_ms: to when.
            matters: whether a rule does.
        """
        if until_ms <= start_ms:
            return None
        wanted = [number for number, rule in enumerate(self.fates.schedule.rules.values()) if matters(rule)]
        groups = (self._befallen(group, start_ms, until_ms, wanted) for group in self.plan.groups)
        found = tuple(group for group in groups if len(group.device))
        if not found:
            return None
        key = tuple((group.kind.name, group.device.tobytes()) for group in found)
        if key not in self._parts:
            # Kept while it is asked for again: each one follows the town's days for itself.
            selection = replace(self.plan.selection, events=False)
            self._parts = {key: self._some(replace(self.plan, selection=selection, groups=found))}
        return self._parts[key]

    def _befallen(self, group: Group, start_ms: int, until_ms: int, rules: list[int]) -> Group:
        episodes = self.fates.schedule.of(group, start_ms, until_ms)
        return replace(group, device=np.unique(episodes.device[np.isin(episodes.rule, rules)]))
