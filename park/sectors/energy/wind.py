"""Small wind turbines.

References:
    Burton et al. (2011). Wind Energy Handbook, 2nd ed.: power law of height, cubic power curve.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats, Ints, Streams, WorldDay
from park.sectors.energy.grid import smooth_noise

RATED_KW = 10.0
CUT_IN = 3.0  # m/s
RATED_SPEED = 11.0  # m/s
CUT_OUT = 25.0  # m/s
ROTOR_RADIUS = 3.8  # m
TIP_SPEED_RATIO = 6.5
_TURNS_PER_SPEED = TIP_SPEED_RATIO / (2 * np.pi * ROTOR_RADIUS) * 60
_GUST = 0.08


@dataclass(frozen=True, kw_only=True, eq=False)
class Turbines:
    """Where turbines stand, (rows,) each: speed at the hub over speed at 10 m, and yaw error in degrees."""

    hub_ratio: Floats
    misalignment: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Blowing:
    """A day of wind, (rows, points) each: m/s at the hub, kW."""

    speed: Floats
    power: Floats


def turbines(streams: Streams, device: Ints) -> Turbines:
    """The turbines of these devices: hubs at 18 to 30 m over a built-up town."""
    height = 18.0 + 12.0 * streams.uniform("energy.wind.height", device)
    shear = 0.20 + 0.08 * streams.uniform("energy.wind.shear", device)
    return Turbines(
        hub_ratio=(height / 10.0) ** shear,
        misalignment=3.0 * streams.normal("energy.wind.misalignment", device),
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


def blowing(turbines: Turbines, streams: Streams, device: Ints, site: Ints, world: WorldDay) -> Blowing:
    """A day of wind at the hubs: the site's, with each turbine's own gusts."""
    gusts = smooth_noise(streams, "energy.wind.gust", (device,), world.index, 3)
    speed = world.wind_speed[site] * turbines.hub_ratio[:, None] * (1.0 + _GUST * gusts)
    return Blowing(speed=speed, power=power_curve(speed))
