"""What the devices of a microgrid measure at any moment: one function per kind.

Powers are exact, so that the balance closes in what is stored. Of the other instruments each has a tolerance of its
own that stays (a factor or an offset by device), and noise:

* power of buildings: the mean of the last minute, of what is switched there;
* voltage: class 0.5 of IEC 61557-12, so offsets within 0.25 % of nominal; noise .1 V, the last digit;
* current at a charging point: class 1 of IEC 62053-21, noise .2 %;
* frequency: .003 Hz, a meter's window of ten cycles (IEC 61000-4-30, class S);
* DC power: an inverter's own shunt, .3 % by device and .7 % by minute;
* module temperature: Pt100 class B (IEC 60751), +-.3 K, and noise .1 K;
* wind at the hub: cup anemometer, 2 % by device (calibration after IEC 61400-12-1), noise .15 m/s of the gusts of
  some seconds that a mean does not have;
* battery: string voltage .2 % by device, cells' thermistors +-.5 K.

A clean stream has no gaps: whatever is missing from it is a fault or the network's.
"""

from collections.abc import Callable, Mapping

import numpy as np

from park.catalogue import DeviceKind
from park.grid import Sampler, rows
from park.model import Floats, Ints, Moments, Observation
from sectors.energy import battery, ev, load, pv, wind
from sectors.energy.catalogue import BATTERY, BUILDING_METER, EV_CHARGER, PV_INVERTER, SITE_METER, WIND_TURBINE
from sectors.energy.energy_day import MINUTES, NOMINAL_V, EnergyDay

#: Relative rise at an inverter that feeds in at its rating.
_RISE = 0.012
#: Drop in the line of a building, V per kW of a phase; the reference impedance of IEC 60725 would give homes 1.8.
_LINE_V = np.array([0.85, 0.5])
_LINE_SPREAD = 0.2  # from building to building


def _rows(state: EnergyDay, kind: DeviceKind, at: Moments) -> Ints:
    return rows(at, state.setting.per_cell[kind.name])


def _pv_inverter(state: EnergyDay, at: Moments) -> Observation:
    """A roof's modules and inverter."""
    solar, roof = state.flows.solar, state.flows.plant.roof
    own = _rows(state, PV_INVERTER, at)
    here = Sampler(own, at.x)
    fine = Sampler(own, at.x * pv.MINUTES, MINUTES + 1)
    left, right = fine.ends(state.sun)
    active = left + (right - left) * fine.share
    exported = fine.hold(state.sun_energy) + (left + active) * fine.share / 120
    # Clouds' edges change both sides alike; below the inverter's start there is only the DC side.
    line_ac, line_dc = here.line(solar.ac), here.line(solar.dc)
    dc = np.minimum(line_dc * np.where(line_ac > 0, active / np.maximum(line_ac, 1e-9), 1.0), roof.limit_dc[own])
    minute = state.setting.streams.normal("energy.pv.dc", at.device, at.ts // 60_000)
    measured_dc = np.maximum(dc * (1.0 + 0.003 * state.tolerance("pv.dc", at) + 0.007 * minute), active)
    voltage = state.measured_voltage("pv.voltage", at) + (NOMINAL_V * _RISE) * active / roof.rated_ac[own]
    module = here.line(solar.module_temperature) + 0.3 * state.tolerance("pv.temperature", at)
    limiting = dc >= 0.999 * roof.limit_dc[own]
    day = state.world.index
    streams = state.setting.streams
    first_update = 30.0 + 60.0 * streams.uniform("energy.pv.update", at.device, 1)
    second_update = 150.0 + 60.0 * streams.uniform("energy.pv.update", at.device, 2)
    return {
        "active_power": active,
        "dc_power": measured_dc,
        "module_temperature": module + 0.1 * state.noise("pv.temperature", at),
        "phase_voltage": voltage,
        "current": active * 1000.0 / (3.0 * voltage),
        "frequency": state.measured_frequency(at),
        "total_active_energy_export": state.register("pv_export", at, exported),
        "status": np.where(limiting, 2, active > 0),
        "firmware": (day >= first_update).astype(np.int64) + (day >= second_update),
    }


def _wind_turbine(state: EnergyDay, at: Moments) -> Observation:
    """A small turbine."""
    flows = state.flows
    own = _rows(state, WIND_TURBINE, at)
    here = Sampler(own, at.x)
    speed, active = here.line(flows.wind.speed), here.line(flows.wind.power)
    turbine = flows.plant.turbine
    yaw = here.hold(state.nacelle) + turbine.misalignment[own]
    turning = active + turbine.own_use[own]
    running = np.where(turning >= 0.999 * wind.RATED_KW, 2, active > 0)
    measured = speed * (1.0 + 0.02 * state.tolerance("wind.speed", at)) + 0.15 * state.noise("wind.speed", at)
    return {
        "wind_speed": np.maximum(measured, 0.0),
        "rotor_speed": here.line(state.rotor_speed),
        "active_power": active,
        "nacelle_direction": np.mod(yaw, 360.0),
        "total_active_energy_export": state.register(
            "wind_export", at, here.energy_above_zero(flows.wind.power, state.energy.wind_export)
        ),
        "total_active_energy_import": state.register(
            "wind_import", at, here.energy_above_zero(-flows.wind.power, state.energy.wind_import)
        ),
        "status": np.where(speed >= wind.CUT_OUT, 3, running),
    }


def _battery(state: EnergyDay, at: Moments) -> Observation:
    """A battery and its converter."""
    flows = state.flows
    own = _rows(state, BATTERY, at)
    here = Sampler(own, at.x)
    active, charge = here.line(flows.storage), here.line(state.charge)
    charged = here.energy_above_zero(-flows.storage, state.energy.battery_import)
    discharged = here.energy_above_zero(flows.storage, state.energy.battery_export)
    standby, cells = flows.plant.battery.standby, here.line(state.cell_temperature)
    if state.obeyed is not None:
        for mine, seen in state.obeyed.batteries_at(own, at.ms):
            active[mine], charge[mine] = seen.power - standby[own[mine]], seen.charge
            charged[mine], discharged[mine] = seen.taken, seen.given
            cells[mine] += seen.warm
    planned = active + standby[own]
    string = battery.string_voltage(charge, planned / flows.plant.battery.rated[own])
    string *= 1.0 + 0.002 * state.tolerance("battery.voltage", at)
    cells += 0.5 * state.tolerance("battery.temperature", at)
    return {
        "state_of_charge": 100.0 * charge,
        "active_power": active,
        "dc_voltage": string + 0.3 * state.noise("battery.voltage", at),
        "cell_temperature": cells + 0.1 * state.noise("battery.temperature", at),
        "total_active_energy_import": state.register("battery_import", at, charged),
        "total_active_energy_export": state.register("battery_export", at, discharged),
        "status": np.where(planned > 0.05, 2, planned < -0.05),
    }


def _building_meter(state: EnergyDay, at: Moments) -> Observation:
    """The meter of a building."""
    flows = state.flows
    own = _rows(state, BUILDING_METER, at)
    here = Sampler(own, at.x)
    switched, switched_kwh = flows.load.at(own, at.x)
    active = here.line(flows.load.smooth) + switched
    reactive = load.reactive_of(here.line(flows.load.motors), switched)
    apparent = np.sqrt(active * active + reactive * reactive)
    phases = flows.plant.building.phases[own]
    line = np.where(phases > 1, _LINE_V[1], _LINE_V[0]) * (1.0 + _LINE_SPREAD * state.tolerance("load.line", at))
    drop = line * active / phases
    voltage = state.measured_voltage("load.voltage", at) - drop
    return {
        "active_power": active,
        "reactive_power": reactive,
        "power_factor": active / apparent,
        "phase_voltage": voltage,
        "current": apparent * 1000.0 / (phases * voltage),
        "frequency": state.measured_frequency(at),
        "total_active_energy_import": state.register(
            "load_import", at, here.energy(flows.load.smooth, flows.load.smooth_energy) + switched_kwh
        ),
    }


def _ev_charger(state: EnergyDay, at: Moments) -> Observation:
    """A charging point."""
    day = state.flows.charging
    own = _rows(state, EV_CHARGER, at)
    active, today = day.at(own, at.x)
    connected, base, nominal = day.session(own, at.x)
    paused = np.zeros_like(connected)
    if state.obeyed is not None:
        for mine, point in state.obeyed.points_at(own, at.ms):
            active[mine], today[mine], nominal[mine], paused[mine] = point.at(at.ms[mine])
            came = day.arrived(own[mine], at.x[mine])
            base[mine] = np.where(came >= 0, point.begun(came), base[mine])
    session = np.where(connected, np.maximum(today - base, 0.0), 0.0)
    plugged = np.where(active > 0, 2, np.where(paused, 4, np.where(session > 0.01, 3, 1)))
    phases = ev.PHASES[state.flows.plant.charger_type[own]]
    # The vehicle keeps its current; what it draws follows the voltage.
    current = nominal * (1000.0 / NOMINAL_V) / phases
    exact = 1.0 + 0.005 * state.tolerance("ev.current", at) + 0.002 * state.noise("ev.current", at)
    return {
        "vehicle_connected": connected,
        "status": np.where(connected, plugged, 0),
        "active_power": active,
        "current": current * exact,
        "session_energy": session,
        "total_active_energy_export": state.register("ev_export", at, today),
    }


def _site_meter(state: EnergyDay, at: Moments) -> Observation:
    """The meter at the grid connection."""
    flows = state.flows
    here = Sampler(at.row, at.x)
    sun = _sum(state, PV_INVERTER, at, lambda own: Sampler(own, at.x * pv.MINUTES, MINUTES + 1).line(state.sun))
    switched = _sum(state, BUILDING_METER, at, lambda own: flows.load.at(own, at.x)[0])
    charging = _sum(state, EV_CHARGER, at, lambda own: flows.charging.at(own, at.x)[0])
    used = here.line(flows.smooth) + switched + charging
    wind_power, stored, loss = here.line(flows.made_by_wind), here.line(flows.stored), here.line(flows.loss)
    taken, fed = here.line(state.energy.grid_import), here.line(state.energy.grid_export)
    if state.obeyed is not None:
        stored += state.obeyed.stored(at.row, at.ms)
        used += state.obeyed.charged(at.row, at.ms)
        state.obeyed.metered(at.row, at.ms, taken, fed)
    grid = used + loss - sun - wind_power - stored
    return {
        "active_power": grid,
        "reactive_power": load.reactive_of(here.line(state.motors), switched),
        "photovoltaic_power": sun,
        "wind_power": wind_power,
        "storage_power": stored,
        "consumption_power": used,
        "conversion_loss": loss,
        "phase_voltage": state.measured_voltage("site.voltage", at),
        "frequency": state.measured_frequency(at),
        "total_active_energy_import": state.register("grid_import", at, taken),
        "total_active_energy_export": state.register("grid_export", at, fed),
    }


def _sum(state: EnergyDay, kind: DeviceKind, at: Moments, measure: Callable[[Ints], Floats]) -> Floats:
    """Of a cell's devices of a kind, one after the other."""
    count = state.setting.per_cell[kind.name]
    total = measure(at.row * count)
    for unit in range(1, count):
        total = total + measure(at.row * count + unit)
    return total


#: Kind to what its devices measure.
OBSERVERS: Mapping[str, Callable[[EnergyDay, Moments], Observation]] = {
    PV_INVERTER.name: _pv_inverter,
    WIND_TURBINE.name: _wind_turbine,
    BATTERY.name: _battery,
    BUILDING_METER.name: _building_meter,
    EV_CHARGER.name: _ev_charger,
    SITE_METER.name: _site_meter,
}
