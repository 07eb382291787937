"""A bay of the lake: warmth and oxygen that remember days, algae that remember weeks, and a surface that wind turns.

References:
    Benson, B. B. & Krause, D. (1984). Oxygen in fresh water in equilibrium with the atmosphere. L&O 29, 620-632.
    Cole, J. J. & Caraco, N. F. (1998). Gas exchange in a low-wind lake: kL = 2.07 + 0.215 U^1.7 cm/h. L&O 43.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import STEPS
from park.model import Carry, Floats, Ints, Setting, WorldDay
from sectors.environment.reservoir import relax

_DEPTH_M = 2.0
_WARMTH_TAU_H = 60.0
_SUN_WARMS, _SKY_COOLS = 0.011, 0.4  # Cel per W/m2 of equilibrium above the air; Cel
_BLOOM_TAU_D = 7.0
_QUIET, _FULL = np.log(7.0), np.log(50.0)  # ug/L of chlorophyll in winter and in a warm calm
_MADE, _HALF_LIGHT = 0.0165, 250.0  # mg O2 per ug and hour at 20 Cel under full light; W/m2
_USED, _BED = 0.0037, 0.015  # mg/(ug h) and mg/(L h) at 20 Cel
#: Water under a bloom fizzes, and fish come up for air, before it goes beyond these.
_OXYGEN = (0.2, 24.0)
_SMOOTH = 6  # steps to either side over which wind works on the surface


@dataclass(frozen=True, kw_only=True, eq=False)
class LakeDay:
    """C bays through a day, or several, (D * C, GRID_POINTS): Cel, mg/L, ug/L, m/s.

    Attributes:
        algae: logarithm of the chlorophyll.
        blowing: wind of the instant.
    """

    temperature: Floats
    oxygen: Floats
    algae: Floats
    chlorophyll: Floats
    blowing: Floats

    @cached_property
    def wind(self) -> Floats:
        """What works on the surface."""
        return _smooth(self.blowing)


def begin(setting: Setting, cells: Ints) -> Carry:
    """A January morning."""
    return {
        "lake_temperature": np.full(len(cells), 5.0),
        "lake_oxygen": np.full(len(cells), 12.0),
        "lake_algae": _QUIET + 0.2 * setting.streams.normal("lake.begin", cells),
    }


def saturation(temperature: Floats) -> Floats:
    """Oxygen in fresh water under air at 1013.25 hPa, mg/L (Benson & Krause 1984); `temperature` in Cel."""
    kelvin = temperature + 273.15
    powers = -139.34411 + 1.575701e5 / kelvin - 6.642308e7 / kelvin**2 + 1.243800e10 / kelvin**3
    return np.asarray(np.exp(powers - 8.621949e11 / kelvin**4))


def equilibrium(world: WorldDay) -> Floats:
    """(S, GRID_POINTS) temperature to which standing water tends, Cel."""
    clear = _SKY_COOLS * (1.0 - world.cloud_cover)
    return np.asarray(np.maximum(world.temperature + _SUN_WARMS * world.ghi - clear, 0.5))


def lake_day(days: Days, carry: Carry) -> LakeDay:
    """The days of these bays."""
    temperature = relax(carry["lake_temperature"], days.weather(equilibrium)[days.site], _WARMTH_TAU_H)
    algae = _algae(days, carry, temperature[:, 0])
    chlorophyll = np.exp(algae)
    wind, sun = days.weather(lambda world: world.wind_speed), days.weather(lambda world: world.ghi)
    light = (_MADE * (sun / (sun + _HALF_LIGHT)) - _USED)[days.site]
    exchange = ((2.07 + 0.215 * wind.mean(axis=1) ** 1.7) / 100 / _DEPTH_M)[days.site]  # 1/h
    made = chlorophyll * light * 1.047 ** (temperature - 20.0) - _BED * 1.065 ** (temperature - 20.0)
    target = saturation(temperature) + made / exchange[:, None]
    oxygen = relax(carry["lake_oxygen"], target, 1.0 / exchange, limits=_OXYGEN)
    return LakeDay(
        temperature=temperature, oxygen=oxygen, algae=algae, chlorophyll=chlorophyll, blowing=wind[days.site]
    )


def after(day: LakeDay, bays: int) -> Carry:
    """What the last day leaves in so many bays."""
    return {
        "lake_temperature": day.temperature[-bays:, -1].copy(),
        "lake_oxygen": np.clip(day.oxygen[-bays:, -1], *_OXYGEN),
        "lake_algae": np.log(day.chlorophyll[-bays:, -1]),
    }


def _algae(days: Days, carry: Carry, temperature: Floats) -> Floats:
    """(D * C, GRID_POINTS) logarithm of chlorophyll, ug/L: a day's step, along a straight line.

    Growth is a relaxation to what warmth, light and calm of the day would keep; `temperature`, (D * C,), at 04:00.
    """
    warm = 1 / (1 + np.exp(-(temperature - 19.0) / 3.5))
    bright = days.weather(lambda world: np.clip(world.ghi.mean(axis=1) / 200.0, 0.2, 1.6))[days.site]
    calm = days.weather(lambda world: np.clip(1.25 - 0.1 * world.wind_speed.mean(axis=1), 0.4, 1.25))[days.site]
    goal = _QUIET + (_FULL - _QUIET) * warm * (0.75 + 0.15 * bright) * calm
    stray = 0.10 * days.setting.streams.normal("lake.algae", days.cells, days.index)
    start, starts, ends = carry["lake_algae"], np.empty_like(goal), np.empty_like(goal)
    for first in range(0, len(goal), len(start)):
        day = slice(first, first + len(start))
        starts[day], ends[day] = start, start + (goal[day] - start) * (1 - np.exp(-1 / _BLOOM_TAU_D)) + stray[day]
        start = np.log(np.exp(start + (ends[day] - start)))  # as it is carried
    return np.asarray(starts[:, None] + (ends - starts)[:, None] * (np.arange(STEPS + 1) / STEPS))


def _smooth(wind: Floats) -> Floats:
    """(C, GRID_POINTS) mean over an hour, less towards the ends of the day, where only the instant counts."""
    total = np.zeros((len(wind), STEPS + 2))
    np.cumsum(wind, axis=1, out=total[:, 1:])
    at = np.arange(STEPS + 1)
    reach = np.minimum(np.minimum(at, STEPS - at), _SMOOTH)
    mean = (total[:, at + reach + 1] - total[:, at - reach]) / (2 * reach + 1)
    mean[:, [0, -1]] = wind[:, [0, -1]]
    return np.asarray(mean)


def surface(day_chlorophyll: Floats, wind: Floats) -> Floats:
    """Chlorophyll at 0.5 m, ug/L: in a calm, scum gathers where there is enough of it; wind mixes it in."""
    scum = 1 / (1 + np.exp((wind - 2.4) / 0.45)) * np.clip((day_chlorophyll - 12.0) / 25.0, 0.0, 1.0)
    return np.asarray(day_chlorophyll * (1 + 3.0 * scum) * (1.0 - 0.03 * np.minimum(wind, 8.0)))


def turbidity(wind: Floats, chlorophyll: Floats) -> Floats:
    """{NTU}: waves stir the bed of a shallow lake from 4 m/s on."""
    return np.asarray(16.0 + 0.15 * chlorophyll + 9.0 * np.maximum(wind - 3.2, 0.0) ** 1.6)
