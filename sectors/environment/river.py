"""A river through the district: rain runs off by the curve number, the channel lets it go within a day.

References:
    USDA NRCS (2004). National Engineering Handbook, part 630, chapter 10: runoff by the curve number.
"""

from dataclasses import dataclass

import numpy as np

from park.days import Days
from park.grid import GRID_H, integral
from park.model import Carry, Floats, Ints
from sectors.environment.lake import equilibrium
from sectors.environment.reservoir import relax, relax_steps

_WARMTH_TAU_H = 30.0
_CHANNEL_TAU_H = 9.0
_WETNESS_TAU_H = 96.0
_RETENTION_MM = 60.0  # S of dry ground: a curve number of 81
_WET_MM = 30.0  # of remembered rain that leaves 1/e of it
_BASE_MM_H = 0.05  # of the catchment, that springs and works let go
_RAIN_US, _BASE_US = 110.0, 560.0  # conductivity of runoff and of the rest


@dataclass(frozen=True, kw_only=True, eq=False)
class RiverDay:
    """C rivers through a day, or several, (D * C, GRID_POINTS).

    Attributes:
        temperature: Cel.
        storm: water of the rain in the channels, mm over the catchment.
        wetness: rain that the ground remembers, mm.
    """

    temperature: Floats
    storm: Floats
    wetness: Floats

    @property
    def rise(self) -> Floats:
        """Flow over base flow, 1 in dry weather."""
        return 1.0 + self.storm / (_CHANNEL_TAU_H * _BASE_MM_H)


def begin(cells: Ints) -> Carry:
    """A January morning after dry days."""
    return {
        "river_temperature": np.full(len(cells), 5.0),
        "river_storm": np.zeros(len(cells)),
        "river_wetness": np.full(len(cells), 5.0),
    }


def river_day(days: Days, carry: Carry) -> RiverDay:
    """The days of these rivers."""
    rain = days.weather(lambda world: world.precipitation)
    wetness = relax_steps(carry["river_wetness"], (rain[:, :-1] * _WETNESS_TAU_H)[days.site], _WETNESS_TAU_H)
    retention = _RETENTION_MM * np.exp(-wetness[:, :1] / _WET_MM)
    excess = np.maximum(integral(rain)[days.site] - 0.1 * retention, 0.0)
    run_off = excess**2 / (excess + retention)
    inflow = np.diff(run_off, axis=1) / GRID_H
    storm = relax_steps(carry["river_storm"], inflow * _CHANNEL_TAU_H, _CHANNEL_TAU_H)
    warmth = days.weather(lambda world: equilibrium(world) - 0.6)[days.site]
    return RiverDay(temperature=relax(carry["river_temperature"], warmth, _WARMTH_TAU_H), storm=storm, wetness=wetness)


def storm_of(rise: float) -> float:
    """Water of the rain in the channels at which the flow is so many times the base flow, mm."""
    return (rise - 1.0) * _CHANNEL_TAU_H * _BASE_MM_H


def after(day: RiverDay, rivers: int) -> Carry:
    """What the last day leaves in so many rivers."""
    return {
        "river_temperature": day.temperature[-rivers:, -1].copy(),
        "river_storm": day.storm[-rivers:, -1].copy(),
        "river_wetness": day.wetness[-rivers:, -1].copy(),
    }


def conductivity(rise: Floats) -> Floats:
    """uS/cm of base flow and runoff, mixed; `rise` as of `RiverDay`."""
    return np.asarray((_BASE_US + _RAIN_US * (rise - 1.0)) / rise)


def turbidity(rise: Floats) -> Floats:
    """{NTU}: a power of the flow."""
    return np.asarray(22.0 * np.minimum(rise, 40.0) ** 0.9)


def level(rise: Floats) -> Floats:
    """Of the water above the bed, m: the flow to the power 3/5 of a wide channel (Manning)."""
    return np.asarray(1.6 * rise**0.3)


def flush(rise: Floats, wetness: Floats) -> Floats:
    """How much of what lay about a storm washes in, 0 to 1: most on ground that has long been dry."""
    return np.asarray((1.0 - 1.0 / rise) * np.exp(-np.maximum(wetness - 10.0, 0.0) / 40.0))
