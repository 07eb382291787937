"""The weather at any instant and place: the site's, and what is local about it.

Local departures are noise on a lattice of space and time, drawn by its corners alone: two stations have the same when
they stand together, and nothing in common some lattice lengths apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from park.grid import Sampler
from park.model import GRID_POINTS, Floats, Ints, Place, Streams
from park.vapour import saturation
from simulator.world import clouds, rain
from simulator.world.air import gusty
from simulator.world.sun import extraterrestrial

_KM_PER_DEGREE = 111.2
_CELL_KMH, _CLOUD_KMH = 30.0, 28.0
_GRID_MS = 300_000
_RAGGED_MS = 5_400_000  # an hour and a half: clouds keep their kind so long


@dataclass(frozen=True, kw_only=True)
class Grain:
    """A lattice of noise: its name in the streams, km and minutes between corners, and km/h that it drifts eastwards.

    With 0 minutes it never changes.
    """

    name: str
    km: float
    minutes: float
    kmh: float = 0.0


WARMTH = Grain(name="world/local/warmth", km=3.0, minutes=240.0)
STAND = Grain(name="world/local/stand", km=1.5, minutes=0.0)  # height, asphalt and trees about a station
GUST = Grain(name="world/local/gust", km=2.5, minutes=12.0)
TURN = Grain(name="world/local/turn", km=2.5, minutes=25.0)
SHOWER = Grain(name="world/local/shower", km=2.0, minutes=20.0, kmh=_CELL_KMH)

_WARMTH_SPREAD, _STAND_SPREAD = 0.75, 0.3  # Cel
_GUST_SPREAD, _TURN_SPREAD = 1.1, 14.0  # of the gusts five minutes long; degrees
_SHOWER_SPREAD = 0.5  # log
_EARLIER = 0.06  # of the rain's excess: spells begin and end some minutes apart within a site
_LAST = GRID_POINTS - 1 - 1e-9


class Local:
    """Noise of a town's places.

    Args:
        streams: randomness.
        latitude: of the town, to which degrees of longitude are scaled.
        longitude: of each site, (sites,).
    """

    def __init__(self, streams: Streams, latitude: float, longitude: Floats) -> None:
        self._streams = streams
        self._longitude = longitude
        self._east_km = _KM_PER_DEGREE * float(np.cos(np.radians(latitude)))

    def noise(self, grain: Grain, where: Place, ts: Ints) -> Floats:
        """Standard normal at (N,) places and Unix milliseconds."""
        east_km = where.longitude * self._east_km - ts * (grain.kmh / 3_600_000)
        axes = [where.latitude * (_KM_PER_DEGREE / grain.km), east_km / grain.km]
        if grain.minutes:
            axes.append(ts / (grain.minutes * 60_000))
        corners, parts = zip(*(_cut(axis) for axis in axes), strict=True)
        total, squares = np.zeros(ts.shape), np.zeros(ts.shape)
        for corner in range(1 << len(axes)):
            weight = np.ones(ts.shape)
            for axis, part in enumerate(parts):
                weight *= part if corner >> axis & 1 else 1 - part
            at = [first + (corner >> axis & 1) for axis, first in enumerate(corners)]
            total += weight * self._streams.normal(grain.name, *at)
            squares += weight**2
        return np.asarray(total / np.sqrt(squares))

    def downwind_km(self, site: Ints, where: Place) -> Floats:
        """How far east of its site: clouds drift that way."""
        return (where.longitude - self._longitude[site]) * self._east_km

    def normal(self, name: str, site: Ints, step: Ints) -> Floats:
        """Standard normal of each step at a site."""
        return self._streams.normal(name, site, step)

    def draws(self, name: str, site: Ints, step: Ints) -> tuple[Floats, Floats]:
        """Two uniforms of each step at a site."""
        return self._streams.uniform(name, 0, site, step), self._streams.uniform(name, 1, site, step)


def _cut(axis: Floats) -> tuple[Ints, Floats]:
    """The corner below each coordinate, and how far beyond it, eased so that slopes have no kink."""
    corner = np.floor(axis)
    part = axis - corner
    return corner.astype(np.int64), np.asarray(part * part * (3 - 2 * part))


class FineWeather:
    """Implements `park.model.Instants`.

    Args:
        local: noise of places.
        times: grid of the day, Unix milliseconds.
        rows: `WorldDay`'s arrays by name, (sites, GRID_POINTS).
    """

    def __init__(self, local: Local, times: Ints, rows: Mapping[str, Floats]) -> None:
        self._local = local
        self._start_ms = int(times[0])
        self._rows = rows

    def temperature(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Air at 2 m, Cel."""
        return self._site("temperature", site, x) + self._warmer(where, x)

    def relative_humidity(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Of the same vapour in air as warm as the place's, %."""
        common = self._site("temperature", site, x)
        drier = saturation(common) / saturation(common + self._warmer(where, x))
        return np.clip(self._site("relative_humidity", site, x) * drier, 4, 100)

    def wind_speed(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Mean of the minute at 10 m, m/s."""
        return gusty(self._site("steady_wind", site, x), _GUST_SPREAD * self._noise(GUST, where, x))

    def wind_direction(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Degrees from north."""
        rows = self._rows["wind_direction"]
        at = x.astype(np.int64).clip(0, rows.shape[1] - 2)
        left, right = rows[site, at], rows[site, at + 1]
        turn = (right - left + 180) % 360 - 180
        return np.asarray((left + turn * (x - at) + _TURN_SPREAD * self._noise(TURN, where, x)) % 360)

    def precipitation(self, site: Ints, where: Place, x: Floats) -> Floats:
        """Intensity, mm/h: the spell's, earlier here and later there, under cells that the wind carries along."""
        excess = self._site("rain_excess", site, x) + _EARLIER * self._noise(STAND, where, x)
        falling = rain.intensity(excess, self._site("rain_depth", site, x))
        wet = np.flatnonzero(falling > 0)  # seldom: the cells are worked out where it rains
        under = Place(latitude=where.latitude[wet], longitude=where.longitude[wet])
        falling[wet] *= self._about_one(SHOWER, _SHOWER_SPREAD, under, x[wet])
        return falling

    def irradiance(self, site: Ints, where: Place, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Global horizontal, direct normal and diffuse horizontal, W/m2."""
        # A cloud reaches one place after another; how much sun a stretch of five minutes has stays the site's.
        late = self._local.downwind_km(site, where) / _CLOUD_KMH * (3600 * 1000 / _GRID_MS)
        cloud_x = np.clip(x - late, 0, _LAST)
        i = cloud_x.astype(np.int64)
        ghi, clear = self._rows["ghi"], self._rows["ghi_clear"]
        left, right = (
            np.where(clear[site, at] > 0, ghi[site, at] / np.maximum(clear[site, at], 1e-3), 1.0) for at in (i, i + 1)
        )
        stretch = clouds.Stretch(
            left=left,
            right=right,
            cover=self._rows["cloud_cover"][site, i],
            wetness=self._rows["wetness"][site, i],
            draws=self._local.draws("world/cloud", site, self._start_ms // _GRID_MS + i),
        )
        flicker = self._drifting("world/flicker", 120_000, site, cloud_x)
        ragged = self._drifting("world/ragged", _RAGGED_MS, site, cloud_x)
        index = clouds.index(stretch, cloud_x - i, flicker, ragged)
        here = self._site("ghi_clear", site, x) * index
        return clouds.split(here, self._site("sun_elevation", site, x), extraterrestrial(self._start_ms))

    def _drifting(self, name: str, every_ms: int, site: Ints, x: Floats) -> Floats:
        """Standard normal at every multiple of some milliseconds, and lines between."""
        at = (self._start_ms + x * _GRID_MS) / every_ms
        knot = at.astype(np.int64)
        here, then = (self._local.normal(name, site, knot + late) for late in (0, 1))
        return np.asarray(here + (then - here) * (at - knot))

    def _site(self, name: str, site: Ints, x: Floats) -> Floats:
        rows = self._rows[name]
        # The day's last instant is the first of the next: it has no interval after it.
        return Sampler(site, np.minimum(x, _LAST)).line(rows)

    def _warmer(self, where: Place, x: Floats) -> Floats:
        moving = _WARMTH_SPREAD * self._noise(WARMTH, where, x)
        return moving + _STAND_SPREAD * self._noise(STAND, where, x)

    def _about_one(self, grain: Grain, spread: float, where: Place, x: Floats) -> Floats:
        return np.asarray(np.exp(spread * self._noise(grain, where, x) - spread**2 / 2))

    def _noise(self, grain: Grain, where: Place, x: Floats) -> Floats:
        ts = self._start_ms + np.rint(x * _GRID_MS).astype(np.int64)
        return self._local.noise(grain, where, ts)
