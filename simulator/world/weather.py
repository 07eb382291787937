"""From the days' weather to the weather of each instant at each site.

The sites share the town's days; what differs between them is noise correlated by exp(-d / 50 km) from
hour to hour and exp(-d / 3 km) from minute to minute: a front reaches all, a cloud one after another.
"""

from dataclasses import dataclass

import numpy as np

from park.model import GRID_POINTS, Floats, Ints, Streams
from simulator.world import air, rain, sky
from simulator.world.chain import Days
from simulator.world.clock import HOURS, grid_clock, hour_clock
from simulator.world.fields import autoregressive, correlated, mixing
from simulator.world.sun import clear_sky, position

_STEPS = GRID_POINTS - 1
_HOURLY_KM, _TEXTURE_KM = 50.0, 3.0
_HOURLY_LAG = np.array((0.80, 0.90, 0.90, 0.87, 0.90, 0.80))  # cloud, warmth, dew, wind, veer, rain
_TEXTURE_LAG = np.array((0.72, 0.50, 0.75))  # gaps between clouds, gusts, showers
_FIRST_STEP = 48  # of the town day after midnight

_CLOUD_DRY, _CLOUD_WET = 0.22, 0.95
_CLOUD_CONTRAST = 0.95


@dataclass(frozen=True, kw_only=True, eq=False)
class Air:
    """The fields of `park.model.WorldDay` that have sites, by its names."""

    temperature: Floats
    relative_humidity: Floats
    atmospheric_pressure: Floats
    wind_speed: Floats
    wind_direction: Floats
    cloud_cover: Floats
    precipitation: Floats
    ghi: Floats
    dni: Floats
    dhi: Floats
    ghi_clear: Floats
    sun_elevation: Floats
    sun_azimuth: Floats


class Weather:
    """The weather of a town's sites.

    Args:
        streams: randomness.
        latitude, longitude: of each site, (sites,).
        height_m: above sea level.
        utc_offset_h: local time less UTC.
    """

    def __init__(
        self, streams: Streams, latitude: Floats, longitude: Floats, height_m: float, utc_offset_h: float
    ) -> None:
        self._streams = streams
        self._latitude = latitude
        self._longitude = longitude
        self._height_m = height_m
        self._utc_offset_h = utc_offset_h
        self._wide = mixing(latitude, longitude, _HOURLY_KM)
        self._near = mixing(latitude, longitude, _TEXTURE_KM)

    def day(self, ordinal: int, times: Ints, days: Days) -> Air:
        """The weather of the town day that begins on the date `ordinal`.

        Args:
            ordinal: proleptic number of the date.
            times: the grid, Unix milliseconds.
            days: from the day before that date to two days after.
        """
        clock = grid_clock()
        steps = np.arange(GRID_POINTS) + _STEPS * ordinal + _FIRST_STEP
        hours = np.arange(HOURS) + 24 * ordinal
        noise = autoregressive(self._streams, "world/hour", _HOURLY_LAG, hours, self._wide)
        cloud, warmth, dew, wind, veer, shower = noise
        gap, gust, burst = autoregressive(self._streams, "world/step", _TEXTURE_LAG, steps, self._near)
        warmer, wetter = self._site_days(ordinal, len(days.wet))

        by_hour = rain.hourly(shower, days.rain[1:3] * np.exp(0.3 * wetter[:, 1:3] - 0.045), days.wet_hours[1:3])
        wet = (by_hour > 0).astype(np.float64)
        clouded = np.maximum(self._cover(days, cloud), np.maximum(wet, _later(wet, 1)))
        hourly = np.stack([clouded, _lingering(wet), 0.6 * warmth, 1.2 * dew, 0.97 * wind, 40 * veer])
        cover, drizzle, warmth, dew, wind, veer = clock.from_hours(hourly)
        season = (days.tmin - days.dew_gap, (days.wet - 0.35) / 0.48, days.wind, days.wind_east, days.wind_north)
        dew_point, stormy, breeze, east, north, linke, pressure = clock.from_noons(
            np.stack([*season, days.linke, days.pressure])
        )
        temperature = self._temperature(days, warmer) + warmth - 1.2 * drizzle
        speed = air.wind_speed(breeze, wind + 0.25 * stormy, clock.hour) * np.exp(0.10 * gust - 0.005)
        sun = position(times, self._latitude, self._longitude)
        ghi_clear = clear_sky(sun, linke, self._height_m)
        ghi = ghi_clear * sky.transmission(cover, gap, drizzle)
        dni, dhi = sky.split(ghi, sun)
        return Air(
            temperature=temperature,
            relative_humidity=air.relative_humidity(temperature, dew_point + dew, drizzle),
            atmospheric_pressure=pressure + air.tide(clock.hour, self._latitude),
            wind_speed=speed,
            wind_direction=air.wind_direction(east, north, veer + 6 * gust),
            cloud_cover=cover,
            precipitation=by_hour[:, clock.node] * np.exp(0.6 * burst - 0.18),
            ghi=ghi,
            dni=dni,
            dhi=dhi,
            ghi_clear=ghi_clear,
            sun_elevation=sun.elevation,
            sun_azimuth=sun.azimuth,
        )

    def _site_days(self, ordinal: int, count: int) -> tuple[Floats, Floats]:
        """By how much each site is warmer and wetter than the town on each day, standard normal, (sites, days)."""
        sort = np.arange(2)[:, None, None]
        sites = np.arange(len(self._latitude))[:, None]
        shocks = self._streams.normal("world/site-day", sort, sites, ordinal - 1 + np.arange(count))
        warmer, wetter = correlated(self._wide, shocks)
        return warmer, wetter

    def _cover(self, days: Days, noise: Floats) -> Floats:
        """Oktas of cloud at each hour, before it rains, as a fraction."""
        mean = _CLOUD_DRY + (_CLOUD_WET - _CLOUD_DRY) * days.wet - 0.90 * days.brightness
        latent = hour_clock().from_noons(mean) + 0.60 * noise
        return sky.oktas(_CLOUD_CONTRAST * latent)

    def _temperature(self, days: Days, warmer: Floats) -> Floats:
        shape = air.arc(days.day_of_year, self._latitude, self._longitude, self._utc_offset_h)
        return air.temperature(grid_clock(), shape, days.tmax + 0.4 * warmer, days.tmin + 0.4 * warmer)


def _later(series: Floats, hours: int) -> Floats:
    """The series `hours` later; the first hours, which no instant of the day uses, stay as they are."""
    shifted = series.copy()
    shifted[:, hours:] = series[:, :-hours]
    return shifted


def _lingering(wet: Floats) -> Floats:
    """How wet the air is at each hour: rain fades from it within three hours."""
    return np.maximum(wet, np.maximum(0.6 * _later(wet, 1), 0.3 * _later(wet, 2)))
