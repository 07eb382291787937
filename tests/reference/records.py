"""Weather records in one shape: the park's own, and real ones out of test dependencies."""

import csv
import warnings
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from simulator.world.sun import position, sine_of_apparent
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
    grid = _grid(seed, days)

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
    """Five-minute series of the park's first site over local days, midnight to midnight."""
    world = world_of(seed)
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


def shuffled_hours(record: Record) -> Record:
    """Every series in an order of its own."""
    rng = np.random.default_rng(7)
    return replace(record, **{f.name: rng.permutation(getattr(record, f.name)) for f in fields(Record)})


def shuffled_days(record: Record) -> Record:
    """Whole days in another order, the season's sun left in place."""
    order = np.random.default_rng(7).permutation(len(record.ghi) // 24)
    moved = ("temperature", "humidity", "wind", "pressure", "direction", "ghi", "wet")
    return replace(record, **{n: getattr(record, n).reshape(-1, 24)[order].ravel() for n in moved})
