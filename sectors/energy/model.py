"""The energy sector's model: registers are carried, what batteries hold, and the cars that stand at 04:00."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from park.model import NO_ORDERS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.energy import ev, obeyed
from sectors.energy.catalogue import (
    BATTERY,
    BUILDING_METER,
    EV_CHARGER,
    PV_INVERTER,
    SET_POWER,
    SITE_METER,
    WIND_TURBINE,
)
from sectors.energy.energy_day import EnergyDay
from sectors.energy.flows import Energies, Flows, Morning, Plant
from sectors.energy.interlocks import refusal
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
_DAYS_KEPT = 16  # that were commanded
#: Cells whose day fits into the processor's cache; or one cell's so many days.
_BLOCK = 64


class EnergyModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.orders.Interlocks`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._plants: OrderedDict[bytes, Plant] = OrderedDict()
        self._days: OrderedDict[tuple[bytes, ...], EnergyDay] = OrderedDict()

    def begin(self, cells: Ints) -> Carry:
        """Registers at zero, batteries as delivered, nobody at the charging points; (cells, per_cell) each."""
        counts = self._setting.per_cell
        registers = {name: np.zeros((len(cells), counts[kind.name])) for name, kind in REGISTERS.items()}
        points = len(cells) * counts[EV_CHARGER.name]
        return {
            **registers,
            **obeyed.usual((len(cells), counts[BATTERY.name]), (len(cells), counts[EV_CHARGER.name])),
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
        if not len(orders) and not obeyed.told(carry):
            return self.stride(cells, carry, [world])
        usual = self._after(cells, carry, weather([world]))
        day = self.day(cells, carry, world, orders)
        return usual if day.obeyed is None else day.obeyed.after(usual)

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The state after consecutive days."""
        days_at_once, first = max(1, _BLOCK // len(cells)), 0
        while first < len(worlds):
            some = worlds[first : first + days_at_once]
            if obeyed.told(carry):  # until nothing is left of it, a day at a time
                some = some[:1]
                carry = self.advance(cells, carry, some[0], NO_ORDERS)
            else:
                carry = self._after(cells, carry, weather(some))
            first += len(some)
        return carry

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> EnergyDay:
        """The state of the cells through one day."""
        plain = len(orders) == 0 and not obeyed.told(carry)
        return self._plain(cells, carry, world) if plain else self._kept(cells, carry, world).under(orders)

    def observe(self, kind: str, state: EnergyDay, at: Moments) -> Observation:
        """What the devices of `kind` measure."""
        return OBSERVERS[kind](state, at)

    def refusal(self, state: EnergyDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        return refusal(state, value, at) if action == SET_POWER else None

    def _plain(self, cells: Ints, carry: Carry, world: WorldDay) -> EnergyDay:
        flows = self._flows(cells, weather([world]), carry)
        return EnergyDay(setting=self._setting, world=world, flows=flows, carry=carry)

    def _kept(self, cells: Ints, carry: Carry, world: WorldDay) -> EnergyDay:
        """The day without its orders, kept for the next one."""
        key = (cells.tobytes(), *(values.tobytes() for values in carry.values()))
        known = self._days.get(key)
        # Another day may have come to lie where an old one was.
        if known is None or known.world is not world:
            known = self._days[key] = self._plain(cells, carry, world)
            while len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        return known

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
        held = obeyed.usual(carry["charge"].shape, carry["ev_delivered"].shape)
        return {**registers, **held, **{name: np.concatenate([each[name] for each in left]) for name in left[0]}}

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
