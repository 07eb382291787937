"""Where the sun stands and what a clear sky lets through.

References:
    Michalsky, J. (1988). The Astronomical Almanac's algorithm for approximate solar position
        (1950-2050). Solar Energy 40(3), 227-235.
    Kasten, F. & Young, A. (1989). Revised optical air mass tables and approximation formula.
        Applied Optics 28(22), 4735-4738.
    Ineichen, P. & Perez, R. (2002). A new airmass independent formulation for the Linke turbidity
        coefficient. Solar Energy 73(3), 151-157.
"""

from dataclasses import dataclass

import numpy as np

from park.model import DAY_MS, Floats, Ints

SOLAR_CONSTANT = 1366.1  # W/m2, ASTM E-490
_J2000_MS = 946_728_000_000  # 2000-01-01 12:00 UTC


@dataclass(frozen=True, kw_only=True, eq=False)
class Sun:
    """The sun over each site, (..., sites, instants).

    Attributes:
        elevation: of the disc's centre without refraction, degrees.
        azimuth: degrees clockwise from north.
        extraterrestrial: normal irradiance outside the atmosphere, the same for every site, W/m2.
    """

    elevation: Floats
    azimuth: Floats
    extraterrestrial: Floats


def position(ts: Ints, latitude: Floats, longitude: Floats) -> Sun:
    """The sun at Unix milliseconds `ts`, (T,) or (..., 1, T), over sites at `latitude`, `longitude` (S,), degrees.

    Good to 0.01 degrees from 1950 to 2050 (Michalsky 1988).
    """
    days = (ts - _J2000_MS) / DAY_MS
    right_ascension, declination, distance = _equatorial(days)
    ut_hours = (ts % DAY_MS) / 3_600_000
    sidereal_hours = 6.697375 + 0.0657098242 * days + ut_hours
    hour_angle = np.radians(sidereal_hours * 15 + longitude[:, None]) - right_ascension
    north = np.radians(latitude)[:, None]
    sine = np.sin(declination) * np.sin(north) + np.cos(declination) * np.cos(north) * np.cos(hour_angle)
    azimuth = np.arctan2(np.sin(hour_angle), np.cos(hour_angle) * np.sin(north) - np.tan(declination) * np.cos(north))
    return Sun(
        elevation=np.degrees(np.arcsin(np.clip(sine, -1, 1))),
        azimuth=(np.degrees(azimuth) + 180) % 360,
        extraterrestrial=SOLAR_CONSTANT / distance**2,
    )


def extraterrestrial(ts: int) -> float:
    """Irradiance normal to the beam outside the atmosphere, W/m2; a day changes it by less than 0.1 %."""
    return float(SOLAR_CONSTANT / _equatorial(np.array([(ts - _J2000_MS) / DAY_MS]))[2][0] ** 2)


def _equatorial(days: Floats) -> tuple[Floats, Floats, Floats]:
    """Right ascension and declination in radians and distance in AU, `days` after J2000 (Michalsky 1988)."""
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    distance = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    return right_ascension, declination, distance


def refraction(elevation: Floats) -> Floats:
    """Degrees by which the air lifts the sun (Michalsky 1988)."""
    e = np.maximum(elevation, -0.56)
    return np.asarray(3.51561 * (0.1594 + 0.0196 * e + 0.00002 * e**2) / (1 + 0.505 * e + 0.0845 * e**2))


def sine_of_apparent(elevation: Floats) -> Floats:
    """Cosine of the zenith angle as seen from the ground; 0 when the sun is down."""
    apparent = elevation + refraction(elevation)
    return np.asarray(np.maximum(np.sin(np.radians(apparent)), 0.0))


def air_mass(elevation: Floats, height_m: float) -> Floats:
    """Air mass of the direct beam, 1 at sea level under the zenith (Kasten & Young 1989).

    Below the horizon it keeps the horizon's value.
    """
    apparent = np.maximum(elevation + refraction(elevation), 0.0)
    relative = 1 / (np.sin(np.radians(apparent)) + 0.50572 * (apparent + 6.07995) ** -1.6364)
    return np.asarray(relative * (1 - 2.25577e-5 * height_m) ** 5.25588)


def clear_sky(sun: Sun, linke: Floats | float, height_m: float) -> Floats:
    """Global horizontal irradiance under a clear sky, W/m2 (Ineichen & Perez 2002).

    Args:
        sun: positions, (..., sites, instants).
        linke: Linke turbidity at air mass 2, one value or (..., 1, instants).
        height_m: above sea level.
    """
    near = np.exp(-height_m / 8000)
    far = np.exp(-height_m / 1250)
    gain = 5.09e-5 * height_m + 0.868
    loss = 3.92e-5 * height_m + 0.0387
    path = air_mass(sun.elevation, height_m) * (near + far * (linke - 1))
    return np.asarray(gain * sun.extraterrestrial * sine_of_apparent(sun.elevation) * np.exp(-loss * path))


def day_arc(day_of_year: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Day length in hours (..., sites, days) and equation of time in minutes, of `day_of_year` (..., 1, days).

    For the shape of the day's temperature only; irradiance comes from `position`.
    Source: Spencer (1971), as given by FAO-56 equations 24, 25 and 34 and 33.
    """
    angle = 2 * np.pi * (day_of_year - 1) / 365
    declination = 0.409 * np.sin(angle + 2 * np.pi / 365 - 1.39)
    cosine = -np.tan(np.radians(latitude))[:, None] * np.tan(declination)
    length = 24 / np.pi * np.arccos(np.clip(cosine, -1, 1))
    b = 2 * np.pi * (day_of_year - 81) / 364
    equation = 60 * (0.1645 * np.sin(2 * b) - 0.1255 * np.cos(b) - 0.025 * np.sin(b))
    return length, equation
