"""The world as microgrids meet it, of one day or of several that are worked out together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from park.model import Bools, Floats, Ints, WorldDay

_BY_DAY = ("index", "workday", "weekday")
_BY_SITE = (
    *("temperature", "wind_speed", "ghi", "dni", "dhi", "sun_elevation", "sun_azimuth"),
    *("at_home", "at_work", "under_way", "out", "supply_voltage"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteWeather:
    """Weather, people and calendar: a row for every site of the first day, then of the next.

    The names are `WorldDay`'s.

    Attributes:
        days: how many.
        index, workday, weekday, day_of_year: of the row's day, (rows,).
        temperature, wind_speed, ghi, dni, dhi, sun_elevation, sun_azimuth: (rows, points).
        at_home, at_work, under_way, out, supply_voltage: (rows, points).
    """

    days: int
    index: Ints
    workday: Bools
    weekday: Ints
    day_of_year: Ints
    temperature: Floats
    wind_speed: Floats
    ghi: Floats
    dni: Floats
    dhi: Floats
    sun_elevation: Floats
    sun_azimuth: Floats
    at_home: Floats
    at_work: Floats
    under_way: Floats
    out: Floats
    supply_voltage: Floats

    def rows(self, site: Ints) -> Ints:
        """DeviceRows of devices that stand at these sites on the first day, on the next and so on, (devices,)."""
        first = np.arange(self.days) * (len(self.index) // self.days)
        return site + np.repeat(first, len(site) // self.days)


def weather(worlds: Sequence[WorldDay]) -> SiteWeather:
    """The weather of these days."""
    sites = len(worlds[0].temperature)
    by_day = {name: np.array([getattr(world, name) for world in worlds]) for name in _BY_DAY}
    by_day["day_of_year"] = np.array([world.date.timetuple().tm_yday for world in worlds])
    return SiteWeather(
        days=len(worlds),
        **{name: values.repeat(sites) for name, values in by_day.items()},
        **{name: np.concatenate([getattr(world, name) for world in worlds]) for name in _BY_SITE},
    )
