"""All gateways of a selection in one process, and their summary."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.clock import Schedule, ScheduleOptions
from simulator.fleet import Fleet
from simulator.plan import GatewayPlan, Selection, make_plan
from simulator.publish import BrokerOptions, Gateway, Progress
from simulator.state import TownState

REPORT_EVERY_S = 0.25


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """What to publish, when and where.

    Attributes:
        connections: gateways per site.
        processes: how many processes share the gateways.
    """

    selection: Selection
    schedule: ScheduleOptions
    broker: BrokerOptions
    connections: int = 1
    processes: int = 1


@dataclass(frozen=True, kw_only=True)
class SimulateSummary:
    """What was published; see the command's documentation for the terms."""

    offered: int
    sent: int
    acknowledged: int
    overruns: int
    duration_s: float
    rate_per_s: float
    latency_ms: dict[str, float | None]

    @property
    def complete(self) -> bool:
        """Whether the broker took every reading that was due."""
        return self.acknowledged >= self.offered


def _ignore(*_: object) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """A simulation that has ended: its summary, and the window of the town's time that it offered."""

    summary: SimulateSummary
    begin_ms: int
    until_ms: int


async def simulate(
    options: SimulateOptions,
    stop: asyncio.Event,
    *,
    on_progress: Callable[[Progress], None] = _ignore,
    on_live: Callable[[], None] = _ignore,
) -> Simulated:
    """Publishes until the schedule ends or `stop` is set.

    Args:
        options: what, when and where.
        stop: ends the schedule early; what was sent is still awaited.
        on_progress: called a few times a second.
        on_live: called once every gateway has sent its history.

    Raises:
        LinkError: the broker refused a gateway's first connection for good.
    """
    crew = Crew(gateway_plans(options), options)
    await asyncio.to_thread(crew.warm_up)
    schedule = options.schedule.launched()
    began = time.monotonic()
    total = await crew.run(schedule, stop, on_progress=on_progress, on_live=on_live)
    return Simulated(
        summary=summarise(total, time.monotonic() - began), begin_ms=schedule.begin_ms, until_ms=total.until_ms
    )


def summarise(total: Progress, duration_s: float) -> SimulateSummary:
    """The closing summary of what was published."""
    return SimulateSummary(
        offered=total.offered,
        sent=total.sent,
        acknowledged=total.acknowledged,
        overruns=total.overruns,
        duration_s=round(duration_s, 3),
        rate_per_s=round(total.acknowledged / duration_s, 1) if duration_s else 0.0,
        latency_ms=total.latencies.summary(),
    )


def gateway_plans(options: SimulateOptions) -> list[GatewayPlan]:
    """The gateways; more per site than asked if there would be fewer than processes."""
    plan = make_plan(options.selection)
    gateways = plan.gateways(options.connections)
    if len(gateways) < options.processes:
        gateways = plan.gateways(math.ceil(options.processes / max(1, len(plan.gateways(1)))))
    return gateways


class Crew:
    """Some gateways in this process.

    Args:
        plans: what each of them carries.
        options: of the whole simulation.
    """

    def __init__(self, plans: Sequence[GatewayPlan], options: SimulateOptions) -> None:
        self._options = options
        state = TownState(plan.plan for plan in plans) if plans else None
        self._fleets = [(plan, Fleet(plan.plan, state)) for plan in plans]

    def warm_up(self) -> None:
        """Bring the models' state to the first moment, so that the launch finds them ready."""
        begin_ms = self._options.schedule.launched().begin_ms
        for _, fleet in self._fleets:
            fleet.columns(begin_ms, begin_ms + 60_000)

    async def run(
        self,
        schedule: Schedule,
        stop: asyncio.Event,
        *,
        on_progress: Callable[[Progress], None],
        on_live: Callable[[], None] = _ignore,
    ) -> Progress:
        """Publish; see `simulate`."""
        waiting = len(self._fleets)

        def one_live() -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                on_live()

        gateways = [
            Gateway(plan, fleet, schedule, broker=self._options.broker, on_live=one_live)
            for plan, fleet in self._fleets
        ]

        async def report() -> None:
            while True:
                on_progress(merge([gateway.progress for gateway in gateways]))
                await asyncio.sleep(REPORT_EVERY_S)

        async def end() -> None:
            await stop.wait()
            now_s = time.time()
            for gateway in gateways:
                gateway.end(now_s)

        beside = [asyncio.create_task(report(), name="progress"), asyncio.create_task(end(), name="end")]
        try:
            await run_all(gateway.run() for gateway in gateways)
        finally:
            for task in beside:
                task.cancel()
        total = merge([gateway.progress for gateway in gateways])
        on_progress(total)
        return total


async def run_all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs everything; the first failure ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except* Exception as failures:  # noqa: BLE001 - raised again, without the wrapping
        raise failures.exceptions[0] from None


def merge(parts: Sequence[Progress]) -> Progress:
    """The sum of several gateways' progress."""
    total = Progress()
    for part in parts:
        total.offered += part.offered
        total.sent += part.sent
        total.acknowledged += part.acknowledged
        total.unheard += part.unheard
        total.overruns += part.overruns
        total.reconnects += part.reconnects
        total.until_ms = min(total.until_ms, part.until_ms)
        total.latencies.merge(part.latencies.state())
    return total
