"""Reference evapotranspiration after FAO-56, for periods of an hour or less.

Source of every equation here: Allen, Pereira, Raes & Smith (1998). Crop evapotranspiration. FAO
Irrigation and Drainage Paper 56. Equation numbers are the paper's.

Radiation is in MJ m-2 per hour as the paper has it, or per day where said; `MJ_PER_HOUR` converts W/m2.
"""

import numpy as np

from park.model import Bools, Floats

MJ_PER_HOUR = 0.0036
SOLAR_CONSTANT = 1367.0  # W/m2
STEFAN_BOLTZMANN_HOURLY = 4.903e-9 / 24.0  # MJ K-4 m-2 h-1
ALBEDO = 0.23
_KELVIN = 273.16


def psychrometric(pressure_kpa: float | Floats) -> float | Floats:
    """Psychrometric constant, kPa/Cel (equation 8)."""
    return 0.665e-3 * pressure_kpa


def saturation_pressure(temperature: Floats) -> Floats:
    """Saturation vapour pressure over water at `temperature` in Cel, kPa (equation 11)."""
    return np.asarray(0.6108 * np.exp(17.27 * temperature / (temperature + 237.3)))


def sun_distance(day_of_year: Floats) -> Floats:
    """Inverse relative distance of the earth to the sun (equation 23)."""
    return np.asarray(1.0 + 0.033 * np.cos(2.0 * np.pi * day_of_year / 365.0))


def clear_sky_radiation(extraterrestrial: Floats, elevation_m: float) -> Floats:
    """Radiation under a clear sky, in the unit of `extraterrestrial` (equation 37)."""
    return (0.75 + 2e-5 * elevation_m) * extraterrestrial


def net_longwave(emitted: Floats, vapour_kpa: Floats, clearness: Floats) -> Floats:
    """Net outgoing longwave radiation, in the unit of `emitted` (equation 39).

    Parameters:
        emitted: Stefan-Boltzmann constant times the fourth power of the absolute temperature; for a
            day the mean of those of its extremes.
        clearness: Rs / Rso; above 1 it counts as 1.
    """
    sky = 1.35 * np.minimum(clearness, 1.0) - 0.35
    return np.asarray(emitted * (0.34 - 0.14 * np.sqrt(vapour_kpa)) * sky)


def emitted_longwave(temperature: Floats, stefan_boltzmann: float) -> Floats:
    """Radiation of a black body at `temperature` in Cel."""
    return np.asarray(stefan_boltzmann * (temperature + _KELVIN) ** 4)


def wind_at_2m(wind_speed: Floats, height_m: float = 10.0) -> Floats:
    """Wind speed at 2 m from that at `height_m`, m/s (equation 47)."""
    return np.asarray(wind_speed * (4.87 / np.log(67.8 * height_m - 5.42)))


def et0_hourly(
    *,
    temperature: Floats,
    relative_humidity: Floats,
    wind_2m: Floats,
    solar: Floats,
    clearness: Floats,
    daylight: Bools,
    pressure_kpa: float | Floats,
) -> Floats:
    """Penman-Monteith reference evapotranspiration of an hour or less, mm/h (equation 53).

    Parameters:
        temperature: mean air temperature at 2 m, Cel.
        relative_humidity: %.
        wind_2m: mean wind speed at 2 m, m/s.
        solar: solar radiation, MJ m-2 h-1.
        clearness: Rs / Rso; by night, that of the hours before sunset.
        daylight: whether the soil takes heat up (equation 45) or gives it off (equation 46).
        pressure_kpa: atmospheric pressure.

    Returns:
        Negative where dew forms.
    """
    saturated = saturation_pressure(temperature)
    actual = saturated * relative_humidity / 100.0
    emitted = emitted_longwave(temperature, STEFAN_BOLTZMANN_HOURLY)
    net = (1.0 - ALBEDO) * solar - net_longwave(emitted, actual, clearness)
    after_soil = net * np.where(daylight, 0.9, 0.5)
    slope = 4098.0 * saturated / (temperature + 237.3) ** 2
    gamma = psychrometric(pressure_kpa)
    demand = 0.408 * slope * after_soil + gamma * 37.0 / (temperature + 273.0) * wind_2m * (saturated - actual)
    return np.asarray(demand / (slope + gamma * (1.0 + 0.34 * wind_2m)))
