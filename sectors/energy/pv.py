"""Photovoltaics: irradiance on tilted roofs, cell temperature, modules and inverters.

References:
    Hay & Davies (1980). Calculation of the solar radiation incident on an inclined surface.
    Souka & Safwat (1966), with ASHRAE 93-77: the incidence angle modifier of the cover.
    Faiman (2008). Assessing the outdoor operating temperature of photovoltaic modules. Prog. Photovolt. 16.
    Dobos (2014). PVWatts Version 5 Manual. NREL/TP-6A20-62641.
"""

from dataclasses import dataclass

import numpy as np

from park.model import GRID_POINTS, Floats, Ints, Place, Streams, WorldDay
from sectors.energy.weather import SiteWeather

ALBEDO = 0.2
COVER_B0 = 0.05
FAIMAN_U0 = 25.0  # W/m2/K
FAIMAN_U1 = 6.84  # W/m2/K per m/s
POWER_PER_KELVIN = -0.0035
SYSTEM_LOSS = 0.14
INVERTER_NOMINAL = 0.96
INVERTER_REFERENCE = 0.9637
_RATINGS_KW = np.array([10.0, 12.0, 12.0, 15.0, 15.0])
_DARK = 15.0  # W/m2: below, clouds are not resolved
#: Minutes of a step of the grid, and those between its ends.
MINUTES = 5
_INNER = np.arange(1, MINUTES) / MINUTES


@dataclass(frozen=True, kw_only=True, eq=False)
class Roofs:
    """Modules and inverters, (rows,) each.

    Attributes:
        rated_ac: of the inverter, kW.
        rated_dc: of the modules under standard conditions, soiling included, kW.
        east, north, up: the unit vector on which the modules look.
    """

    rated_ac: Floats
    rated_dc: Floats
    east: Floats
    north: Floats
    up: Floats

    @property
    def limit_dc(self) -> Floats:
        """The DC power at which the inverter reaches its rating, kW."""
        return self.rated_ac / INVERTER_NOMINAL


@dataclass(frozen=True, kw_only=True, eq=False)
class Solar:
    """A day of PV, (rows, points) each: kW, kW, Cel."""

    ac: Floats
    dc: Floats
    module_temperature: Floats


def roofs(streams: Streams, device: Ints, unit: Ints) -> Roofs:
    """The roofs of these devices: the first of a cell faces south, the others about south-east and south-west."""
    rated_ac = _RATINGS_KW[(streams.uniform("energy.pv.rating", device) * len(_RATINGS_KW)).astype(np.int64)]
    tilt = np.radians(12.0 + 18.0 * streams.uniform("energy.pv.tilt", device))
    towards = np.array([180.0, 115.0, 245.0])[unit % 3]
    azimuth = np.radians(towards + 40.0 * (streams.uniform("energy.pv.azimuth", device) - 0.5))
    oversize = 1.05 + 0.3 * streams.uniform("energy.pv.oversize", device)
    clean = 0.94 + 0.06 * streams.uniform("energy.pv.soiling", device)
    return Roofs(
        rated_ac=rated_ac,
        rated_dc=rated_ac * oversize * clean,
        east=np.sin(tilt) * np.sin(azimuth),
        north=np.sin(tilt) * np.cos(azimuth),
        up=np.cos(tilt),
    )


def plane_of_array(
    *, up: Floats, cos_aoi: Floats, sun_up: Floats, ghi: Floats, dni: Floats, dhi: Floats, extra: Floats | float
) -> Floats:
    """Effective irradiance on tilted modules, W/m2.

    Hay & Davies: the part dni/extra of the diffuse light comes from around the sun, the rest evenly from the
    sky; the ground reflects. Direct light at a slant is lost at the cover as by ASHRAE.

    Args:
        up: cosine of the tilt.
        cos_aoi: cosine of the angle of incidence.
        sun_up: sine of the sun's elevation.
        ghi: global horizontal irradiance, W/m2.
        dni: direct normal irradiance, W/m2.
        dhi: diffuse horizontal irradiance, W/m2.
        extra: normal irradiance outside the atmosphere, W/m2.
    """
    facing = np.maximum(cos_aoi, 0.0)
    # 1 - b0 (1 / cos - 1), times cos; nothing beyond 87 degrees.
    covered = np.maximum(facing * (1.0 + COVER_B0) - COVER_B0, 0.0)
    around = dni * (1.0 / extra)
    beam = dni * covered
    diffuse = dhi * (around * covered / np.maximum(sun_up, 0.087) + (1.0 - around) * (1.0 + up) / 2)
    return np.asarray(beam + diffuse + ghi * (ALBEDO * (1.0 - up) / 2))


def module_temperature(irradiance: Floats, air: Floats, wind_speed: Floats) -> Floats:
    """Faiman's module temperature, Cel."""
    return air + irradiance / (FAIMAN_U0 + FAIMAN_U1 * wind_speed)


def inverter_ac(dc: Floats, limit_dc: Floats) -> Floats:
    """PVWatts' AC power of an inverter, equations 8 to 11; `dc` is at most `limit_dc`; kW."""
    load = dc / limit_dc
    curve = (0.9858 - 0.0162 * load) * load - 0.0059
    return np.maximum(curve * limit_dc * (INVERTER_NOMINAL / INVERTER_REFERENCE), 0.0)


def solar(roofs: Roofs, row: Ints, weather: SiteWeather) -> Solar:
    """A day of PV on roofs under these rows of the weather."""
    shape = (len(row), GRID_POINTS)
    ac, dc, module = np.zeros(shape), np.zeros(shape), weather.temperature[row]
    lit = np.flatnonzero((weather.sun_elevation > 0).any(axis=0))
    if len(lit):
        by_day = slice(lit[0], lit[-1] + 1)
        irradiance = _irradiance(roofs, row, weather, by_day)
        hot = module_temperature(irradiance, module[:, by_day], weather.wind_speed[row, by_day])
        limit = roofs.limit_dc[:, None]
        rated = (roofs.rated_dc * ((1.0 - SYSTEM_LOSS) / 1000.0))[:, None]
        made = np.minimum(rated * irradiance * (1.0 + POWER_PER_KELVIN * (hot - 25.0)), limit)
        module[:, by_day], dc[:, by_day], ac[:, by_day] = hot, made, inverter_ac(made, limit)
    return Solar(ac=ac, dc=dc, module_temperature=module)


def by_minute(ac: Floats, limit: Floats, brightness: Floats) -> Floats:
    """AC power at every minute, kW, (rows, minutes): clouds' edges between the instants of the grid.

    At those instants, and over every step of the grid, it is what the grid says, so that registers are true. Where a
    step would pass the inverter's rating or zero, its contrast is less.

    Args:
        ac: on the grid, (rows, points).
        limit: rated AC power, (rows,).
        brightness: irradiance over the grid's at the minutes between two instants, (rows, points - 1, MINUTES - 1).
    """
    left, right = ac[:, :-1, None], ac[:, 1:, None]
    line = left + (right - left) * _INNER
    stray = line * (brightness - 1.0)
    mean = stray[..., 0]
    for one in range(1, MINUTES - 1):
        mean = mean + stray[..., one]
    stray -= mean[..., None] / (MINUTES - 1)
    room = np.where(stray > 0, limit[:, None, None] - line, line) / np.maximum(np.abs(stray), 1e-9)
    stray *= np.minimum(room.min(axis=-1, keepdims=True), 1.0)
    steps = np.concatenate([left, line + stray], axis=-1).reshape(len(ac), -1)
    return np.asarray(np.maximum(np.concatenate([steps, ac[:, -1:]], axis=1), 0.0))


def brightness(world: WorldDay, site: Ints, where: Place) -> Floats:
    """Irradiance at the minutes between instants over the site's line, (places, points - 1, MINUTES - 1)."""
    ghi = world.ghi[site]
    line = ghi[:, :-1, None] + (ghi[:, 1:, None] - ghi[:, :-1, None]) * _INNER
    ratio = np.ones_like(line)
    place, step = np.nonzero(np.minimum(ghi[:, :-1], ghi[:, 1:]) > _DARK)
    x = (step[:, None] + _INNER).reshape(-1)
    each = np.repeat(place, MINUTES - 1)
    here = Place(latitude=where.latitude[each], longitude=where.longitude[each])
    ratio[place, step] = world.instants.irradiance(site[each], here, x)[0].reshape(-1, MINUTES - 1) / line[place, step]
    return ratio


def _irradiance(roofs: Roofs, row: Ints, weather: SiteWeather, by_day: slice) -> Floats:
    elevation = np.radians(weather.sun_elevation[:, by_day])
    azimuth = np.radians(weather.sun_azimuth[:, by_day])
    sun_up = np.sin(elevation)
    flat = np.cos(elevation)
    cos_aoi = (
        (flat * np.sin(azimuth))[row] * roofs.east[:, None]
        + (flat * np.cos(azimuth))[row] * roofs.north[:, None]
        + sun_up[row] * roofs.up[:, None]
    )
    extra = 1361.0 * (1.0 + 0.033 * np.cos(2 * np.pi * weather.day_of_year / 365))
    shining = weather.sun_elevation[:, by_day] > 0
    ghi, dni, dhi = (np.where(shining, part[:, by_day], 0.0)[row] for part in (weather.ghi, weather.dni, weather.dhi))
    return plane_of_array(
        up=roofs.up[:, None], cos_aoi=cos_aoi, sun_up=sun_up[row], ghi=ghi, dni=dni, dhi=dhi, extra=extra[row][:, None]
    )
