"""Farms through a day: what stands on them, and the parts of a day, each made when somebody looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as members
from functools import cached_property
from typing import TypeVar

import numpy as np

from park.grid import Sampler, integral
from park.model import GRID_POINTS, NO_ORDERS, Carry, Floats, Ints, Moments, Orders, Setting, WorldDay
from park.orders import Known, Told, shared
from sectors.agriculture import climate, greenhouse, probe, setpoints, station, valve
from sectors.agriculture.catalogue import CLOSE, IRRIGATION_VALVE, OPEN, RESUME, SET_HUMIDITY, SET_TEMPERATURE
from sectors.agriculture.drivers import rain_on
from sectors.agriculture.fields import Fields, survey
from sectors.agriculture.irrigation import Watering
from sectors.agriculture.soil import SoilDay, soil_day

#: The soil of so many fields is worked out together; its intermediate arrays are many times what is kept.
_CELLS_AT_ONCE = 1024

T = TypeVar("T", Fields, probe.Zones, Watering, greenhouse.Houses)


def _part(arrays: T, rows: slice | Ints) -> T:
    """Some fields of a record of arrays."""
    return replace(arrays, **{one.name: getattr(arrays, one.name)[rows] for one in members(arrays)})


def _joined(parts: Sequence[T]) -> T:
    """The records of several blocks of fields as one."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0], **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in members(parts[0])}
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Farm:
    """What is fixed about some cells; each part is made when first needed."""

    setting: Setting
    cells: Ints

    @cached_property
    def fields(self) -> Fields:
        """Crop, soil and pipes."""
        return survey(self.setting, self.cells, self.setting.per_cell[IRRIGATION_VALVE.name])

    @cached_property
    def houses(self) -> greenhouse.Houses:
        """Greenhouses."""
        return greenhouse.build(self.setting, self.cells)

    @cached_property
    def probes(self) -> probe.Probes:
        """Soil probes."""
        return probe.place(self.setting, self.cells, self.fields)

    @cached_property
    def stations(self) -> station.Stations:
        """Weather stations."""
        return station.raise_stations(self.setting, self.cells)

    @cached_property
    def valves(self) -> valve.Valves:
        """Irrigation valves."""
        return valve.fit(self.setting, self.cells)

    @cached_property
    def computers(self) -> dict[str, Floats]:
        """Offsets of the climate computers."""
        return climate.offsets(self.setting, self.cells)


@dataclass(frozen=True, kw_only=True, eq=False)
class FarmDay:
    """One day of a farm; each part is made when first observed.

    Attributes:
        orders: the day's.
        plain: the same day without them; None if there are none.
        known: what obeyed on the day.
    """

    farm: Farm
    carry: Carry
    world: WorldDay
    orders: Orders = NO_ORDERS
    plain: "FarmDay | None" = None
    known: Known = field(default_factory=Known)

    @cached_property
    def ground(self) -> tuple[probe.Zones, valve.Pipes]:
        """About the probes, and the pipes over it."""
        if self.plain is not None:
            return self._told_ground(*self.plain.ground)
        blocks = [
            self._ground_of(slice(first, first + _CELLS_AT_ONCE), {})
            for first in range(0, len(self.farm.cells), _CELLS_AT_ONCE)
        ]
        zones = self.farm.setting.per_cell[IRRIGATION_VALVE.name]
        found = {
            number * _CELLS_AT_ONCE * zones + row: run
            for number, (_, day) in enumerate(blocks)
            for row, run in day.runs.items()
        }
        watering = _joined([day.watering for _, day in blocks])
        return _joined([zones for zones, _ in blocks]), valve.Pipes(day=watering, runs=found)

    def _ground_of(self, block: slice | Ints, told: Mapping[int, Sequence[Told]]) -> tuple[probe.Zones, SoilDay]:
        carry = {name: values[block] for name, values in self.carry.items()}
        fields = _part(self.farm.fields, block)
        day = soil_day(self.farm.setting, self.farm.cells[block], fields, carry, self.world, told=told)
        return probe.zones(fields, day), day

    def _told_ground(self, plain: probe.Zones, pipes: valve.Pipes) -> tuple[probe.Zones, valve.Pipes]:
        """The same with the orders to valves: of the fields that got any, all else being as it was."""
        zones = self.farm.setting.per_cell[IRRIGATION_VALVE.name]
        told = valves_told(self.orders, self.farm.cells, zones, self.world)
        if not told:
            return plain, pipes
        some = np.unique(np.array([*told]) // zones)
        place = {row: int(np.searchsorted(some, row // zones)) * zones + row % zones for row in told}
        made, day = self._ground_of(some, {place[row]: orders for row, orders in told.items()})
        of_zones, of_fields = (some[:, None] * zones + np.arange(zones)).reshape(-1), some
        changed = {}
        for one in members(plain):
            whole = getattr(plain, one.name).copy()
            whole[of_zones if len(whole) == len(self.farm.cells) * zones else of_fields] = getattr(made, one.name)
            changed[one.name] = whole
        found = {int(some[row // zones]) * zones + row % zones: run for row, run in day.runs.items()}
        return replace(plain, **changed), replace(pipes, runs={**pipes.runs, **found})

    @property
    def soil(self) -> probe.Zones:
        """The ground about the probes."""
        return self.ground[0]

    @property
    def pipes(self) -> valve.Pipes:
        """Valves and pipes."""
        return self.ground[1]

    @cached_property
    def house(self) -> greenhouse.HouseDay:
        """The climate of the greenhouses."""
        if self.plain is not None:
            return setpoints.shown(self.plain.house, self.houses_told)
        usual = greenhouse.house_day(self.farm.houses, self.world)
        return setpoints.shown(usual, self.houses_told)

    @cached_property
    def houses_told(self) -> Mapping[int, setpoints.Kept]:
        """Greenhouses that are told something, or of whose orders something is left, by row."""
        actions, cells = (SET_TEMPERATURE, SET_HUMIDITY, RESUME), self.farm.cells
        told = self.orders.by_device(actions, cells=cells, per_cell=1, world=self.world) if len(self.orders) else {}
        rows = sorted({*told, *setpoints.standing(self.carry)})
        return {row: self.known.get("house", row, told.get(row, []), self._house_told) for row in rows}

    def _house_told(self, row: int, told: list[Told]) -> setpoints.Kept:
        house = _part(self.farm.houses, slice(row, row + 1))
        outside, plain = self.known.get("house without orders", row, [], lambda *_: self._house_plain(house))
        return setpoints.kept(house, outside, plain, setpoints.entering(self.carry, row), told)

    def _house_plain(self, house: greenhouse.Houses) -> tuple[greenhouse.Outside, greenhouse.Inside]:
        outside = greenhouse.outside_of(house, self.world)
        return outside, greenhouse.climate_of(house, outside)

    @shared
    def charge(self) -> Floats:
        """(S, GRID_POINTS) sun that batteries keep, kWh/m2: a day's use is steady and equals its harvest.

        So it is zero at both ends of every day, and nothing has to be carried.
        """
        harvest = integral(0.001 * self.world.ghi)
        return harvest - harvest[:, -1:] * (np.arange(GRID_POINTS) / (GRID_POINTS - 1))

    @shared
    def fallen(self) -> Floats:
        """(C, GRID_POINTS) precipitation on each field since the day's start, mm."""
        return (
            self.plain.fallen
            if self.plain is not None
            else integral(rain_on(self.farm.setting, self.farm.cells, self.world))
        )

    def weather(self, at: Moments) -> Sampler:
        """Where readings stand in the series of the weather."""
        return Sampler(self.farm.fields.site.take(at.row), at.x)


def valves_told(orders: Orders, cells: Ints, zones: int, world: WorldDay) -> dict[int, list[Told]]:
    """The day's orders to valves, by field, then zone."""
    return orders.by_device((OPEN, CLOSE), cells=cells, per_cell=zones, world=world) if len(orders) else {}
