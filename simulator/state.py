"""The world and the sectors' models of a selection, with the state that they have reached.

All of it is cache: the carried state of the latest days and of a few long ago, and the state of the days in
use, which is most of the memory that a device costs (8 kB on average over all kinds). Fleets of several gateways
share one, so that a day of the world is made once and every sector is carried through it. It is the state in which
nobody commands anything; blocks of cells to which orders came are worked out beside it, see `simulator.blocks`.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from park.catalogue import Sector
from park.happenings import Happenings, Tells
from park.model import (
    GRID_S,
    Carry,
    Floats,
    Ints,
    Model,
    Moments,
    Observation,
    Orders,
    Setting,
    Streams,
)
from simulator.blocks import CommandedBlocks, taken
from simulator.cells import Cells
from simulator.plan import Group, Plan, Selection
from simulator.streams import CounterStreams
from simulator.world import Places, World

_DAYS_KEPT = 3
_DAYS_AT_ONCE = 32
_MILESTONES = 8
_KINDS_TOLD = 256


class TownState:
    """World and models of the cells that some plans of one selection observe.

    Args:
        plans: of one selection.
        orders: what the devices of a sector, by its name, have been commanded.
    """

    def __init__(self, plans: Iterable[Plan], orders: Mapping[str, Orders] | None = None) -> None:
        plans = list(plans)
        selection = plans[0].selection
        self.streams: Streams = CounterStreams(selection.seed)
        self.world = _world(selection, self.streams)
        self._sectors = {
            sector.name: Cells(cells=cells, model=_model(selection, sector)) for sector, cells in _observed(plans)
        }
        self._carries: OrderedDict[int, dict[str, Carry]] = OrderedDict()
        self._milestones: dict[int, dict[str, Carry]] = {}
        self._milestones_apart = _DAYS_AT_ONCE
        self._days: OrderedDict[tuple[str, int], list[Any]] = OrderedDict()
        self._readers: dict[int, int] = {}
        self._happened: OrderedDict[tuple[str, str, int], list[Happenings]] = OrderedDict()
        #: How often orders have come that may change what happens.
        self.commanded = 0
        self._commanded: dict[str, CommandedBlocks] = {}
        for name, given in (orders or {}).items():
            self.obey(name, given)

    def obey(self, name: str, more: Orders) -> None:
        """Take more orders to devices of the sector, which need not be observed, besides all so far."""
        if name not in self._sectors:
            return
        sector = self._sectors[name]
        if name not in self._commanded:
            self._commanded[name] = CommandedBlocks(
                sector.model, sector.cells, self.world, lambda day: self._carried(day)[name]
            )
        self._commanded[name].obey(more)
        if isinstance(sector.model, Tells):
            for kept in [kept for kept in self._happened if kept[0] == name]:
                del self._happened[kept]
            self.commanded += 1

    def cells(self, group: Group) -> Ints:
        """(C,) the observed cells of the group's sector."""
        return self._sectors[group.sector.name].cells

    def rows(self, group: Group) -> Ints:
        """(D,) the row of each device's cell in its sector's state."""
        return np.asarray(np.searchsorted(self._sectors[group.sector.name].cells, group.cell), dtype=np.int64)

    def observe(self, group: Group, day: int, at: Moments) -> Observation:
        """What devices of the group's kind measure at moments of one day of the town."""
        name, kind = group.sector.name, group.kind.name
        commanded = self._commanded.get(name)
        if commanded is not None and commanded.hold(day, at):
            return commanded.observe(kind, day, at, {})
        seen = self.undisturbed(group, day, at)
        return seen if commanded is None else commanded.observe(kind, day, at, seen)

    def undisturbed(self, group: Group, day: int, at: Moments) -> Observation:
        """What they would measure, had nobody commanded anything."""
        name = group.sector.name
        return self._sectors[name].observe(group.kind.name, self._day(name, day), at)

    def happenings(self, group: Group, day: int) -> list[Happenings]:
        """What the devices of the group's kind in `cells` tell of one day of the town; rows are those of the cells."""
        name, kind = group.sector.name, group.kind.name
        if not isinstance(self._sectors[name].model, Tells):
            return []
        if (name, kind, day) not in self._happened:
            told = self._sectors[name].tell(kind, self._day(name, day))
            if name in self._commanded:
                told = self._commanded[name].tell(kind, day, told)
            self._happened[name, kind, day] = told
            while len(self._happened) > _KINDS_TOLD:
                self._happened.popitem(last=False)
        return self._happened[name, kind, day]

    def refusal(self, group: Group, number: int, action: int, value: Floats, at_ms: int) -> str | None:
        """Why a device of the group does not take an order from a moment on; None if it does. See `Interlocks`."""
        name = group.sector.name
        sector = self._sectors[name]
        if sector.interlocks is None:
            return None
        day, at = self.moments(group, [number], [at_ms])
        moved = name in self._commanded and not self.decides_alone(group, action)
        found = self._commanded[name].standing(day, at) if moved else None
        if found is None:
            block = int(at.row[0]) // sector.at_once
            one = np.zeros(1, dtype=np.int64)
            found = self._day(name, day)[block], taken(at, one, block * sector.at_once)
        return sector.interlocks.refusal(found[0], action, value, found[1])

    def decides_alone(self, group: Group, action: int) -> bool:
        """Whether devices of the group decide about an action whatever they and others were told before."""
        sector = self._sectors[group.sector.name]
        return sector.interlocks is None or action in sector.unmoved

    def moments(self, group: Group, number: Sequence[int], at_ms: Sequence[int]) -> tuple[int, Moments]:
        """The town's day of some moments of one day, and these at devices of the group."""
        day = int(self.world.day_index(at_ms[0]))
        device, ts = np.array(number), np.array(at_ms)
        return day, Moments(
            row=np.searchsorted(self._sectors[group.sector.name].cells, device // group.kind.per_cell),
            unit=device % group.kind.per_cell,
            device=device,
            ts=ts,
            x=(ts - self.world.day_start_ms(day)) / (GRID_S * 1000.0),
        )

    def reading(self, reader: object, day: int) -> None:
        """A reader of the state says which day it is in; a day that none is in any more is forgotten."""
        if self._readers.get(id(reader)) != day:
            self._readers[id(reader)] = day
            for name, kept in [*self._days]:
                if kept not in self._readers.values():
                    del self._days[name, kept]

    def _day(self, name: str, day: int) -> list[Any]:
        if (name, day) not in self._days:
            while len(self._days) >= _DAYS_KEPT * len(self._sectors):
                self._days.popitem(last=False)
            self._days[name, day] = self._sectors[name].day(self._carried(day)[name], self.world.day(day))
        return self._days[name, day]

    def _carried(self, day: int) -> dict[str, Carry]:
        """Every sector's carried state at the morning of a day."""
        known, carries = self._latest_before(day)
        while known < day:
            stop = min(day, known - known % _DAYS_AT_ONCE + _DAYS_AT_ONCE)
            worlds = self.world.days(known, stop)
            carries = {name: sector.through(carries[name], worlds) for name, sector in self._sectors.items()}
            known = stop
            self._mark(known, carries)
        self._carries[day] = carries
        while len(self._carries) > _DAYS_KEPT:
            self._carries.popitem(last=False)
        return carries

    def _latest_before(self, day: int) -> tuple[int, dict[str, Carry]]:
        """The last morning up to that of `day` whose carried state is known, and that state."""
        carries = self._milestones | self._carries
        known = max((past for past in carries if past <= day), default=None)
        if known is not None:
            return known, carries[known]
        return 0, {name: sector.model.begin(sector.cells) for name, sector in self._sectors.items()}

    def _mark(self, day: int, carries: dict[str, Carry]) -> None:
        """Keeps one morning in many, so that going back is cheap; the further the town has come, the fewer."""
        if day % self._milestones_apart == 0:
            self._milestones[day] = carries
        while len(self._milestones) > _MILESTONES:
            self._milestones_apart *= 2
            self._milestones = {at: kept for at, kept in self._milestones.items() if at % self._milestones_apart == 0}


def _observed(plans: Iterable[Plan]) -> list[tuple[Sector, Ints]]:
    found: dict[str, tuple[Sector, list[Ints]]] = {}
    for plan in plans:
        for group in plan.groups:
            found.setdefault(group.sector.name, (group.sector, []))[1].append(group.cell)
    return [(sector, np.unique(np.concatenate(cells))) for sector, cells in found.values()]


def _world(selection: Selection, streams: Streams) -> World:
    place, sites = selection.town.settings, selection.town.sites
    return World(
        streams=streams,
        latitude=place.latitude,
        longitude=place.longitude,
        elevation_m=place.elevation_m,
        utc_offset_ms=place.utc_offset_ms,
        country=place.country,
        climate=place.climate,
        commissioned=place.commissioned,
        site_latitudes=np.array([site.latitude for site in sites]),
        site_longitudes=np.array([site.longitude for site in sites]),
    )


def _model(selection: Selection, sector: Sector) -> Model:
    town = selection.town
    rows = [site.name for site in town.sites]
    own = np.array([rows.index(site.name) for site in town.sites_of(sector)])
    setting = Setting(
        streams=CounterStreams(selection.seed, sector.name),
        site_of=lambda cells: own[cells % len(own)],
        places=Places(town, sector, CounterStreams(selection.seed)),
        latitude=town.settings.latitude,
        longitude=town.settings.longitude,
        elevation_m=town.settings.elevation_m,
        per_cell={kind.name: kind.per_cell for kind in sector.kinds},
    )
    module = import_module(f"sectors.{sector.name.replace('-', '_')}.model")
    model: Model = module.MODEL(setting)
    return model
