"""Readings with their faults."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from park.columns import Columns
from park.model import Bools, Ints
from simulator.event_columns import Tells
from simulator.faults.classes import Patch
from simulator.faults.schedule import Fault, FaultSchedule, Scales
from simulator.faults.telling import Tellables, WithLabels, of_sensors
from simulator.fleet import Fleet
from simulator.plan import Plan


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """What one fault did to the readings of a window.

    Attributes:
        rows: (N,) of the window's columns: the device's readings while it lasts.
        before, after: (N,) what the channel would be without it, and what it is; whole numbers, as in `Columns`.
        was_there, is_there: (N,) whether the channel is told, without and with it.
    """

    fault: Fault
    rows: Ints
    before: Ints
    after: Ints
    was_there: Bools
    is_there: Bools

    @property
    def changed(self) -> Bools:
        """(N,) which of them it changed."""
        return np.asarray((self.was_there != self.is_there) | (self.is_there & (self.before != self.after)))


class Faulty:
    """Implements `simulator.observed.Readings`: clean ones, with the faults of their selection.

    Args:
        clean: the same devices without faults.
        past: the same again, which is asked for what lies elsewhere in time.
        scales: how large channels are, for what goes wrong by so many sigma.

    Attributes:
        clean: the first of these.
        schedule: which faults there are.
        truths: what labels say of them.
    """

    def __init__(self, clean: Fleet, past: Fleet, scales: Scales) -> None:
        self.clean = clean
        self._past = past
        self.schedule = FaultSchedule(clean.plan, scales)
        self.truths: Tellables = of_sensors(self.schedule)
        labelled = clean.plan.selection.labels
        self._events: Tells = WithLabels(clean, [self.truths]) if labelled else clean.events
        self._groups = {group.kind.name: group for group in clean.plan.groups}
        self._ends: dict[tuple[str, int], float] = {}

    @property
    def plan(self) -> Plan:
        """The devices."""
        return self.clean.plan

    @property
    def events(self) -> Tells:
        """What happens in the world, which no sensor's fault changes; and the labels, if they are wanted."""
        return self._events

    def windows(self, start_ms: int, until_ms: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Cuts [start, until) into windows of about `rows` readings each."""
        return self.clean.windows(start_ms, until_ms, rows)

    def count(self, start_ms: int, until_ms: int) -> int:
        """How many readings are due in [start, until)."""
        return self.clean.count(start_ms, until_ms)

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The readings due in [start, until) of each kind that has any, in order of (ts, device)."""
        return [columns for columns, _ in self.traced(start_ms, until_ms)]

    def traced(self, start_ms: int, until_ms: int) -> list[tuple[Columns, list[Trace]]]:
        """The same, each with what the faults did to it."""
        return self.befallen(self.clean.columns(start_ms, until_ms), start_ms, until_ms)

    def befallen(self, clean: list[Columns], start_ms: int, until_ms: int) -> list[tuple[Columns, list[Trace]]]:
        """The same of the clean readings of [start, until), if somebody has them already."""
        self._look_up_ends(start_ms, until_ms)
        return [self._with_faults(columns) for columns in clean]

    def _look_up_ends(self, start_ms: int, until_ms: int) -> None:
        """The clean values that faults in [start, until) begin and end with, looked up in order of time.

        For a day of the town is held in memory until another one is asked for.
        """
        unknown = [
            (at_ms, fault)
            for group in self.plan.groups
            for fault in self.schedule.of(group, start_ms, until_ms)
            if fault.class_.ends
            for at_ms in (fault.start_ms, fault.end_ms)
            if (fault.id, at_ms) not in self._ends
        ]
        for at_ms, fault in sorted(unknown, key=lambda one: one[0]):
            self._ends[fault.id, at_ms] = self._value(fault, at_ms)

    def _with_faults(self, clean: Columns) -> tuple[Columns, list[Trace]]:
        """Some readings of a kind with their faults, and what each of these did."""
        group = self._groups[clean.kind.name]
        values, present = dict(clean.values), dict(clean.present)
        traces = []
        for fault in self.schedule.of(group, int(clean.ts[0]), int(clean.ts[-1]) + 1):
            first, last = np.searchsorted(clean.ts, [fault.start_ms, fault.end_ms])
            rows = first + np.flatnonzero(clean.device[first:last] == fault.device)
            if len(rows):
                traces.append(self._trace(fault, rows, clean, values, present))
        if not traces:
            return clean, traces
        return (
            Columns(kind=clean.kind, device=clean.device, ts=clean.ts, seq=clean.seq, values=values, present=present),
            traces,
        )

    def _trace(
        self, fault: Fault, rows: Ints, clean: Columns, values: dict[str, Ints], present: dict[str, Bools]
    ) -> Trace:
        """Puts a fault into the channel's column, which is copied before it is changed for the first time."""
        name = fault.channel.name
        if values[name] is clean.values[name]:
            values[name] = values[name].copy()
        before = values[name][rows]
        mask = present.get(name)
        was_there = np.ones(len(rows), dtype=np.bool_) if mask is None else mask[rows]
        told = fault.class_.alter(self._patch(fault, rows, clean, before))
        is_there = was_there & ~np.isnan(told)
        after = np.where(is_there, np.rint(np.nan_to_num(told) * fault.channel.scale), 0.0).astype(np.int64)
        values[name][rows] = after
        if mask is not None or not is_there.all():
            mask = np.ones(len(clean), dtype=np.bool_) if mask is None else mask.copy()
            mask[rows] = is_there
            present[name] = mask
        return Trace(fault=fault, rows=rows, before=before, after=after, was_there=was_there, is_there=is_there)

    def _patch(self, fault: Fault, rows: Ints, clean: Columns, before: Ints) -> Patch:
        ts = clean.ts[rows]
        ends = fault.class_.ends
        return Patch(
            x=before / float(fault.channel.scale),
            seq=clean.seq[rows],
            along=fault.along(ts),
            shape=fault.shape(ts),
            amount=fault.size.amount,
            level=fault.size.level,
            first=self._ends[fault.id, fault.start_ms] if ends else 0.0,
            last=self._ends[fault.id, fault.end_ms] if ends else 0.0,
            streams=self.schedule.streams,
            device=fault.device,
            name=fault.stream,
        )

    def _value(self, fault: Fault, at_ms: int) -> float:
        interval = self.plan.selection.interval_of(fault.group.kind)
        at_ms = max(at_ms, self.clean.commissioned_ms)
        for columns in self._past.columns(at_ms, at_ms + interval):
            if columns.kind is fault.group.kind:
                row = int(np.flatnonzero(columns.device == fault.device)[0])
                return float(columns.values[fault.channel.name][row]) / fault.channel.scale
        raise AssertionError(fault.id)  # every device has a reading in each of its intervals
