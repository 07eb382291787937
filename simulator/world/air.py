"""Temperature, humidity, pressure and wind within the day.

References:
    Parton, W. J. & Logan, J. A. (1981). A model for diurnal variation in soil and air temperature.
        Agricultural Meteorology 23, 205-216.
"""

import math
from dataclasses import dataclass

import numpy as np

from park.model import Floats
from park.vapour import saturation
from simulator.world.clock import Clock
from simulator.world.fields import probability
from simulator.world.sun import day_arc

# Parton & Logan 1981, air at 1.5 m: lag of the maximum after noon, night's decay, lag of the minimum after sunrise.
_MAXIMUM_LAG_H = 1.86
_NIGHT_DECAY = 2.20
_MINIMUM_LAG_H = -0.17
_WIND_SHAPE = 2.3
_WIND_SCALE = 1 / math.gamma(1 + 1 / _WIND_SHAPE)  # of mean one
_WIND_SWING = 0.40
_MIXED_SHARE = 0.417  # of the day
_CALM = 0.43  # (m/s)2 of the mean's square: the share of calms, by day less and by night more
_GUST_MS, _GUST_SHARE = 0.25, 0.06
_SWERVE = 24.0  # degrees m/s
_LIVELY = 0.35  # log-normal spread of how rough the air is from day to day
_LIVELIER_BY_DAY = 0.15
_HELD_BY_DAY = 0.45
_HOTTER = 0.45  # of what it would be: Wuxi's hottest day of a year is 37 to 39 Cel, of all 40 to 41
_RAIN_COOLS = 0.45  # of the way to the dew point; the wet bulb is at a third to a half of it


@dataclass(frozen=True, kw_only=True, eq=False)
class Arc:
    """The shape of consecutive days at each site, (..., sites, days), in local hours of each day."""

    coldest: Floats
    sunset: Floats


def arc(day_of_year: Floats, latitude: Floats, longitude: Floats, utc_offset_h: float) -> Arc:
    """When each day's minimum and sunset fall; `day_of_year` is (..., 1, days)."""
    length, equation = day_arc(day_of_year, latitude)
    length = np.clip(length, 6, 18)
    noon = 12 + utc_offset_h - longitude[:, None] / 15 - equation / 60
    return Arc(coldest=noon - length / 2 + _MINIMUM_LAG_H, sunset=noon + length / 2)


def temperature(clock: Clock, days: Arc, tmax: Floats, tmin: Floats) -> Floats:
    """Air temperature (..., sites, instants) through the days' extremes (Parton & Logan 1981).

    A sine from the minimum near sunrise to sunset, then an exponential decay that ends in the next
    day's minimum.

    Args:
        clock: the instants.
        days: the arcs of the days around them.
        tmax: highest of each of those days, (..., sites, days), Cel.
        tmin: lowest.
    """
    # Before its minimum, a day still belongs to the night of the day before.
    early = clock.hour < days.coldest[..., clock.day]
    row = np.arange(tmax[..., 0].size).reshape(tmax.shape[:-1])
    place = clock.day - early + tmax.shape[-1] * row[..., None]

    def of(values: Floats) -> Floats:
        return np.asarray(values.ravel().take(place))

    span = days.sunset - days.coldest
    warm = span + _MINIMUM_LAG_H + 2 * _MAXIMUM_LAG_H
    at_sunset = tmin + (tmax - tmin) * np.sin(np.pi * span / warm)
    night = np.ones_like(tmin)
    night[..., :-1] = days.coldest[..., 1:] + 24 - days.sunset[..., :-1]
    left = np.exp(-_NIGHT_DECAY)
    floor = np.zeros_like(tmin)
    floor[..., :-1] = (tmin[..., 1:] - left * at_sunset[..., :-1]) / (1 - left)
    since = clock.hour + 24.0 * early - of(days.coldest)
    into_night = since - of(span)
    by_day = of(tmin) + of(tmax - tmin) * np.sin(np.pi * np.minimum(since * of(1 / warm), 1))
    by_night = of(floor) + of(at_sunset - floor) * np.exp(np.maximum(into_night, 0) * of(-_NIGHT_DECAY / night))
    return np.asarray(np.where(into_night < 0, by_day, by_night))


def liveliness(hours: Floats, swing: Floats, lively: Floats) -> Floats:
    """Factor of departures of temperature and dew point: the sun stirs the air, and some days are rougher than others.

    Args:
        hours: local, (instants,).
        swing: of the day's temperature, relative to a usual one, (..., 1, instants).
        lively: standard normal of the day.
    """
    return np.asarray(
        swing * np.exp(_LIVELY * lively) * (1 + _LIVELIER_BY_DAY * np.cos(2 * np.pi * (hours - 13.5) / 24))
    )


def leap(hours: Floats, leap: Floats, lively: Floats) -> Floats:
    """Departure of the temperature, Cel: by day the sun has warmed the air already, and it seldom leaps higher.

    Args:
        hours: local, (instants,).
        leap: before the day's liveliness, Cel.
        lively: from `liveliness`.
    """
    return np.asarray(lively * (leap - _HELD_BY_DAY * _mixed(hours) * np.maximum(leap, 0)))


def held(temperature_c: Floats, hot: Floats) -> Floats:
    """Temperature of air that grows hotter by little beyond `hot`, Cel: water and convective cloud take the heat."""
    return np.asarray(np.minimum(temperature_c, hot + _HOTTER * (temperature_c - hot)))


def cooled(temperature_c: Floats, dew_point: Floats, rain: Floats) -> Floats:
    """Temperature of air into which rain evaporates, or lately did, 0 to 1, Cel."""
    return np.asarray(temperature_c - _RAIN_COOLS * rain * np.maximum(temperature_c - dew_point, 0))


def relative_humidity(temperature_c: Floats, dew_point: Floats, wetness: Floats) -> Floats:
    """Relative humidity, %: rain moistens the air most of the way to saturation.

    Args:
        temperature_c: of the air, Cel.
        dew_point: without rain, Cel.
        wetness: 0 to 1, how long it has rained.
    """
    dry = _with_dewfall(saturation(dew_point) / saturation(temperature_c))
    return np.asarray(np.maximum(100 * (dry + np.maximum(0.97 - dry, 0) * 0.6 * wetness), 8))


def _with_dewfall(ratio: Floats) -> Floats:
    """Of saturation; the nearer air comes to it, the more of its water it leaves on the ground."""
    power = ratio
    for _ in range(5):
        power = power * power
    root = 1 + power
    for _ in range(5):
        root = np.sqrt(root)
    return np.asarray(ratio / root)


def tide(hours: Floats, latitude: Floats, swing: Floats) -> Floats:
    """Daily swing of the pressure, hPa, (..., sites, instants): maxima about 10 and 22 h local time.

    The semidiurnal tide's 1.16 cos^3(latitude) after Haurwitz (1956), and the wave of the ground's own warming.

    Args:
        hours: local, (instants,).
        latitude: (sites,).
        swing: of the day's temperature, relative to a usual one, (..., 1, instants).
    """
    squeeze = np.cos(np.radians(latitude))[:, None] ** 3
    twice = 1.16 * np.cos(2 * np.pi * (hours - 9.8) / 12)
    return np.asarray(squeeze * twice + 0.6 * swing * np.cos(2 * np.pi * (hours - 6.5) / 24))


def steady_wind(mean: Floats, latent: Floats, hours: Floats, swing: Floats) -> Floats:
    """Speed (..., sites, instants), m/s, with a Weibull margin about `mean`, and calms.

    By day the sun mixes the wind of higher air down; at night the air near the ground comes to rest.

    Args:
        mean: of the season, (..., 1, instants), m/s.
        latent: standard normal, (..., sites, instants).
        hours: local, (instants,).
        swing: of the day's temperature, relative to a usual one, (..., 1, instants).
    """
    mixed = _mixed(hours)
    share = _CALM / np.maximum(mean, 1.5) ** 2
    calm = share * (1.4 - mixed)
    rank = np.clip((probability(latent) - calm) / (1 - calm), 0, 1 - 1e-6)
    margin = _WIND_SCALE * (-np.log1p(-rank)) ** (1 / _WIND_SHAPE)
    return np.asarray(mean / (1 - share) * margin * (1 + _WIND_SWING * swing * (mixed - _MIXED_SHARE)))


def gusty(steady: Floats, gust: Floats) -> Floats:
    """Speed of some minutes, m/s: of a mean, and a standard normal whose large values count for more."""
    turbulence = (_GUST_MS + _GUST_SHARE * steady) * gust * (0.5 + 0.5 * np.abs(gust))
    return np.asarray(np.maximum(steady + turbulence, 0))


def _mixed(hours: Floats) -> Floats:
    """How well the air is mixed, 0 at night and 1 at noon."""
    return np.asarray((1 + np.tanh((hours - 8.2) / 1.6)) * (1 - np.tanh((hours - 18.2) / 1.8)) / 4)


def wind_direction(east: Floats, north: Floats, veer: Floats, speed: Floats, swerve: Floats) -> Floats:
    """Direction from which it blows, degrees from north: a light wind swerves more than a strong one.

    Args:
        east: of the vector to where the season's wind comes from, (..., 1, instants).
        north: the same.
        veer: from it, degrees.
        speed: m/s.
        swerve: standard normal.
    """
    swerving = _SWERVE / (0.5 + speed) * swerve * np.abs(swerve)
    return np.asarray((np.degrees(np.arctan2(east, north)) + veer + swerving) % 360)
