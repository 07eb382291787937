"""The state of microgrids through one day, worked out as far as somebody looks."""

from dataclasses import dataclass, field, replace

import numpy as np

from park.grid import Sampler, integral, smooth_noise
from park.model import GRID_POINTS, Carry, Floats, Moments, Orders, Setting, WorldDay
from park.orders import Known, shared
from sectors.energy import battery, feeder, pv, wind
from sectors.energy.catalogue import BUILDING_METER
from sectors.energy.flows import TRANSFORMER_KW, Energies, Flows
from sectors.energy.obeyed import Obeyed

NOMINAL_V = 220.0
#: Relative drop of voltage between the district's transformer and the grid connection at full import.
_DROP = 0.03
#: The supply without load and its drop at full load, per unit; how much of their usual stir neighbours keep when nobody
#: draws anything, and how busy they usually are.
_IDLE, _SUPPLY_DROP, _QUIET, _USUALLY_BUSY = 1.034, 0.022, 0.55, 0.6
#: Steps of a minute in a day.
MINUTES = (GRID_POINTS - 1) * pv.MINUTES


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyDay:
    """The state of an array of cells through one day; parts are computed when first observed.

    Attributes:
        obeyed: what becomes of the devices that are told something; None on a day without.
        plain: the same day without orders.
        known: what obeyed on the day.
    """

    setting: Setting
    world: WorldDay
    flows: Flows
    carry: Carry
    obeyed: Obeyed | None = None
    plain: "EnergyDay | None" = None
    known: Known = field(default_factory=Known)

    def under(self, orders: Orders) -> "EnergyDay":
        """The same day under orders, or under what is left of earlier ones."""
        return replace(self, obeyed=Obeyed(day=self, orders=orders), plain=self)

    @shared
    def energy(self) -> Energies:
        """Since the start of the day."""
        return Energies(self.flows)

    @shared
    def voltage(self) -> Floats:
        """At the grid connection, phase against neutral, V; (cells, points)."""
        flows = self.flows
        supply = self.world.supply_voltage[flows.plant.connections.site]
        return NOMINAL_V * (supply - (_DROP / TRANSFORMER_KW) * flows.lines)

    @shared
    def minute_voltage(self) -> Floats:
        """The same at every minute, with what the neighbours draw; (cells, minutes + 1)."""
        flows = self.flows
        supply = self.world.supply_voltage[flows.plant.connections.site]
        busy = np.clip((_IDLE - supply) / _SUPPLY_DROP, 0.1, 1.2)
        x = np.arange(MINUTES + 1) / pv.MINUTES
        left = np.minimum(x.astype(np.int64), GRID_POINTS - 2)
        wide = np.stack([self.voltage, _QUIET + (1.0 - _QUIET) / _USUALLY_BUSY * busy])
        there, size = wide[..., left] + (wide[..., left + 1] - wide[..., left]) * (x - left)
        return np.asarray(there + size * feeder.stray(self.setting.streams, flows.plant.cells, self.world.index))

    @shared
    def sun(self) -> Floats:
        """AC power by inverter at every minute, kW; (rows, minutes)."""
        plant = self.flows.plant
        where = self.setting.places.cells(plant.cells)
        bright = pv.brightness(self.world, plant.connections.site, where)
        count = len(plant.inverters.device) // len(plant.cells)
        return pv.by_minute(self.flows.solar.ac, plant.roof.rated_ac, np.repeat(bright, count, axis=0))

    @shared
    def sun_energy(self) -> Floats:
        """Its energy since the start of the day, kWh; (rows, minutes)."""
        total = np.zeros_like(self.sun)
        np.cumsum(self.sun[:, 1:] + self.sun[:, :-1], axis=1, out=total[:, 1:])
        total *= 1 / 120
        return total

    @shared
    def motors(self) -> Floats:
        """Reactive power of a cell's smooth load, kvar; (cells, points)."""
        by_building = self.flows.load.motors
        count = self.setting.per_cell[BUILDING_METER.name]
        total = by_building[::count].copy()
        for unit in range(1, count):
            total += by_building[unit::count]
        return total

    @shared
    def nacelle(self) -> Floats:
        """Where turbines face, degrees; (rows, points)."""
        direction = self.world.wind_direction[self.flows.plant.turbines.site]
        return wind.yawing(direction, self.flows.wind.speed)

    @shared
    def frequency(self) -> Floats:
        """Of the whole grid, Hz; (1, points)."""
        one = np.zeros(1, dtype=np.int64)
        return 50.0 + 0.022 * smooth_noise(self.setting.streams, "energy.frequency", (one,), self.world.index, 1)

    @shared
    def rotor_speed(self) -> Floats:
        """By turbine, turns per minute."""
        return wind.rotor_speed(self.flows.wind.speed)

    @shared
    def charge(self) -> Floats:
        """State of charge by battery, 0 to 1."""
        return battery.state_of_charge(self.flows.plant.battery, self.flows.morning_charge, self.flows.planned)

    @shared
    def planned_energy(self) -> Floats:
        """By battery, kWh that it has discharged by plan since the start of the day; falls while it charges."""
        return integral(self.flows.planned)

    @shared
    def cell_temperature(self) -> Floats:
        """By battery, Cel."""
        plant = self.flows.plant
        air = self.world.temperature[plant.batteries.site]
        return battery.cell_temperature(air, self.flows.planned, plant.battery.rated)

    def noise(self, name: str, at: Moments) -> Floats:
        """Standard normals of the instruments `name`."""
        return self.setting.streams.normal(f"energy.{name}", at.device, at.ts)

    def tolerance(self, name: str, at: Moments) -> Floats:
        """Of each instrument, for good, between -1 and 1."""
        return 2.0 * self.setting.streams.uniform(f"energy.{name}.tolerance", at.device) - 1.0

    def register(self, name: str, at: Moments, today: Floats) -> Floats:
        """A register's reading: what was carried into the day, and the day's energy so far."""
        return np.asarray(self.carry[name][at.row, at.unit] + today)

    def measured_frequency(self, at: Moments) -> Floats:
        """The same for whoever measures at the same moment."""
        jitter = self.setting.streams.normal("energy.frequency.jitter", at.ts)
        return Sampler(np.zeros_like(at.row), at.x).line(self.frequency) + 0.003 * jitter

    def measured_voltage(self, name: str, at: Moments) -> Floats:
        """At a device of a cell, V."""
        there = Sampler(at.row, at.x * pv.MINUTES, MINUTES + 1).line(self.minute_voltage)
        if self.obeyed is not None:
            there += NOMINAL_V * (_DROP / TRANSFORMER_KW) * self.obeyed.stored(at.row, at.ms)
        return there + 0.0025 * NOMINAL_V * self.tolerance(name, at) + 0.1 * self.noise(name, at)
