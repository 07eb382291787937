"""The climate of Wuxi by month, and what another latitude makes of it.

Temperatures, rain and wet days are rounded after the normals of 1991-2020 for Wuxi, 31.6 N, and add up to the 1,080 to
1,170 mm and 121 to 131 rain days that the city reports. Linke turbidities are those of the grid of Remund et al.
(2003) at 31.5 N 120.3 E. Wind, spreads and the length of rain are typical of the lower Yangtze.

Another place keeps the sun of its own latitude, and Wuxi's rain, cloud and wind. Its temperature is moved
along the zonal mean T = 15 - 28 P2(sin latitude) of North, Cahalan & Coakley (1981), cooled by 6.5 Cel a
kilometre, and its seasons are scaled with the latitude; south of the equator they change sides.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats

_LATITUDE = 31.49

# Each row: January to December.
_TMAX = (8.0, 10.6, 15.4, 21.5, 26.6, 29.2, 32.9, 32.3, 28.3, 23.2, 17.2, 10.7)
_TMIN = (1.1, 2.9, 6.7, 12.1, 17.5, 22.1, 25.9, 25.6, 21.4, 15.2, 9.0, 3.1)
_RAIN_MM = (63, 61, 88, 82, 93, 196, 182, 150, 90, 60, 56, 42)
_WET_DAYS = (10.0, 9.8, 12.2, 10.8, 11.3, 13.5, 12.8, 12.8, 9.3, 7.6, 8.6, 7.5)
_LINKE = (2.93, 3.20, 3.54, 4.04, 4.48, 4.79, 4.84, 4.40, 3.78, 3.18, 2.79, 2.76)
_WIND_MS = (2.6, 2.8, 3.0, 3.0, 2.9, 2.8, 2.8, 2.9, 2.6, 2.4, 2.4, 2.5)
# Direction from which the monsoon blows: north-west in winter, south-east in summer.
_WIND_FROM = (330, 350, 60, 120, 130, 135, 145, 130, 60, 40, 350, 335)
_PRESSURE_HPA = (1026.5, 1024.2, 1020.0, 1014.8, 1010.0, 1005.2, 1003.6, 1005.2, 1011.6, 1018.2, 1022.6, 1026.0)
# Degrees by which a day's maximum and minimum stray from the season's.
_SPREAD_TMAX = (4.0, 4.6, 4.9, 4.4, 3.9, 3.4, 3.2, 2.9, 3.3, 3.3, 3.8, 3.9)
_SPREAD_TMIN = (3.2, 3.3, 3.3, 3.0, 2.5, 2.1, 1.8, 1.7, 2.5, 3.0, 3.6, 3.3)
_SPREAD_PRESSURE = (4.6, 4.8, 4.9, 4.4, 3.6, 2.8, 2.5, 2.6, 3.0, 3.4, 4.2, 4.6)
# Hours of rain on a wet day: long drizzle in winter, showers in summer.
_WET_HOURS = (9.0, 9.0, 8.5, 7.5, 7.0, 7.5, 5.0, 4.5, 6.5, 7.5, 8.5, 9.0)
# Dew point below the night's minimum on a dry day.
_DEW_GAP = (3.4, 3.4, 3.4, 3.4, 3.2, 2.0, 1.6, 1.4, 1.8, 2.6, 2.8, 3.4)

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


def climate_of(latitude: float, elevation_m: float) -> Climate:
    """The climate of a place; Wuxi's own at 31.49 N and sea level."""
    southern = latitude < 0
    mean, swing = _by_day((np.array(_TMAX) + _TMIN) / 2, southern), _by_day(np.array(_TMAX) - _TMIN, southern)
    annual = float(mean.mean())
    seasons = min(abs(latitude) / _LATITUDE, 1.6)
    shift = -28 * (_p2(latitude) - _p2(_LATITUDE)) - 0.0065 * elevation_m
    mean = annual + shift + seasons * (mean - annual)
    days = np.array((31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
    angle = np.radians(_WIND_FROM)
    return Climate(
        tmax=mean + swing / 2,
        tmin=mean - swing / 2,
        spread_tmax=_by_day(_SPREAD_TMAX, southern),
        spread_tmin=_by_day(_SPREAD_TMIN, southern),
        wet=_by_day(_WET_DAYS / days, southern),
        wet_mm=_by_day(np.array(_RAIN_MM) / _WET_DAYS, southern),
        wet_hours=_by_day(_WET_HOURS, southern),
        linke=_by_day(_LINKE, southern),
        wind=_by_day(_WIND_MS, southern),
        wind_east=_by_day(np.sin(angle), southern),
        wind_north=_by_day(np.cos(angle), southern),
        pressure=_by_day(_PRESSURE_HPA, southern) * np.exp(-elevation_m / 8430),
        spread_pressure=_by_day(_SPREAD_PRESSURE, southern),
        dew_gap=_by_day(_DEW_GAP, southern),
    )


def _p2(latitude: float) -> float:
    """Second Legendre polynomial of the sine of the latitude."""
    return float(1.5 * np.sin(np.radians(latitude)) ** 2 - 0.5)


def _by_day(monthly: Floats | tuple[float, ...], southern: bool) -> Floats:
    """Monthly values, set in mid-month, drawn out over the days of the year."""
    months = (np.arange(12) + 0.5) * (366 / 12)
    days = np.arange(366) + (183 if southern else 0)
    return np.asarray(np.interp(days, months, monthly, period=366))
