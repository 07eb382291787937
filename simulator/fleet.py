"""All observed devices as arrays, and their readings in any window of time.

Every reading is a pure function of (seed, device, slot). What is kept between windows is only cache:
each sector's carried state at its latest days, and the state of the days in use.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from park.catalogue import Sector
from park.columns import Columns, quantise
from park.model import GRID_S, Carry, Ints, Model, Moments, Setting, Streams
from park.sectors import SECTORS
from simulator.plan import Group, Plan
from simulator.streams import CounterStreams
from simulator.world import World

ROWS_AT_ONCE = 8192
_DAYS_KEPT = 2


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
        world: shared between fleets of one town; made from the plan's selection if not given.
    """

    def __init__(self, plan: Plan, world: World | None = None) -> None:
        self.plan = plan
        self.streams: Streams = CounterStreams(plan.selection.seed)
        self.world = world or make_world(plan, self.streams)
        self.commissioned_ms = plan.selection.town.town.commissioned_ms
        self._sectors = {
            sector.name: _SectorState(self, sector, [group for group in plan.groups if group.sector is sector])
            for sector in SECTORS.values()
            if any(group.sector is sector for group in plan.groups)
        }
        self._crews = [self._crew(group) for group in plan.groups]
        self._rows_per_ms = sum(len(crew.phase) / crew.interval for crew in self._crews)

    def __len__(self) -> int:
        return len(self.plan)

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The readings due in [start, until) of each kind that has any, in order of (ts, device)."""
        parts = [
            columns
            for crew in self._crews
            for first, last in self._days(start_ms, until_ms)
            if (columns := self._observe(crew, first, last)) is not None
        ]
        return _merge_days(parts)

    def windows(self, start_ms: int, until_ms: int, rows: int = ROWS_AT_ONCE) -> Iterator[tuple[int, int]]:
        """Cuts [start, until) into windows of about `rows` readings each."""
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

    def rate_per_s(self) -> float:
        """Readings due per second of the town's time."""
        return self._rows_per_ms * 1000

    def _crew(self, group: Group) -> _Crew:
        interval = self.plan.selection.interval_of(group.kind)
        # The devices of a cell are polled together, so that balances close at one instant.
        phase = (self.streams.uniform(f"{group.sector.name}.phase", group.cell) * interval).astype(np.int64)
        return _Crew(group=group, interval=interval, phase=phase, row=self._sectors[group.sector.name].rows(group.cell))

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

    def _observe(self, crew: _Crew, start_ms: int, until_ms: int) -> Columns | None:
        first, last = self._slots(crew, start_ms, until_ms)
        counts = last - first
        total = int(counts.sum())
        if total == 0:
            return None
        at = np.repeat(np.arange(len(counts)), counts)
        seq = np.arange(total) - np.repeat(np.cumsum(counts) - counts - first, counts)
        ts = self.commissioned_ms + crew.phase[at] + seq * crew.interval
        order = np.argsort(ts, kind="stable")
        at, seq, ts = at[order], seq[order], ts[order]
        device = crew.group.device[at]
        kind = crew.group.kind
        index = self.day_of(start_ms)
        moments = Moments(
            cell=device // kind.per_cell,
            row=crew.row[at],
            unit=device % kind.per_cell,
            device=device,
            ts=ts,
            x=(ts - self.world.day_start_ms(index)) / (GRID_S * 1000.0),
        )
        observed = self._sectors[crew.group.sector.name].observe(kind.name, index, moments)
        values, present = {}, {}
        for channel in kind.channels:
            values[channel.name], mask = quantise(channel, observed[channel.name])
            if mask is not None:
                present[channel.name] = mask
        return Columns(kind=kind, device=device, ts=ts, seq=seq, values=values, present=present)


class _SectorState:
    """One sector's model with the cells that the plan observes, and what is cached of their state."""

    def __init__(self, fleet: Fleet, sector: Sector, groups: list[Group]) -> None:
        self._world = fleet.world
        self._cells: Ints = np.unique(np.concatenate([group.cell for group in groups]))
        self._model: Model = _model(fleet, sector)
        self._carries: OrderedDict[int, Carry] = OrderedDict()
        self._states: OrderedDict[int, Any] = OrderedDict()

    def rows(self, cell: Ints) -> Ints:
        return np.asarray(np.searchsorted(self._cells, cell), dtype=np.int64)

    def observe(self, kind: str, index: int, moments: Moments) -> Any:
        if index not in self._states:
            self._states[index] = self._model.day(self._cells, self._carry(index), self._world.day(index))
            while len(self._states) > _DAYS_KEPT:
                self._states.popitem(last=False)
        return self._model.observe(kind, self._states[index], moments)

    def _carry(self, index: int) -> Carry:
        known = max((day for day in self._carries if day <= index), default=None)
        day, carry = (0, self._model.begin(self._cells)) if known is None else (known, self._carries[known])
        while day < index:
            carry = self._model.advance(self._cells, carry, self._world.day(day))
            day += 1
        self._carries[day] = carry
        while len(self._carries) > _DAYS_KEPT:
            self._carries.popitem(last=False)
        return carry


def make_world(plan: Plan, streams: Streams) -> World:
    """The world of the plan's town: one for all sectors and sites."""
    town = plan.selection.town
    sites = town.all_sites()
    return World(
        streams=streams,
        latitude=town.town.latitude,
        longitude=town.town.longitude,
        elevation_m=town.town.elevation_m,
        utc_offset_ms=town.town.utc_offset_ms,
        country=town.town.country,
        commissioned=town.town.commissioned,
        site_latitudes=np.array([site.latitude for site in sites]),
        site_longitudes=np.array([site.longitude for site in sites]),
    )


def _model(fleet: Fleet, sector: Sector) -> Model:
    town = fleet.plan.selection.town
    rows = [site.name for site in town.all_sites()]
    own = np.array([rows.index(name) for name in fleet.plan.sites(sector)])
    setting = Setting(
        streams=fleet.streams,
        site_of=lambda cells: own[cells % len(own)],
        latitude=town.town.latitude,
        longitude=town.town.longitude,
        elevation_m=town.town.elevation_m,
        per_cell={kind.name: kind.per_cell for kind in sector.kinds},
    )
    module = import_module(f"park.sectors.{sector.name.replace('-', '_')}.model")
    model: Model = module.MODEL(setting)
    return model


def _merge_days(parts: list[Columns]) -> list[Columns]:
    """Joins a kind's parts of consecutive days."""
    merged: dict[str, list[Columns]] = {}
    for part in parts:
        merged.setdefault(part.kind.name, []).append(part)
    return [group[0] if len(group) == 1 else _concatenate(group) for group in merged.values()]


def _concatenate(parts: list[Columns]) -> Columns:
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
