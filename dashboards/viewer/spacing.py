"""How often devices report, by their stored readings: a town may have changed what the catalogue says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dashboards.measured import Measured
from dashboards.sources.base import Window

#: How far back to look, in turn: far enough for four readings a device, and no further than needed.
LOOK_BACK_MS = (600_000, 7_200_000, 86_400_000, 691_200_000)
_READINGS = 4

_KEEP_S = 30.0
_KEEP_NONE_S = 3.0

T = TypeVar("T")
Ask = Callable[[Measured, Window], Awaitable[float | None]]


async def shared(task: asyncio.Task[T]) -> T:
    """What a task gives to all who wait for it: who leaves takes nothing from the others, nor its failure along."""
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)


class Spacings:
    """Learns of each measurement how often its devices report, and keeps it for a while.

    Args:
        ask: a source's `spacing`.
        clock: in seconds.
    """

    def __init__(self, ask: Ask, *, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, float] = {}
        self._until: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[float | None]] = {}

    async def of(self, stored: Measured, now: int) -> float | None:
        """Whole seconds from one reading of a device to its next; None where no device has two.

        Raises:
            SourceError: the store does not answer.
        """
        name = stored.name
        if self._until.get(name, self._clock()) <= self._clock():
            if name not in self._asking:
                self._asking[name] = asyncio.create_task(self._learn(stored, now))
            await shared(self._asking[name])
        return self._known.get(name)

    async def _learn(self, stored: Measured, now: int) -> float | None:
        try:
            found = await self._look(stored, now)
        finally:
            self._asking.pop(stored.name, None)
        if found is not None:
            self._known[stored.name] = found
        self._until[stored.name] = self._clock() + (_KEEP_NONE_S if found is None else _KEEP_S)
        return found

    async def _look(self, stored: Measured, now: int) -> float | None:
        found = None
        for back in LOOK_BACK_MS:
            found = await self._ask(stored, Window(start=now - back, until=now + 1))
            if found is not None and found * 1000 * _READINGS <= back:
                break
        return found
