"""The municipal sector: what a street block's things do, and what they refuse. People and weather are `WorldDay`'s."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import devices
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.municipal import lamp, lighting, program
from sectors.municipal.catalogue import LIGHT_CABINET, RESUME, SET_LEVEL, STREET_LAMP


@dataclass(frozen=True, kw_only=True, eq=False)
class MunicipalDay:
    """One day of C cells, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay
    orders: Orders

    @cached_property
    def lighting(self) -> lighting.Lighting:
        """Lamps and cabinets."""
        streams, per_cell = self.setting.streams, self.setting.per_cell[STREET_LAMP.name]
        site = self.setting.site_of(self.cells)
        road = lamp.street(streams, self.cells)
        gain = 0.9 + 0.2 * streams.uniform("municipal.photocell", self.cells)
        told = program.programmed(self.world.illuminance[site], gain, road.dimmed, road.least).repeated(per_cell)
        told = program.commanded(told, self.orders, self.cells, per_cell, int(self.world.times[0]))
        draws = lamp.draw(streams, devices(self.cells, per_cell).reshape(-1), np.repeat(road.rated, per_cell))
        return lighting.Lighting(
            setting=self.setting,
            world=self.world,
            cells=self.cells,
            site=site,
            gain=gain,
            lamps=lamp.lamp_day(told, self.carry, draws),
        )


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[MunicipalDay, Moments], Observation]] = {
    STREET_LAMP.name: lambda day, at: lighting.observe_lamps(day.lighting, at),
    LIGHT_CABINET.name: lambda day, at: lighting.observe_cabinets(day.lighting, at),
}


class MunicipalModel:
    """Implements `park.model.Model` and `park.model.Interlocks`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Everything by its program, registers at zero."""
        return lamp.begin(len(cells), self._setting.per_cell[STREET_LAMP.name])

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The state one day later."""
        return lamp.end(self.day(cells, carry, world, orders).lighting.lamps, len(cells))

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> MunicipalDay:
        """The day, not yet computed."""
        return MunicipalDay(setting=self._setting, cells=cells, carry=carry, world=world, orders=orders)

    def observe(self, kind: str, state: MunicipalDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def refusal(self, state: MunicipalDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        interlock = INTERLOCKS.get(action)
        return interlock(state, value, at) if interlock else None


#: Number of an action to why it is refused.
INTERLOCKS: Mapping[int, Callable[[MunicipalDay, Floats, Moments], str | None]] = {
    SET_LEVEL: lambda day, value, at: lighting.refusal(day.lighting, value, at),
    RESUME: lambda day, _value, at: lighting.by_hand(day.lighting, at),
}


MODEL = MunicipalModel
