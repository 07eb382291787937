"""Zone cameras: what the analytics make of who is there. They miss more the denser, wetter and darker it is."""

from dataclasses import dataclass

import numpy as np

from park.chance import binomial, poisson
from park.grid import Sampler
from park.model import Floats, Ints, Moments, Observation, Streams, WorldDay
from sectors.public_safety.catalogue import CAMERA_STATES, LEVELS, ZONES
from sectors.public_safety.crowd import level_of_service, speed
from sectors.public_safety.health import Health
from sectors.public_safety.visitors import Visitors, wetness

_UNKNOWN = LEVELS.index("unknown")
_BLURRED = CAMERA_STATES.index("blurred")
_DOWN = CAMERA_STATES.index("signal-lost")
_MOST = 2000
#: Where few come by chance, so many at most; above that mean they are many.
_MOST_BY_CHANCE, _FEW = 17, 6.0
#: Spread of the logarithm of single stays in a zone.
_STAYS = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Cameras:
    """A day of the zone cameras of C squares.

    Attributes:
        slow: (C * ZONES, GRID_POINTS) standard normals of how long people like to stay today.
    """

    visitors: Visitors
    health: Health
    world: WorldDay
    slow: Floats


def chance_to_miss(density: Floats, wet: Floats, dark: Floats, bad: Floats) -> Floats:
    """Of one person: .02 alone on a clear day, more behind others, in rain, at night and through a bad lens."""
    crowded = 0.06 * density / (1.0 + 0.25 * density)
    return np.asarray(0.02 + crowded + 0.03 * wet + 0.02 * dark + 0.03 * bad)


def observe(streams: Streams, state: Cameras, at: Moments) -> Observation:
    """The figures of zone cameras; a camera that is down knows nothing."""
    zone = at.row * ZONES + at.unit
    square = state.visitors.square
    area = square.area.reshape(-1)[zone]
    there = state.visitors.zone_at(at.row, at.unit, at.x)
    true = there / area
    health = state.health
    weather = health.weather(at)
    wet = wetness(weather.line(state.world.precipitation))
    dark = health.dark(weather)
    status = health.status(at, weather, dark, health.sharpness(at, weather, dark))
    bad, up = (status >= _BLURRED).astype(np.float64), status < _DOWN
    count = _seen(streams, at, there, chance_to_miss(true, wet, dark, bad))
    density = np.rint(100.0 * count / area) / 100.0
    standing = Sampler(at.row, at.x).line(state.visitors.standing)
    walking = speed(density) * (1.0 + 0.015 * np.clip(streams.normal("camera.speed", at.device, at.ts), -2.0, 2.0))
    vehicles = poisson(
        square.road.reshape(-1)[zone] * weather.line(state.world.road_demand),
        streams.uniform("camera.vehicles", at.device, at.ts),
        _MOST_BY_CHANCE,
    )
    confidence = 95.0 - 6.0 * wet - 6.0 * dark - 4.0 * np.minimum(true, 4.0) - 7.0 * bad
    confidence += 0.9 * streams.normal("camera.confidence", at.device, at.ts)
    somebody = up & (count > 0)
    return {
        "people_count": np.where(up, count, np.nan),
        "crowd_density": np.where(up, density, np.nan),
        "level_of_service": np.where(up, level_of_service(density), _UNKNOWN),
        "average_crowd_speed": np.where(somebody, walking, np.nan),
        "mean_dwell": np.where(somebody, _dwell(streams, state, at, there, standing), np.nan),
        "vehicle_count": np.where(up, vehicles, np.nan),
        "detection_confidence": np.where(up, np.clip(confidence, 0.0, 100.0), 0.0),
    }


def _seen(streams: Streams, at: Moments, there: Ints, chance: Floats) -> Ints:
    """A binomial thinning of who is there, and now and then a statue or a shadow."""
    z = streams.normal("camera.missed", at.device, at.ts)
    u = streams.uniform("camera.missed.few", at.device, at.ts)
    shadows = poisson(
        0.02 + 0.004 * np.minimum(there, 1000).astype(np.float64),
        streams.uniform("camera.shadows", at.device, at.ts),
        _MOST_BY_CHANCE,
    )
    return np.asarray(np.minimum(there - missed(there, chance, z, u) + shadows, _MOST))


def missed(n: Ints, p: Floats, z: Floats, u: Floats) -> Ints:
    """How many of n are not seen, each with a small chance p: few by Poisson's limit, many by the normal one."""
    lost, rare = binomial(n, p, z), n * p < _FEW
    lost[rare] = np.minimum(poisson((n * p)[rare], u[rare], _MOST_BY_CHANCE), n[rare])
    return lost


def _dwell(streams: Streams, state: Cameras, at: Moments, there: Ints, standing: Floats) -> Floats:
    """The mean of log-normal stays over those whose stay has ended, about as many as are there."""
    zone = at.row * ZONES + at.unit
    mean = state.visitors.square.dwell.reshape(-1)[zone] * np.exp(
        0.5 * _STAYS**2 + 0.2 * Sampler(zone, at.x).line(state.slow)
    )
    spread = np.sqrt(np.exp(_STAYS**2) - 1.0) / np.sqrt(np.maximum(there, 1))
    drawn = np.exp(np.minimum(spread, 0.5) * streams.normal("camera.dwell", at.device, at.ts))
    return np.asarray(np.clip(mean * (1.0 + 3.0 * standing) * drawn, 1.0, 3600.0))
