"""What devices of commanded cells would report of energy and water, had nobody commanded anything.

Each has a twin in the state that no order reaches. What they would report, and how much more that is than what they
do report, is told every quarter of an hour, from the first order to their cell on, for ever: a register that was
saved once stays behind its twin. A cell's devices are told together and the cells of a town one after the other, so
that no reading has to wait for many of them.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from park.catalogue import TWINNED
from park.columns import quantise
from park.event import TWIN, Phase
from park.model import Bools, Ints, Observation
from simulator.commands.outcomes import Outcomes
from simulator.event_columns import Column, Told
from simulator.plan import Group, Plan
from simulator.state import TownState

_EVERY_MS = round(TWIN.interval_s * 1000)
_CHANNEL = {channel.name: channel for channel in TWIN.channels}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Crew:
    """The devices of a kind in commanded cells, (D,) each: their numbers, when in a quarter, and since when."""

    group: Group
    device: Ints
    phase: Ints
    since: Ints

    def due(self, origin_ms: int, start_ms: int, until_ms: int) -> tuple[Ints, Ints]:
        """(N,) devices and times, start <= ts < until, in order of (ts, device)."""
        first = np.maximum(-((origin_ms + self.phase - np.maximum(start_ms, self.since)) // _EVERY_MS), 0)
        counts = np.maximum(-((origin_ms + self.phase - until_ms) // _EVERY_MS) - first, 0)
        at = np.repeat(np.arange(len(counts)), counts)
        slot = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts - first, counts)
        ts = origin_ms + self.phase[at] + slot * _EVERY_MS
        order = np.lexsort((self.device[at], ts))
        return self.device[at][order], ts[order]


class Twins:
    """What is told of the twins of a plan's devices.

    Args:
        plan: the devices.
        state: their models.
        outcomes: what came of commands, more of which may come.
    """

    def __init__(self, plan: Plan, state: TownState, outcomes: Outcomes) -> None:
        self._state, self._outcomes = state, outcomes
        self._origin_ms = plan.selection.town.settings.commissioned_ms
        self._groups = [group for group in plan.groups if group.kind.twin]
        self._crews: list[_Crew] = []
        self._phases: list[int] = []
        self._moved = 0

    def told(self, start_ms: int, until_ms: int) -> list[Told]:
        """The events with start <= ts < until."""
        if self._moved != self._outcomes.moved:
            self._moved = self._outcomes.moved
            self._crews = [crew for group in self._groups if len((crew := self._crew(group)).device)]
            self._phases = sorted({ms for crew in self._crews for ms in crew.phase.tolist()})
        if not self._any_due(start_ms, until_ms):
            return []
        return [told for crew in self._crews for told in self._of_crew(crew, start_ms, until_ms)]

    def _crew(self, group: Group) -> _Crew:
        since = self._outcomes.since.get(group.sector.name, {})
        mine = np.isin(group.cell, np.array([*since], dtype=np.int64))
        cell = group.cell[mine]
        share = self._state.streams.uniform(f"{group.sector.name}.phase", cell)
        return _Crew(
            group=group,
            device=group.device[mine],
            phase=(share * _EVERY_MS).astype(np.int64),
            since=np.array([since[one] for one in cell.tolist()], dtype=np.int64),
        )

    def _any_due(self, start_ms: int, until_ms: int) -> bool:
        """Whether any phase lies in a window: most windows are some milliseconds long, and none does."""
        if not self._phases:
            return False
        first, length = (start_ms - self._origin_ms) % _EVERY_MS, until_ms - start_ms
        at = bisect_left(self._phases, first)
        ahead = self._phases[at] if at < len(self._phases) else self._phases[0] + _EVERY_MS
        return ahead < first + length

    def _of_crew(self, crew: _Crew, start_ms: int, until_ms: int) -> Iterator[Told]:
        device, ts = crew.due(self._origin_ms, start_ms, until_ms)
        day = self._state.world.day_index(ts)
        for today in np.unique(day).tolist():
            told = self._of_day(crew.group, device[day == today], ts[day == today])
            if len(told):
                yield told

    def _of_day(self, group: Group, device: Ints, ts: Ints) -> Told:
        day, at = self._state.moments(group, device.tolist(), ts.tolist())
        twin, real = self._state.undisturbed(group, day, at), self._state.observe(group, day, at)
        values, there = _values(group, twin, real)
        return Told(
            kind=group.kind,
            type=TWIN,
            phase=Phase.STATE,
            device=device[there],
            ts=ts[there],
            id=ts[there] // _EVERY_MS,
            values={name: column[there] for name, column in values.items()},
        )


def _values(group: Group, twin: Observation, real: Observation) -> tuple[dict[str, Column], Bools]:
    """What is told, and of which rows: those in which all is measured."""
    values: dict[str, Column] = {}
    there = np.ones(len(next(iter(twin.values()))), dtype=np.bool_)
    for name in group.kind.twin:
        channel = group.kind.channel[name]
        told = TWINNED[channel.unit]
        (wanted, wanted_there), (used, used_there) = (quantise(channel, seen[name]) for seen in (twin, real))
        finer = _CHANNEL[told].scale // channel.scale
        values[told], values[f"{told}_saved"] = wanted * finer, (wanted - used) * finer
        for mask in (wanted_there, used_there):
            there &= True if mask is None else mask
    return values, there
