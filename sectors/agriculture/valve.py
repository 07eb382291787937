"""Irrigation valves and their water meters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from park.grid import devices, rows
from park.model import GRID_S, Bools, Floats, Ints, Moments, Observation, Setting
from sectors.agriculture.catalogue import IRRIGATION_VALVE
from sectors.agriculture.instruments import Bench, spread
from sectors.agriculture.irrigation import Watering
from sectors.agriculture.runs import Run

_BATTERY_PER_KWH = 0.05  # V per kWh/m2 of sun kept
_SOLENOID_DROPS = 0.04  # V while the valve is held open


#: Limits of what a valve waters in, and the pressure below which emitters no longer spread water evenly.
RAIN_MM_H, FROST_CEL, LEAST_KPA = 0.1, 3.0, 150.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Pipes:
    """Valves through a day.

    Attributes:
        day: by programs.
        runs: of those that are told something, by field, then zone.
    """

    day: Watering
    runs: Mapping[int, Run]

    def run(self, valve: Ints, at: Moments) -> tuple[Floats, Bools]:
        """(N,) how long valves have been open today, seconds, and whether they are."""
        seconds = at.x * GRID_S
        since = seconds - self.day.opens_s.reshape(-1).take(valve)
        length = self.day.open_s.reshape(-1).take(valve)
        opened, is_open = np.clip(since, 0.0, length), (since >= 0.0) & (since < length)
        for row, run in self.runs.items():
            mine = np.flatnonzero((valve == row) & (at.ms >= run.first_ms))
            if len(mine):
                opened_ms, is_open[mine] = run.opened(at.ms[mine])
                opened[mine] = opened_ms / 1000.0
        return opened, is_open


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
    setting: Setting, valves: Valves, pipes: Pipes, at: Moments, *, metered: Floats, charge: Floats
) -> Observation:
    """Readings of the valves.

    Parameters:
        metered: (C, Z) water through each valve until the day's start, m3.
        charge: (N,) sun kept in the batteries, kWh/m2.
    """
    bench = Bench(kind=IRRIGATION_VALVE, streams=setting.streams, at=at)
    day, zones = pipes.day, pipes.day.flow.shape[1]
    own = rows(at, zones)
    run_s, is_open = pipes.run(own, at)
    drawing = np.zeros(len(own), dtype=np.bool_)
    for zone in range(zones):
        drawing |= pipes.run(at.row * zones + zone, at)[1]
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


def refusal(pipes: Pipes, at: Moments, *, rain: Floats, temperature: Floats) -> str | None:
    """Why a valve does not open: rain, mm/h, or frost, Cel, at its field; or too little pressure for one more.

    Each valve that draws takes its share of the main's pressure.
    """
    if (rain >= RAIN_MM_H).any():
        return "rain"
    if (temperature < FROST_CEL).any():
        return "frost"
    day, zones = pipes.day, pipes.day.flow.shape[1]
    drawing = np.ones(len(at.row))
    for zone in range(zones):
        drawing += pipes.run(at.row * zones + zone, at)[1] & (zone != at.unit)
    still, open_ = day.pressure.take(at.row), day.pressure_open.take(at.row)
    return "low-pressure" if (still - drawing * (still - open_) < LEAST_KPA).any() else None
