"""Small wind turbines.

References:
    Burton et al. (2011). Wind Energy Handbook, 2nd ed.: power law of height, cubic power curve.
    Irwin (1979). A theoretical variation of the wind profile power-law exponent as a function of surface
    roughness and stability. Atmos. Environ. 13: under the sun the air mixes, at night the wind aloft runs free.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import smooth_noise
from park.model import Floats, Ints, Streams
from sectors.energy.weather import SiteWeather

RATED_KW = 10.0
CUT_IN = 2.0  # m/s
RATED_SPEED = 9.0  # m/s: a turbine for towns with little wind
CUT_OUT = 25.0  # m/s
ROTOR_RADIUS = 3.8  # m
TIP_SPEED_RATIO = 6.5
_TURNS_PER_SPEED = TIP_SPEED_RATIO / (2 * np.pi * ROTOR_RADIUS) * 60
_GUST = 0.08
_DEAD_BAND = 9.0  # degrees
_YAW_STEPS = 2  # steps of the grid between looks at the vane


@dataclass(frozen=True, kw_only=True, eq=False)
class Turbines:
    """Where turbines stand, (rows,) each.

    Attributes:
        night_ratio, noon_ratio: hub over 10 m speed.
        misalignment: of the vane, degrees.
        own_use: of control, heating and converter, kW: drawn whether it turns or not.
    """

    night_ratio: Floats
    noon_ratio: Floats
    misalignment: Floats
    own_use: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Blowing:
    """A day of wind, (rows, points) each: m/s at the hub, kW that is left after the turbine's own use."""

    speed: Floats
    power: Floats


def turbines(streams: Streams, device: Ints) -> Turbines:
    """The turbines of these devices: hubs at 30 to 42 m over a built-up town, on its more open ground."""
    height = 30.0 + 12.0 * streams.uniform("energy.wind.height", device)
    open_ground = 1.0 + 0.16 * streams.uniform("energy.wind.open", device)
    rougher = 0.06 * streams.uniform("energy.wind.shear", device)
    return Turbines(
        night_ratio=open_ground * (height / 10.0) ** (0.34 + rougher),
        noon_ratio=open_ground * (height / 10.0) ** (0.14 + rougher),
        misalignment=3.0 * streams.normal("energy.wind.misalignment", device),
        own_use=0.010 + 0.015 * streams.uniform("energy.wind.own", device),
    )


def power_curve(speed: Floats) -> Floats:
    """Power at a steady wind, kW: cubic from cut-in to rated, then constant up to cut-out."""
    span = RATED_SPEED**3 - CUT_IN**3
    power = np.clip((speed * speed * speed - CUT_IN**3) * (RATED_KW / span), 0.0, RATED_KW)
    return np.asarray(np.where(speed < CUT_OUT, power, 0.0))


def rotor_speed(speed: Floats) -> Floats:
    """Turns per minute: a constant tip speed ratio up to the rated wind, then pitched."""
    turning = (speed >= CUT_IN) & (speed < CUT_OUT)
    return np.where(turning, np.minimum(speed, RATED_SPEED) * _TURNS_PER_SPEED, 0.0)


def blowing(turbines: Turbines, streams: Streams, device: Ints, row: Ints, weather: SiteWeather) -> Blowing:
    """A day of wind at the hubs, under these rows of the weather, with each turbine's own gusts."""
    gusts = smooth_noise(streams, "energy.wind.gust", (device,), weather.index[row], 3)
    mixed = np.clip(weather.sun_elevation / 30.0, 0.0, 1.0)[row]
    ratio = turbines.night_ratio[:, None] + (turbines.noon_ratio - turbines.night_ratio)[:, None] * mixed
    speed = weather.wind_speed[row] * ratio * (1.0 + _GUST * gusts)
    return Blowing(speed=speed, power=power_curve(speed) - turbines.own_use[:, None])


def yawing(direction: Floats, speed: Floats) -> Floats:
    """Where nacelles face through a day, degrees, (rows, points): still until the wind has left a dead band.

    Every tenth minute the controller compares its vane with where it faces; beyond the band it turns into the wind,
    and below cut-in it stays. At 04:00 it winds its cable back and faces the wind, so that a day stands for itself.

    Args:
        direction: of the wind, degrees, (rows, points).
        speed: at the hub, m/s.
    """
    facing = np.empty_like(direction)
    now = direction[:, 0]
    for point in range(0, direction.shape[1], _YAW_STEPS):
        error = (direction[:, point] - now + 180.0) % 360.0 - 180.0
        now = np.where((np.abs(error) > _DEAD_BAND) & (speed[:, point] >= CUT_IN), direction[:, point], now)
        facing[:, point : point + _YAW_STEPS] = now[:, None]
    return facing
