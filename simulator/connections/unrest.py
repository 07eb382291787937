"""Devices that drop their connection: at random, or all at once. When and which is a function of the seed."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from simulator.unrest import Unrest


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A connection that is dropped.

    Attributes:
        at_s: seconds since the launch.
        index: whose; None for all.
    """

    at_s: float
    index: int | None = None


def drops(unrest: Unrest, seed: int, process: int, devices: int, total: int) -> Iterator[Drop]:
    """When devices of this process drop their connections, without end.

    Args:
        unrest: how often; its churn is of all devices.
        seed: of the town.
        process: number of the process.
        devices: how many it has.
        total: of how many.
    """
    return heapq.merge(_churn(unrest, seed, process, devices, total), _storms(unrest), key=lambda drop: drop.at_s)


def _churn(unrest: Unrest, seed: int, process: int, devices: int, total: int) -> Iterator[Drop]:
    chance = random.Random(f"{seed}/churn/devices/{process}")  # noqa: S311 - a simulation, no secret
    rate_per_s = unrest.churn_per_min / 60 * devices / total
    at_s = 0.0
    while rate_per_s:
        at_s += chance.expovariate(rate_per_s)
        yield Drop(at_s=at_s, index=chance.randrange(devices))


def _storms(unrest: Unrest) -> Iterator[Drop]:
    if unrest.storm_every_s is not None:
        yield from (Drop(at_s=number * unrest.storm_every_s) for number in count(1))
