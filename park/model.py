"""What a sector's model is given and what it returns: the seam between physics and fleet.

A sector is an endless sequence of *cells* (a field, a building, a road corridor), numbered from 0, each
with `per_cell` devices of every kind. Cells meet only in the weather and the calendar. A model is a set
of pure functions of (seed, cell, time):

* a *day* of the town runs from 04:00 local time to 04:00 of the next; day 0 holds the commissioning;
* slow state (soil water, growth, lifetime registers) is *carried* from day to day, nothing else is;
* within a day, state lives on a grid of `GRID_POINTS` instants every `GRID_S` seconds, both ends included;
* a reading is an observation of that state at any instant between, plus noise that is a function of
  (seed, device, channel, time).

So any moment is reached by carrying days from the commissioning, which costs two milliseconds a day.

Every function must give each cell and each reading the same value whatever stands beside it in the
array: work elementwise or along the time axis; no matrix product, no reduction over cells or readings.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

GRID_S = 300
GRID_POINTS = 289
DAY_MS = 86_400_000
DAY_STARTS_H = 4


class Streams(Protocol):
    """Counter-based randomness: a value is a pure function of (seed, name, counters).

    Counters are integers or integer arrays that broadcast together, such as (cell[:, None], hour).
    """

    def uniform(self, name: str, *counters: Ints | int) -> Floats:
        """Uniform in [0, 1)."""

    def normal(self, name: str, *counters: Ints | int) -> Floats:
        """Standard normal."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WorldDay:
    """Weather and calendar of one day of the town; the same for every sector.

    Arrays are (sites, GRID_POINTS) on `times`, unless said otherwise. The last instant of a day equals
    the first of the next.

    Attributes:
        index: number of the day since commissioning.
        date: local date on which the day begins, at 04:00.
        times: (GRID_POINTS,) Unix milliseconds.
        hour: (GRID_POINTS,) local hour of the day in [0, 24).
        workday: whether `date` is a working day: no weekend, no holiday, make-up workdays included.
        weekday: 0 is Monday.
        temperature: air at 2 m, Cel.
        relative_humidity: %.
        atmospheric_pressure: hPa.
        wind_speed, wind_direction: at 10 m, m/s; degrees from north.
        cloud_cover: fraction of the sky, 0 to 1.
        precipitation: intensity, mm/h.
        ghi, dni, dhi: global, direct normal and diffuse horizontal irradiance, W/m2.
        ghi_clear: global horizontal irradiance under a clear sky, W/m2.
        sun_elevation, sun_azimuth: degrees; azimuth clockwise from north.
    """

    index: int
    date: dt.date
    times: Ints
    hour: Floats
    workday: bool
    holiday: bool
    weekday: int
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What a model knows of its town.

    Attributes:
        streams: the town's randomness, bound to its seed.
        site_of: cell numbers to rows of the `WorldDay` arrays.
        latitude, longitude: of the town, degrees north and east.
        elevation_m: above sea level.
        per_cell: kind name to the number of its devices in a cell.
    """

    streams: Streams
    site_of: Callable[[Ints], Ints]
    latitude: float
    longitude: float
    elevation_m: float
    per_cell: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """N readings to be observed: which device, when.

    Attributes (all of shape (N,)):
        cell: number of the cell.
        row: row of that cell in the day's state, which is made for an array of cells.
        unit: number of the device within its cell and kind, 0 to per_cell - 1.
        device: number of the device in the town and its kind, from 0: cell * per_cell + unit.
        ts: Unix milliseconds.
        x: position of ts on the day's grid, 0 <= x < GRID_POINTS - 1.
    """

    cell: Ints
    row: Ints
    unit: Ints
    device: Ints
    ts: Ints
    x: Floats


#: Carried state: name to array with one row per cell.
Carry: TypeAlias = Mapping[str, npt.NDArray[Any]]

#: What `observe` returns: channel name to (N,) array: floats in the channel's unit, booleans, whole
#: numbers, or for a text channel indices into its `texts`. A float NaN means "not measured": absent.
Observation: TypeAlias = Mapping[str, npt.NDArray[Any]]


class Model(Protocol):
    """The physics of one sector. A sector's `model.py` holds `MODEL`: a function of a `Setting`."""

    def begin(self, cells: Ints) -> Carry:
        """The carried state of `cells` at the first morning, (C, ...)."""

    def advance(self, cells: Ints, carry: Carry, world: WorldDay) -> Carry:
        """The carried state one day later."""

    def day(self, cells: Ints, carry: Carry, world: WorldDay) -> Any:
        """The state of `cells` through one day; whatever `observe` wants. Prefer lazy parts."""

    def observe(self, kind: str, state: Any, at: Moments) -> Observation:
        """What the devices of `kind` measure at these moments, noise included."""


@runtime_checkable
class Strides(Protocol):
    """What a model may have besides: a faster way through many days, for sectors that can work on several at once."""

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The carried state after consecutive days: to the last bit what one `advance` after another gives."""
