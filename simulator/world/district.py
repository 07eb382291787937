"""The air over a district: a box of city air under a mixed layer, with background, chemistry and rain.

Hourly, by a box that forgets its state within some hours: each hour is reached from a steady start `MEMORY_H` hours
before, so that it does not depend on the day for which it is asked. Nitrogen dioxide and ozone are split at every
instant from the sum of both, for their equilibrium takes a minute.

References:
    Carson, D. J. (1973). The development of a dry inversion-capped convectively unstable boundary layer. QJRMS 99.
    Leighton, P. A. (1961). Photochemistry of Air Pollution. Academic Press.
    Saunders, S. M. et al. (2003). Master Chemical Mechanism v3: photolysis J4. ACP 3, 161-180.
    Luan, T. et al. (2019). Below-cloud wet scavenging of PM2.5. Atmosphere 10(2), 48.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats, Streams
from simulator.world.clock import grid_clock
from simulator.world.fields import autoregressive, mixing, windows

#: Hours of weather needed before the first instant.
MEMORY_H = 16
_CITY_M = 10_000.0
_NO2_UG, _O3_UG = 1.88, 1.96  # ug/m3 of a ppb at 298.15 K and 1013.25 hPa
_NO2_SHARE = 0.15  # of the NOx that leaves the exhausts
_AREA_KM = 12.0  # over which regional air is alike
_PM_LAG, _PM_SPREAD = 0.60, 0.68  # of the logarithm of the region's daily PM2.5
_PM_MEAN = 17.5  # ug/m3 that the region brings, yearly median about
_EPISODE_H = 24
_PLUME_SPREAD = 0.75
_UPWIND_WASH = 0.8  # logarithm of what rain leaves of the particles that come in


@dataclass(frozen=True, kw_only=True, eq=False)
class Drivers:
    """What the box is driven by, at full hours, (days, sites, MEMORY_H + 25); the first `MEMORY_H` before the day.

    Attributes:
        wind: m/s.
        sun: global irradiance, W/m2.
        temperature: Cel.
        rain: mm/h.
        wetness: 0 to 1: it has rained upwind, too.
        road: `road_demand`.
        plume: factor about one of what is emitted, for lorries, works and stoves have hours of their own.
        season: 1 at mid-winter, -1 at mid-summer of the site's hemisphere, (days, 1, 1).
    """

    wind: Floats
    sun: Floats
    temperature: Floats
    rain: Floats
    wetness: Floats
    road: Floats
    season: Floats
    plume: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Box:
    """Means over a district at the hours of the day, (days, sites, 25): ug/m3, ppb, ppb, m."""

    pm25: Floats
    nox: Floats
    ox: Floats
    mixing_height: Floats


def mixing_height(wind: Floats, heat: Floats) -> Floats:
    """Height of the mixed layer, m: of mechanical origin at night, grown by the sun's heat by day (Carson 1973).

    Args:
        wind: at 10 m, m/s.
        heat: kinematic heat flux summed since the night, K m.
    """
    night = np.clip(130 + 65 * wind, 260, 800)
    return np.asarray(np.minimum(np.sqrt(night**2 + 2 * 1.4 / 0.0065 * heat), 2500))


def box(drivers: Drivers, regional_pm: Floats, regional_ox: Floats) -> Box:
    """Carries the box through the hours: dC/dt = q/h + (u/L)(Cb - C) - (vd/h + W) C, exact within each hour.

    Args:
        drivers: by the hour.
        regional_pm: ug/m3, (days, sites, hours).
        regional_ox: NO2 + O3 of the air that comes in, ppb.
    """
    flush = 3600 * np.maximum(drivers.wind, 0.8) / _CITY_M
    flux = 0.18 * drivers.sun / 1200 * 3600  # K m in an hour, rho cp = 1200 J/m3/K
    washed = 3600 * 2.5e-5 * drivers.rain**0.7
    cold = 1 + 0.35 * drivers.season
    nox_in = 1250 * (1.3 * drivers.road + 1.35) * cold * drivers.plume  # ppb m/h
    pm_in = 1700 * (0.4 * drivers.road + 0.8) * cold  # ug/m2/h
    made = 13.0 * drivers.sun / 1000 * np.clip(drivers.temperature - 12, 0, 24) / 5  # ppb of Ox in an hour
    span = drivers.wind.shape[-1] - MEMORY_H

    def at(series: Floats, back: int) -> Floats:
        return series[..., MEMORY_H - back : MEMORY_H - back + span]

    heat = np.zeros_like(at(flux, 0))
    pm, nox, ox = at(regional_pm, MEMORY_H), np.full_like(heat, 12.0), at(regional_ox, MEMORY_H)
    height = heat
    for back in range(MEMORY_H, -1, -1):
        by_day = at(drivers.sun, back) > 20
        heat = np.where(by_day, heat + at(flux, back), 0.35 * heat)
        height = mixing_height(at(drivers.wind, back), heat)
        out = at(flush, back)
        nox = _hour(nox, 7.0 + at(nox_in, back) / height / out, out, 3600 * 0.002 / height)
        pm = _hour(
            pm, at(regional_pm, back) + at(pm_in, back) / height / out, out, 3600 * 0.0015 / height + at(washed, back)
        )
        ox = _hour(ox, at(regional_ox, back) + at(made, back) / out, out, 3600 * 0.004 / height)
    return Box(pm25=pm, nox=nox, ox=ox, mixing_height=height)


def _hour(before: Floats, source: Floats, flush: Floats, loss: Floats) -> Floats:
    """The concentration an hour later, of a source that alone would lead to `source`."""
    rate = flush + loss
    steady = source * flush / rate
    return np.asarray(steady + (before - steady) * np.exp(-rate))


def photostationary(nox: Floats, ox: Floats, photolysis: Floats, temperature: Floats) -> tuple[Floats, Floats]:
    """NO2 and O3 in ppb that make up `nox` and `ox`, in equilibrium (Leighton 1961).

    Args:
        nox: NO + NO2, ppb.
        ox: NO2 + O3, ppb.
        photolysis: of NO2, 1/s.
        temperature: Cel.
    """
    kelvin = temperature + 273.15
    rate = 3.0e-12 * np.exp(-1500 / kelvin) * 2.46e10 * 298.15 / kelvin  # 1/(ppb s)
    total = nox + ox + photolysis / rate
    no2 = (total - np.sqrt(np.maximum(total**2 - 4 * nox * ox, 0))) / 2
    return no2, np.maximum(ox - no2, 0.0)


def photolysis(elevation: Floats, ghi: Floats, ghi_clear: Floats) -> Floats:
    """J(NO2), 1/s, after the Master Chemical Mechanism, dimmed as the irradiance is; 0 at night."""
    cosine = np.maximum(np.sin(np.radians(elevation)), 1e-3)
    clear = 0.01165 * cosine**0.244 * np.exp(-0.267 / cosine)
    return np.asarray(np.where(elevation > 0, clear * ghi / np.maximum(ghi_clear, 1.0), 0.0).clip(0, 0.02))


class Region:
    """The air that the wind brings: an episode lasts for days and reaches all sites.

    Args:
        streams: randomness.
        latitude, longitude: of each site, (sites,).
    """

    def __init__(self, streams: Streams, latitude: Floats, longitude: Floats) -> None:
        self._streams = streams
        self._weights = mixing(latitude, longitude, _AREA_KM)

    def plume(self, ordinal: int, count: int) -> Floats:
        """Of `Drivers`, at its hours."""
        span = MEMORY_H + 25
        hours = 24 * ordinal + 4 - MEMORY_H + np.arange(24 * (count - 1) + span)
        stray = autoregressive(self._streams, "world/plume", np.array((0.55,)), hours, self._weights)
        return np.asarray(np.exp(_PLUME_SPREAD * windows(stray, step=24, size=span)[0] - _PLUME_SPREAD**2 / 2))

    def at_hours(self, ordinal: int, count: int, drivers: Drivers) -> tuple[Floats, Floats]:
        """PM2.5, ug/m3, and Ox, ppb, at the hours of `Drivers`."""
        days = ordinal - 1 + np.arange(count + 2)
        town = autoregressive(self._streams, "world/episode", np.array((_PM_LAG, 0.6)), days, np.ones((1, 1)))
        site = autoregressive(self._streams, "world/episode-site", np.array((_PM_LAG, 0.6)), days, self._weights)
        by_day = windows(0.85 * town + 0.53 * site, step=1, size=3)
        # Hours of the clock from 04:00 - MEMORY_H; a day's own value is reached at its noon.
        hours = 4 - MEMORY_H + np.arange(MEMORY_H + 25) + 12
        node, part = hours // _EPISODE_H, (hours % _EPISODE_H) / _EPISODE_H
        episode = by_day.take(node, axis=-1) * (1 - part) + by_day.take(node + 1, axis=-1) * part
        season = drivers.season
        pm = _PM_MEAN * np.exp(_PM_SPREAD * episode[0] + 0.52 * season - _UPWIND_WASH * drivers.wetness)
        ox = 40 - 2 * season + 7.0 * episode[1] + 0.45 * (drivers.temperature - 16)
        return pm, np.maximum(ox, 12.0)


def gases(box_now: Box, temperature: Floats, j: Floats) -> tuple[Floats, Floats, Floats]:
    """PM2.5, NO2 and O3 on the grid, ug/m3, (days, sites, GRID_POINTS)."""
    pm, nox, ox = (_on_grid(series) for series in (box_now.pm25, box_now.nox, box_now.ox))
    no2, o3 = photostationary(nox, ox + _NO2_SHARE * nox, j, temperature)
    return pm, _NO2_UG * no2, _O3_UG * o3


def _on_grid(series: Floats) -> Floats:
    """Values at the hours of a town day, drawn out over its grid."""
    clock = grid_clock()
    at = clock.node - int(clock.node[0])
    padded = np.concatenate([series, series[..., -1:]], axis=-1)
    return np.asarray(padded.take(at, axis=-1) * (1 - clock.node_part) + padded.take(at + 1, axis=-1) * clock.node_part)
