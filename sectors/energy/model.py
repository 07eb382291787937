"""The energy sector's model: registers are carried, what batteries hold, and the cars that stand at 04:00."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.energy import ev
from sectors.energy.catalogue import BATTERY, BUILDING_METER, EV_CHARGER, PV_INVERTER, SITE_METER, WIND_TURBINE
from sectors.energy.energy_day import EnergyDay
from sectors.energy.flows import Energies, Flows, Morning, Plant
from sectors.energy.observe import OBSERVERS
from sectors.energy.weather import SiteWeather, weather

#: Carried registers, kWh: name in `Energies` to the kind that has them.
REGISTERS = {
    "pv_export": PV_INVERTER,
    "wind_export": WIND_TURBINE,
    "wind_import": WIND_TURBINE,
    "battery_import": BATTERY,
    "battery_export": BATTERY,
    "load_import": BUILDING_METER,
    "ev_export": EV_CHARGER,
    "grid_import": SITE_METER,
    "grid_export": SITE_METER,
}
_SESSION = "ev_session_"
_FIRST_CHARGE = 0.4
_PLANTS_KEPT = 4096
#: Cells whose day fits into the processor's cache; or one cell's so many days.
_BLOCK = 64


class EnergyModel:
    """Implements `park.model.Model` and `park.model.Strides`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._plants: OrderedDict[bytes, Plant] = OrderedDict()

    def begin(self, cells: Ints) -> Carry:
        """Registers at zero, batteries as delivered, nobody at the charging points; (cells, per_cell) each."""
        counts = self._setting.per_cell
        registers = {name: np.zeros((len(cells), counts[kind.name])) for name, kind in REGISTERS.items()}
        points = len(cells) * counts[EV_CHARGER.name]
        return {
            **registers,
            **self._carried(
                Morning(
                    charge=np.full(len(cells) * counts[BATTERY.name], _FIRST_CHARGE),
                    sessions=ev.no_sessions(points),
                    delivered=np.zeros(points),
                )
            ),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The state after the day."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The state after consecutive days."""
        days_at_once = max(1, _BLOCK // len(cells))
        for first in range(0, len(worlds), days_at_once):
            carry = self._after(cells, carry, weather(worlds[first : first + days_at_once]))
        return carry

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> EnergyDay:
        """The state of the cells through one day."""
        flows = self._flows(cells, weather([world]), carry)
        return EnergyDay(setting=self._setting, world=world, flows=flows, carry=carry)

    def observe(self, kind: str, state: EnergyDay, at: Moments) -> Observation:
        """What the devices of `kind` measure."""
        return OBSERVERS[kind](state, at)

    def _after(self, cells: Ints, carry: Carry, days: SiteWeather) -> Carry:
        """The state after some days, a block of cells at a time."""
        made: dict[str, list[Floats]] = {name: [] for name in REGISTERS}
        left: list[Carry] = []
        for first in range(0, len(cells), _BLOCK):
            some = slice(first, first + _BLOCK)
            flows = self._flows(cells[some], days, {name: values[some] for name, values in carry.items()})
            energy = Energies(flows)
            for name, blocks in made.items():
                blocks.append(getattr(energy, name)[:, -1].copy().reshape(days.days, -1, carry[name].shape[1]))
            left.append(self._carried(flows.evening))
        # Day by day: the order in which floats are added shows.
        registers = {name: sum(np.concatenate(blocks, axis=1), start=carry[name]) for name, blocks in made.items()}
        return registers | {name: np.concatenate([each[name] for each in left]) for name in left[0]}

    def _carried(self, morning: Morning) -> Carry:
        points = self._setting.per_cell[EV_CHARGER.name]
        sessions = {f"{_SESSION}{name}": part.reshape(-1, points) for name, part in morning.sessions.parts.items()}
        return {
            "charge": morning.charge.reshape(-1, self._setting.per_cell[BATTERY.name]),
            "ev_delivered": morning.delivered.reshape(-1, points),
            **sessions,
        }

    def _flows(self, cells: Ints, days: SiteWeather, carry: Carry) -> Flows:
        parts = {field.name: carry[f"{_SESSION}{field.name}"].reshape(-1, 1) for field in fields(ev.Sessions)}
        morning = Morning(
            charge=carry["charge"].reshape(-1),
            sessions=ev.Sessions(**parts),
            delivered=carry["ev_delivered"].reshape(-1),
        )
        return Flows(self._setting, self._plant(np.tile(cells, days.days)), days, morning)

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
