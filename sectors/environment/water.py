"""Water stations: a sonde every ten minutes, wet chemistry every four hours, and the class that follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.catalogue import Channel
from park.grid import STEPS, Sampler, devices, rows, smooth_noise
from park.model import GRID_S, Bools, Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.environment import lake, quality, river
from sectors.environment.catalogue import WATER_STATION
from sectors.environment.instruments import Bench, constant

_ANALYSIS_STEPS = 48  # at 0, 4, 8 ... h local time
_SHOWN_STEPS = 12
_QUENCH = 0.3  # of the fluorescence under full sun
_SLOW = 144
_CLEANED_D, _FOULED_PER_DAY = 21.0, 0.018  # days between visits; mg/L of oxygen
_CHEMISTRY = ("permanganate_index", "ammonia_nitrogen", "total_phosphorus", "total_nitrogen")
_ANALYSER = 0.04  # relative error
Sonde = Mapping[str, Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class WaterDay:
    """The water of C districts through a day; stations are (C * units,): the first of a cell stands in the lake."""

    setting: Setting
    cells: Ints
    site: Ints
    world: WorldDay
    lake: lake.LakeDay
    river: river.RiverDay

    @property
    def units(self) -> int:
        """Stations of a cell."""
        return self.setting.per_cell[WATER_STATION.name]

    @cached_property
    def slow(self) -> Floats:
        """(C * units, GRID_POINTS) what nothing here explains, standard normal, over half days."""
        numbers = devices(self.cells, self.units).reshape(-1)
        return smooth_noise(self.setting.streams, "water.slow", (numbers,), self.world.index, _SLOW)

    @cached_property
    def offset(self) -> Floats:
        """(C * units,) the oxygen probe's error after a cleaning, mg/L."""
        return constant(self.setting, WATER_STATION, self.cells, "oxygen", 0.06)

    @cached_property
    def cleaned(self) -> Floats:
        """(C * units,) days before the commissioning on which a probe was last cleaned."""
        numbers = devices(self.cells, self.units).reshape(-1)
        return _CLEANED_D * self.setting.streams.uniform("water_station.cleaned", numbers)

    def fouling(self, own: Ints, x: Floats) -> Floats:
        """(N,) what has grown on the oxygen probes takes from their readings, mg/L; each visit begins it anew."""
        days = self.world.index + x / STEPS + self.cleaned.take(own)
        return np.asarray(_FOULED_PER_DAY * (days % _CLEANED_D))


def observe(day: WaterDay, at: Moments) -> Observation:
    """What the stations report."""
    bench = Bench(kind=WATER_STATION, streams=day.setting.streams, at=at)
    sampled = _at_analysis(at)
    found = _sonde(day, sampled)
    chemistry = _chemistry(day, sampled, found)
    shown = at.x - sampled.x < _SHOWN_STEPS
    return {
        **_seen(day, bench, _sonde(day, at)),
        **{name: np.where(shown, value, np.nan) for name, value in chemistry.items()},
        "water_quality_class": _grade(day, sampled, found, chemistry),
    }


def _at_analysis(at: Moments) -> Moments:
    """The instants of the last analyses: what they found stays the same until the next."""
    x = np.floor(at.x / _ANALYSIS_STEPS) * _ANALYSIS_STEPS
    ts = at.ts - np.rint((at.x - x) * (1000 * GRID_S)).astype(np.int64)
    return Moments(row=at.row, unit=at.unit, device=at.device, ts=ts, x=x)


def _grade(day: WaterDay, sampled: Moments, found: Sonde, chemistry: Sonde) -> Ints:
    """Class by the sonde at the analysis, and by what that found."""
    seen = _seen(day, Bench(kind=WATER_STATION, streams=day.setting.streams, at=sampled), found)
    return quality.grade(
        ph=_published("ph", seen["ph"]),
        oxygen=_published("dissolved_oxygen", seen["dissolved_oxygen"]),
        permanganate=chemistry["permanganate_index"],
        ammonia=chemistry["ammonia_nitrogen"],
        phosphorus=chemistry["total_phosphorus"],
        lake=sampled.unit == 0,
    )


def _sonde(day: WaterDay, at: Moments) -> Sonde:
    """Clean values: temperature Cel, oxygen mg/L, pH, and those on which other figures stand."""
    bay = at.unit == 0
    here, slow = Sampler(at.row, at.x), Sampler(rows(at, day.units), at.x).line(day.slow)
    rise, wet = here.line(day.river.rise), here.line(day.river.wetness)
    warmth = np.where(bay, here.line(day.lake.temperature), here.line(day.river.temperature))
    full = lake.saturation(warmth)
    sun = Sampler(day.site.take(at.row), at.x).line(day.world.ghi)
    stream = 0.80 * full + 0.0010 * sun + 0.25 * slow - 2.2 * river.flush(rise, wet)
    oxygen = np.where(bay, here.line(day.lake.oxygen) + 0.1 * slow, stream)
    oxygen = np.clip(oxygen, 0.15, 2.0 * full)
    ph = np.where(bay, 7.9 + 0.13 * (oxygen - full), 7.45 + 0.10 * (oxygen - 0.8 * full)) + 0.03 * slow
    algae, wind = here.line(day.lake.chlorophyll), here.line(day.lake.wind)
    return {
        "water_temperature": warmth,
        "dissolved_oxygen": oxygen,
        "ph": np.clip(ph, 6.2, 9.9),
        "slow": slow,
        "rise": rise,
        "wetness": wet,
        "wind": wind,
        "sun": sun,
        "algae": lake.surface(algae, wind),
    }


def _seen(day: WaterDay, bench: Bench, sonde: Sonde) -> dict[str, Floats]:
    own, bay = rows(bench.at, day.units), bench.at.unit == 0
    algae, slow, rise = sonde["algae"], sonde["slow"], sonde["rise"]
    light = 1.0 - _QUENCH * np.minimum(sonde["sun"] / 900.0, 1.0)
    blue = np.clip((sonde["water_temperature"] - 12.0) / 14.0, 0.05, 1.0)
    cloudy = np.where(bay, lake.turbidity(sonde["wind"], algae), river.turbidity(rise)) * np.exp(0.12 * slow)
    salty = np.where(bay, 430.0, river.conductivity(rise)) * (1 + 0.02 * slow)
    oxygen = sonde["dissolved_oxygen"] + day.offset.take(own) - day.fouling(own, bench.at.x)
    level = river.level(rise) + 0.02 * slow

    def only(where: Bools, name: str, value: Floats, share: float) -> Floats:
        return np.where(where, bench.noisy(name, value, share), np.nan)

    return {
        "water_temperature": bench.noisy("water_temperature", sonde["water_temperature"], 0.02),
        "ph": bench.noisy("ph", sonde["ph"], 0.03),
        "dissolved_oxygen": bench.noisy("dissolved_oxygen", oxygen, 0.08),
        "conductivity": bench.noisy("conductivity", salty, 3.0),
        "turbidity": bench.shown("turbidity", cloudy * (1 + bench.noise("turbidity", 0.05))),
        "chlorophyll_a": only(bay, "chlorophyll_a", algae * light, 0.8),
        "phycocyanin": only(bay, "phycocyanin", 0.7 * algae * blue, 0.6),
        "water_level": only(~bay, "water_level", level, 0.005),
    }


def _chemistry(day: WaterDay, at: Moments, found: Sonde) -> dict[str, Floats]:
    """What the analyses at these instants found, mg/L, as published."""
    bay = at.unit == 0
    algae, slow = found["algae"], found["slow"]
    washed = river.flush(found["rise"], found["wetness"])
    stirred = np.maximum(found["wind"] - 4.0, 0.0)
    clean = {
        "permanganate_index": np.where(bay, 2.7 + 0.022 * algae, 3.6 + 2.6 * washed) * (1 + 0.08 * slow),
        "ammonia_nitrogen": np.where(bay, 0.06 + 0.0006 * algae, 0.42 + 1.1 * washed) * np.exp(0.3 * slow),
        "total_phosphorus": np.where(bay, 0.043 + 0.00045 * algae + 0.006 * stirred, 0.10 + 0.12 * washed)
        * np.exp(0.12 * slow),
        "total_nitrogen": np.where(bay, 1.45 - 0.035 * (found["water_temperature"] - 17.0), 2.6 + 0.9 * washed)
        * np.exp(0.1 * slow),
    }
    normal = day.setting.streams.normal
    return {
        name: _published(name, value * (1 + _ANALYSER * normal(f"water_station.{name}.analysis", at.device, at.ts)))
        for name, value in clean.items()
    }


def _published(name: str, value: Floats) -> Floats:
    """Within the channel's range, and rounded to its resolution, on which the class stands."""
    channel: Channel = WATER_STATION.channel[name]
    return np.asarray(np.rint(np.clip(value, channel.low, channel.high) * channel.scale) / channel.scale)
