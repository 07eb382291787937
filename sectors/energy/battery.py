"""Stationary storage: efficiency, and a plan of the day that follows sun, peak and tariff."""

from dataclasses import dataclass

import numpy as np

from park.grid import GRID_H, HOURS, integral
from park.model import Floats, Ints, Streams

ONE_WAY_EFFICIENCY = 0.95
FULL, EMPTY = 0.95, 0.10
_POWER_PER_CAPACITY = 0.5  # kW per kWh


def _window(start: float, end: float) -> Floats:
    """1 between two hours since 04:00, down to 0 over half an hour at either end."""
    return np.clip(np.minimum(HOURS - start, end - HOURS) / 0.5, 0.0, 1.0)


# Each window ends at zero power before the next begins: no line between instants of the grid then joins
# charging to discharging, so one sign per step holds for efficiency and registers.
_SUN = _window(3.5, 12.5)  # 07:30 to 16:30
_PEAK = _window(13.0, 18.5)  # 17:00 to 22:30, the dear hours
_VALLEY = _window(19.0, 23.0)  # 23:00 to 03:00, the cheap hours
_VALLEY_H = float(np.sum(_VALLEY)) * GRID_H


@dataclass(frozen=True, kw_only=True, eq=False)
class Batteries:
    """Batteries, (rows,): capacity in kWh."""

    capacity: Floats

    @property
    def rated(self) -> Floats:
        """Greatest power in either direction, kW."""
        return self.capacity * _POWER_PER_CAPACITY


def batteries(streams: Streams, device: Ints) -> Batteries:
    """The batteries of these devices."""
    return Batteries(capacity=60.0 + 10.0 * np.floor(6.0 * streams.uniform("energy.battery.capacity", device)))


def morning_charge(streams: Streams, device: Ints, day: Ints) -> Floats:
    """State of charge at 04:00, 0 to 1: what the energy manager aims for, so a pure function of the day."""
    return 0.30 + 0.25 * streams.uniform("energy.battery.morning", device, day)


def dispatch(batteries: Batteries, start: Floats, end: Floats, made: Floats, used: Floats) -> Floats:
    """AC power of batteries through a day, kW, positive when discharging; (rows, points).

    By day they take the surplus of sun and wind, and at least half of what is made; in the peak they supply
    up to 80 % of the shortfall; in the cheap hours they return to the next morning's charge. Where charge or
    room would not last, the whole course is scaled down, as a manager with a forecast does.

    `start` and `end` (rows,) are the state of charge at 04:00 and 24 hours later; `made` and `used` (rows,
    points) the powers of sun and wind, and of buildings and vehicles, kW.
    """
    capacity, rated = batteries.capacity[:, None], batteries.rated[:, None]
    shortfall = used - made
    charging = np.clip(np.maximum(-shortfall, 0.5 * made), 0.0, rated) * _SUN
    room = (FULL - start[:, None]) * capacity
    charging *= _scale(room, charging * ONE_WAY_EFFICIENCY)
    stored = _energy(charging) * ONE_WAY_EFFICIENCY + start[:, None] * capacity
    discharging = np.clip(0.8 * shortfall, 0.0, rated) * _PEAK
    discharging *= _scale(stored - EMPTY * capacity, discharging / ONE_WAY_EFFICIENCY)
    missing = end[:, None] * capacity - (stored - _energy(discharging) / ONE_WAY_EFFICIENCY)
    overnight = -missing * np.where(missing > 0, 1 / ONE_WAY_EFFICIENCY, ONE_WAY_EFFICIENCY) / _VALLEY_H
    return np.asarray(discharging - charging + overnight * _VALLEY)


def state_of_charge(batteries: Batteries, start: Floats, power: Floats) -> Floats:
    """State of charge, 0 to 1, at the grid's instants, from the AC power; (rows, points)."""
    flow = np.where(power > 0, power / ONE_WAY_EFFICIENCY, power * ONE_WAY_EFFICIENCY)
    return start[:, None] - integral(flow) / batteries.capacity[:, None]


def string_voltage(charge: Floats, share: Floats) -> Floats:
    """DC voltage of 224 LFP cells in series, V, at a share -1 to 1 of the rated power (discharge positive)."""
    knee = np.maximum(0.12 - charge, 0.0)
    return 224 * (3.22 + 0.12 * charge - 1.5 * knee) - 14.0 * share


def cell_temperature(air: Floats, power: Floats, rated: Floats) -> Floats:
    """Mean temperature of the cells, Cel: a cooled container, warmed by an hour's use; (rows, points)."""
    use = np.cumsum(np.abs(power), axis=1) * GRID_H
    hour = round(1 / GRID_H)
    last_hour = use.copy()
    last_hour[:, hour:] -= use[:, :-hour]
    return 23.0 + 0.15 * (air - 20.0) + 10.0 * last_hour / rated[:, None]


def _energy(power: Floats) -> Floats:
    """Energy in kWh of a power that is zero at both ends of the day; (rows, 1)."""
    return np.asarray(np.sum(power, axis=1, keepdims=True) * GRID_H)


def _scale(limit: Floats, power: Floats) -> Floats:
    energy = _energy(power)
    return np.minimum(1.0, np.maximum(limit, 0.0) / np.maximum(energy, 1e-9))
