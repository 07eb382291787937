"""From the days' weather to the weather of each instant at each site.

The sites share the town's days; what differs between them is noise correlated by exp(-d / 30 km) from hour to hour, for
cloud and rain exp(-d / 80 km), and exp(-d / 3 km) from minute to minute: a front reaches all, a cloud
one after another.
"""

from dataclasses import dataclass, fields

import numpy as np

from park.model import GRID_POINTS, Bools, Floats, Ints, Streams
from simulator.world import air, rain, sky
from simulator.world.chain import Days
from simulator.world.climate import Climate
from simulator.world.clock import DAYS, HOURS, grid_clock, hour_clock
from simulator.world.fields import autoregressive, correlated, mixing, windows
from simulator.world.fronts import Fronts, delays, fronts
from simulator.world.sun import clear_sky, position

_STEPS = GRID_POINTS - 1
_HOURLY_KM, _CLOUD_KM, _TEXTURE_KM = 30.0, 80.0, 3.0
_SLOW_LAG = np.array((0.90, 0.90, 0.87, 0.90))  # warmth, dew, wind, veer
_QUICK_LAG = np.array((0.80, 0.80))  # cloud, rain
_ROUGH_LAG = np.array((0.25, 0.25))  # warmth, dew
_PRESSURE_LAG = np.array((0.88,))
_TEXTURE_LAG = np.array((0.86, 0.50, 0.75))  # gaps between clouds, gusts, showers
_WINDY_LAG = np.array((0.50,))  # of days
_FIRST_STEP = 48  # of the town day after midnight

_TODAY = slice(1, 3)  # the calendar days over which a town day reaches
_WARMTH_SPREAD, _DEW_SPREAD, _VEER_SPREAD = 0.85, 1.0, 65.0  # Cel, Cel, degrees
_ROUGH_WARMTH, _ROUGH_DEW, _ROUGH_PRESSURE = 0.45, 0.30, 1.15  # Cel, Cel, hPa
_RAIN_COOLS = 1.2  # Cel
_USUAL_SPREAD = 3.7  # of a day's maximum, Cel, and its pressure, hPa, in the climate for which the above were set
# Shares of wind that wet days bring, that comes with the day, and that comes by itself; squares add up to one.
_STORM, _WINDY, _BREEZE = 0.25, 0.55, 0.797
_GUST_VEERS = 6.0  # degrees
_UNEQUAL_RAIN = 0.3  # log-normal spread of a day's rain between sites
_SITE_WARMER = 0.6  # Cel
_CLOUD_WET = 0.95
_CLOUD_CONTRAST = 0.95
_CLOUD_AHEAD = 0.3  # of the rain's excess below which its clouds are not yet there


@dataclass(frozen=True, kw_only=True, eq=False)
class Air:
    """The fields of `park.model.WorldDay` that have sites, by its names; (days, sites, GRID_POINTS) each.

    And `wetness`, 0 to 1: how wet rain has left the air, fading within three hours; `rain_excess` and `rain_depth` of
    `rain.intensity`, from which the rain between the instants is made.
    """

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
    wetness: Floats
    rain_excess: Floats
    rain_depth: Floats


class Weather:
    """The weather of a town's sites.

    Args:
        streams: randomness.
        latitude, longitude: of each site, (sites,).
        climate: for how rough its air is.
        height_m: above sea level.
        utc_offset_h: local time less UTC.
    """

    def __init__(
        self,
        streams: Streams,
        latitude: Floats,
        longitude: Floats,
        *,
        climate: Climate,
        height_m: float,
        utc_offset_h: float,
    ) -> None:
        self._streams = streams
        self._latitude = latitude
        self._longitude = longitude
        self._height_m = height_m
        self._utc_offset_h = utc_offset_h
        self._wide = mixing(latitude, longitude, _HOURLY_KM)
        self._broad = mixing(latitude, longitude, _CLOUD_KM)
        self._near = mixing(latitude, longitude, _TEXTURE_KM)
        # An air that is much the same every day is so from hour to hour, too.
        self._warmth_scale = float(np.clip(climate.spread_tmax.mean() / _USUAL_SPREAD, 0.3, 1.3))
        self._pressure_scale = float(np.clip(climate.spread_pressure.mean() / _USUAL_SPREAD, 0.5, 1.4))
        self._wet_share = float(climate.wet.mean())
        self._late = delays(latitude, longitude)
        self._first_latitude = float(latitude[0])

    def days(self, ordinal: int, times: Ints, calendar: Days) -> Air:
        """The weather of consecutive town days; many made together cost half of what they cost one by one.

        Args:
            ordinal: proleptic number of the date on which the first begins.
            times: the grid of each, (days, GRID_POINTS), Unix milliseconds.
            calendar: from the day before that date to two days after the last.
        """
        clock = grid_clock()
        days = _around(calendar)
        noise, (gap, gust, burst) = self._noise(ordinal, len(times))
        warmer, wetter = self._site_days(ordinal, len(calendar.wet))
        daily = clock.from_noons(self._noons(ordinal, days))
        dew_point, stormy, breeze, east, north, linke, pressure, burstiness, windy = daily
        spells = rain.spells(noise["rain"], days.rain * _about_one(wetter, _UNEQUAL_RAIN), days.wet_hours[..., _TODAY])
        excess = clock.from_hours(spells.excess)
        depth = clock.from_hours(spells.depth) * _about_one(burst, burstiness)
        cover, drizzle, warmth, dew, wind, veer = clock.from_hours(self._hours(days, noise, spells.excess > 0))
        cover = np.maximum(cover, np.clip(1 + excess / _CLOUD_AHEAD, 0, 1))
        front = self._fronts(ordinal, days)
        temperature = self._temperature(days, warmer) + warmth - _RAIN_COOLS * drizzle + front.warmth
        speed = air.wind_speed(breeze, _BREEZE * wind + _STORM * stormy + _WINDY * windy + front.wind, clock.hour)
        unrest = clock.from_hours(noise["pressure"])
        return Air(
            temperature=temperature,
            relative_humidity=air.relative_humidity(temperature, dew_point + dew, drizzle),
            atmospheric_pressure=pressure + unrest + front.pressure + air.tide(clock.hour, self._latitude),
            wind_speed=speed * _about_one(gust, 0.10),
            wind_direction=air.wind_direction(east, north, veer + _GUST_VEERS * gust + front.veer),
            cloud_cover=cover,
            precipitation=rain.intensity(excess, depth),
            wetness=drizzle,
            rain_excess=excess,
            rain_depth=depth,
            **self._radiation(times, linke, sky.transmission(cover, gap, drizzle)),
        )

    def _radiation(self, times: Ints, linke: Floats, transmission: Floats) -> dict[str, Floats]:
        """The fields of `Air` that the sun makes."""
        sun = position(times[:, None], self._latitude, self._longitude)
        clear = clear_sky(sun, linke, self._height_m)
        ghi = clear * transmission
        dni, dhi = sky.split(ghi, sun)
        return {
            "ghi": ghi,
            "dni": dni,
            "dhi": dhi,
            "ghi_clear": clear,
            "sun_elevation": sun.elevation,
            "sun_azimuth": sun.azimuth,
        }

    def _noise(self, ordinal: int, count: int) -> tuple[dict[str, Floats], Floats]:
        """By hour, by name, and by step of the grid, (days, sites, HOURS or GRID_POINTS) each."""
        hours = 24 * ordinal + np.arange(24 * (count - 1) + HOURS)
        steps = _STEPS * ordinal + _FIRST_STEP + np.arange(_STEPS * count + 1)

        def by_hour(name: str, lags: Floats, weights: Floats) -> Floats:
            return windows(autoregressive(self._streams, name, lags, hours, weights), step=24, size=HOURS)

        warmth, dew, wind, veer = by_hour("world/hour", _SLOW_LAG, self._wide)
        cloud, wet = by_hour("world/hour-cloud", _QUICK_LAG, self._broad)
        rough_warmth, rough_dew = by_hour("world/hour-rough", _ROUGH_LAG, self._wide)
        (pressure,) = by_hour("world/hour-pressure", _PRESSURE_LAG, np.ones((1, 1)))
        noise = {
            "warmth": self._warmth_scale * (_WARMTH_SPREAD * warmth + _ROUGH_WARMTH * rough_warmth),
            "dew": self._warmth_scale * (_DEW_SPREAD * dew + _ROUGH_DEW * rough_dew),
            "wind": wind,
            "veer": _VEER_SPREAD * veer,
            "cloud": cloud,
            "rain": wet,
            "pressure": self._pressure_scale * _ROUGH_PRESSURE * pressure,
        }
        by_step = autoregressive(self._streams, "world/step", _TEXTURE_LAG, steps, self._near)
        return noise, windows(by_step, step=_STEPS, size=GRID_POINTS)

    def _hours(self, days: Days, noise: dict[str, Floats], raining: Bools) -> Floats:
        """Cloud, wetness, and departures of temperature, dew point, wind and direction, (6, days, sites, HOURS)."""
        wet = _lingering(raining.astype(np.float64))
        return np.stack(
            [self._cover(days, noise["cloud"]), wet, noise["warmth"], noise["dew"], noise["wind"], noise["veer"]]
        )

    def _noons(self, ordinal: int, days: Days) -> Floats:
        """What changes from day to day only, (9, town days, 1, days); the last is how windy a day is."""
        numbers = ordinal - 1 + np.arange(len(days.wet) + DAYS - 1)
        windy = autoregressive(self._streams, "world/windy", _WINDY_LAG, numbers, np.ones((1, 1)))
        return np.concatenate([_noons(days, self._wet_share), windows(windy, step=1, size=DAYS)])

    def _fronts(self, ordinal: int, days: Days) -> Fronts:
        numbers = ordinal - 1 + np.arange(len(days.wet))[:, None, None] + np.arange(DAYS)
        return fronts(self._streams, numbers, (days.tmax + days.tmin) / 2, self._late, latitude=self._first_latitude)

    def _site_days(self, ordinal: int, count: int) -> tuple[Floats, Floats]:
        """By how much each site is warmer and wetter than the town, standard normal, (town days, sites, days)."""
        sort = np.arange(2)[:, None, None]
        sites = np.arange(len(self._latitude))[:, None]
        shocks = self._streams.normal("world/site-day", sort, sites, ordinal - 1 + np.arange(count))
        warmer, wetter = windows(correlated(self._wide, shocks), step=1, size=DAYS)
        return warmer, wetter

    def _cover(self, days: Days, noise: Floats) -> Floats:
        """Oktas of cloud at each hour, before it rains, as a fraction."""
        mean = days.cloud + (_CLOUD_WET - days.cloud) * days.wet - 0.90 * days.brightness
        latent = hour_clock().from_noons(mean) + 0.60 * noise
        return sky.oktas(_CLOUD_CONTRAST * latent)

    def _temperature(self, days: Days, warmer: Floats) -> Floats:
        shape = air.arc(days.day_of_year, self._latitude, self._longitude, self._utc_offset_h)
        offset = self._warmth_scale * _SITE_WARMER * warmer
        return air.temperature(grid_clock(), shape, days.tmax + offset, days.tmin + offset)


def _around(calendar: Days) -> Days:
    """The calendar days that each town day needs, (town days, 1, DAYS) each: the axis between is for the sites."""
    near = np.arange(len(calendar.wet) - DAYS + 1)[:, None, None] + np.arange(DAYS)
    return Days(**{field.name: getattr(calendar, field.name)[near] for field in fields(Days)})


def _noons(days: Days, wet_share: float) -> Floats:
    """What changes from day to day only, (8, town days, 1, days), turbidity and roughness of the rain among it."""
    storminess = (days.wet - wet_share) / np.sqrt(wet_share * (1 - wet_share))
    dew_point = days.tmin - days.dew_gap
    burstiness = np.clip(1.3 - 0.09 * days.wet_hours, 0.4, 0.9)  # showers are rougher than drizzle
    return np.stack(
        [dew_point, storminess, days.wind, days.wind_east, days.wind_north, days.linke, days.pressure, burstiness],
    )


def _about_one(normal: Floats, spread: Floats | float) -> Floats:
    """A log-normal factor of mean one."""
    return np.asarray(np.exp(spread * normal - spread**2 / 2))


def _later(series: Floats, hours: int) -> Floats:
    """The series `hours` later; the first hours, which no instant of the day uses, stay as they are."""
    shifted = series.copy()
    shifted[..., hours:] = series[..., :-hours]
    return shifted


def _lingering(wet: Floats) -> Floats:
    """How wet the air is at each hour: rain fades from it within three hours."""
    return np.maximum(wet, np.maximum(0.6 * _later(wet, 1), 0.3 * _later(wet, 2)))
