"""The transport sector: roads by the cell transmission model, and what moves and parks along them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.happenings import Happenings
from park.model import Carry, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.transport import buses, demand, detectors, events, parking, service, signals, timetable
from sectors.transport.catalogue import BUS, PARKING_LOT, TRAFFIC_DETECTOR, TRAFFIC_SIGNAL
from sectors.transport.corridor import Corridors, corridors
from sectors.transport.traffic import Traffic, traffic


@dataclass(frozen=True, kw_only=True, eq=False)
class TransportDay:
    """One day of C corridors, each part made when first observed.

    Only the traffic is costly; it is shared by the detectors, the signals and the buses, and a town
    of car parks never runs it.
    """

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay

    @cached_property
    def roads(self) -> Corridors:
        """The corridors."""
        return corridors(self.setting, self.cells)

    @cached_property
    def site(self) -> Ints:
        """(C,) rows of the corridors in the world's arrays."""
        return self.setting.site_of(self.cells)

    @cached_property
    def traffic(self) -> Traffic:
        """Vehicles on the links."""
        links = detectors.links_with_detectors(self.setting.per_cell[TRAFFIC_DETECTOR.name])
        return traffic(self.setting.streams, self.roads, self.site, self.world, links)

    @cached_property
    def detectors(self) -> detectors.Detectors:
        """Loop detectors."""
        links = detectors.links_with_detectors(self.setting.per_cell[TRAFFIC_DETECTOR.name])
        return detectors.detectors(self.carry, self.traffic, links)

    @cached_property
    def buses(self) -> buses.Buses:
        """Buses."""
        streams, count = self.setting.streams, self.setting.per_cell[BUS.name]
        trips = timetable.trips(streams, self.roads, self.site, self.world, traffic=self.traffic, buses=count)
        return buses.buses(streams, self.roads, trips, np.asarray(self.carry["legs"]))

    @cached_property
    def parking(self) -> parking.Parking:
        """Car parks."""
        streams, count = self.setting.streams, self.setting.per_cell[PARKING_LOT.name]
        return parking.parking(streams, parking.lots(streams, self.cells, count), self.site, self.carry, self.world)

    @cached_property
    def signals(self) -> signals.Signals:
        """Traffic signals."""
        return signals.Signals(roads=self.roads, traffic=self.traffic)


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[TransportDay, Moments], Observation]] = {
    TRAFFIC_DETECTOR.name: lambda day, at: detectors.observe(day.setting.streams, day.detectors, at),
    BUS.name: lambda day, at: buses.observe(day.setting.streams, day.buses, at),
    PARKING_LOT.name: lambda day, at: parking.observe(day.parking, at),
    TRAFFIC_SIGNAL.name: lambda day, at: signals.observe(day.setting.streams, day.signals, at),
}

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[TransportDay, int], list[Happenings]]] = {
    TRAFFIC_DETECTOR.name: lambda day, first_ms: events.of_detectors(
        day.traffic, day.detectors.links, day.setting.per_cell[TRAFFIC_DETECTOR.name], first_ms
    ),
}


class TransportModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Nothing counted yet."""
        per_cell = self._setting.per_cell
        return {
            "entered": np.zeros((len(cells), 2), dtype=np.int64),
            "visits": np.zeros((len(cells), per_cell[PARKING_LOT.name]), dtype=np.int64),
            "legs": np.zeros((len(cells), per_cell[BUS.name]), dtype=np.int64),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """Adds the day's totals; no traffic is run for it."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """Adds the totals of the days; what stands in the cells is found once."""
        streams, per_cell = self._setting.streams, self._setting.per_cell
        roads, site = corridors(self._setting, cells), self._setting.site_of(cells)
        lots = parking.lots(streams, cells, per_cell[PARKING_LOT.name])
        return {
            "entered": carry["entered"] + demand.totals(streams, roads, site, worlds).sum(axis=0),
            "visits": carry["visits"] + parking.visits(streams, lots, site, worlds),
            "legs": carry["legs"] + service.legs_run(streams, roads, site, worlds, per_cell[BUS.name]),
        }

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> TransportDay:
        """The day, not yet computed."""
        return TransportDay(setting=self._setting, cells=cells, carry=carry, world=world)

    def observe(self, kind: str, state: TransportDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: TransportDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.world.times[0])) if kind in TELLERS else ()


MODEL = TransportModel
