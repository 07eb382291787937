"""Irrigation: when a zone's valve opens, how much flows, and what the meter counts.

A zone is watered on a day that begins with more water depleted than its grower allows, a share of what
is readily available (FAO-56 equation 83), for which no rain is forecast, and whose soil is warm enough for roots to
drink; the forecast is taken to be right. A turn is short, so that a dry spell means a turn every few days. The zones of
a field follow one another: one at a time draws on the main.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Bools, Floats, Ints, Setting, WorldDay
from sectors.agriculture.fields import Fields

#: Share of the metered water that reaches the root zone.
EFFICIENCY = 0.9
#: A day that brings as much rain is left to it, mm.
RAIN_ENOUGH = 4.0
#: Below this soil temperature at 40 cm roots hardly drink, and growers leave the valves shut, Cel.
WARM_ENOUGH = 12.0
#: The longest turn of one zone.
LONGEST_S = 3600
_HALF_HOUR_S = 1800


@dataclass(frozen=True, kw_only=True, eq=False)
class Watering:
    """The watering of one day; of C fields with Z zones.

    Attributes:
        opens_s, open_s: (C, Z) when the valve opens, seconds after the day's start, and for how long.
        flow: (C, Z) of the open valve, m3/h.
        depth_rate: (C, Z) water that reaches the soil while the valve is open, mm/h.
        pressure: (C,) in the main while all valves are shut, kPa.
        pressure_open: (C,) the same while one is open.
    """

    opens_s: Ints
    open_s: Ints
    flow: Floats
    depth_rate: Floats
    pressure: Floats
    pressure_open: Floats

    @property
    def volume(self) -> Floats:
        """(C, Z) water metered in the day, m3."""
        return self.flow * self.open_s / 3600.0

    def depth(self, seconds: Floats) -> Floats:
        """(C, Z, n) water that has reached the soil `seconds` (n,) after the day's start, mm."""
        run = np.clip(seconds - self.opens_s[..., None], 0.0, self.open_s[..., None])
        return np.asarray(run * (self.depth_rate / 3600.0)[..., None])


def water(
    setting: Setting, cells: Ints, fields: Fields, world: WorldDay, *, depleted: Floats, wanted: Bools
) -> Watering:
    """The day's watering.

    Parameters:
        depleted: (C, Z) root zone depletion at the day's start, mm.
        wanted: (C, Z) whether the zone is to be watered.
    """
    daily = 1.0 + 0.03 * setting.streams.normal("agriculture.main", cells, world.index)
    pressure = fields.pressure * daily
    pressure_open = pressure * (1.0 - fields.pressure_drop)
    # An orifice: flow goes with the square root of the pressure.
    applied = fields.rate * np.sqrt(pressure_open / 200.0)
    depth_rate = np.repeat((EFFICIENCY * applied)[:, None], depleted.shape[1], axis=1)
    minutes = np.minimum(np.floor(depleted / depth_rate * 60.0), LONGEST_S // 60)
    open_s = np.where(wanted, minutes, 0).astype(np.int64) * 60
    turn = -(-open_s // _HALF_HOUR_S) * _HALF_HOUR_S
    return Watering(
        opens_s=fields.opens_s[:, None] + np.cumsum(turn, axis=1) - turn,
        open_s=open_s,
        flow=np.repeat((applied / 1000.0 * fields.area_m2)[:, None], depleted.shape[1], axis=1),
        depth_rate=depth_rate,
        pressure=pressure,
        pressure_open=pressure_open,
    )
