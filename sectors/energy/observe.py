"""What the devices of a microgrid measure at any moment: one function per kind.

Powers are exact, so that the balance closes in what is stored; instruments add noise to voltage, frequency,
wind and temperatures. Currents and power factors follow from the measured voltage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.catalogue import DeviceKind
from park.grid import Sampler, rows, smooth_noise
from park.model import Carry, Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.energy import battery, ev, wind
from sectors.energy.catalogue import BATTERY, BUILDING_METER, EV_CHARGER, PV_INVERTER, SITE_METER, WIND_TURBINE
from sectors.energy.flows import TRANSFORMER_KW, Energies, Flows

NOMINAL_V = 220.0
#: Relative drop of voltage at the grid connection at full import, and its own slow course.
_DROP, _DRIFT = 0.08, 0.004
#: Relative rise at an inverter that feeds in at its rating.
_RISE = 0.012


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyDay:
    """The state of an array of cells through one day; parts are computed when first observed."""

    setting: Setting
    world: WorldDay
    flows: Flows
    carry: Carry

    @cached_property
    def energy(self) -> Energies:
        """Since the start of the day."""
        return Energies(self.flows)

    @cached_property
    def voltage(self) -> Floats:
        """At the grid connection, phase against neutral, V; (cells, points)."""
        flows = self.flows
        drift = smooth_noise(self.setting.streams, "energy.voltage", (flows.plant.cells,), self.world.index, 12)
        return NOMINAL_V * (1.01 + _DRIFT * drift - (_DROP / TRANSFORMER_KW) * flows.grid)

    @cached_property
    def frequency(self) -> Floats:
        """Of the whole grid, Hz; (1, points)."""
        one = np.zeros(1, dtype=np.int64)
        return 50.0 + 0.022 * smooth_noise(self.setting.streams, "energy.frequency", (one,), self.world.index, 1)

    @cached_property
    def rotor_speed(self) -> Floats:
        """By turbine, turns per minute."""
        return wind.rotor_speed(self.flows.wind.speed)

    @cached_property
    def charge(self) -> Floats:
        """State of charge by battery, 0 to 1."""
        return battery.state_of_charge(self.flows.plant.battery, self.flows.morning_charge, self.flows.storage)

    @cached_property
    def cell_temperature(self) -> Floats:
        """By battery, Cel."""
        plant = self.flows.plant
        air = self.world.temperature[plant.batteries.site]
        return battery.cell_temperature(air, self.flows.storage, plant.battery.rated)

    @cached_property
    def session_base(self) -> Floats:
        """Energy of the day at the start of the latest session, by charging point, kWh."""
        return self.flows.charging.session_base(self.energy.ev_export)

    def noise(self, name: str, at: Moments) -> Floats:
        """Standard normals of the instruments `name`."""
        return self.setting.streams.normal(f"energy.{name}", at.device, at.ts)

    def register(self, name: str, at: Moments, today: Floats) -> Floats:
        """A register's reading: what was carried into the day, and the day's energy so far."""
        return np.asarray(self.carry[name][at.row, at.unit] + today)

    def measured_frequency(self, at: Moments) -> Floats:
        """The same for whoever measures at the same moment."""
        jitter = self.setting.streams.normal("energy.frequency.jitter", at.ts)
        return Sampler(np.zeros_like(at.row), at.x).line(self.frequency) + 0.003 * jitter

    def measured_voltage(self, name: str, at: Moments) -> Floats:
        """At a device of a cell, V."""
        return Sampler(at.row, at.x).line(self.voltage) + 0.35 * self.noise(name, at)


def _rows(state: EnergyDay, kind: DeviceKind, at: Moments) -> Ints:
    return rows(at, state.setting.per_cell[kind.name])


def _pv_inverter(state: EnergyDay, at: Moments) -> Observation:
    """A roof's modules and inverter."""
    solar, roof = state.flows.solar, state.flows.plant.roof
    own = _rows(state, PV_INVERTER, at)
    here = Sampler(own, at.x)
    active, dc = here.line(solar.ac), here.line(solar.dc)
    voltage = state.measured_voltage("pv.voltage", at) + (NOMINAL_V * _RISE) * active / roof.rated_ac[own]
    limiting = dc >= 0.999 * roof.limit_dc[own]
    day = state.world.index
    streams = state.setting.streams
    first_update = 30.0 + 60.0 * streams.uniform("energy.pv.update", at.device, 1)
    second_update = 150.0 + 60.0 * streams.uniform("energy.pv.update", at.device, 2)
    return {
        "active_power": active,
        "dc_power": dc,
        "module_temperature": here.line(solar.module_temperature) + 0.2 * state.noise("pv.temperature", at),
        "phase_voltage": voltage,
        "current": active * 1000.0 / (3.0 * voltage),
        "frequency": state.measured_frequency(at),
        "total_active_energy_export": state.register("pv_export", at, here.energy(solar.ac, state.energy.pv_export)),
        "status": np.where(limiting, 2, active > 0),
        "firmware": (day >= first_update).astype(np.int64) + (day >= second_update),
    }


def _wind_turbine(state: EnergyDay, at: Moments) -> Observation:
    """A small turbine."""
    flows = state.flows
    own = _rows(state, WIND_TURBINE, at)
    here = Sampler(own, at.x)
    speed, active = here.line(flows.wind.speed), here.line(flows.wind.power)
    turbine, site = flows.plant.turbine, flows.plant.turbines.site[own]
    # The nacelle yaws in steps after the wind.
    yaw = Sampler(site, at.x).hold(state.world.wind_direction) + turbine.misalignment[own]
    running = np.where(active >= 0.999 * wind.RATED_KW, 2, active > 0)
    return {
        "wind_speed": np.maximum(speed + 0.15 * state.noise("wind.speed", at), 0.0),
        "rotor_speed": here.line(state.rotor_speed),
        "active_power": active,
        "nacelle_direction": np.mod(yaw, 360.0),
        "total_active_energy_export": state.register(
            "wind_export", at, here.energy(flows.wind.power, state.energy.wind_export)
        ),
        "status": np.where(speed >= wind.CUT_OUT, 3, running),
    }


def _battery(state: EnergyDay, at: Moments) -> Observation:
    """A battery and its converter."""
    flows = state.flows
    own = _rows(state, BATTERY, at)
    here = Sampler(own, at.x)
    active, charge = here.line(flows.storage), here.line(state.charge)
    charged = here.energy(flows.charged, state.energy.battery_import)
    discharged = here.energy(flows.discharged, state.energy.battery_export)
    string = battery.string_voltage(charge, active / flows.plant.battery.rated[own])
    return {
        "state_of_charge": 100.0 * charge,
        "active_power": active,
        "dc_voltage": string + 0.3 * state.noise("battery.voltage", at),
        "cell_temperature": here.line(state.cell_temperature) + 0.2 * state.noise("battery.temperature", at),
        "total_active_energy_import": state.register("battery_import", at, charged),
        "total_active_energy_export": state.register("battery_export", at, discharged),
        "status": np.where(active > 0.05, 2, active < -0.05),
    }


def _building_meter(state: EnergyDay, at: Moments) -> Observation:
    """The meter of a building."""
    flows = state.flows
    own = _rows(state, BUILDING_METER, at)
    here = Sampler(own, at.x)
    active, reactive = here.line(flows.load), here.line(flows.reactive)
    apparent = np.sqrt(active * active + reactive * reactive)
    voltage = state.measured_voltage("load.voltage", at)
    return {
        "active_power": active,
        "reactive_power": reactive,
        "power_factor": active / apparent,
        "phase_voltage": voltage,
        "current": apparent * 1000.0 / (flows.plant.building.phases[own] * voltage),
        "frequency": state.measured_frequency(at),
        "total_active_energy_import": state.register(
            "load_import", at, here.energy(flows.load, state.energy.load_import)
        ),
    }


def _ev_charger(state: EnergyDay, at: Moments) -> Observation:
    """A charging point."""
    day = state.flows.charging
    own = _rows(state, EV_CHARGER, at)
    here = Sampler(own, at.x)
    active = here.line(day.power)
    connected = (at.x >= here.hold(day.arrival)) & (at.x < here.hold(day.departure))
    today = here.energy(day.power, state.energy.ev_export)
    session = np.where(connected, np.maximum(today - here.hold(state.session_base), 0.0), 0.0)
    plugged = np.where(active > 0, 2, np.where(session > 0.01, 3, 1))
    phases = ev.PHASES[state.flows.plant.charger_type[own]]
    voltage = state.measured_voltage("ev.voltage", at)
    return {
        "vehicle_connected": connected,
        "status": np.where(connected, plugged, 0),
        "active_power": active,
        "current": active * 1000.0 / (phases * voltage),
        "session_energy": session,
        "total_active_energy_export": state.register("ev_export", at, today),
    }


def _site_meter(state: EnergyDay, at: Moments) -> Observation:
    """The meter at the grid connection."""
    flows = state.flows
    here = Sampler(at.row, at.x)
    return {
        "active_power": here.line(flows.grid),
        "reactive_power": here.line(flows.grid_reactive),
        "photovoltaic_power": here.line(flows.made_by_sun),
        "wind_power": here.line(flows.made_by_wind),
        "storage_power": here.line(flows.stored),
        "consumption_power": here.line(flows.used),
        "conversion_loss": here.line(flows.loss),
        "phase_voltage": state.measured_voltage("site.voltage", at),
        "frequency": state.measured_frequency(at),
        "total_active_energy_import": state.register(
            "grid_import", at, here.energy_above_zero(flows.grid, state.energy.grid_import)
        ),
        "total_active_energy_export": state.register(
            "grid_export", at, here.energy_above_zero(flows.fed_in, state.energy.grid_export)
        ),
    }


#: Kind to what its devices measure.
OBSERVERS: Mapping[str, Callable[[EnergyDay, Moments], Observation]] = {
    PV_INVERTER.name: _pv_inverter,
    WIND_TURBINE.name: _wind_turbine,
    BATTERY.name: _battery,
    BUILDING_METER.name: _building_meter,
    EV_CHARGER.name: _ev_charger,
    SITE_METER.name: _site_meter,
}
