"""Traffic on the links of the corridors by the cell transmission model.

References:
    Daganzo (1994). The cell transmission model. Transportation Research Part B 28(4), 269-287.
    Newell (1993). A simplified theory of kinematic waves I. Transportation Research Part B 27(4), 281-287.

The fundamental diagram is the triangle q = min(vf k, w (kj - k)) whose free branch droops a little,
q = vf k (1 - DROOP k / kc), as speeds fall while a road fills; kc is where it reaches capacity. With a
step of 30 s and links of 500 m a vehicle at free speed crosses exactly one link a step. What enters are whole
vehicles. A signal's green lets now more of them through, now fewer (turning traffic, pedestrians, lorries), and the
pace at which a queue moves up varies within minutes, so that jams stop and go.
"""

from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from park.model import GRID_POINTS, Floats, Ints, Streams, WorldDay
from sectors.transport.corridor import (
    CAPACITY,
    FREE_KMH,
    JAM_PER_KM,
    JUNCTION,
    LINK_KM,
    LINKS,
    SATURATION,
    Corridors,
)
from sectors.transport.demand import STEP_S, STEPS, arrivals, at_dawn, room, wetness

DROOP = 0.2
CRITICAL_PER_KM = CAPACITY / (FREE_KMH * (1 - DROOP))
WAVE_KMH = CAPACITY / (JAM_PER_KM - CRITICAL_PER_KM)
MINUTES = 1441

_PER_STEP = STEP_S / 3600
_CRITICAL = CRITICAL_PER_KM * LINK_KM
_STEPS_PER_POINT = STEPS // (GRID_POINTS - 1)
_CELLS_AT_ONCE = 64
#: What a signal lets through in a step, of its capacity: mean at its best, spread, and what days take from it, as those
#: who turn, who cross and who drive differ.
_SERVED, _SERVICE, _SERVED_DAY = 0.97, 0.12, 0.02
#: Spread of a wave's speed in two minutes, on a link that is full; none is as large as the speed itself.
_WAVE_SPREAD, _MOST_SPREADS = 0.55, 1.7
_WAVE, _WAVE_STEPS = WAVE_KMH / FREE_KMH, 4

Floats32: TypeAlias = npt.NDArray[np.float32]
Ints32: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Traffic:
    """A day of traffic on C corridors.

    Attributes:
        passed: (C, 2, links, MINUTES) vehicles that have left each wanted link since 04:00.
        pace: (C, 2, links, MINUTES) speed on it, km/h.
        speed: (C, 2, LINKS, GRID_POINTS) km/h.
        waiting: (C, 2, GRID_POINTS) vehicles more on the last link before the junction than would flow freely.
        junction: (C, 2, GRID_POINTS) flow through the junction, veh/h.
    """

    passed: Ints32
    pace: Floats32
    speed: Floats32
    waiting: Floats32
    junction: Floats32


def traffic(streams: Streams, roads: Corridors, site: Ints, world: WorldDay, wanted: Ints) -> Traffic:
    """Runs the day.

    Args:
        streams: the sector's randomness.
        roads: C corridors.
        site: (C,) row of each in the day's arrays.
        world: the day; rain takes up to 8 % of the speed and 12 % of the capacity.
        wanted: numbers of the links, the same in both directions, whose `passed` is kept.
    """
    parts = []
    for first in range(0, len(roads), _CELLS_AT_ONCE):
        block = slice(first, first + _CELLS_AT_ONCE)
        some, there = roads.take(block), site[block]
        links = disturbed(streams, links_of(some, wetness(world.precipitation[there])), some, world)
        entering = arrivals(streams, some, there, world)
        vehicles = links.run(entering.astype(np.float64), at_dawn(streams, some, there, world))
        parts.append(summary(links, vehicles, entering.sum(axis=-1), wanted))
    return parts[0] if len(parts) == 1 else _joined(parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """The links of B corridors and their limits. A row is a source, LINKS links, a sink.

    Attributes:
        send: (B, 2, LINKS + 2) most vehicles that can leave in a dry step.
        pace: (B, GRID_POINTS) factor of the free speed.
        room: (B, GRID_POINTS) factor of the capacities.
        service: (STEPS, B, 2) factor of what the signals let through.
        waves: (STEPS / _WAVE_STEPS, B, 2, LINKS + 2) how the share of a link's space that fills up in a step of a jam
            changes by the vehicles on it.
    """

    send: Floats
    pace: Floats
    room: Floats
    service: Floats
    waves: Floats

    def run(self, entering: Floats, begin: Floats | Ints, known: Floats | None = None) -> Floats:
        """(MINUTES, B, 2, LINKS + 2) vehicles in each link, every minute.

        Args:
            entering: (B, 2, STEPS) vehicles that want to enter.
            begin: (B, 2, LINKS) vehicles with which the day begins.
            known: the first rows of the result, up to a point of the grid, to go on from.
        """
        n = np.zeros((*begin.shape[:2], LINKS + 2))
        n[..., 1:-1] = begin
        kept, first = _begun(n, known)
        steps = np.ascontiguousarray(entering.transpose(2, 0, 1))
        free, droop = np.ones_like(n), np.zeros_like(n)
        space = np.full_like(n, JAM_PER_KM * LINK_KM)
        space[..., -1] = np.inf
        most, rest = np.empty_like(n), np.empty_like(n)
        s, r, y = np.empty_like(n), np.empty_like(n), np.empty((*n.shape[:2], LINKS + 1))
        # Views, made once: a step is a dozen calls on small arrays, and slicing would double its cost.
        sending, receiving = s[..., :-1], r[..., 1:]
        upstream, downstream, source = n[..., :-1], n[..., 1:], n[..., 0]
        signals = [most[:, way, link + 1] for way, link in enumerate(JUNCTION)]
        service = np.ascontiguousarray(self.service.transpose(2, 0, 1))
        multiply, subtract, minimum, add = np.multiply, np.subtract, np.minimum, np.add
        for point in range(first, GRID_POINTS - 1):
            free[..., 1:-1] = self.pace[:, point, None, None]
            droop[..., 1:-1] = self.pace[:, point, None, None] * (DROOP / _CRITICAL)
            multiply(self.send, self.room[:, point, None, None], out=most)
            green = [signal.copy() for signal in signals]
            for k in range(point * _STEPS_PER_POINT, (point + 1) * _STEPS_PER_POINT):
                multiply(green[0], service[0, k], out=signals[0])
                multiply(green[1], service[1, k], out=signals[1])
                multiply(droop, n, out=s)
                subtract(free, s, out=s)
                multiply(s, n, out=s)
                minimum(s, most, out=s)
                multiply(self.waves[k // _WAVE_STEPS], n, out=r)
                add(r, _WAVE, out=r)
                subtract(space, n, out=rest)
                multiply(r, rest, out=r)
                minimum(sending, receiving, out=y)
                subtract(upstream, y, out=upstream)
                add(downstream, y, out=downstream)
                add(source, steps[k], out=source)
                if k % 2:
                    kept[k // 2 + 1] = n
        return kept


def _begun(n: Floats, known: Floats | None) -> tuple[Floats, int]:
    """Room for every minute's vehicles, and the point of the grid to go on from; `n` is led there."""
    kept = np.empty((MINUTES, *n.shape))
    if known is None:
        kept[0] = n
        return kept, 0
    kept[: len(known)], n[...] = known, known[-1]
    return kept, len(known) // 5


def links_of(roads: Corridors, wet: Floats) -> Links:
    """The links of these corridors under `wet` (C, GRID_POINTS)."""
    send = np.full((len(roads), 2, LINKS + 2), CAPACITY * _PER_STEP)
    for direction, link in enumerate(JUNCTION):
        send[:, direction, link + 1] = SATURATION * roads.green_ratio * _PER_STEP
    return Links(
        send=send,
        pace=1 - 0.08 * wet,
        room=room(wet),
        service=np.ones((STEPS, len(roads), 2)),
        waves=np.zeros((STEPS // _WAVE_STEPS, *send.shape)),
    )


def disturbed(streams: Streams, links: Links, roads: Corridors, world: WorldDay) -> Links:
    """The same links with the day's chances at the signals and in the jams."""
    key = roads.cells * 1_000_003 + world.index
    step, change = np.arange(STEPS)[:, None, None], np.arange(STEPS // _WAVE_STEPS)[:, None, None, None]
    mean = _SERVED * np.exp(-_SERVED_DAY * np.abs(streams.normal("service.day", key[:, None], np.arange(2))))
    service = mean + _SERVICE * streams.normal("service", key[:, None], np.arange(2), step)
    stray = streams.normal("wave", key[:, None, None], np.arange(2)[:, None], np.arange(LINKS + 2), change)
    waves = _WAVE * _WAVE_SPREAD / (JAM_PER_KM * LINK_KM) * np.clip(stray, -_MOST_SPREADS, _MOST_SPREADS)
    waves[..., [0, -1]] = 0.0
    return replace(links, service=np.clip(service, 0.2, 1.8), waves=waves)


def summary(
    links: Links,
    vehicles: Floats,
    total: Ints | Floats,
    wanted: Ints,
    *,
    plain: Floats | None = None,
    green: Floats | None = None,
) -> Traffic:
    """What instruments see of the day of `links`, of the `vehicles` that `Links.run` gave and the (B, 2) that entered.

    Under orders, `plain` are the vehicles without, and `green` (B, GRID_POINTS) the share relative to the signals' own.
    """
    by_link = np.ascontiguousarray(vehicles.transpose(1, 2, 3, 0))
    inside = by_link[:, :, 1:-1]
    gone = _gone(by_link)
    ends = gone[..., -1:] if plain is None else _gone(np.ascontiguousarray(plain.transpose(1, 2, 3, 0)))[..., -1:]
    # Links hold a few vehicles more or less at the day's end than at its beginning; registers count the day's total.
    gone *= total[:, :, None, None] / np.maximum(ends, 1.0)
    mean = _five_minutes(inside)
    lit = links if green is None else replace(links, room=links.room * green)
    return Traffic(
        passed=np.rint(gone[:, :, wanted]).astype(np.int32),
        pace=_paces(_minutely(links), _minutely(lit), inside[:, :, wanted], wanted).astype(np.float32),
        speed=_paces(links, lit, mean, np.arange(LINKS)).astype(np.float32),
        waiting=_waiting(lit, mean).astype(np.float32),
        junction=_per_hour(np.stack([gone[:, way, link] for way, link in enumerate(JUNCTION)], axis=1)),
    )


def _minutely(links: Links) -> Links:
    pace, room = (
        np.concatenate([np.repeat(points[:, :-1], 5, axis=1), points[:, -1:]], axis=1)
        for points in (links.pace, links.room)
    )
    return replace(links, pace=pace, room=room)


def _paces(links: Links, lit: Links, n: Floats, wanted: Ints) -> Floats:
    """Speeds on the wanted links; before the signals those of `lit`."""
    speed = _speed(links, n, wanted)
    signalled = wanted[None, :, None] == np.array(JUNCTION)[:, None, None]
    return speed if lit.room is links.room else np.where(signalled, _speed(lit, n, wanted), speed)


def _gone(vehicles: Floats) -> Floats:
    """Vehicles that have left each link since the start: what is now further on, less what was then."""
    beyond = np.empty_like(vehicles[:, :, 1:-1])
    running = vehicles[:, :, -1].copy()
    for link in range(LINKS, 0, -1):
        beyond[:, :, link - 1] = running
        running += vehicles[:, :, link]
    beyond -= beyond[..., :1].copy()
    # An empty carriageway sums the same numbers in another order from minute to minute.
    return np.asarray(np.maximum.accumulate(beyond, axis=-1, out=beyond))


def _five_minutes(minutely: Floats) -> Floats:
    """Means over the five minutes up to each point of the grid."""
    mean = np.empty((*minutely.shape[:-1], GRID_POINTS))
    mean[..., 0] = minutely[..., 0]
    fives = mean[..., 1:]
    fives[...] = minutely[..., 1::5]
    for k in range(2, 6):
        fives += minutely[..., k::5]
    fives /= 5
    return mean


def _speed(links: Links, n: Floats, wanted: Ints) -> Floats:
    """Speed of the fundamental diagram at n vehicles in each wanted link."""
    pace, room = links.pace[:, None, None], links.room[:, None, None]
    k = np.maximum(n, 0.01) / LINK_KM
    free = FREE_KMH * pace * (1 - DROOP * n / _CRITICAL)
    capacity = links.send[:, :, wanted + 1, None] / _PER_STEP * room / k
    jammed = WAVE_KMH * (JAM_PER_KM - k) / k
    return np.maximum(np.minimum(np.minimum(free, capacity), jammed), 3.0)


def _waiting(links: Links, n: Floats) -> Floats:
    """Vehicles on the last link before the junction beyond those that its capacity would hold at free speed.

    A camera at the stop line sees no further; (B, 2, points).
    """
    waiting = []
    for direction, last in enumerate(JUNCTION):
        flow = links.send[:, direction, last + 1, None] / _PER_STEP * links.room
        held = flow * LINK_KM / (FREE_KMH * (1 - DROOP) * links.pace)
        waiting.append(np.maximum(n[:, direction, last] - held, 0.0))
    return np.stack(waiting, axis=1)


def _per_hour(gone: Floats) -> Floats32:
    """Flow, veh/h, over the five minutes up to each point of the grid."""
    flow = np.diff(gone[..., ::5], axis=-1) * 12
    return np.concatenate([flow[..., :1], flow], axis=-1).astype(np.float32)


def _joined(parts: list[Traffic]) -> Traffic:
    return Traffic(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Traffic)})
