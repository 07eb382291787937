"""Loop detectors: what the traffic looks like from one place in the road."""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler
from park.model import Carry, Floats, Ints, Moments, Observation, Streams
from sectors.transport.corridor import EFFECTIVE_LENGTH_M, LANES, LINKS
from sectors.transport.traffic import MINUTES, Traffic

_SPREAD = 0.09
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
    drivers = streams.normal("transport.drivers", at.device, at.ts)
    seen = minute > 0
    vehicles = np.maximum(minute, 1).astype(np.float64)
    mean = Sampler(carriageway * LINKS + state.links[place], at.x).line(state.traffic.speed)
    speed = mean * (1.0 + _SPREAD * drivers / np.sqrt(vehicles))
    speed = np.maximum(speed, _LOWEST_KMH)
    flow = 60.0 * minute
    density = flow / speed
    return {
        "intensity": flow,
        "average_vehicle_speed": np.where(seen, speed, np.nan),
        "density": density,
        "occupancy": np.minimum(density * (EFFECTIVE_LENGTH_M / 10.0 / LANES), 100.0),
        "average_headway_time": np.where(seen, 60.0 / vehicles, np.nan),
        "vehicle_total": state.before.reshape(-1)[carriageway] + count,
    }


def _passed(traffic: Traffic, row: Ints, x: Floats) -> tuple[Ints, Ints]:
    """Vehicles since 04:00, and in the 60 s up to now.

    A minute before the day's first counts as the first did: traffic is even then.
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
