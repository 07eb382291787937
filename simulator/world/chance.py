"""Chance in the weather: from day to day, from hour to hour, and within five minutes.

Air is quiet for most of the time and changes much within an hour now and then: temperature, moisture, direction and
pressure have heavy shocks (`fields.autoregressive`), so that their changes have the kurtosis of 5 to 15 of real hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from park.model import GRID_POINTS, Floats, Ints, Streams
from simulator.world.climate import Climate
from simulator.world.clock import DAYS, HOURS
from simulator.world.fields import autoregressive, correlated, mixing, windows

_STEPS = GRID_POINTS - 1
_FIRST_STEP = 48  # of the town day after midnight
_HOURLY_KM, _CLOUD_KM, _WIND_KM, _TEXTURE_KM = 30.0, 80.0, 150.0, 3.0

_LEAPING_LAG = 0.84, 0.92  # warmth, dew
_ROUGH_LAG = 0.25, 0.25  # warmth, dew
_WIND_LAG, _VEER_LAG, _CLOUD_LAG = 0.87, 0.93, 0.80
_PRESSURE_LAG = 0.92, 0.70  # swell, ripple
_STEP_LAG = 0.86, 0.50, 0.75, 0.50  # gaps between clouds, gusts, showers, swerves
_DAY_LAG = 0.50, 0.30, 0.35, 0.50  # windy, lively, turned, dry

_SMOOTHING = 0.18  # share of the hour before in a leap of warmth
_LEAP = 1.10, 1.25  # Cel: warmth, dew
_ROUGH = 0.20, 0.30  # Cel: warmth, dew
_SWELL, _RIPPLE = 3.2, 0.32  # hPa
_SWELL_H = 1, 2, 4, 8  # a mean of sixteen hours
_USUAL_SPREAD = 3.7  # hPa, of a day's pressure in the climate for which the above were set


@dataclass(frozen=True, kw_only=True, eq=False)
class Hours:
    """At full hours, (days, sites, HOURS): Cel, hPa; wind, veer, cloud and rain of variance one."""

    warmth: Floats
    dew: Floats
    wind: Floats
    veer: Floats
    cloud: Floats
    rain: Floats
    pressure: Floats


class Chance:
    """What is not settled about the weather of a town's sites.

    Args:
        streams: randomness.
        latitude, longitude: of each site, (sites,).
        climate: for how rough its air is.
    """

    def __init__(self, streams: Streams, latitude: Floats, longitude: Floats, climate: Climate) -> None:
        self._streams = streams
        self._wide, self._broad, self._far, self._near = (
            mixing(latitude, longitude, km) for km in (_HOURLY_KM, _CLOUD_KM, _WIND_KM, _TEXTURE_KM)
        )
        self._town = np.ones((1, 1))
        self._pressure_scale = float(np.clip(climate.spread_pressure.mean() / _USUAL_SPREAD, 0.5, 1.8))

    def hours(self, ordinal: int, count: int) -> Hours:
        """The hours of `count` town days from the date numbered `ordinal` on."""
        hours = 24 * ordinal + np.arange(24 * (count - 1) + HOURS)
        before = np.arange(hours[0] - sum(_SWELL_H), hours[-1] + 1)
        leaps = self._series("world/hour-leap", _LEAPING_LAG, before[sum(_SWELL_H) - 1 :], self._wide, heavy=True)
        rough = self._series("world/hour-rough", _ROUGH_LAG, hours, self._wide)
        (wind,) = self._series("world/hour-wind", (_WIND_LAG,), hours, self._far)
        (veer,) = self._series("world/hour-veer", (_VEER_LAG,), hours, self._far, heavy=True)
        cloud, rain = self._series("world/hour-cloud", (_CLOUD_LAG, _CLOUD_LAG), hours, self._broad)
        swell, ripple = self._series("world/hour-pressure", _PRESSURE_LAG, before, self._town, heavy=True)
        for reach in _SWELL_H:
            swell = swell[..., reach:] + swell[..., :-reach]
        pressure = _SWELL / 16 * swell + _RIPPLE * ripple[..., sum(_SWELL_H) :]
        warmth = _LEAP[0] * _smoothed(leaps[0], _LEAPING_LAG[0]) + _ROUGH[0] * rough[0]
        dew = _LEAP[1] * leaps[1][:, 1:] + _ROUGH[1] * rough[1]
        return Hours(
            warmth=_by_day(warmth),
            dew=_by_day(dew),
            wind=_by_day(wind),
            veer=_by_day(veer),
            cloud=_by_day(cloud),
            rain=_by_day(rain),
            pressure=_by_day(self._pressure_scale * pressure),
        )

    def steps(self, ordinal: int, count: int) -> Floats:
        """Gaps between clouds, gusts, showers and swerves at each step of the grid, (4, days, sites, GRID_POINTS)."""
        steps = _STEPS * ordinal + _FIRST_STEP + np.arange(_STEPS * count + 1)
        series = self._series("world/step", _STEP_LAG, steps, self._near)
        return windows(series, step=_STEPS, size=GRID_POINTS)

    def days(self, ordinal: int, count: int) -> Floats:
        """How windy, lively, turned and dry each of `count` days is, (4, town days, 1, DAYS)."""
        series = self._series("world/day-air", _DAY_LAG, ordinal + np.arange(count), self._town)
        return windows(series, step=1, size=DAYS)

    def sites(self, ordinal: int, count: int) -> tuple[Floats, Floats]:
        """By how much each site is warmer and wetter than the town, standard normal, (town days, sites, DAYS)."""
        sort = np.arange(2)[:, None, None]
        sites = np.arange(len(self._wide))[:, None]
        shocks = self._streams.normal("world/site-day", sort, sites, ordinal + np.arange(count))
        warmer, wetter = windows(correlated(self._wide, shocks), step=1, size=DAYS)
        return warmer, wetter

    def _series(self, name: str, lags: Sequence[float], at: Ints, weights: Floats, *, heavy: bool = False) -> Floats:
        return autoregressive(self._streams, name, np.array(lags), at, weights, heavy=heavy)


def _by_day(series: Floats) -> Floats:
    return windows(series, step=24, size=HOURS)


def _smoothed(series: Floats, lag: float) -> Floats:
    """Each hour with some of the one before, of variance one again."""
    size = np.sqrt(1 + _SMOOTHING**2 + 2 * _SMOOTHING * lag)
    return np.asarray((series[:, 1:] + _SMOOTHING * series[:, :-1]) / size)
