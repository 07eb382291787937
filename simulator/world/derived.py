"""What follows from people, weather and clock, worked out when a model first reads it, for many days at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from park.model import Floats, Streams
from simulator.world import rhythm, supply
from simulator.world.calendar import DayKind
from simulator.world.district import MEMORY_H, Drivers, Region, box, gases, photolysis
from simulator.world.rhythm import People, Rhythm
from simulator.world.sky import illuminance
from simulator.world.weather import Air

_PER_HOUR = 12
_MIDWINTER = 15  # day of the year


class Town:
    """What is fixed about a town's people and air.

    Args:
        streams: randomness.
        latitude, longitude: of each site, (sites,).
    """

    def __init__(self, streams: Streams, latitude: Floats, longitude: Floats) -> None:
        self.streams = streams
        self.rhythm = Rhythm(streams, latitude, longitude)
        self.region = Region(streams, latitude, longitude)
        self.winter = np.where(latitude < 0, -1.0, 1.0)[:, None]


class Derived:
    """Of consecutive days; all arrays (days, sites, GRID_POINTS).

    Args:
        town: what is fixed.
        ordinal: proleptic number of the first day's date.
        kinds: of each day and the one after the last.
        weather: of the days; an attribute too.
        before: the same of the day before the first.
    """

    def __init__(
        self, town: Town, ordinal: int, kinds: Sequence[DayKind], weather: Air, before: Callable[[], "Derived"]
    ) -> None:
        self._town = town
        self._ordinal = ordinal
        self._kinds = kinds
        self.weather = weather
        self._before = before

    @cached_property
    def people(self) -> People:
        """Where people are."""
        air = self.weather
        damping = rhythm.damping(air.wetness, air.temperature, air.wind_speed)
        return self._town.rhythm.days(self._ordinal, self._kinds, damping)

    @cached_property
    def gases(self) -> tuple[Floats, Floats, Floats]:
        """PM2.5, NO2 and O3, ug/m3."""
        drivers = self._drivers()
        pm, ox = self._town.region.at_hours(self._ordinal, len(self._kinds) - 1, drivers)
        air = self.weather
        j = photolysis(air.sun_elevation, air.ghi, air.ghi_clear)
        return gases(box(drivers, pm, ox), air.temperature, j)

    @cached_property
    def voltage(self) -> Floats:
        """Per unit."""
        air, people = self.weather, self.people
        demand = supply.load(people.at_home, people.at_work, air.temperature)
        return supply.voltage(self._town.streams, self._ordinal, demand, air.ghi)

    @cached_property
    def price(self) -> Floats:
        """Currency per kWh."""
        return np.broadcast_to(supply.price(), self.weather.ghi.shape)

    @cached_property
    def illuminance(self) -> Floats:
        """On a horizontal plane, lx."""
        air = self.weather
        return illuminance(air.sun_elevation, air.ghi, air.cloud_cover)

    def day(self, index: int) -> Mapping[str, Floats]:
        """The fields of one day by their names in `park.model.WorldDay`."""
        return _Fields(self, index)

    def _drivers(self) -> Drivers:
        days = len(self._kinds) - 1
        hours = 24 * self._ordinal + 4 - MEMORY_H + np.arange(MEMORY_H + 25) + 24 * np.arange(days)[:, None, None]
        return Drivers(
            wind=self._hours(lambda day: day.weather.steady_wind),
            sun=self._hours(lambda day: day.weather.ghi),
            temperature=self._hours(lambda day: day.weather.temperature),
            rain=self._hours(lambda day: day.weather.precipitation),
            wetness=self._hours(lambda day: day.weather.wetness),
            plume=self._town.region.plume(self._ordinal, days),
            road=self._hours(lambda day: day.people.road_demand),
            season=self._town.winter * np.cos(2 * np.pi * (hours / 24 - _midwinter()) / 365.2425),
        )

    def _hours(self, series: Callable[["Derived"], Floats]) -> Floats:
        """At full hours, from `MEMORY_H` before each day, (days, sites, MEMORY_H + 25)."""
        today = series(self)[..., ::_PER_HOUR]
        yesterday = np.concatenate([series(self._before())[..., ::_PER_HOUR], today[:-1]])
        return np.concatenate([yesterday[..., -1 - MEMORY_H : -1], today], axis=-1)


def _midwinter() -> int:
    """Proleptic number of a mid-January day; the year's length takes care of the others."""
    return 730_120 + _MIDWINTER


FIELDS: Mapping[str, Callable[[Derived], Floats]] = {
    "at_home": lambda days: days.people.at_home,
    "at_work": lambda days: days.people.at_work,
    "under_way": lambda days: days.people.under_way,
    "out": lambda days: days.people.out,
    "road_demand": lambda days: days.people.road_demand,
    "pm25": lambda days: days.gases[0],
    "no2": lambda days: days.gases[1],
    "o3": lambda days: days.gases[2],
    "supply_voltage": lambda days: days.voltage,
    "energy_price": lambda days: days.price,
    "illuminance": lambda days: days.illuminance,
}


class _Fields(Mapping[str, Floats]):
    """One day of `Derived`."""

    def __init__(self, days: Derived, index: int) -> None:
        self._days = days
        self._index = index

    def __getitem__(self, name: str) -> Floats:
        values: Floats = FIELDS[name](self._days)[self._index]
        values.flags.writeable = False
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)
