"""What a battery refuses by itself."""

import numpy as np

from park.grid import Sampler, rows
from park.model import Floats, Moments
from sectors.energy.battery import EMPTY, FULL
from sectors.energy.catalogue import BATTERY
from sectors.energy.energy_day import NOMINAL_V, EnergyDay

_SPARE = 0.005  # of the capacity
#: Voltages of the supply at which a converter stays with the grid (GB/T 12325: -10 % to +7 % of nominal).
_LEAST_V, _MOST_V = 0.90 * NOMINAL_V, 1.07 * NOMINAL_V


def refusal(state: EnergyDay, value: Floats, at: Moments) -> str | None:
    """Why a battery does not hold a power, value[0] kW."""
    row, power = rows(at, state.setting.per_cell[BATTERY.name]), float(value[0])
    bank = state.flows.plant.battery
    if abs(power) > float(bank.rated[row[0]]):
        return "over-rating"
    voltage = float(Sampler(at.row, at.x).line(state.voltage)[0])
    if not _LEAST_V <= voltage <= _MOST_V:
        return "grid-voltage"
    charge = Sampler(row, at.x).line(state.charge)
    if state.obeyed is not None:
        for mine, seen in state.obeyed.batteries_at(row, np.asarray(at.ms)):
            charge[mine] = seen.charge
    if power > 0 and charge[0] <= EMPTY + _SPARE:
        return "empty"
    return "full" if power < 0 and charge[0] >= FULL - _SPARE else None
