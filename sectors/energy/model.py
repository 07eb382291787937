"""The energy sector's model: powers of a day are computed afresh, only the meters' registers are carried."""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.energy.catalogue import BATTERY, BUILDING_METER, EV_CHARGER, PV_INVERTER, SITE_METER, WIND_TURBINE
from sectors.energy.flows import Energies, Flows, Plant
from sectors.energy.observe import OBSERVERS, EnergyDay
from sectors.energy.weather import SiteWeather, weather

#: Carried registers, kWh: name in `Energies` to the kind that has them.
REGISTERS = {
    "pv_export": PV_INVERTER,
    "wind_export": WIND_TURBINE,
    "battery_import": BATTERY,
    "battery_export": BATTERY,
    "load_import": BUILDING_METER,
    "ev_export": EV_CHARGER,
    "grid_import": SITE_METER,
    "grid_export": SITE_METER,
}
_PLANTS_KEPT = 4096
#: Cells whose day fits into the processor's cache; or one cell's so many days.
_BLOCK = 64


class EnergyModel:
    """Implements `park.model.Model` and `park.model.Strides`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._plants: OrderedDict[bytes, Plant] = OrderedDict()

    def begin(self, cells: Ints) -> Carry:
        """Registers at zero; (cells, per_cell) each."""
        return {name: np.zeros((len(cells), self._setting.per_cell[kind.name])) for name, kind in REGISTERS.items()}

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The registers after the day's energies."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The registers after the energies of consecutive days."""
        days_at_once = max(1, _BLOCK // len(cells))
        for first in range(0, len(worlds), days_at_once):
            carry = self._added(cells, carry, weather(worlds[first : first + days_at_once]))
        return carry

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> EnergyDay:
        """The state of the cells through one day."""
        return EnergyDay(setting=self._setting, world=world, flows=self._flows(cells, weather([world])), carry=carry)

    def observe(self, kind: str, state: EnergyDay, at: Moments) -> Observation:
        """What the devices of `kind` measure."""
        return OBSERVERS[kind](state, at)

    def _added(self, cells: Ints, carry: Carry, days: SiteWeather) -> Carry:
        """The registers with some days' energies, a block of cells at a time."""
        made: dict[str, list[Floats]] = {name: [] for name in REGISTERS}
        for first in range(0, len(cells), _BLOCK):
            energy = Energies(self._flows(cells[first : first + _BLOCK], days))
            for name, blocks in made.items():
                blocks.append(getattr(energy, name)[:, -1].copy().reshape(days.days, -1, carry[name].shape[1]))
        # Day by day: the order in which floats are added shows.
        return {name: sum(np.concatenate(blocks, axis=1), start=carry[name]) for name, blocks in made.items()}

    def _flows(self, cells: Ints, days: SiteWeather) -> Flows:
        return Flows(self._setting, self._plant(np.tile(cells, days.days)), days)

    def _plant(self, cells: Ints) -> Plant:
        """What stands in the cells; kept, because every day asks for the same ones."""
        key = cells.tobytes()
        plant = self._plants.get(key)
        if plant is None:
            plant = self._plants[key] = Plant(self._setting, cells)
            while len(self._plants) > _PLANTS_KEPT:
                self._plants.popitem(last=False)
        return plant


MODEL = EnergyModel
