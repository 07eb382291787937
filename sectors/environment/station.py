"""Reference air stations: analysers with their drift and nightly check, and the index of the last hour."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import Sampler, devices, integral, rows
from park.model import Bools, Floats, Ints, Moments, Observation
from sectors.environment import aqi
from sectors.environment.air import Air, AirDay
from sectors.environment.catalogue import AIR_STATION
from sectors.environment.instruments import Bench, constant

#: Share of the kerb's increment at the first station of a cell, and at the others, in the quarter behind.
_KERB, _BEHIND = 1.0, 0.06
_PER_HOUR = 12
_CHECK_MIN = 14.0  # zero and span, each night: an hour keeps more than the 45 minutes that make it valid
_GASES = ("no", "no2", "so2", "o3", "co")
_NOISE = {"pm25": 1.8, "pm10": 2.6, "no": 1.2, "no2": 1.6, "so2": 1.8, "o3": 2.0, "co": 0.02}
_ZERO = {"pm25": 0.5, "pm10": 0.8, "no": 0.6, "no2": 0.8, "so2": 0.6, "o3": 1.0, "co": 0.01}
_SPAN = 0.012


def shares(cells: Ints, per_cell: int) -> Floats:
    """(C, per_cell) of the kerb's increment."""
    share = np.full((len(cells), per_cell), _BEHIND)
    share[:, 0] = _KERB
    return share


@dataclass(frozen=True, kw_only=True, eq=False)
class Stations:
    """The stations of C districts through a day."""

    air: AirDay
    cells: Ints

    @cached_property
    def share(self) -> Floats:
        """(C * units,) of the kerb's increment."""
        return shares(self.cells, self._units).reshape(-1)

    @cached_property
    def zero(self) -> dict[str, Floats]:
        """(C * units,) what each analyser adds."""
        return {name: self._constant(f"{name}.zero", deviation) for name, deviation in _ZERO.items()}

    @cached_property
    def span(self) -> dict[str, Floats]:
        """(C * units,) by what each analyser multiplies."""
        return {name: 1 + self._constant(f"{name}.span", _SPAN) for name in _ZERO}

    @cached_property
    def checked(self) -> Floats:
        """(C * units,) hours after 04:00 when the night's check begins: between midnight and three."""
        numbers = devices(self.cells, self._units).reshape(-1)
        return 20.0 + 2.7 * self.air.setting.streams.uniform("air_station.check", numbers)

    @cached_property
    def hours(self) -> dict[str, Floats]:
        """(C * units, 35) means on which the index stands: the first twelve since 04:00, then of each full hour."""
        clean = self.air.on_grid(shares(self.cells, self._units))
        return {name: self._hourly(name, getattr(clean, name)) for name in aqi.HOURLY}

    @cached_property
    def index(self) -> tuple[Ints, Ints]:
        """(C * units, 35) the index and its primary pollutant."""
        return aqi.index_of(self.hours, aqi.HOURLY)

    def _hourly(self, name: str, clean: Floats) -> Floats:
        series = clean.reshape(len(self.share), -1)
        total = integral(series)
        since = np.empty((len(series), _PER_HOUR))
        since[:, 0] = series[:, 0]
        since[:, 1:] = total[:, 1:_PER_HOUR] / (np.arange(1, _PER_HOUR) / _PER_HOUR)
        full = np.diff(total[:, ::_PER_HOUR], axis=1)[:, :-1]
        means = np.concatenate([since, full], axis=1)
        return np.asarray(self.span[name][:, None] * means + self.zero[name][:, None])

    @property
    def _units(self) -> int:
        return self.air.setting.per_cell[AIR_STATION.name]

    def _constant(self, name: str, deviation: float) -> Floats:
        return constant(self.air.setting, AIR_STATION, self.cells, name, deviation)


def observe(day: Stations, at: Moments) -> Observation:
    """What the stations report."""
    bench = Bench(kind=AIR_STATION, streams=day.air.setting.streams, at=at)
    own = rows(at, day.air.setting.per_cell[AIR_STATION.name])
    clean = day.air.at(Sampler(at.row, at.x), day.share.take(own))
    return {**_analysers(day, bench, own, clean), **_index(day, own, at.x), **_mast(day, bench)}


def _analysers(day: Stations, bench: Bench, own: Ints, clean: Air) -> dict[str, Floats]:
    checking = _checking(day, own, bench.at.x)
    seen = {}
    for name, deviation in _NOISE.items():
        value = day.span[name].take(own) * getattr(clean, name) + day.zero[name].take(own)
        value = bench.noisy(name, value, deviation)
        seen[name] = np.where(checking, np.nan, value) if name in _GASES else value
    seen["pm10"] = np.maximum(seen["pm10"], seen["pm25"])  # the same head, one cut finer
    return seen


def _checking(day: Stations, own: Ints, x: Floats) -> Bools:
    minutes = 60.0 * (x / _PER_HOUR - day.checked.take(own))
    return np.asarray((minutes >= 0.0) & (minutes < _CHECK_MIN))


def _index(day: Stations, own: Ints, x: Floats) -> dict[str, Ints]:
    step = x.astype(np.int64)
    column = np.where(step < _PER_HOUR, step, _PER_HOUR - 1 + step // _PER_HOUR)
    index, primary = day.index
    now = index[own, column]
    return {
        "air_quality_index": now,
        "air_quality_level": aqi.level(now),
        "primary_pollutant": primary[own, column],
    }


def _mast(day: Stations, bench: Bench) -> dict[str, Floats]:
    at, world = bench.at, day.air.world
    place = day.air.setting.places.devices(AIR_STATION.name, at.device)
    site, fine = day.air.site.take(at.row), world.instants
    wind = fine.wind_speed(site, place, at.x)
    turn = fine.wind_direction(site, place, at.x) + bench.noise("wind_direction", 4.0)
    return {
        "temperature": bench.noisy("temperature", fine.temperature(site, place, at.x), 0.08),
        "relative_humidity": bench.noisy("relative_humidity", fine.relative_humidity(site, place, at.x), 0.6),
        "wind_speed": bench.noisy("wind_speed", wind, 0.04 * wind),
        "wind_direction": turn % 360.0,
    }
