"""The transport sector: roads by the cell transmission model, and what moves and parks along them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.model import Carry, Ints, Moments, Observation, Setting, WorldDay
from sectors.transport import buses, demand, detectors, parking, signals, timetable
from sectors.transport.corridor import Corridors, corridors
from sectors.transport.traffic import Traffic, traffic, wetness


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
    def traffic(self) -> Traffic:
        """Vehicles on the links."""
        wet = wetness(self.world.precipitation[self.setting.site_of(self.cells)])
        links = detectors.links_with_detectors(self.setting.per_cell["traffic_detector"])
        return traffic(self.setting.streams, self.roads, wet, self.world, links)

    @cached_property
    def detectors(self) -> detectors.Detectors:
        """Loop detectors."""
        links = detectors.links_with_detectors(self.setting.per_cell["traffic_detector"])
        return detectors.detectors(self.carry, self.traffic, links)

    @cached_property
    def buses(self) -> buses.Buses:
        """Buses."""
        streams, count = self.setting.streams, self.setting.per_cell["bus"]
        trips = timetable.trips(streams, self.roads, self.traffic, self.world, count)
        return buses.buses(streams, self.roads, trips, self.world.index)

    @cached_property
    def parking(self) -> parking.Parking:
        """Car parks."""
        streams, count = self.setting.streams, self.setting.per_cell["parking_lot"]
        return parking.parking(streams, parking.lots(streams, self.cells, count), self.carry, self.world)

    @cached_property
    def signals(self) -> signals.Signals:
        """Traffic signals."""
        return signals.Signals(roads=self.roads, traffic=self.traffic)


class TransportModel:
    """Implements `park.model.Model` and `park.model.Strides`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        streams = setting.streams
        self._observers: dict[str, Callable[[TransportDay, Moments], Observation]] = {
            "traffic_detector": lambda day, at: detectors.observe(streams, day.detectors, at),
            "bus": lambda day, at: buses.observe(streams, day.buses, at),
            "parking_lot": lambda day, at: parking.observe(day.parking, at),
            "traffic_signal": lambda day, at: signals.observe(day.signals, at),
        }

    def begin(self, cells: Ints) -> Carry:
        """Nothing counted yet."""
        return {
            "entered": np.zeros((len(cells), 2), dtype=np.int64),
            "visits": np.zeros((len(cells), self._setting.per_cell["parking_lot"]), dtype=np.int64),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay) -> Carry:
        """Adds the day's totals; no traffic is run for it."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """Adds the totals of the days; what stands in the cells is found once."""
        streams = self._setting.streams
        lots = parking.lots(streams, cells, self._setting.per_cell["parking_lot"])
        roads = corridors(self._setting, cells)
        visits = carry["visits"].copy()
        for workday in (False, True):
            days = np.array([world.index for world in worlds if world.workday == workday], dtype=np.int64)
            visits += parking.visits(streams, lots, days, workday=workday)
        entered = sum((demand.day_total(streams, roads, world) for world in worlds), start=carry["entered"])
        return {"entered": entered, "visits": visits}

    def day(self, cells: Ints, carry: Carry, world: WorldDay) -> TransportDay:
        """The day, not yet computed."""
        return TransportDay(setting=self._setting, cells=cells, carry=carry, world=world)

    def observe(self, kind: str, state: TransportDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return self._observers[kind](state, at)


MODEL = TransportModel
