"""What a sector's model is given and what it returns: the seam between physics and fleet.

A sector is an endless sequence of *cells* (a field, a building, a road corridor), numbered from 0, each
with `per_cell` devices of every kind. Cells meet only in the weather and the calendar. A model is a set
of pure functions of (seed, cell, time):

* a *day* of the town runs from 04:00 local time to 04:00 of the next; day 0 holds the commissioning;
* slow state (soil water, growth, lifetime registers) is *carried* from day to day, nothing else is;
* within a day, state lives on a grid of `GRID_POINTS` instants every `GRID_S` seconds, both ends included;
* a reading is an observation of that state at any instant between, plus noise that is a function of
  (seed, device, channel, time);
* what devices were commanded comes as `Orders`, and a reading depends on the orders before it alone. State on the
  grid sees an order from the first instant at or after `effective`, and no reading between two instants may use one
  that a later order could change. A model that plans a day plans anew from `effective` on, and keeps what was before.

So any moment is reached by carrying days from the commissioning, which costs some milliseconds a day of the whole
town: docs/reference/costs.md.

Every function must give each cell and each reading the same value whatever stands beside it in the
array: work elementwise or along the time axis; no matrix product, no reduction over cells or readings.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from park.arrays import Bools, Floats, Ints
from park.orders import NO_ORDERS, Orders

__all__ = [
    "DAY_MS", "DAY_STARTS_H", "GRID_POINTS", "GRID_S", "NO_ORDERS", "Bools", "Carry", "Floats", "Instants",
    "Ints", "Model", "Moments", "Observation", "Orders", "Place", "Places", "Setting", "Streams",
    "Strides", "WorldDay",
]  # fmt: skip

GRID_S = 300
GRID_POINTS = 289
DAY_MS = 86_400_000
DAY_STARTS_H = 4


class Streams(Protocol):
    """Counter-based randomness: a value is a pure function of (seed, owner, name, counters).

    Counters are integers or integer arrays that broadcast together, such as (cell[:, None], hour).
    """

    def uniform(self, name: str, *counters: Ints | int) -> Floats:
        """Uniform in [0, 1)."""

    def normal(self, name: str, *counters: Ints | int) -> Floats:
        """Standard normal."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Where things stand: degrees north and east, one of each for every thing."""

    latitude: Floats
    longitude: Floats


class Instants(Protocol):
    """The weather of a day at any instant and place, in closed form: finer than the grid, and never twice the same.

    The rows of `WorldDay` are what a site has in common; two stations of it differ from them, and from each other, as
    real ones some kilometres apart do. For `observe`; a day's integrals stay on the grid.

    All take (N,) rows of `WorldDay` arrays, (N,) places, and (N,) positions on the day's grid, 0 <= x <= 288.
    """

    def temperature(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Air at 2 m, Cel."""

    def relative_humidity(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Of the same air, %."""

    def wind_speed(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Mean of the minute at 10 m, m/s; 0 in a calm."""

    def wind_direction(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Degrees from north."""

    def precipitation(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Intensity, mm/h: begins and ends at any second, and moves over the places."""

    def irradiance(self, site: Ints, where: Place, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Global horizontal, direct normal and diffuse horizontal, W/m2: clouds pass, and their edges dazzle."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WorldDay:
    """Weather and calendar of one day of the town; the same for every sector.

    Arrays are (sites, GRID_POINTS) on `times`, unless said otherwise. The last instant of a day equals
    the first of the next.

    Attributes:
        index: number of the day since commissioning.
        date: local date on which the day begins, at 04:00.
        times: (GRID_POINTS,) Unix milliseconds.
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
        more: the properties below by name, worked out when first read. To give a day another's, in a test:
            `replace(day, more={**day.more, "road_demand": other})`.
        fine: behind `instants`.
    """

    index: int
    date: dt.date
    times: Ints
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
    more: Mapping[str, Floats] = field(default_factory=dict, repr=False)
    fine: Instants | None = field(default=None, repr=False)

    @property
    def instants(self) -> Instants:
        """The same weather between the instants of the grid, from place to place."""
        if self.fine is None:
            raise ValueError("WorldDay.fine: this day was made by hand, without its instants")
        return self.fine

    @property
    def at_home(self) -> Floats:
        """Share of the town's people who are at home, asleep or not; the four shares add up to one."""
        return self.more["at_home"]

    @property
    def at_work(self) -> Floats:
        """Share at work or at school."""
        return self.more["at_work"]

    @property
    def under_way(self) -> Floats:
        """Share on foot, on wheels or waiting for them."""
        return self.more["under_way"]

    @property
    def out(self) -> Floats:
        """Share in shops, parks, restaurants, clinics, squares."""
        return self.more["out"]

    @property
    def road_demand(self) -> Floats:
        """Vehicles that want to pass, relative to the mean of a year; two peaks on workdays."""
        return self.more["road_demand"]

    @property
    def pm25(self) -> Floats:
        """Fine particles in the district's air, mean over some kilometres, ug/m3."""
        return self.more["pm25"]

    @property
    def no2(self) -> Floats:
        """Nitrogen dioxide in the district's air, ug/m3 at 298.15 K and 1013.25 hPa."""
        return self.more["no2"]

    @property
    def o3(self) -> Floats:
        """Ozone in the district's air, ug/m3 at 298.15 K and 1013.25 hPa."""
        return self.more["o3"]

    @property
    def supply_voltage(self) -> Floats:
        """At the low side of the district's transformer, per unit of nominal."""
        return self.more["supply_voltage"]

    @property
    def energy_price(self) -> Floats:
        """What a kWh costs by the published tariff (Jiangsu's residential one), in the town's currency."""
        return self.more["energy_price"]

    @property
    def illuminance(self) -> Floats:
        """On a horizontal plane, twilight included, lx."""
        return self.more["illuminance"]


class Places(Protocol):
    """Where a sector's cells and devices stand: a pure function of the town and the number.

    Cells lie around their site, each on a tile of its own, so that what belongs to one stays within some hundred
    metres of its middle; a road or a river begins there and runs through its own site.
    """

    def cells(self, cells: Ints) -> Place:
        """The middle of each cell, (C,)."""

    def devices(self, kind: str, device: Ints) -> Place:
        """Where devices of a kind stand, by their number in the town, (N,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What a model knows of its town.

    Attributes:
        streams: randomness bound to the town's seed and to the sector: two sectors share no stream.
        site_of: cell numbers to rows of the `WorldDay` arrays.
        places: where the sector's cells and devices stand.
        latitude, longitude: of the town, degrees north and east.
        elevation_m: above sea level.
        per_cell: kind name to the number of its devices in a cell.
    """

    streams: Streams
    site_of: Callable[[Ints], Ints]
    places: Places
    latitude: float
    longitude: float
    elevation_m: float
    per_cell: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """N readings to be observed: which device, when.

    Attributes (all of shape (N,)):
        row: row of its cell in the day's state, which is made for an array of cells.
        unit: number of the device within its cell and kind, 0 to per_cell - 1.
        device: number of the device in the town and its kind, from 0: cell * per_cell + unit.
        ts: Unix milliseconds.
        x: position of ts on the day's grid, 0 <= x < GRID_POINTS - 1.
    """

    row: Ints
    unit: Ints
    device: Ints
    ts: Ints
    x: Floats

    @property
    def ms(self) -> Ints:
        """(N,) whole milliseconds since 04:00."""
        return np.rint(self.x * (GRID_S * 1000)).astype(np.int64)


#: Carried state: name to array with one row per cell.
Carry: TypeAlias = Mapping[str, npt.NDArray[Any]]

#: What `observe` returns: channel name to (N,) array: floats in the channel's unit, booleans, whole
#: numbers, or for a text channel indices into its `texts`. A float NaN means "not measured": absent.
Observation: TypeAlias = Mapping[str, npt.NDArray[Any]]


class Model(Protocol):
    """The physics of one sector. A sector's `model.py` holds `MODEL`: a function of a `Setting`."""

    def begin(self, cells: Ints) -> Carry:
        """The carried state of `cells` at the first morning, (C, ...)."""

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The carried state one day later; `orders` are those to these cells that take effect in the day."""

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Any:
        """The state of `cells` through one day; whatever `observe` wants. Prefer lazy parts."""

    def observe(self, kind: str, state: Any, at: Moments) -> Observation:
        """What the devices of `kind` measure at these moments, noise included."""


@runtime_checkable
class Strides(Protocol):
    """What a model may have besides: a faster way through many days, for sectors that can work on several at once."""

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The carried state after consecutive days without orders: to the bit what `advance` through each gives."""
