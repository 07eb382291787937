"""Notices that this process itself was stopped for a while: what it knew of the broker is then out of date."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from ingest.log import get_logger
from ingest.words import STOPPED

log = get_logger("ingest")

FROZEN_S = 4.0
"""A clock that jumps by as much between two looks tells it. The broker lets nobody go before one and a half times the
keep-alive, of which up to half can have passed."""
BEAT_S = 1.0


class Freeze:
    """Whether this process was stopped, and the broker has not been heard since.

    Until `watch` runs nothing is noticed: where nobody looks regularly, any pause would seem a freeze.

    Args:
        proof: ends once the broker is known to be there.
    """

    def __init__(self, proof: Callable[[], Awaitable[object]], clock: Callable[[], float] = time.monotonic) -> None:
        self._proof = proof
        self._clock = clock
        self._looked: float | None = None
        self._stopped_s = 0.0
        self._proving: asyncio.Task[None] | None = None

    def troubles(self) -> list[str]:
        """The trouble, if there is one; asked first after a freeze, it notices that itself."""
        self._look()
        if self._proving is None:
            return []
        return [STOPPED.format(seconds=self._stopped_s)]

    async def proven(self) -> None:
        """Wait until the broker has answered, if it is asked at all."""
        if self._proving is not None:
            await asyncio.wait([self._proving])

    async def watch(self) -> None:
        """Look for ever."""
        self._looked = self._clock()
        try:
            while True:
                await asyncio.sleep(BEAT_S)
                self._look()
        finally:
            self._looked = None
            if self._proving is not None:
                self._proving.cancel()

    def _look(self) -> None:
        if self._looked is None:
            return
        before, self._looked = self._looked, self._clock()
        stopped_s = self._looked - before
        if stopped_s < FROZEN_S:
            return
        log.warning(
            "this process was stopped; asking the broker whether it is still there", seconds=round(stopped_s, 1)
        )
        self._stopped_s = stopped_s
        if self._proving is not None:
            self._proving.cancel()
        self._proving = asyncio.create_task(self._prove(), name="ingest proof of the broker")

    async def _prove(self) -> None:
        await self._proof()
        self._proving = None
