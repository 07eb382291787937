"""The daily equations of FAO-56, which no model uses: a measure for the shorter periods' that models do use.

Source: Allen, Pereira, Raes & Smith (1998). Crop evapotranspiration. FAO Irrigation and Drainage Paper 56.
Equation numbers are the paper's; radiation is in MJ m-2 per day.
"""

import numpy as np

from park.model import Floats
from sectors.agriculture.et0 import (
    ALBEDO,
    clear_sky_radiation,
    emitted_longwave,
    net_longwave,
    psychrometric,
    saturation_pressure,
    sun_distance,
)

STEFAN_BOLTZMANN_DAILY = 4.903e-9  # MJ K-4 m-2 day-1


def pressure(elevation_m: float) -> float:
    """Mean atmospheric pressure at an elevation, kPa (equation 7)."""
    return float(101.3 * ((293.0 - 0.0065 * elevation_m) / 293.0) ** 5.26)


def mean_saturation_pressure(tmax: Floats, tmin: Floats) -> Floats:
    """Mean saturation vapour pressure of a day, kPa (equation 12)."""
    return 0.5 * (saturation_pressure(tmax) + saturation_pressure(tmin))


def saturation_slope(temperature: Floats) -> Floats:
    """Slope of the saturation vapour pressure curve, kPa/Cel (equation 13)."""
    return 4098.0 * saturation_pressure(temperature) / (temperature + 237.3) ** 2


def vapour_pressure(tmax: Floats, tmin: Floats, rhmax: Floats, rhmin: Floats) -> Floats:
    """Actual vapour pressure of a day from its extremes of humidity in %, kPa (equation 17)."""
    return 0.005 * (saturation_pressure(tmin) * rhmax + saturation_pressure(tmax) * rhmin)


def extraterrestrial_radiation(latitude: float, day_of_year: Floats) -> Floats:
    """Radiation of a day above the atmosphere, MJ m-2 day-1 (equations 21 and 23 to 25)."""
    phi = np.deg2rad(latitude)
    delta = 0.409 * np.sin(2.0 * np.pi * day_of_year / 365.0 - 1.39)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(delta), -1.0, 1.0))
    mean_cosine = sunset * np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.sin(sunset)
    return np.asarray(24.0 * 60.0 / np.pi * 0.0820 * sun_distance(day_of_year) * mean_cosine)


def et0_daily(
    *,
    tmax: Floats,
    tmin: Floats,
    rhmax: Floats,
    rhmin: Floats,
    wind_2m: Floats,
    solar: Floats,
    latitude: float,
    elevation_m: float,
    day_of_year: Floats,
) -> Floats:
    """Penman-Monteith reference evapotranspiration of whole days, mm/day (equation 6).

    Parameters:
        tmax, tmin: extremes of the air temperature at 2 m, Cel.
        rhmax, rhmin: extremes of relative humidity, %.
        wind_2m: mean wind speed at 2 m, m/s.
        solar: solar radiation, MJ m-2 day-1.
    """
    mean = 0.5 * (tmax + tmin)
    actual = vapour_pressure(tmax, tmin, rhmax, rhmin)
    clear = clear_sky_radiation(extraterrestrial_radiation(latitude, day_of_year), elevation_m)
    emitted = 0.5 * (emitted_longwave(tmax, STEFAN_BOLTZMANN_DAILY) + emitted_longwave(tmin, STEFAN_BOLTZMANN_DAILY))
    net = (1.0 - ALBEDO) * solar - net_longwave(emitted, actual, solar / clear)  # equations 38 and 40
    slope, gamma = saturation_slope(mean), psychrometric(pressure(elevation_m))
    deficit = mean_saturation_pressure(tmax, tmin) - actual
    demand = 0.408 * slope * net + gamma * 900.0 / (mean + 273.0) * wind_2m * deficit
    return np.asarray(demand / (slope + gamma * (1.0 + 0.34 * wind_2m)))
