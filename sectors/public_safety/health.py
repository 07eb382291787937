"""How the cameras are: light, lens, lines and the recorder."""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, Sampler, devices
from park.model import Bools, Floats, Ints, Moments, Observation, Streams, WorldDay
from sectors.public_safety.catalogue import CAMERA_STATES, LINES, ZONES
from sectors.public_safety.square import axes
from sectors.public_safety.visitors import Visitors, wetness

CAMERAS = ZONES + LINES
_ONLINE, _BLURRED, _DARK, _BRIGHT, _MOVED, _LOST, _OFFLINE = range(len(CAMERA_STATES))
#: Kind of trouble: chance a day, mean hours, status; the later rules.
_TROUBLES = (
    (0.006, 5.0, _BLURRED),
    (0.010, 4.0, _DARK),
    (0.005, 4.0, _MOVED),
    (0.030, 1.2, _LOST),
    (0.060, 4.0, _OFFLINE),
)
#: Grid steps in which drops on a lens dry.
_DRYING = 8
_LAMPS_LX, _LATE_LX = 14.0, 4.0
#: Lamps are dimmed from 23:30 to 05:30, 19.5 and 1.5 h after 04:00.
_LAMPS = np.where(np.abs(HOURS - 10.5) < 9.0, _LAMPS_LX, _LATE_LX)
_INFRARED_LX = 10.0
_BLUR = 70.0
_CLEANED_DAYS = 45


@dataclass(frozen=True, kw_only=True, eq=False)
class Health:
    """A day of the cameras of C squares.

    Attributes:
        site: (C,) rows of the world's arrays.
        wet: (sites, GRID_POINTS) how wet lenses are, 0 to 1.
        light: (sites, GRID_POINTS) on the square, lamps included, lx.
        dirt: (C * CAMERAS,) sharpness lost since the lens was cleaned, %.
        axis: (C * CAMERAS,) degrees from north.
        begin, end: (C * CAMERAS, troubles) hours since 04:00; no trouble ends before it begins.
    """

    streams: Streams
    visitors: Visitors
    world: WorldDay
    site: Ints
    wet: Floats
    light: Floats
    dirt: Floats
    axis: Floats
    begin: Floats
    end: Floats

    def weather(self, at: Moments) -> Sampler:
        """Reads what is (sites, GRID_POINTS) at these moments."""
        return Sampler(self.site[at.row], at.x)

    def dark(self, weather: Sampler) -> Floats:
        """(N,) 1 where a camera sees by infrared alone."""
        return (weather.line(self.light) < _INFRARED_LX).astype(np.float64)

    def sharpness(self, at: Moments, weather: Sampler, dark: Floats) -> Floats:
        """(N,) of edges, %; `at` is of a zone camera or of the same unit's row of `camera_health`."""
        camera = at.row * CAMERAS + at.unit
        number = self.visitors.square.cells[at.row] * CAMERAS + at.unit
        noise = 0.6 * self.streams.normal("camera.sharpness", number, at.ts)
        clean = 93.0 - self.dirt[camera] - 14.0 * weather.line(self.wet) - 5.0 * dark + noise
        return np.asarray(clean - 30.0 * self._in(0, camera, at.x))

    def status(self, at: Moments, weather: Sampler, dark: Floats, sharpness: Floats) -> Ints:
        """(N,) the worst that is wrong."""
        camera = at.row * CAMERAS + at.unit
        found = np.where(sharpness < _BLUR, _BLURRED, _ONLINE)
        for kind, (_, _, status) in enumerate(_TROUBLES):
            here = self._in(kind, camera, at.x)
            if status == _DARK:  # the infrared lamp has failed, which shows at night
                here &= dark > 0
                found = np.where(self._glare(camera, weather), _BRIGHT, found)
            found = np.where(here, status, found)
        return found

    def _in(self, kind: int, camera: Ints, x: Floats) -> Bools:
        hours = x / 12.0
        return np.asarray((hours >= self.begin[camera, kind]) & (hours < self.end[camera, kind]))

    def _glare(self, camera: Ints, weather: Sampler) -> Bools:
        """A low sun within 20 degrees of where the camera looks."""
        height = weather.line(self.world.sun_elevation)
        off = (weather.turn(self.world.sun_azimuth) - self.axis[camera] + 180.0) % 360.0 - 180.0
        low = (height > 0) & (height < 15.0)
        return np.asarray(low & (np.abs(off) < 20.0) & (weather.line(self.world.dni) > 150.0))


def health(streams: Streams, visitors: Visitors, site: Ints, world: WorldDay) -> Health:
    """One day of the cameras of these squares."""
    cells = visitors.square.cells
    camera = devices(cells, CAMERAS).ravel()
    age = (world.index + np.floor(_CLEANED_DAYS * streams.uniform("lens.cleaned", camera))) % _CLEANED_DAYS
    kinds = np.arange(len(_TROUBLES))
    chance, mean = (np.array([trouble[part] for trouble in _TROUBLES]) for part in (0, 1))
    happens = streams.uniform("camera.trouble", camera[:, None], world.index, kinds) < chance
    begin = 24.0 * streams.uniform("camera.trouble.begin", camera[:, None], world.index, kinds)
    length = -mean * np.log1p(-streams.uniform("camera.trouble.length", camera[:, None], world.index, kinds))
    return Health(
        streams=streams,
        visitors=visitors,
        world=world,
        site=site,
        wet=_drops(world.precipitation),
        light=world.illuminance + _LAMPS,
        dirt=age * (0.06 + 0.12 * streams.uniform("lens.dirt", camera)),
        axis=axes(streams, cells),
        begin=begin,
        end=np.where(happens, begin + length, begin),
    )


def observe(state: Health, at: Moments) -> Observation:
    """What the recorder knows of each camera; nothing comes from one that is down."""
    streams = state.streams
    zone = at.unit < ZONES
    weather = state.weather(at)
    dark = state.dark(weather)
    sharpness = state.sharpness(at, weather, dark)
    status = state.status(at, weather, dark, sharpness)
    up = status < _LOST
    inside = state.visitors.inside(at.row, at.x) / ZONES
    noise = streams.normal("health.bitrate", at.device, at.ts)
    bitrate = (1.8 + 0.35 * np.log1p(inside) * np.where(zone, 1.0, 0.7)) * (1.0 + 0.8 * dark) * np.exp(0.05 * noise)
    loss = 0.04 * np.exp(1.1 * streams.normal("health.loss", at.device, at.ts))
    rate = np.minimum(25.0 * (1.0 - loss / 100.0) - 0.15 * np.abs(noise), 25.0)
    hour = at.x / 12.0
    filled = np.minimum(hour / 23.0, (24.0 - hour))
    full = 68.0 + 12.0 * streams.uniform("health.store", at.device) + 14.0 * filled
    return {
        "frame_rate": np.where(up, rate, 0.0),
        "bitrate": np.where(up, np.minimum(bitrate, 20.0), 0.0),
        "packet_loss": np.where(up, np.minimum(loss, 100.0), np.nan),
        "sharpness": np.where(up, np.clip(sharpness, 0.0, 100.0), np.nan),
        "storage_used": full,
        "camera_status": status,
    }


def _drops(precipitation: Floats) -> Floats:
    """(sites, GRID_POINTS) rain on lenses, which dries within `_DRYING` steps."""
    now = wetness(precipitation)
    padded = np.concatenate([np.repeat(now[:, :1], _DRYING, axis=1), now], axis=1)
    wet = now.copy()
    for lag in range(1, _DRYING + 1):
        wet = np.maximum(wet, padded[:, _DRYING - lag : padded.shape[1] - lag] * (1.0 - lag / (_DRYING + 1)))
    return np.asarray(wet)
