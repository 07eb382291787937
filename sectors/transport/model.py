"""The transport sector: roads by the cell transmission model, and what moves and parks along them."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from park.happenings import Happenings
from park.model import NO_ORDERS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from park.orders import Known, Told, shared
from sectors.transport import buses, demand, detectors, events, lots, parking, plans, service, signals, timetable
from sectors.transport.catalogue import BUS, PARKING_LOT, RESUME, SET_PLAN, TRAFFIC_DETECTOR, TRAFFIC_SIGNAL
from sectors.transport.corridor import Corridors, corridors
from sectors.transport.traffic import Traffic, traffic

_DAYS_KEPT = 16  # that were commanded


@dataclass(frozen=True, kw_only=True, eq=False)
class TransportDay:
    """One day of C corridors, each part made when first observed.

    Only the traffic is costly; it is shared by the detectors, the signals and the buses, and a town
    of car parks never runs it.

    Attributes:
        orders: the day's.
        plain: the same day without them; None if there are none.
        known: what obeyed on the day.
    """

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay
    orders: Orders = NO_ORDERS
    plain: "TransportDay | None" = None
    known: Known = field(default_factory=Known)

    @shared
    def roads(self) -> Corridors:
        """The corridors."""
        return corridors(self.setting, self.cells)

    @shared
    def site(self) -> Ints:
        """(C,) rows of the corridors in the world's arrays."""
        return self.setting.site_of(self.cells)

    @property
    def links(self) -> Ints:
        """Those with detectors."""
        return detectors.links_with_detectors(self.setting.per_cell[TRAFFIC_DETECTOR.name])

    @shared
    def usual(self) -> Traffic:
        """Vehicles on the links, had no signal ever been told anything; the buses'."""
        return traffic(self.setting.streams, self.roads, self.site, self.world, self.links)

    @cached_property
    def traffic(self) -> Traffic:
        """Vehicles on the links."""
        return plans.shown(self.usual, {cell: road for cell, (road, _) in self.roads_told.items()})

    @cached_property
    def told(self) -> Mapping[int, plans.Plan]:
        """Signals that are told something, or were before, by row."""
        count = self.setting.per_cell[TRAFFIC_SIGNAL.name]
        given = self._given((SET_PLAN, RESUME), count)
        left = (self.carry["signal_plan"] != plans.AUTO) | ~np.isnan(self.carry["signal_green"])
        rows = sorted({*given, *np.flatnonzero(left).tolist()})
        return {row: self._plan(row, count, given.get(row, [])) for row in rows}

    def _given(self, actions: tuple[int, ...], per_cell: int) -> dict[int, list[Told]]:
        if not len(self.orders):
            return {}
        return self.orders.by_device(actions, cells=self.cells, per_cell=per_cell, world=self.world)

    def _plan(self, row: int, per_cell: int, told: list[Told]) -> plans.Plan:
        own = float(self.roads.green_ratio[row // per_cell])
        return plans.Plan(own=own, entering=plans.entering(self.carry, row, own), told=told)

    @cached_property
    def roads_told(self) -> Mapping[int, tuple[Traffic, int]]:
        """Corridors whose first signal obeys, by row: their traffic, and the point of the grid where it begins."""
        count = self.setting.per_cell[TRAFFIC_SIGNAL.name]
        return {
            row // count: (self.known.get("road", row, [*plan.told], self._road_told), plan.first)
            for row, plan in self.told.items()
            if row % count == 0
        }

    def _road_told(self, row: int, told: list[Told]) -> Traffic:
        count = self.setting.per_cell[TRAFFIC_SIGNAL.name]
        road = self.known.get("road without orders", row // count, [], self._road)
        return road.under(self._plan(row, count, told), self.links)

    def _road(self, cell: int, _: list[Told]) -> plans.Road:
        some = slice(cell, cell + 1)
        return plans.Road.of(self.setting.streams, self.roads.take(some), self.site[some], self.world)

    @cached_property
    def detectors(self) -> detectors.Detectors:
        """Loop detectors."""
        return detectors.detectors(self.carry, self.traffic, self.links)

    @shared
    def buses(self) -> buses.Buses:
        """Buses."""
        streams, count = self.setting.streams, self.setting.per_cell[BUS.name]
        trips = timetable.trips(streams, self.roads, self.site, self.world, traffic=self.usual, buses=count)
        return buses.buses(streams, self.roads, trips, np.asarray(self.carry["legs"]))

    @shared
    def parking(self) -> parking.Parking:
        """Car parks."""
        streams, count = self.setting.streams, self.setting.per_cell[PARKING_LOT.name]
        return parking.parking(streams, lots.lots(streams, self.cells, count), self.site, self.carry, self.world)

    @cached_property
    def signals(self) -> signals.Signals:
        """Traffic signals."""
        return signals.Signals(roads=self.roads, traffic=self.traffic, plans=self.told)


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[TransportDay, Moments], Observation]] = {
    TRAFFIC_DETECTOR.name: lambda day, at: detectors.observe(day.setting.streams, day.detectors, at),
    BUS.name: lambda day, at: buses.observe(day.setting.streams, day.buses, at),
    PARKING_LOT.name: lambda day, at: parking.observe(day.parking, at),
    TRAFFIC_SIGNAL.name: lambda day, at: signals.observe(
        day.setting.streams, day.signals, at, day.setting.per_cell[TRAFFIC_SIGNAL.name]
    ),
}

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[TransportDay, int], list[Happenings]]] = {
    TRAFFIC_DETECTOR.name: lambda day, first_ms: events.of_detectors(
        day.usual, day.links, day.setting.per_cell[TRAFFIC_DETECTOR.name], first_ms, told=day.roads_told
    ),
}


class TransportModel:
    """Implements `park.model.Model`, `park.model.Strides`, `park.happenings.Tells` and `park.orders.Interlocks`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._days: OrderedDict[tuple[bytes, ...], TransportDay] = OrderedDict()

    def begin(self, cells: Ints) -> Carry:
        """Nothing counted yet."""
        per_cell = self._setting.per_cell
        return {
            "entered": np.zeros((len(cells), 2), dtype=np.int64),
            "visits": np.zeros((len(cells), per_cell[PARKING_LOT.name]), dtype=np.int64),
            "legs": np.zeros((len(cells), per_cell[BUS.name]), dtype=np.int64),
            **plans.begin(len(cells), per_cell[TRAFFIC_SIGNAL.name]),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """Adds the day's totals; no traffic is run for it."""
        left = self.stride(cells, carry, [world])
        if not len(orders):
            return left
        return {**left, **plans.after(carry, self.day(cells, carry, world, orders).told)}

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """Adds the totals of the days; what stands in the cells is found once."""
        streams, per_cell = self._setting.streams, self._setting.per_cell
        roads, site = corridors(self._setting, cells), self._setting.site_of(cells)
        parks = lots.lots(streams, cells, per_cell[PARKING_LOT.name])
        return {
            "entered": carry["entered"] + demand.totals(streams, roads, site, worlds).sum(axis=0),
            "visits": carry["visits"] + parking.visits(streams, parks, site, worlds),
            **plans.after(carry, {}),
            "legs": carry["legs"] + service.legs_run(streams, roads, site, worlds, per_cell[BUS.name]),
        }

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> TransportDay:
        """The day, not yet computed."""
        if not len(orders):
            return TransportDay(setting=self._setting, cells=cells, carry=carry, world=world)
        plain = self._kept(cells, carry, world)
        return replace(plain, orders=orders, plain=plain)

    def _kept(self, cells: Ints, carry: Carry, world: WorldDay) -> TransportDay:
        """The day without its orders, kept for the next one."""
        key = (cells.tobytes(), *(values.tobytes() for values in carry.values()))
        known = self._days.get(key)
        # Another day may have come to lie where an old one was.
        if known is None or known.world is not world:
            known = self._days[key] = self.day(cells, carry, world, NO_ORDERS)
            while len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        return known

    def refusal(self, state: TransportDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        return signals.refusal(value) if action == SET_PLAN else None

    def observe(self, kind: str, state: TransportDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: TransportDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.world.times[0])) if kind in TELLERS else ()


MODEL = TransportModel
