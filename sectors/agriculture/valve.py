"""Irrigation valves and their water meters."""

from dataclasses import dataclass

import numpy as np

from park.grid import devices, rows
from park.model import GRID_S, Bools, Floats, Ints, Moments, Observation, Setting
from sectors.agriculture.catalogue import IRRIGATION_VALVE
from sectors.agriculture.instruments import Bench, spread
from sectors.agriculture.irrigation import Watering

_BATTERY_PER_KWH = 0.05  # V per kWh/m2 of sun kept
_SOLENOID_DROPS = 0.04  # V while the valve is held open


@dataclass(frozen=True, kw_only=True, eq=False)
class Valves:
    """The valves of C fields, (C * Z,) each: battery voltage and the errors of gauge and meter."""

    battery: Floats
    gauge: Floats


def fit(setting: Setting, cells: Ints) -> Valves:
    """The valves of `cells`."""
    numbers = devices(cells, setting.per_cell[IRRIGATION_VALVE.name]).reshape(-1)
    return Valves(
        battery=spread(setting.streams, "irrigation_valve.battery_voltage", numbers, 3.9, 0.05),
        gauge=spread(setting.streams, "irrigation_valve.water_pressure", numbers, 0.0, 2.0),
    )


def observe(
    setting: Setting, valves: Valves, day: Watering, at: Moments, *, metered: Floats, charge: Floats
) -> Observation:
    """Readings of the valves.

    Parameters:
        metered: (C, Z) water through each valve until the day's start, m3.
        charge: (N,) sun kept in the batteries, kWh/m2.
    """
    bench = Bench(kind=IRRIGATION_VALVE, streams=setting.streams, at=at)
    zones = day.flow.shape[1]
    own = rows(at, zones)
    seconds = at.x * GRID_S
    run_s, is_open = _run(day, own, seconds)
    drawing = np.zeros(len(own), dtype=np.bool_)
    for zone in range(zones):
        drawing |= _run(day, at.row * zones + zone, seconds)[1]
    flow = day.flow.reshape(-1).take(own)
    pressure = np.where(drawing, day.pressure_open.take(at.row), day.pressure.take(at.row))
    pressure += valves.gauge.take(own) + bench.noise("water_pressure", 1.5)
    volts = valves.battery.take(own) + _BATTERY_PER_KWH * charge - _SOLENOID_DROPS * is_open
    return {
        "valve_open": is_open,
        "water_flow": bench.shown("water_flow", is_open * flow * (1.0 + bench.noise("water_flow", 0.01))),
        "water_pressure": bench.shown("water_pressure", pressure),
        "water_total": metered.reshape(-1).take(own) + flow * (run_s / 3600.0),
        "battery_voltage": bench.shown("battery_voltage", volts + bench.noise("battery_voltage", 0.006)),
    }


def _run(day: Watering, valve: Ints, seconds: Floats) -> tuple[Floats, Bools]:
    """How long the valves have been open today, seconds, and whether they are."""
    since = seconds - day.opens_s.reshape(-1).take(valve)
    length = day.open_s.reshape(-1).take(valve)
    return np.clip(since, 0.0, length), (since >= 0.0) & (since < length)
