"""What a day's weather asks of the soil: evaporative demand, rain and the warmth of the surface.

Demand and warmth are the site's; rain is each field's own, for showers pass one field and miss the next.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import GRID_H, integral
from park.model import GRID_POINTS, Bools, Floats, Ints, Place, Setting, WorldDay
from sectors.agriculture import et0
from sectors.agriculture.catalogue import WEATHER_STATION

#: The soil's grid is every sixth instant of the day's: half-hours.
STRIDE = 6
POINTS = (GRID_POINTS - 1) // STRIDE + 1
HOURS: Floats = np.arange(POINTS, dtype=np.float64) * (STRIDE * GRID_H)

#: Warming of the soil's surface over the air by the sun, Cel per W/m2, and cooling by a clear sky, Cel.
_SUN_WARMS = 0.010
_SKY_COOLS = 1.2
#: Freezing n-factor (Lunardini 1978): how far litter and freezing water let frost into the surface.
_FROST_ENTERS = 0.4
_APART = 2  # points of the grid by which a spell may begin or end earlier or later at a field

# Rain soaks in half an hour late, so that no soil grows wet before the rain; towards the day's end the
# delay shrinks to nothing, so that a day owes no water to the next.
_SOAKED = np.maximum(np.arange(POINTS) * STRIDE - STRIDE, 0)
_SOAKED[-2:] = GRID_POINTS - 1 - 3 * STRIDE // 2, GRID_POINTS - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Drivers:
    """The weather of S sites as the soil meets it, on its grid of n = `POINTS` half-hours.

    Attributes:
        et0: (S, n) reference evapotranspiration since the day's start, mm.
        surface: (S, n) temperature of the soil's surface, Cel.
    """

    et0: Floats
    surface: Floats


def drivers(world: WorldDay, elevation_m: float) -> Drivers:
    """The drivers of one day."""
    warmed = world.temperature + _SUN_WARMS * world.ghi - _SKY_COOLS * (1.0 - world.cloud_cover)
    return Drivers(
        et0=integral(et0_rate(world, elevation_m))[:, ::STRIDE],
        surface=np.where(warmed < 0.0, _FROST_ENTERS * warmed, warmed)[:, ::STRIDE],
    )


def rain_on(setting: Setting, cells: Ints, world: WorldDay) -> Floats:
    """(C, GRID_POINTS) intensity of the rain on each field, mm/h: what its weather station sees."""
    site = setting.site_of(cells)
    falling = world.precipitation[site]
    if world.fine is None:  # a day made by hand: it rains alike everywhere
        return falling
    row, point = np.nonzero(_about_rain(world.precipitation)[site])
    if not len(row):  # as on most days
        return falling
    stand = station_places(setting, cells)
    where = Place(latitude=stand.latitude[row], longitude=stand.longitude[row])
    own = np.zeros_like(falling)
    own[row, point] = world.instants.precipitation(site[row], where, point.astype(np.float64))
    return own


def station_places(setting: Setting, cells: Ints) -> Place:
    """(C,) where the weather stations of these cells stand."""
    kind = WEATHER_STATION.name
    return setting.places.devices(kind, cells * setting.per_cell[kind])


def _about_rain(precipitation: Floats) -> Bools:
    """(S, GRID_POINTS) where it may rain somewhere about the site: spells begin and end some minutes apart."""
    wet = precipitation > 0.0
    near = wet.copy()
    for apart in range(1, _APART + 1):
        near[:, apart:] |= wet[:, :-apart]
        near[:, :-apart] |= wet[:, apart:]
    return near


def soaked(rain: Floats) -> Floats:
    """(C, n) rain that has soaked in since the day's start, runoff not yet taken off, mm, of (C, GRID_POINTS) mm/h."""
    return integral(rain)[:, _SOAKED]


def et0_rate(world: WorldDay, elevation_m: float) -> Floats:
    """(S, GRID_POINTS) reference evapotranspiration, mm/h (FAO-56 equation 53); dew is left out."""
    day_of_year = np.asarray(float(world.date.timetuple().tm_yday))
    above = et0.SOLAR_CONSTANT * et0.sun_distance(day_of_year) * np.sin(np.deg2rad(world.sun_elevation))
    clear = et0.clear_sky_radiation(np.maximum(above, 0.0), elevation_m)
    rate = et0.et0_hourly(
        temperature=world.temperature,
        relative_humidity=world.relative_humidity,
        wind_2m=et0.wind_at_2m(world.wind_speed),
        solar=et0.MJ_PER_HOUR * np.maximum(world.ghi, 0.0),
        clearness=_clearness(world, clear),
        daylight=world.sun_elevation > 0.0,
        pressure_kpa=0.1 * world.atmospheric_pressure,
    )
    return np.maximum(rate, 0.0)


def _clearness(world: WorldDay, clear: Floats) -> Floats:
    """Rs / Rso of the moment; that of the whole day while the sun stands too low to tell."""
    of_day = integral(world.ghi)[:, -1:] / np.maximum(integral(clear)[:, -1:], 1e-6)
    high = world.sun_elevation > 17.0
    of_moment = world.ghi / np.where(high, clear, 1.0)
    return np.clip(np.where(high, of_moment, of_day), 0.3, 1.0)
