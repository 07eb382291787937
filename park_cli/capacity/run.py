"""The whole search: step after step with rest between them, for a bounded time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ingest.errors import StoreError
from mqttlink.errors import LinkError
from park_cli.capacity.found import Step
from park_cli.capacity.search import Search

#: A step takes longer than its time: the models warm up before, and the proof comes after it.
_AROUND_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How long the search may take.

    Attributes:
        step_s: a step.
        rest_s: between two of them.
        total_s: all; no step begins that would end later.
        wait_s: how much longer a step takes that fails, as those near the knee do.
    """

    step_s: float
    rest_s: float
    total_s: float
    wait_s: float = 0.0

    def takes_s(self, rates: Search) -> float:
        """How long the next step may take."""
        return self.step_s + _AROUND_S + (self.wait_s if rates.near else 0.0)


async def search(
    rates: Search,
    bounds: Bounds,
    attempt: Callable[[float], Awaitable[Step | None]],
    stop: asyncio.Event,
    *,
    on_step: Callable[[Step], None],
) -> tuple[list[Step], str]:
    """Try rates until the knee is known, the time is over, or `stop` is set.

    Returns:
        the steps, and why the search ended.
    """
    steps: list[Step] = []
    end_s = time.monotonic() + bounds.total_s
    while (rate := rates.next()) is not None:
        if steps and await _rested(bounds.rest_s, stop):
            return steps, "it was interrupted"
        if time.monotonic() + bounds.takes_s(rates) > end_s and steps:
            return steps, "its time was over; a longer --for finds more"
        try:
            step = await attempt(rate)
        except (StoreError, LinkError) as error:
            if not steps:
                raise
            return steps, f"{rate:,.0f} a second could not be judged: {error}"
        if step is None or stop.is_set():
            return steps, "it was interrupted"
        steps.append(step)
        rates.record(rate, held=step.held)
        on_step(step)
    return steps, _why(rates)


async def _rested(seconds: float, stop: asyncio.Event) -> bool:
    """Rest; whether `stop` was set meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


def _why(rates: Search) -> str:
    if rates.fails is None:
        return "--max-rate held; the knee lies above it"
    if rates.holds is None:
        return "no rate held"
    return f"the knee is known to within {rates.precision:.0%}"
