"""Gateways that drop their connection: at random, or all at once. When they do is a function of the seed."""

import asyncio
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from simulator.clock import before


@dataclass(frozen=True, kw_only=True)
class Unrest:
    """How often connections are dropped and made again.

    Attributes:
        churn_per_min: gateways per minute that drop theirs, at random, over all of them.
        storm_every_s: how often all gateways drop theirs at once; None never.
    """

    churn_per_min: float = 0.0
    storm_every_s: float | None = None

    def drops(self, seed: int, client_id: str, gateways: int) -> Iterator[float]:
        """When one of so many gateways drops its connection, in seconds since the launch, without end."""
        return heapq.merge(self._churn(seed, client_id, gateways), self._storms())

    def _churn(self, seed: int, client_id: str, gateways: int) -> Iterator[float]:
        chance = random.Random(f"{seed}/churn/{client_id}")  # noqa: S311 - a simulation, no secret
        rate_per_s = self.churn_per_min / 60 / gateways
        at = 0.0
        while rate_per_s:
            at += chance.expovariate(rate_per_s)
            yield at

    def _storms(self) -> Iterator[float]:
        if self.storm_every_s is not None:
            yield from (number * self.storm_every_s for number in count(1))


class Reconnects(Protocol):
    """A link, as far as it can be dropped."""

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to drop."""

    def reconnect(self) -> None:
        """Drop it, and make another."""


async def drop(drops: Iterator[float], launch_s: float, ended: asyncio.Event, link: Reconnects) -> None:
    """Drop the connection whenever it is time, in seconds since the launch, until the end."""
    for after_s in drops:
        await before(launch_s + after_s, ended)
        if ended.is_set():
            return
        if link.is_connected:
            link.reconnect()
