"""All observed devices as arrays, and their readings in any window of time.

Every reading is a pure function of (seed, device, slot); see `simulator.state` for what is cached.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from park.columns import Columns, quantise
from park.model import GRID_S, Ints, Moments
from simulator.commands.outcomes import Outcomes
from simulator.events import Events
from simulator.plan import Group, Plan
from simulator.state import TownState

#: What fits the processor's cache. Kinds are worked out one by one, so a window of many kinds is as much as twice as
#: large, for a call of numpy costs as much as some hundred rows.
ROWS_AT_ONCE, MOST_AT_ONCE = 32_768, 65_536
_ROWS_A_KIND = 1536


@dataclass(frozen=True, kw_only=True, eq=False)
class _Crew:
    """One group of devices with what its schedule needs: (D,) each."""

    group: Group
    interval: int
    phase: Ints
    row: Ints


class Fleet:
    """The readings of a plan.

    Args:
        plan: the devices.
        state: the world and the models, if fleets of several plans share them.
        outcomes: of commands, which the devices tell.
    """

    def __init__(self, plan: Plan, state: TownState | None = None, outcomes: Outcomes | None = None) -> None:
        self.plan = plan
        self._state = state or TownState([plan])
        self.world = self._state.world
        self.events = Events(plan, self._state, outcomes)
        self.commissioned_ms = plan.selection.town.settings.commissioned_ms
        self._crews = [self._crew(group) for group in plan.groups]
        self._rows_per_ms = sum(len(crew.phase) / crew.interval for crew in self._crews)

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The readings due in [start, until) of each kind that has any, in order of (ts, device)."""
        # A day after the other, so that no more than one is held in memory.
        parts: list[list[Columns]] = [[] for _ in self._crews]
        for first, last in self._days(start_ms, until_ms):
            day = self.day_of(first)
            self._state.reading(self, day)
            self.events.while_at_hand(day)
            for row, crew in enumerate(self._crews):
                if (columns := self._observe(crew, first, last)) is not None:
                    parts[row].append(columns)
        return _merge_days([columns for days in parts for columns in days])

    def slots(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The same readings without their values, which cost next to nothing."""
        found = []
        for crew in self._crews:
            at, seq, ts = self._due(crew, start_ms, until_ms)
            if len(at):
                device = crew.group.device[at]
                found.append(Columns(kind=crew.group.kind, device=device, ts=ts, seq=seq, values={}, present={}))
        return found

    def windows(self, start_ms: int, until_ms: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Cuts [start, until) into windows of about `rows` readings each."""
        if rows is None:
            rows = min(max(ROWS_AT_ONCE, _ROWS_A_KIND * len(self._crews)), MOST_AT_ONCE)
        span = max(1, int(rows / self._rows_per_ms))
        for first in range(start_ms, until_ms, span):
            yield first, min(first + span, until_ms)

    def count(self, start_ms: int, until_ms: int) -> int:
        """How many readings are due in [start, until)."""
        slots = (self._slots(crew, start_ms, until_ms) for crew in self._crews)
        return sum(int((last - first).sum()) for first, last in slots)

    def day_of(self, ts_ms: int) -> int:
        """The town's day in which a moment lies."""
        return int(self.world.day_index(np.asarray(ts_ms)))

    def _crew(self, group: Group) -> _Crew:
        interval = self.plan.selection.interval_of(group.kind)
        # The devices of a cell are polled together, so that balances close at one instant.
        phase = (self._state.streams.uniform(f"{group.sector.name}.phase", group.cell) * interval).astype(np.int64)
        return _Crew(group=group, interval=interval, phase=phase, row=self._state.rows(group))

    def _slots(self, crew: _Crew, start_ms: int, until_ms: int) -> tuple[Ints, Ints]:
        origin = crew.phase + self.commissioned_ms
        first = np.maximum(-((origin - start_ms) // crew.interval), 0)
        last = np.maximum(-((origin - until_ms) // crew.interval), 0)
        return first, np.maximum(first, last)

    def _days(self, start_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        while start_ms < until_ms:
            index = self.day_of(start_ms)
            end = min(until_ms, self.world.day_start_ms(index + 1))
            yield start_ms, end
            start_ms = end

    def _due(self, crew: _Crew, start_ms: int, until_ms: int) -> tuple[Ints, Ints, Ints]:
        """Which device of a group reports what slot when, in [start, until), in order of (ts, device)."""
        first, last = self._slots(crew, start_ms, until_ms)
        counts = last - first
        at = np.repeat(np.arange(len(counts)), counts)
        seq = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts - first, counts)
        ts = self.commissioned_ms + crew.phase[at] + seq * crew.interval
        order = np.argsort(ts, kind="stable")
        return at[order], seq[order], ts[order]

    def _observe(self, crew: _Crew, start_ms: int, until_ms: int) -> Columns | None:
        at, seq, ts = self._due(crew, start_ms, until_ms)
        if not len(at):
            return None
        device = crew.group.device[at]
        kind = crew.group.kind
        index = self.day_of(start_ms)
        moments = Moments(
            row=crew.row[at],
            unit=device % kind.per_cell,
            device=device,
            ts=ts,
            x=(ts - self.world.day_start_ms(index)) / (GRID_S * 1000.0),
        )
        observed = self._state.observe(crew.group, index, moments)
        values, present = {}, {}
        for channel in kind.channels:
            values[channel.name], mask = quantise(channel, observed[channel.name])
            if mask is not None:
                present[channel.name] = mask
        return Columns(kind=kind, device=device, ts=ts, seq=seq, values=values, present=present)


def _merge_days(parts: list[Columns]) -> list[Columns]:
    """Joins a kind's parts of consecutive days."""
    merged: dict[str, list[Columns]] = {}
    for part in parts:
        merged.setdefault(part.kind.name, []).append(part)
    return [group[0] if len(group) == 1 else concatenated(group) for group in merged.values()]


def concatenated(parts: list[Columns]) -> Columns:
    """Several readings of one kind, one after the other."""
    masked = {name for part in parts for name in part.present}
    return Columns(
        kind=parts[0].kind,
        device=np.concatenate([part.device for part in parts]),
        ts=np.concatenate([part.ts for part in parts]),
        seq=np.concatenate([part.seq for part in parts]),
        values={name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values},
        present={
            name: np.concatenate([part.present.get(name, np.ones(len(part), dtype=np.bool_)) for part in parts])
            for name in masked
        },
    )
