"""The lorries' rounds: stops about the hub, joined by streets of a grid, driven from light to light.

A leg between two stops is cut into hops of equal length; each is a trapezium of speed and a wait at its end. So speed
and distance are exact at any instant, and the odometer is the integral of the speed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import devices
from park.model import GRID_S, Bools, Floats, Ints
from sectors.logistics.catalogue import REEFER_TRUCK

STOPS, HOPS = 12, 5
LEGS = STOPS + 1
_ACCEL = 1.0  # m/s2, and the same to brake
_REST_AT, _REST_S = 6, 1200.0
_LOADING_S = 2700.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Rounds:
    """R lorries through a day, or several: (R, LEGS) legs of (R, LEGS, HOPS) hops; metres, seconds since 04:00, m/s."""

    days: Days

    @property
    def per_cell(self) -> int:
        """Lorries of a hub."""
        return self.days.setting.per_cell[REEFER_TRUCK.name]

    @cached_property
    def number(self) -> Ints:
        """(R,) numbers of the devices."""
        return devices(self.days.cells, self.per_cell).reshape(-1)

    @cached_property
    def site(self) -> Ints:
        """(R,) rows of the days' weather."""
        return np.repeat(self.days.site, self.per_cell)

    @cached_property
    def index(self) -> Ints:
        """(R,) numbers of the days."""
        return np.repeat(self.days.index, self.per_cell)

    @cached_property
    def points(self) -> tuple[Floats, Floats]:
        """(R, STOPS + 2) metres east and north of the hub, first and last the hub itself: a loop about it."""
        k = np.arange(STOPS)
        angle = 2 * np.pi * (k + 0.9 * self.draw("route.angle", STOPS)) / STOPS
        radius = 1500.0 + 3500.0 * self.draw("route.radius", STOPS)
        hub = np.zeros((len(self.number), 1))
        east = np.concatenate([hub, radius * np.cos(angle), hub], axis=1)
        return east, np.concatenate([hub, radius * np.sin(angle), hub], axis=1)

    @cached_property
    def length(self) -> Floats:
        """(R, LEGS) along the streets: first east or west, then north or south."""
        return np.asarray(sum(np.abs(np.diff(part, axis=1)) for part in self.points))

    @cached_property
    def loads(self) -> Floats:
        """(R,) when loading begins, and 45 minutes later it leaves: from 07:15 on."""
        return 9000.0 + 3600.0 * self.draw("route.leaves", 1)[:, 0]

    @cached_property
    def cruise(self) -> Floats:
        """(R, LEGS) m/s between lights: slower where roads are full at the time that a leg is expected."""
        expected = self.loads[:, None] + _LOADING_S + 1500.0 * np.arange(LEGS)
        roads = self.days.weather(lambda world: world.road_demand)
        demand = roads[self.site[:, None], (expected / GRID_S).astype(np.int64)]
        return (14.5 + 1.0 * self.draw("route.cruise", LEGS)) / (0.75 + 0.25 * np.clip(demand, 0.3, 2.5))

    @cached_property
    def hop(self) -> Floats:
        """(R, LEGS) metres."""
        return self.length / HOPS

    @cached_property
    def top(self) -> Floats:
        """(R, LEGS) highest speed of a hop, m/s: short ones never reach the cruise."""
        return np.minimum(self.cruise, np.sqrt(_ACCEL * self.hop))

    @cached_property
    def moves(self) -> Floats:
        """(R, LEGS) seconds that a hop moves."""
        return np.asarray(self.hop / self.top + self.top / _ACCEL)

    @cached_property
    def waits(self) -> Floats:
        """(R, LEGS, HOPS) seconds at a red light after each hop; none at the stop itself."""
        light = self.draw("route.light", LEGS * HOPS).reshape(-1, LEGS, HOPS)
        return np.maximum(70.0 * light - 25.0, 0.0) * (np.arange(HOPS) < HOPS - 1)

    @cached_property
    def stays(self) -> Floats:
        """(R, LEGS) seconds that it is unloaded before each leg; the loading before the first."""
        stays = 480.0 + 720.0 * self.draw("route.stays", LEGS)
        stays[:, 0] = _LOADING_S
        return stays

    @cached_property
    def rests(self) -> Floats:
        """(R, LEGS) seconds of rest after unloading."""
        return np.where(np.arange(LEGS) == _REST_AT, _REST_S, 0.0) + np.zeros_like(self.stays)

    @cached_property
    def hops(self) -> Floats:
        """(R, LEGS, HOPS) when each hop begins."""
        takes = self.moves[..., None] + self.waits
        takes[:, :, 0] += self.stays + self.rests
        flat = takes.reshape(len(takes), -1)
        ends = self.loads[:, None] + np.cumsum(flat, axis=1)
        return np.asarray(ends.reshape(takes.shape) - self.moves[..., None] - self.waits)

    @cached_property
    def comes(self) -> Floats:
        """(R, LEGS) when each leg ends; the last one at the hub."""
        return self.hops[:, :, -1] + self.moves

    @cached_property
    def arrives(self) -> Floats:
        """(R, LEGS) when the lorry comes to where each leg begins; that of the first is when loading begins."""
        return np.concatenate([self.loads[:, None], self.comes[:, :-1]], axis=1)

    @cached_property
    def back(self) -> Floats:
        """(R,) when it is at the hub again."""
        return self.comes[:, -1]

    @cached_property
    def before(self) -> Floats:
        """(R, LEGS + 1) metres before each leg."""
        total = np.zeros((len(self.number), LEGS + 1))
        np.cumsum(self.length, axis=1, out=total[:, 1:])
        return total

    def draw(self, name: str, count: int) -> Floats:
        """(R, count) uniform, of the day."""
        place = self.index[:, None] * count + np.arange(count)
        return self.days.setting.streams.uniform(name, self.number[:, None], place)


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """Where N readings find their lorries.

    Attributes:
        leg: the stay or leg last begun; -1 before the loading.
        driving: whether it is between two stops, lights included.
        speed: m/s.
        distance: metres since 04:00.
        east, north: metres from the hub.
        heading: degrees from north.
        accelerated: tops of speed reached since 04:00, squared and summed, m2/s2: what the engine has paid for.
    """

    leg: Ints
    driving: Bools
    speed: Floats
    distance: Floats
    east: Floats
    north: Floats
    heading: Floats
    accelerated: Floats


def motion(rounds: Rounds, row: Ints, t: Floats) -> Motion:
    """Of lorries `row` at `t` seconds since 04:00."""
    day = 2 * 86_400.0
    keys = (rounds.arrives + day * np.arange(len(rounds.number))[:, None]).reshape(-1)
    leg = np.searchsorted(keys, t + day * row, side="right") - 1 - row * LEGS
    held = row * LEGS + np.maximum(leg, 0)
    starts = (rounds.hops.reshape(len(rounds.number), -1) + day * np.arange(len(rounds.number))[:, None]).reshape(-1)
    hop = np.searchsorted(starts, t + day * row, side="right") - 1 - row * LEGS * HOPS
    flat = row * LEGS * HOPS + np.maximum(hop, 0)
    mine = row * LEGS + np.maximum(hop, 0) // HOPS
    moves, top, length = (part.reshape(-1).take(mine) for part in (rounds.moves, rounds.top, rounds.hop))
    since = np.clip(np.where(hop >= 0, t - rounds.hops.reshape(-1).take(flat), 0.0), 0.0, moves)
    gains = top / _ACCEL
    up, down = np.minimum(since, gains), np.maximum(since - (moves - gains), 0.0)
    speed = np.where((since > 0) & (since < moves), np.maximum(_ACCEL * up - _ACCEL * down, 0.0), 0.0)
    run = 0.5 * _ACCEL * up**2 + top * np.maximum(since - gains, 0.0) - 0.5 * _ACCEL * down**2
    done = np.minimum(np.maximum(hop, 0) % HOPS * length + run, HOPS * length)
    first = rounds.before[:, :-1].reshape(-1).take(mine)
    east, north, heading = _place(rounds, row, np.maximum(hop, 0) // HOPS, done)
    squares = np.zeros((len(rounds.number), LEGS * HOPS))
    np.cumsum(np.repeat(rounds.top**2, HOPS, axis=1)[:, :-1], axis=1, out=squares[:, 1:])
    back = rounds.back.take(row)
    return Motion(
        leg=np.where(t >= back, LEGS, leg),
        driving=(leg >= 0) & (t >= rounds.hops[:, :, 0].reshape(-1).take(held)) & (t < back),
        speed=speed,
        distance=np.where(hop >= 0, first + done, 0.0),
        east=east,
        north=north,
        heading=heading,
        accelerated=np.where(hop >= 0, squares.reshape(-1).take(flat) + (_ACCEL * up) ** 2, 0.0),
    )


def _place(rounds: Rounds, row: Ints, leg: Ints, done: Floats) -> tuple[Floats, Floats, Floats]:
    at = row * (STOPS + 2) + leg
    east, north = (part.reshape(-1) for part in rounds.points)
    across, along = east.take(at + 1) - east.take(at), north.take(at + 1) - north.take(at)
    first = np.minimum(done, np.abs(across))
    second = done - first
    x = east.take(at) + np.sign(across) * first
    y = north.take(at) + np.sign(along) * np.minimum(second, np.abs(along))
    heading = np.where(second > 0, np.where(along > 0, 0.0, 180.0), np.where(across > 0, 90.0, 270.0))
    return x, y, heading
