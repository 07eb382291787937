"""Stationary storage: it takes what the block has too much, and gives it back in the evening.

Standby of converters of this size: 50 to 200 W (HTW Berlin, Stromspeicher-Inspektion 2023).
"""

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


# Either window ends at zero power before the other begins: no line between instants of the grid joins charging to
# discharging, so one sign per step holds for efficiency.
_SUN = _window(3.0, 13.0)  # 07:00 to 17:00
_PEAK = _window(13.5, 19.0)  # 17:30 to 23:00, the dear hours
_EVENING_SHARE = 0.45  # of the shortfall
_LEFT_TO_GRID_KW = 0.4  # of the surplus: the manager stays on the safe side
WARMTH = 10.0  # K by which an hour at the rated power warms the cells


@dataclass(frozen=True, kw_only=True, eq=False)
class Batteries:
    """Batteries, (rows,): capacity in kWh, what the converter draws all day long in kW."""

    capacity: Floats
    standby: Floats

    @property
    def rated(self) -> Floats:
        """Greatest power in either direction, kW."""
        return self.capacity * _POWER_PER_CAPACITY


def batteries(streams: Streams, device: Ints) -> Batteries:
    """The batteries of these devices."""
    return Batteries(
        capacity=40.0 + 10.0 * np.floor(5.0 * streams.uniform("energy.battery.capacity", device)),
        standby=0.05 + 0.15 * streams.uniform("energy.battery.standby", device),
    )


def wishes(batteries: Batteries, surplus: Floats) -> tuple[Floats, Floats]:
    """What batteries would take and give if there were always room and charge, kW; (rows, points) each."""
    rated = batteries.rated[:, None]
    charging = np.clip(surplus - _LEFT_TO_GRID_KW, 0.0, rated) * _SUN
    return charging, np.clip(-_EVENING_SHARE * surplus, 0.0, rated) * _PEAK


def dispatch(batteries: Batteries, start: Floats, surplus: Floats) -> tuple[Floats, Floats]:
    """Power of batteries without the converter's own, kW, positive when discharging, and charge at each day's start.

    By day they take the surplus of sun and wind, and nothing else; in the peak they supply up to 45 % of the
    shortfall. Where room or charge would not last, the whole course is scaled down, as a manager with a forecast
    does. What is left in the night is there in the morning.

    Args:
        batteries: rows of the first day, then of the next.
        start: state of charge at 04:00 of the first day, 0 to 1, (rows of a day,).
        surplus: of sun and wind over buildings and vehicles, kW, (rows, points).

    Returns:
        (rows, points), and (rows + rows of a day,) with what the last day leaves.
    """
    charging, discharging = wishes(batteries, surplus)
    taken, given = _energy(charging) * ONE_WAY_EFFICIENCY, _energy(discharging) / ONE_WAY_EFFICIENCY
    charge, starts = start, [start]
    shares = np.empty((2, len(surplus)))
    for first in range(0, len(surplus), len(start)):
        one = slice(first, first + len(start))
        capacity = batteries.capacity[one]
        shares[0, one] = _share((FULL - charge) * capacity, taken[one])
        full = charge + shares[0, one] * taken[one] / capacity
        shares[1, one] = _share((full - EMPTY) * capacity, given[one])
        charge = full - shares[1, one] * given[one] / capacity
        starts.append(charge)
    return discharging * shares[1, :, None] - charging * shares[0, :, None], np.concatenate(starts)


def state_of_charge(batteries: Batteries, start: Floats, power: Floats) -> Floats:
    """State of charge, 0 to 1, at the grid's instants, from `dispatch`'s power; (rows, points)."""
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
    return 23.0 + 0.15 * (air - 20.0) + WARMTH * last_hour / rated[:, None]


def _energy(power: Floats) -> Floats:
    """Energy in kWh of a power that is zero at both ends of the day; (rows,)."""
    return np.asarray(np.sum(power, axis=1) * GRID_H)


def _share(limit: Floats, energy: Floats) -> Floats:
    return np.minimum(1.0, np.maximum(limit, 0.0) / np.maximum(energy, 1e-9))
