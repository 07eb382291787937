"""Noise: the minute's vehicles, the hum of the town behind them, and how both spread within the minute.

References:
    RLS-90: L(25 m, 100 km/h) = 37.3 + 10 lg(M (1 + 0.082 p)), M vehicles per hour, p % of lorries.
    GB 3096-2008: limits by class of area, and weather in which to measure.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler, rows
from park.model import Bools, Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.environment.catalogue import NOISE_MONITOR
from sectors.environment.instruments import Bench, constant
from sectors.environment.roads import Roads

_AT_50_KMH = -4.5  # dB
_KERB_M, _BEHIND_M = 15.0, 180.0
_SCREEN_DB = 6.0  # that houses take off behind
_WET_DB = 3.0
_HUM_NIGHT, _HUM_PEOPLE = 40.5, 9.0  # dB(A); dB more where everybody is out or under way
_CALL_DB = 2.1  # scale of how far the loudest moment stands above
_BLAST_CHANCE, _BLAST_DB = 0.012, 13.0  # of a minute with a horn or a siren; dB
_MAX_WIND = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseDay:
    """The monitors of C districts through a day; `distance` m and `offset` dB are (C * units,)."""

    setting: Setting
    roads: Roads
    site: Ints
    world: WorldDay
    distance: Floats
    offset: Floats


def monitors(setting: Setting, here: Roads, site: Ints, world: WorldDay) -> NoiseDay:
    """The first of a cell stands at the kerb, the others behind the houses."""
    units = setting.per_cell[NOISE_MONITOR.name]
    distance = np.full((len(here.cells), units), _BEHIND_M)
    distance[:, 0] = _KERB_M
    offset = constant(setting, NOISE_MONITOR, here.cells, "place", 1.0)
    return NoiseDay(setting=setting, roads=here, site=site, world=world, distance=distance.reshape(-1), offset=offset)


def road_level(vehicles: Floats, lorries: Floats, distance: Floats) -> Floats:
    """Equivalent level of a road at 50 km/h, dB(A).

    Args:
        vehicles: per hour.
        lorries: share, 0 to 1.
        distance: from its middle, m.
    """
    source = 37.3 + _AT_50_KMH + 10 * np.log10(np.maximum(vehicles, 1.0) * (1 + 8.2 * lorries))
    return np.asarray(source - 10 * np.log10(distance / 25.0))


def together(one: Floats, other: Floats) -> Floats:
    """Level of two sounds: their energies add."""
    return np.asarray(10 * np.log10(10 ** (one / 10) + 10 ** (other / 10)))


def observe(day: NoiseDay, at: Moments) -> Observation:
    """Figures of the minute."""
    bench = Bench(kind=NOISE_MONITOR, streams=day.setting.streams, at=at)
    own = rows(at, day.setting.per_cell[NOISE_MONITOR.name])
    site, world = Sampler(day.site.take(at.row), at.x), day.world
    rain, wind = site.line(world.precipitation), site.line(world.wind_speed)
    distance = day.distance.take(own)
    mean = day.roads.flow.take(at.row) * site.line(world.road_demand)
    # So many vehicles an hour are few a minute: their number strays, and so do the pauses between them.
    few = 1.0 / np.sqrt(np.maximum(mean / 60.0, 0.5))
    vehicles = mean * np.exp(0.7 * few * bench.noise("vehicles", 1.0))
    far = distance > _KERB_M
    traffic = road_level(vehicles, day.roads.lorries.take(at.row), distance) - _SCREEN_DB * far
    traffic += _WET_DB * rain / (rain + 0.3) + day.offset.take(own)
    hum = _HUM_NIGHT + _HUM_PEOPLE * _lively(site, world) + 0.25 * np.maximum(wind - 3.0, 0.0) ** 1.5
    hum += bench.noise("hum", 0.8)
    spread = np.clip(3.0 + 1.1 * few, 2.0, 8.0) * np.where(far, 0.6, 1.0)
    middle = traffic - 0.115 * spread**2
    levels = {
        "l_aeq": traffic,
        "l_10": middle + 1.28 * spread,
        "l_50": middle,
        "l_90": middle - 1.28 * spread,
    }
    error = bench.noise("meter", 0.3)
    shown = {name: bench.shown(name, together(level, hum) + error) for name, level in levels.items()}
    return {
        **shown,
        "l_a_max": bench.shown("l_a_max", shown["l_10"] + _loudest(bench, far)),
        "weather_valid": (rain < 0.05) & (wind <= _MAX_WIND),
    }


def _lively(site: Sampler, world: WorldDay) -> Floats:
    """0 to 1: people on the move, from night to the busiest hour."""
    moving = site.line(world.under_way) + site.line(world.out)
    return np.asarray(np.clip(moving / 0.3, 0.0, 1.0) ** 0.5)


def _loudest(bench: Bench, far: Bools) -> Floats:
    """(N,) dB by which the loudest moment exceeds L10."""
    at, streams = bench.at, bench.streams
    draw = streams.uniform("noise_monitor.loudest", at.device, at.ts)
    blast = streams.uniform("noise_monitor.blast", at.device, at.ts) < _BLAST_CHANCE
    call = 2.0 - _CALL_DB * np.log(-np.log(np.clip(draw, 1e-9, 1 - 1e-9)))
    return np.asarray(np.maximum(call, 0.5) * np.where(far, 1.3, 1.0) + _BLAST_DB * blast)
