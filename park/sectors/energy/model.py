"""The energy sector's model: powers of a day are computed afresh, only the meters' registers are carried."""

from collections import OrderedDict

import numpy as np

from park.model import Carry, Floats, Ints, Moments, Observation, Setting, WorldDay
from park.sectors.energy.flows import Flows, Plant
from park.sectors.energy.observe import OBSERVERS, EnergyDay

#: Carried registers, kWh: name in `Energies` to the kind that has them.
REGISTERS = {
    "pv_export": "pv_inverter",
    "wind_export": "wind_turbine",
    "battery_import": "battery",
    "battery_export": "battery",
    "load_import": "building_meter",
    "ev_export": "ev_charger",
    "grid_import": "site_meter",
    "grid_export": "site_meter",
}
_PLANTS_KEPT = 4096
#: Cells whose day fits into the processor's cache.
_BLOCK = 64


class EnergyModel:
    """Implements `park.model.Model`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._plants: OrderedDict[bytes, Plant] = OrderedDict()

    def begin(self, cells: Ints) -> Carry:
        """Registers at zero; (cells, per_cell) each."""
        return {name: np.zeros((len(cells), self._setting.per_cell[kind])) for name, kind in REGISTERS.items()}

    def advance(self, cells: Ints, carry: Carry, world: WorldDay) -> Carry:
        """The registers after the day's energies."""
        made: dict[str, list[Floats]] = {name: [] for name in REGISTERS}
        for first in range(0, len(cells), _BLOCK):
            energy = self._flows(cells[first : first + _BLOCK], world).energy
            for name, days in made.items():
                days.append(getattr(energy, name)[:, -1])
        return {name: carry[name] + np.concatenate(days).reshape(carry[name].shape) for name, days in made.items()}

    def day(self, cells: Ints, carry: Carry, world: WorldDay) -> EnergyDay:
        """The state of the cells through one day."""
        return EnergyDay(setting=self._setting, flows=self._flows(cells, world), carry=carry)

    def observe(self, kind: str, state: EnergyDay, at: Moments) -> Observation:
        """What the devices of `kind` measure."""
        return OBSERVERS[kind](state, at)

    def _flows(self, cells: Ints, world: WorldDay) -> Flows:
        return Flows(self._setting, self._plant(cells), world)

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
