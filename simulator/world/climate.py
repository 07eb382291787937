"""The climate of a town: the normals of a named station by day, or Wuxi's moved along the latitude.

A town that names no climate keeps the sun of its own latitude, and Wuxi's rain, cloud and wind. Its temperature is
moved along the zonal mean T = 15 - 28 P2(sin latitude) of North, Cahalan & Coakley (1981), cooled by 6.5 Cel a
kilometre, and its seasons are scaled with the latitude; south of the equator they change sides.
"""

from dataclasses import dataclass, replace

import numpy as np

from park.model import Floats
from simulator.world.climates import CLIMATES, WUXI, Normals, Row
from simulator.world.errors import UnknownClimateError

_LATITUDE = 31.49
_DAYS = np.array((31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))

#: Of a chance of rain after a wet day, less that after a dry one.
WET_PERSISTENCE = 0.30
#: Share of the diurnal range that a wet day loses on the month's mean day.
WET_RANGE_LOSS = 0.72
#: Shares of it by which a day is warmer and a night colder for each standard deviation of brightness.
BRIGHT_WARMER, BRIGHT_COLDER = 0.09, 0.18


@dataclass(frozen=True, kw_only=True, eq=False)
class Climate:
    """Normals for each day of the year; arrays of 366, the first for 1 January.

    Attributes:
        tmax, tmin: of the air, Cel.
        spread_tmax, spread_tmin: standard deviation of a day's residual, Cel.
        wet: chance that a day is wet.
        wet_mm: mean rain of a wet day, mm.
        wet_hours: hours of rain of a wet day.
        linke: Linke turbidity.
        wind: mean speed at 10 m, m/s.
        wind_east, wind_north: unit vector towards where the wind comes from.
        pressure, spread_pressure: at the place's height, hPa.
        dew_gap: minimum temperature less dew point on a dry day, Cel.
        cloud: latent cover of a dry day.
        least_mm: of a wet day.
    """

    tmax: Floats
    tmin: Floats
    spread_tmax: Floats
    spread_tmin: Floats
    wet: Floats
    wet_mm: Floats
    wet_hours: Floats
    linke: Floats
    wind: Floats
    wind_east: Floats
    wind_north: Floats
    pressure: Floats
    spread_pressure: Floats
    dew_gap: Floats
    cloud: Floats
    least_mm: Floats


def climate_of(name: str | Normals, latitude: float, elevation_m: float) -> Climate:
    """The climate of that name at a place, or Wuxi's moved there if it has none; or that of normals.

    Raises:
        UnknownClimateError: when there is no climate of that name.
    """
    if not name:
        return _moved(latitude, elevation_m)
    if isinstance(name, str) and name not in CLIMATES:
        raise UnknownClimateError(f"town.climate: no climate {name!r}; known: {', '.join(CLIMATES)}")
    normals = CLIMATES[name] if isinstance(name, str) else name
    return _by_days(normals, elevation_m, opposite=latitude * normals.latitude < 0)


def _by_days(normals: Normals, elevation_m: float, *, opposite: bool) -> Climate:
    def days(row: Row) -> Floats:
        return _by_day(row, opposite=opposite)

    wet = np.maximum(np.array(normals.wet_days) / _DAYS, 1e-3)
    angle = np.radians(normals.wind_from)
    return Climate(
        tmax=days(normals.tmax),
        tmin=days(normals.tmin),
        spread_tmax=days(normals.spread_tmax),
        spread_tmin=days(normals.spread_tmin),
        wet=days(tuple(wet)),
        wet_mm=days(tuple(np.maximum(normals.rain_mm / (wet * _DAYS), normals.least_mm))),
        wet_hours=days(normals.wet_hours),
        linke=days(normals.linke),
        wind=days(normals.wind_ms),
        wind_east=days(tuple(np.sin(angle))),
        wind_north=days(tuple(np.cos(angle))),
        pressure=days(normals.pressure_hpa) * np.exp(-elevation_m / 8430),
        spread_pressure=days(normals.spread_pressure),
        dew_gap=days(normals.dew_gap),
        cloud=days(normals.cloud),
        least_mm=days(normals.least_mm),
    )


def _moved(latitude: float, elevation_m: float) -> Climate:
    wuxi = _by_days(WUXI, elevation_m, opposite=latitude < 0)
    mean, swing = (wuxi.tmax + wuxi.tmin) / 2, wuxi.tmax - wuxi.tmin
    annual = float(mean.mean())
    seasons = min(abs(latitude) / _LATITUDE, 1.6)
    shift = -28 * (_p2(latitude) - _p2(_LATITUDE)) - 0.0065 * elevation_m
    mean = annual + shift + seasons * (mean - annual)
    return replace(wuxi, tmax=mean + swing / 2, tmin=mean - swing / 2)


def _p2(latitude: float) -> float:
    """Second Legendre polynomial of the sine of the latitude."""
    return float(1.5 * np.sin(np.radians(latitude)) ** 2 - 0.5)


def _by_day(monthly: Row, *, opposite: bool) -> Floats:
    """Monthly values, set in mid-month, drawn out over the days of the year, or of the year half a year later."""
    months = (np.arange(12) + 0.5) * (366 / 12)
    days = np.arange(366) + (183 if opposite else 0)
    return np.asarray(np.interp(days, months, np.broadcast_to(monthly, 12), period=366))
