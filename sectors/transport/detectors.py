"""Loop detectors: what the traffic looks like from one place in the road.

In a jam vehicles pass in waves: between them all stand still, and those that pass do so faster than the mean over
the link. A detector averages over those that pass, so its speed lies between the link's and that of a discharging
queue, and swings as the waves come, every three to nine minutes, upstream at the speed of the jam.

References:
    Treiber & Kesting (2013). Traffic Flow Dynamics, 2.3 and 18: local against area means; waves of 3 to 20 minutes.
    Klein, Mills & Gibson (2006). Traffic Detector Handbook, FHWA-HRT-06-108, ch. 2 and 5: dual loops measure speed
    to 1 to 2 % once calibrated, and vehicles by an effective length that differs from loop to loop by some 5 %.
    Counts of a calibrated loop err by 1 to 3 % either way; here they are exact, so that registers balance, and an
    instrument that misses vehicles is a fault.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler
from park.model import DAY_MS, GRID_S, Carry, Floats, Ints, Moments, Observation, Streams
from sectors.transport.corridor import EFFECTIVE_LENGTH_M, LANES, LINK_KM, LINKS
from sectors.transport.traffic import MINUTES, WAVE_KMH, Traffic

_SPREAD = 0.09
#: Spread between loops of the calibration of speed and of length.
_SPEED_SPREAD, _LENGTH_SPREAD = 0.012, 0.05
#: Periods of waves, s, and the least and most share of a discharging queue's speed in what is seen.
_PERIODS_S, _STILL, _RUNNING = (190.0, 540.0), 0.1, 0.95
_JAMMED_KMH, _DISCHARGE_KMH = 44.0, 42.0
_LOWEST_KMH = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Detectors:
    """A day of the detectors of C corridors.

    Attributes:
        before: (C, 2) vehicles of all days before, per direction.
        links: numbers of the links with detectors, by place.
    """

    before: Ints
    traffic: Traffic
    links: Ints


def links_with_detectors(per_cell: int) -> Ints:
    """Where the detectors of a corridor lie, evenly along each direction: unit u is in direction u mod 2."""
    places = max(1, (per_cell + 1) // 2)
    return ((np.arange(places) + 0.5) * LINKS / places).astype(np.int64)


def detectors(carry: Carry, traffic: Traffic, links: Ints) -> Detectors:
    """One day of these detectors."""
    return Detectors(before=np.asarray(carry["entered"]), traffic=traffic, links=links)


def observe(streams: Streams, state: Detectors, at: Moments) -> Observation:
    """Counts of the last minute, and the mean speed of those counted.

    A minute's mean over few vehicles strays from the mean of all by their spread over the root of
    their number. Density follows from flow and speed, as a detector computes it.
    """
    way, place = at.unit % 2, at.unit // 2
    carriageway = at.row * 2 + way
    count, minute = _passed(state.traffic, carriageway * len(state.links) + place, at.x)
    seen = minute > 0
    vehicles = np.maximum(minute, 1).astype(np.float64)
    mean = _link_speed(state, carriageway * len(state.links) + place, at.x)
    speed = _passing(streams, state, at, mean)
    drivers = streams.normal("transport.drivers", at.device, at.ts)
    calibrated = 1.0 + _SPEED_SPREAD * streams.normal("loop.speed", at.device)
    strayed = calibrated * (1.0 + _SPREAD * drivers / np.sqrt(vehicles))
    standing = speed / mean
    speed = np.maximum(speed * strayed, _LOWEST_KMH)
    flow = 60.0 * minute
    density = flow / speed
    length = EFFECTIVE_LENGTH_M * (1.0 + _LENGTH_SPREAD * streams.normal("loop.length", at.device))
    return {
        "intensity": flow,
        "average_vehicle_speed": np.where(seen, speed, np.nan),
        "density": density,
        # A loop is covered by those that stand on it too.
        "occupancy": np.minimum(density * standing * length / (10.0 * LANES), 100.0),
        "average_headway_time": np.where(seen, 60.0 / vehicles, np.nan),
        "vehicle_total": state.before.reshape(-1)[carriageway] + count,
    }


def _link_speed(state: Detectors, row: Ints, x: Floats) -> Floats:
    return Sampler(row, x * 5.0, MINUTES).line(state.traffic.pace)


def _passing(streams: Streams, state: Detectors, at: Moments, mean: Floats) -> Floats:
    """Speed of those that pass where the link's mean is this, km/h."""
    jam = np.clip((_JAMMED_KMH - mean) / 12.0, 0.0, 1.0)
    if not jam.any():
        return mean
    way, link = at.unit % 2, state.links[at.unit // 2]
    day = at.ts // DAY_MS
    shortest, longest = _PERIODS_S
    wave = np.zeros(len(mean))
    for k in range(2):
        period = shortest + (longest - shortest) * streams.uniform("wave.period", at.device, day, k)
        # A wave reaches the next link upstream when it has crossed this one.
        late_s = (LINKS - link) * (LINK_KM / WAVE_KMH * 3600.0)
        phase = streams.uniform("wave.phase", at.device // 2, way, day, k)
        wave += np.sin(2 * np.pi * ((at.x * GRID_S - late_s) / period + phase))
    share = jam * (_STILL + (_RUNNING - _STILL) * (0.5 + 0.25 * wave))
    discharge = np.maximum(mean, _DISCHARGE_KMH)
    return np.asarray(mean ** (1 - share) * discharge**share)


def _passed(traffic: Traffic, row: Ints, x: Floats) -> tuple[Ints, Ints]:
    """Vehicles since 04:00, and in the 60 s up to now.

    A minute before the day's first counts as the first did.
    """
    flat = traffic.passed.reshape(-1)
    minutes = x * 5.0
    i = minutes.astype(np.int64)
    part = minutes - i
    at = row * MINUTES + i
    here, after = flat[at], flat[at + 1]
    earlier = flat[at - (i > 0)]
    count = here + (part * (after - here)).astype(np.int64)
    previous = earlier + (part * (here - earlier)).astype(np.int64)
    first = i == 0
    if first.any():
        # Then `earlier` is `here`, which is zero.
        previous = np.where(first, count - (after - here), previous)
    return count, count - previous
