"""The weather of the days: wet or dry, how warm, how bright, under what pressure.

A Richardson generator: rain is a two-state Markov chain, and the residuals of the day's maximum and
minimum temperature and brightness follow chi(t) = A chi(t-1) + B eps(t), about means that depend on
the season and on whether the day is wet.

Chance is stratified: of every 32 decisions of one sort, one falls into each thirty-second of the unit
interval. Spells and amounts keep their distributions, while every year stays near the climate; real
years stray from it by twice as much, which a demonstration does not need.

References:
    Richardson, C. W. (1981). Stochastic simulation of daily precipitation, temperature, and solar
        radiation. Water Resources Research 17(1), 182-190.
    Matalas, N. C. (1967). Mathematical assessment of synthetic hydrology. WRR 3(4), 937-945.
"""

import datetime as dt
import math
from dataclasses import dataclass, fields

import numpy as np

from park.model import Floats, Ints, Streams
from simulator.world.climate import BRIGHT_COLDER, BRIGHT_WARMER, WET_PERSISTENCE, WET_RANGE_LOSS, Climate

_A = ((0.567, 0.086, -0.002), (0.253, 0.504, -0.050), (-0.004, -0.041, 0.244))
_B = ((0.781, 0.0, 0.0), (0.328, 0.637, 0.0), (0.238, -0.340, 0.874))
_SPIN_UP = 90
_CHUNK = 512
_STRATA = 32
_AMOUNT_SHAPE = 0.88  # Weibull shape of the rain of a wet day
_HOT_SEASON = 30.0  # Cel, of the normal maximum
_PRESSURE_LAG = 0.58
_DRAWN_OUT = 1.15  # what a mean of the day loses of its spread when it is drawn out between noons
# Of chi's common and half its difference, with Richardson's correlation of 0.633 between the two.
_ALIKE_SPREAD = math.sqrt((1 + 0.633) / 2 + (1 - 0.633) / 8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Days:
    """The town's mean weather on consecutive calendar days; arrays (days,), or (town days, 1, days) in `Weather`.

    Attributes:
        wet: 1 on a day with rain.
        rain: mm, 0 on a dry day.
        wet_hours: hours with rain.
        tmax, tmin: Cel.
        hot: above it the air of the season is slow to grow warmer, Cel.
        brightness: residual of the day's radiation, in standard deviations.
        dew_gap: minimum temperature less dew point, Cel.
        cloud: latent cover of a dry day.
        pressure: mean of the day at the town's height, hPa.
        linke, wind, wind_east, wind_north: of the season.
        day_of_year: 1 to 366.
    """

    wet: Floats
    rain: Floats
    wet_hours: Floats
    tmax: Floats
    tmin: Floats
    hot: Floats
    brightness: Floats
    dew_gap: Floats
    cloud: Floats
    pressure: Floats
    linke: Floats
    wind: Floats
    wind_east: Floats
    wind_north: Floats
    day_of_year: Floats


class Chain:
    """Days without end from `first`, each found once and kept.

    Args:
        streams: randomness.
        climate: normals.
        first: calendar day number 0.
    """

    def __init__(self, streams: Streams, climate: Climate, first: dt.date) -> None:
        self._streams = streams
        self._climate = climate
        self._start = first - dt.timedelta(days=_SPIN_UP)
        self._state = _State()
        self._chunks: list[Days] = []

    def days(self, start: int, stop: int) -> Days:
        """Calendar days `start` to `stop` - 1."""
        lower, upper = start + _SPIN_UP, stop + _SPIN_UP
        while len(self._chunks) * _CHUNK < upper:
            self._chunks.append(self._next())
        near = self._chunks[lower // _CHUNK : (upper - 1) // _CHUNK + 1]
        offset = lower // _CHUNK * _CHUNK
        return Days(
            **{
                field.name: np.concatenate([getattr(chunk, field.name) for chunk in near])[
                    lower - offset : upper - offset
                ]
                for field in fields(Days)
            }
        )

    def _next(self) -> Days:
        first = len(self._chunks) * _CHUNK
        number = np.arange(first, first + _CHUNK)
        day_of_year = _days_of_year(self._start, number)
        normal = {f.name: getattr(self._climate, f.name)[day_of_year - 1] for f in fields(Climate)}
        wet, chance = self._spells(normal["wet"])
        chi = self._residuals(self._streams.normal("world/day", np.arange(3)[:, None], number))
        wetness = wet - normal["wet"]
        mean, swing = (normal["tmax"] + normal["tmin"]) / 2, normal["tmax"] - normal["tmin"]
        # Cloud and rain cool the day and keep the night warm, about the same mean over all days.
        half = swing / 2 * (1 - WET_RANGE_LOSS * wetness)
        warm, cold = _alike(chi[0], chi[1])
        tmin = mean - half - BRIGHT_COLDER * swing * chi[2] + normal["spread_tmin"] * cold
        tmax = mean + half + BRIGHT_WARMER * swing * chi[2] + normal["spread_tmax"] * warm
        swell = self._swell(self._streams.normal("world/pressure", number), wetness, chi)
        return Days(
            wet=wet,
            rain=wet * (normal["least_mm"] + _amount(chance) * (normal["wet_mm"] - normal["least_mm"])),
            wet_hours=wet * np.clip(normal["wet_hours"] * (0.4 + 1.2 * np.sqrt(chance)), 1, 23),
            tmax=np.maximum(tmax, tmin + 1.5),
            tmin=tmin,
            hot=_hot(normal["tmax"], normal["spread_tmax"]),
            brightness=chi[2],
            cloud=normal["cloud"],
            dew_gap=np.where(wet > 0, 0.6, normal["dew_gap"]),
            pressure=normal["pressure"] + _DRAWN_OUT * normal["spread_pressure"] * swell,
            linke=normal["linke"],
            wind=normal["wind"],
            wind_east=normal["wind_east"],
            wind_north=normal["wind_north"],
            day_of_year=day_of_year.astype(np.float64),
        )

    def _spells(self, wet: Floats) -> tuple[Floats, Floats]:
        """Whether each day is wet, and the wet days' stratified chance for the amount of rain."""
        state = self._state
        is_wet, chance = np.zeros(len(wet)), np.zeros(len(wet))
        for i, share in enumerate(wet.tolist()):
            after_dry = share * (1 - WET_PERSISTENCE)
            threshold = after_dry + WET_PERSISTENCE if state.wet else after_dry
            state.wet = self._stratified(int(state.wet)) < threshold
            if state.wet:
                is_wet[i] = 1
                chance[i] = self._stratified(2)
        return is_wet, chance

    def _stratified(self, sort: int) -> float:
        """The next uniform of one sort of decision: 0 after a dry day, 1 after a wet one, 2 an amount."""
        left = self._state.strata[sort]
        if not left:
            block = self._state.blocks[sort]
            place = np.argsort(self._streams.uniform("world/strata", sort, block, np.arange(_STRATA)))
            jitter = self._streams.uniform("world/jitter", sort, block, np.arange(_STRATA))
            left.extend(((place + jitter) / _STRATA).tolist())
            self._state.blocks[sort] += 1
        return float(left.pop())

    def _residuals(self, shocks: Floats) -> Floats:
        """chi(t) = A chi(t-1) + B eps(t) for tmax, tmin and brightness, (3, days)."""
        chi = np.empty(shocks.shape)
        x, y, z = self._state.chi
        for i, (a, b, c) in enumerate(shocks.T.tolist()):
            x, y, z = (
                ax * x + ay * y + az * z + ba * a + bb * b + bc * c
                for (ax, ay, az), (ba, bb, bc) in zip(_A, _B, strict=True)
            )
            chi[:, i] = x, y, z
        self._state.chi = (x, y, z)
        return chi

    def _swell(self, shocks: Floats, wetness: Floats, chi: Floats) -> Floats:
        """Standardised pressure: lows bring rain and warm air."""
        driven = 0.80 * shocks - 0.55 * wetness - 0.25 * chi[0]
        swell = np.empty(len(shocks))
        value = self._state.swell
        for i, shock in enumerate(driven.tolist()):
            value = _PRESSURE_LAG * value + math.sqrt(1 - _PRESSURE_LAG**2) * shock
            swell[i] = value
        self._state.swell = value
        return swell


class _State:
    """What one day hands to the next."""

    def __init__(self) -> None:
        self.wet = False
        self.chi = (0.0, 0.0, 0.0)
        self.swell = 0.0
        self.strata: tuple[list[float], ...] = ([], [], [])
        self.blocks = [0, 0, 0]


def _alike(warm: Floats, cold: Floats) -> tuple[Floats, Floats]:
    """The residuals of maximum and minimum, their difference halved: brightness makes the rest of it."""
    common, apart = (warm + cold) / 2, (warm - cold) / 4
    return (common + apart) / _ALIKE_SPREAD, (common - apart) / _ALIKE_SPREAD


def _hot(tmax: Floats, spread: Floats) -> Floats:
    """A maximum that few days of a hot season pass and hardly any of a cool one, Cel."""
    return np.asarray(tmax + spread * (1.0 + 2.0 * np.clip((_HOT_SEASON - tmax) / 10.0, 0, 1)))


def _amount(chance: Floats) -> Floats:
    """Weibull quantile of mean one."""
    scale = 1 / math.gamma(1 + 1 / _AMOUNT_SHAPE)
    return np.asarray(scale * (-np.log1p(-chance)) ** (1 / _AMOUNT_SHAPE))


def _days_of_year(start: dt.date, number: Ints) -> Ints:
    dates = np.datetime64(start, "D") + number
    return np.asarray((dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1)
