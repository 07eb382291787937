"""The one world that every sector reads: `World.day(index)`."""

import datetime as dt
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import overload

import numpy as np

from park.model import DAY_MS, DAY_STARTS_H, GRID_POINTS, GRID_S, Floats, Ints, Streams, WorldDay
from simulator.world.calendar import Calendar, DayKind
from simulator.world.chain import Chain
from simulator.world.climate import climate_of
from simulator.world.climates import Normals
from simulator.world.clock import DAYS_AFTER, DAYS_BEFORE
from simulator.world.derived import Derived, Town
from simulator.world.errors import BeforeTheTownError
from simulator.world.instants import FineWeather, Local
from simulator.world.weather import Air, Weather

_HOUR_MS = 3_600_000
_KEPT_DAYS = 8
_GRID_MS = np.arange(GRID_POINTS, dtype=np.int64) * (GRID_S * 1000)
_INNER = ("steady_wind", "wetness", "rain_excess", "rain_depth")
_BY_SITE = tuple(field.name for field in fields(Air) if field.name not in _INNER)


class World:
    """Weather and calendar of a town, a pure function of its settings and the number of the day.

    Day 0 is the town day that contains local midnight of the commissioning, so it begins at 04:00 the
    day before.

    Args:
        streams: the town's randomness.
        latitude, longitude: of the town, degrees.
        elevation_m: above sea level.
        utc_offset_ms: local time less UTC.
        country: ISO 3166-1 alpha-2 code whose holidays are kept, or "" for weekends alone.
        climate: name of one, its normals, or "" for Wuxi's moved along the latitude.
        commissioned: local date of the commissioning.
        site_latitudes, site_longitudes: degrees; the rows of every `WorldDay` array.

    Raises:
        UnknownClimateError: when there is none of that name.
        UnknownCountryError: when there is no calendar of the country.
    """

    def __init__(
        self,
        streams: Streams,
        *,
        latitude: float,
        longitude: float,
        elevation_m: float,
        utc_offset_ms: int,
        country: str,
        climate: str | Normals = "",
        commissioned: dt.date,
        site_latitudes: Sequence[float] | Floats = (),
        site_longitudes: Sequence[float] | Floats = (),
    ) -> None:
        self._first = commissioned - dt.timedelta(days=1)
        midnight = dt.datetime.combine(self._first, dt.time(), tzinfo=dt.UTC)
        self._first_ms = int(midnight.timestamp()) * 1000 - utc_offset_ms + DAY_STARTS_H * _HOUR_MS
        self._calendar = Calendar(country)
        normals = climate_of(climate, latitude, elevation_m)
        self._chain = Chain(streams, normals, self._first)
        # A town without sites still has weather: its own.
        north = np.asarray(site_latitudes if len(site_latitudes) else (latitude,), dtype=np.float64)
        east = np.asarray(site_longitudes if len(site_longitudes) else (longitude,), dtype=np.float64)
        self._weather = Weather(
            streams, north, east, climate=normals, height_m=elevation_m, utc_offset_h=utc_offset_ms / _HOUR_MS
        )
        self._town = Town(streams, north, east)
        self._local = Local(streams, latitude, east)
        self._days: OrderedDict[int, WorldDay] = OrderedDict()

    def day(self, index: int) -> WorldDay:
        """The day numbered `index`; arrays (sites, GRID_POINTS), read-only, shared with a small cache.

        Raises:
            BeforeTheTownError: when `index` is negative.
        """
        day = self._days.get(index)
        if day is None:
            (day,) = self._make(index, index + 1)
            self._days[index] = day
            if len(self._days) > _KEPT_DAYS:
                self._days.popitem(last=False)
        else:
            self._days.move_to_end(index)
        return day

    def days(self, first: int, stop: int) -> list[WorldDay]:
        """The days `first` to `stop` - 1. Several are made together, at half the cost of one by one, and not kept.

        Raises:
            BeforeTheTownError: when `first` is negative.
        """
        return [self.day(first)] if stop == first + 1 else self._make(first, stop)

    @overload
    def day_index(self, ts_ms: int) -> int: ...
    @overload
    def day_index(self, ts_ms: Ints) -> Ints: ...
    def day_index(self, ts_ms: Ints | int) -> Ints | int:
        """Numbers of the days in which the Unix milliseconds `ts_ms` lie; negative before day 0."""
        return (ts_ms - self._first_ms) // DAY_MS

    def day_start_ms(self, index: int) -> int:
        """04:00 local time of the day's date, Unix milliseconds."""
        return self._first_ms + index * DAY_MS

    def day_kind(self, index: int) -> DayKind:
        """What the calendar says of the day's date."""
        return self._calendar.day(self._date(index))

    def _make(self, first: int, stop: int) -> list[WorldDay]:
        if first < 0:
            raise BeforeTheTownError(f"day {first} is before the commissioning, {self._first + dt.timedelta(days=1)}")
        times, weather = self._sky(first, stop)
        derived = self._derived(first, stop, weather)
        arrays = {field.name: getattr(weather, field.name) for field in fields(Air)}
        for array in (times, *arrays.values()):
            array.flags.writeable = False
        return [
            self._day(first + i, times[i], {name: values[i] for name, values in arrays.items()}, derived.day(i))
            for i in range(stop - first)
        ]

    def _sky(self, first: int, stop: int) -> tuple[Ints, Air]:
        times = self.day_start_ms(first) + np.arange(stop - first)[:, None] * DAY_MS + _GRID_MS
        calendar = self._chain.days(first - DAYS_BEFORE, stop + DAYS_AFTER)
        return times, self._weather.days(self._date(first).toordinal(), times, calendar)

    def _derived(self, first: int, stop: int, weather: Air) -> Derived:
        kinds = [self.day_kind(index) for index in range(first, stop + 1)]

        @cache
        def before() -> Derived:
            return self._derived(first - 1, first, self._sky(first - 1, first)[1])

        return Derived(self._town, self._date(first).toordinal(), kinds, weather, before)

    def _date(self, index: int) -> dt.date:
        return self._first + dt.timedelta(days=index)

    def _day(self, index: int, times: Ints, arrays: dict[str, Floats], more: Mapping[str, Floats]) -> WorldDay:
        kind = self.day_kind(index)
        return WorldDay(
            index=index,
            date=self._date(index),
            times=times,
            workday=kind.workday,
            holiday=kind.holiday,
            weekday=kind.weekday,
            more=more,
            fine=FineWeather(self._local, times, arrays),
            **{name: arrays[name] for name in _BY_SITE},
        )
