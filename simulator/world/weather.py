"""From the days' weather to the weather of each instant at each site.

The sites share the town's days; what differs between them is chance (chance.py), correlated by exp(-d / 30 km) from
hour to hour, for wind exp(-d / 150 km), for cloud and rain exp(-d / 80 km), and exp(-d / 3 km) from minute to minute:
a front reaches all, a cloud one after another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from park.model import Bools, Floats, Ints, Streams
from simulator.world import air, rain, sky
from simulator.world.chain import Days
from simulator.world.chance import Chance, Hours
from simulator.world.climate import Climate
from simulator.world.clock import DAYS, grid_clock, hour_clock
from simulator.world.fronts import Fronts, delays, fronts
from simulator.world.sun import clear_sky, position

_TODAY = slice(1, 3)  # the calendar days over which a town day reaches
_DRIEST = 1.5, 2.0  # Cel, and gaps, by which the dew point falls at most
_USUAL_GAP = 2.3  # of the night's minimum above the dew point, Cel
_USUAL_SWING, _LEAST_SWING = 8.5, 1.0  # of a day's temperature, Cel
# Shares of wind that wet days bring, that comes with the day, and that comes by itself; squares add up to one.
_STORM, _WINDY, _BREEZE = 0.25, 0.55, 0.797
_VEER, _VEER_BY_DAY = 48.0, 45.0  # degrees, from hour to hour and from day to day
_UNEQUAL_RAIN = 0.3  # log-normal spread of a day's rain between sites
_UNEQUAL_DRYNESS = 0.40  # log-normal spread of the dew point's gap from day to day
_SITE_WARMER = 0.35  # Cel
# By how much chance takes the air beyond a day's extremes, which are the climate's, Cel.
_BEYOND = 0.1, 0.9
_CLOUD_WET = 0.95
_CLOUD_CONTRAST = 0.95
_CLOUD_AHEAD = 0.3  # of the rain's excess below which its clouds are not yet there
_SETS_IN = 0.1  # of the rain's excess, over which the air grows wet
# What an hour of rain leaves of wetness and of coolness in the hour and those after.
_MOIST = 0.8, 0.6, 0.3
_COOL = 0.95, 0.85, 0.7, 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Air:
    """The fields of `park.model.WorldDay` that have sites, by its names; (days, sites, GRID_POINTS) each.

    And `steady_wind`, m/s without gusts; `wetness`, 0 to 1: how wet rain has left the air, fading within three hours;
    `rain_excess` and `rain_depth` of `rain.intensity`, from which the rain between the instants is made.
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
    steady_wind: Floats
    wetness: Floats
    rain_excess: Floats
    rain_depth: Floats


class _Noons(NamedTuple):
    """What changes from day to day only, (town days, 1, GRID_POINTS): of the days, then of `Chance.days`."""

    tmin: Floats
    hot: Floats
    dew_gap: Floats
    wind: Floats
    east: Floats
    north: Floats
    linke: Floats
    pressure: Floats
    stormy: Floats
    burstiness: Floats
    swing: Floats
    windy: Floats
    lively: Floats
    turned: Floats
    dry: Floats


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
        self._chance = Chance(streams, latitude, longitude, climate)
        self._wet_share = float(climate.wet.mean())
        self._late = delays(latitude, longitude)

    def days(self, ordinal: int, times: Ints, calendar: Days) -> Air:
        """The weather of consecutive town days; many made together cost half of what they cost one by one.

        Args:
            ordinal: proleptic number of the date on which the first begins.
            times: the grid of each, (days, GRID_POINTS), Unix milliseconds.
            calendar: from the day before that date to two days after the last.
        """
        clock = grid_clock()
        days = _around(calendar)
        by_hour = self._chance.hours(ordinal, len(times))
        gap, gust, burst, swerve = self._chance.steps(ordinal, len(times))
        warmer, wetter = self._chance.sites(ordinal - 1, len(calendar.wet))
        day = _Noons(*clock.from_noons(self._noons(days, self._chance.days(ordinal - 1, len(calendar.wet)))))
        spells = rain.spells(by_hour.rain, days.rain * _about_one(wetter, _UNEQUAL_RAIN), days.wet_hours[..., _TODAY])
        excess = clock.from_hours(spells.excess)
        depth = clock.from_hours(spells.depth) * _about_one(burst, day.burstiness)
        cover, moist, cool, warmth, dew, wind, veer = clock.from_hours(self._hours(days, by_hour, spells.excess > 0))
        cover = np.maximum(cover, np.clip(1 + excess / _CLOUD_AHEAD, 0, 1))
        now = np.clip(excess / _SETS_IN, 0, 1)
        wetness = np.maximum(now, moist)
        front = self._fronts(ordinal, days)
        lively = air.liveliness(clock.hour, day.swing, day.lively)
        dew_point = _dew_point(day, dew * lively + front.dew)
        warm = self._temperature(days, warmer) + air.leap(clock.hour, warmth, lively) + front.warmth
        dry_bulb = air.held(warm, day.hot)
        temperature = air.cooled(dry_bulb, dew_point, np.maximum(now, cool))
        breeze = _BREEZE * wind + _STORM * day.stormy + _WINDY * day.windy + front.wind
        steady = air.steady_wind(day.wind, breeze, clock.hour, day.swing)
        speed = air.gusty(steady, gust)
        turned = _VEER * veer + _VEER_BY_DAY * day.turned + front.veer
        tide = air.tide(clock.hour, self._latitude, day.swing)
        return Air(
            temperature=temperature,
            relative_humidity=air.relative_humidity(temperature, dew_point, wetness),
            atmospheric_pressure=day.pressure + clock.from_hours(by_hour.pressure) + front.pressure + tide,
            wind_speed=speed,
            wind_direction=air.wind_direction(day.east, day.north, turned, speed, swerve),
            cloud_cover=cover,
            precipitation=rain.intensity(excess, depth),
            steady_wind=steady,
            wetness=wetness,
            rain_excess=excess,
            rain_depth=depth,
            **self._radiation(times, day.linke, sky.transmission(cover, gap, wetness)),
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

    def _hours(self, days: Days, chance: Hours, raining: Bools) -> Floats:
        """Cloud, wetness and coolness that rain leaves, and chance, (7, days, sites, HOURS)."""
        wet = raining.astype(np.float64)
        left = [_lingering(wet, _MOIST), _lingering(wet, _COOL)]
        return np.stack([self._cover(days, chance.cloud), *left, chance.warmth, chance.dew, chance.wind, chance.veer])

    def _noons(self, days: Days, chance: Floats) -> Floats:
        """What changes from day to day only, as the fields of `_Noons`, (15, town days, 1, days)."""
        storminess = (days.wet - self._wet_share) / np.sqrt(self._wet_share * (1 - self._wet_share))
        burstiness = np.clip(1.3 - 0.09 * days.wet_hours, 0.4, 0.9)  # showers are rougher than drizzle
        season = [days.wind, days.wind_east, days.wind_north, days.linke, days.pressure]
        return np.stack([days.tmin, days.hot, days.dew_gap, *season, storminess, burstiness, _swing(days), *chance])

    def _fronts(self, ordinal: int, days: Days) -> Fronts:
        numbers = ordinal - 1 + np.arange(len(days.wet))[:, None, None] + np.arange(DAYS)
        mean, north = (days.tmax + days.tmin) / 2, float(self._latitude[0])
        return fronts(self._streams, numbers, mean, self._late, latitude=north)

    def _cover(self, days: Days, noise: Floats) -> Floats:
        """Oktas of cloud at each hour, before it rains, as a fraction."""
        mean = days.cloud + (_CLOUD_WET - days.cloud) * days.wet - 0.90 * days.brightness
        latent = hour_clock().from_noons(mean) + 0.60 * noise
        return sky.oktas(_CLOUD_CONTRAST * latent)

    def _temperature(self, days: Days, warmer: Floats) -> Floats:
        shape = air.arc(days.day_of_year, self._latitude, self._longitude, self._utc_offset_h)
        swing = _swing(days)
        offset = _SITE_WARMER * swing * warmer
        highest, lowest = days.tmax + offset - _BEYOND[0] * swing, days.tmin + offset + _BEYOND[1] * swing
        return air.temperature(grid_clock(), shape, np.maximum(highest, lowest + _LEAST_SWING), lowest)


def _swing(days: Days) -> Floats:
    """A sunny day swings more in all that the sun drives: relative to a usual day."""
    return np.asarray((np.maximum(days.tmax - days.tmin, 1.0) / _USUAL_SWING) ** 0.6)


def _around(calendar: Days) -> Days:
    """The calendar days that each town day needs, (town days, 1, DAYS) each: the axis between is for the sites."""
    near = np.arange(len(calendar.wet) - DAYS + 1)[:, None, None] + np.arange(DAYS)
    return Days(**{field.name: getattr(calendar, field.name)[near] for field in fields(Days)})


def _dew_point(day: "_Noons", chance: Floats) -> Floats:
    """The day's, with chance and fronts. Moist air keeps its moisture, be it the monsoon's or a rainy day's."""
    chance = np.maximum(chance * np.sqrt(day.dew_gap / _USUAL_GAP), -_DRIEST[0] - _DRIEST[1] * day.dew_gap)
    return np.asarray(day.tmin - day.dew_gap * _about_one(day.dry, _UNEQUAL_DRYNESS) + chance)


def _about_one(normal: Floats, spread: Floats | float) -> Floats:
    """A log-normal factor of mean one."""
    return np.asarray(np.exp(spread * normal - spread**2 / 2))


def _later(series: Floats, hours: int) -> Floats:
    """The series `hours` later; the first hours, which no instant of the day uses, stay as they are."""
    shifted = series.copy()
    shifted[..., hours:] = series[..., :-hours]
    return shifted


def _lingering(wet: Floats, left: Sequence[float]) -> Floats:
    """What an hour of rain leaves in the same hour and in those after, of which the day's start knows four."""
    most = left[0] * wet
    for hours, share in enumerate(left[1:], start=1):
        most = np.maximum(most, share * _later(wet, hours))
    return np.asarray(most)
