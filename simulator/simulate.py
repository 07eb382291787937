"""All gateways of a selection in one process, and their summary."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from simulator.attend import attended
from simulator.clock import Schedule
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import past_of
from simulator.commands.service import Service
from simulator.connections.crew import DeviceCrew
from simulator.observed import Readings, obedient_readings
from simulator.options import SimulateOptions
from simulator.plan import GatewayPlan, make_plan
from simulator.preparation import Preparation, gateway_plans
from simulator.progress import Progress, merge
from simulator.publish import Gateway


@dataclass(frozen=True, kw_only=True)
class SimulateSummary:
    """What was published; see the command's documentation for the terms.

    Attributes:
        duration_s: from the launch to the first acknowledgement of what was acknowledged last.
        events: how many were offered and acknowledged, beside the readings.
    """

    offered: int
    sent: int
    acknowledged: int
    overruns: int
    reconnects: int
    duration_s: float
    rate_per_s: float
    latency_ms: dict[str, float | None]
    events: dict[str, int]

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


async def run_simulation(
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
    crew = crew_of(options.preparation())
    await asyncio.to_thread(crew.warm_up)
    schedule = options.schedule.launched()
    total = await crew.run(options, schedule, stop, on_progress=on_progress, on_live=on_live)
    return Simulated(summary=summarise(total, schedule.launch_s), begin_ms=schedule.begin_ms, until_ms=total.until_ms)


def summarise(total: Progress, launch_s: float) -> SimulateSummary:
    """The closing summary of what was published since `launch_s`, on the clock of `time.time`."""
    duration_s = max(0.0, (total.acknowledged_s or time.time()) - launch_s)
    return SimulateSummary(
        offered=total.offered,
        sent=total.sent,
        acknowledged=total.acknowledged,
        overruns=total.overruns,
        reconnects=total.reconnects,
        duration_s=round(duration_s, 3),
        rate_per_s=round(total.acknowledged / duration_s, 1) if duration_s else 0.0,
        latency_ms=total.latencies.summary(),
        events={"offered": total.events_offered, "acknowledged": total.events_acknowledged},
    )


#: A gateway's number among those that run here, its plan, and its readings.
_Member: TypeAlias = tuple[int, GatewayPlan, Readings]


class Crew(Protocol):
    """Those who publish in this process."""

    def warm_up(self) -> None:
        """Bring the models' state to the first moment, so that the launch finds them ready."""

    async def run(
        self,
        options: SimulateOptions,
        schedule: Schedule,
        stop: asyncio.Event,
        *,
        on_progress: Callable[[Progress], None],
        on_live: Callable[[], None] = _ignore,
    ) -> Progress:
        """Publish; see `run_simulation`."""


def crew_of(preparation: Preparation, index: int = 0, processes: int = 1) -> Crew:
    """Who publishes in the process of this index: gateways, or devices that connect for themselves.

    Raises:
        SelectionError: there is nothing for one of so many processes.
    """
    crew = DeviceCrew if preparation.devices_connect else Gateways
    return crew(preparation, index, processes)


class Gateways:
    """Some gateways in this process: every `processes`-th, from `index` on."""

    def __init__(self, preparation: Preparation, index: int = 0, processes: int = 1) -> None:
        self._begin_ms = preparation.begin_ms
        plans = gateway_plans(preparation, processes)
        self._gateways = len(plans)
        mine = list(enumerate(plans))[index::processes]
        readings, self._authority = obedient_readings([plan.plan for _, plan in mine], Outcomes())
        self._members: list[_Member] = [(*member, its) for member, its in zip(mine, readings, strict=True)]

    def warm_up(self) -> None:
        """Bring the models' state to the first moment, so that the launch finds them ready."""
        begin_ms = self._begin_ms
        for _, _, readings in self._members:
            readings.columns(*next(readings.windows(begin_ms, begin_ms + 60_000)))
        # What stands now stays: the collector need not look at it again and again.
        gc.freeze()

    async def run(
        self,
        options: SimulateOptions,
        schedule: Schedule,
        stop: asyncio.Event,
        *,
        on_progress: Callable[[Progress], None],
        on_live: Callable[[], None] = _ignore,
    ) -> Progress:
        """Publish; see `run_simulation`."""
        one_live = countdown(len(self._members), on_live)
        services = self._services(options)
        gateways = [
            self._gateway(member, options, schedule, one_live, service)
            for member, service in zip(self._members, services, strict=True)
        ]
        async with attended(gateways, stop, on_progress):
            await run_all(gateway.run() for gateway in gateways)
        total = merge([gateway.progress for gateway in gateways])
        on_progress(total)
        return total

    def _services(self, options: SimulateOptions) -> list[Service | None]:
        """Who takes each gateway's commands; the models are told of those of the past."""
        if options.commands is None:
            return [None] * len(self._members)
        past, whole = past_of(options.commands, options.selection.seed), make_plan(options.selection)
        self._authority.add(past.records)
        return [Service(plan, whole, self._authority, past, options.commands) for _, plan, _ in self._members]

    def _gateway(
        self,
        member: _Member,
        options: SimulateOptions,
        schedule: Schedule,
        on_live: Callable[[], None],
        service: Service | None,
    ) -> Gateway:
        number, plan, readings = member
        count = self._gateways
        return Gateway(
            plan,
            readings,
            replace(schedule, join_after_s=options.ramp_up_s * number / count),
            broker=options.broker,
            drops=options.unrest.drops(options.selection.seed, plan.client_id, count),
            on_live=on_live,
            service=service,
        )


def countdown(count: int, done: Callable[[], None]) -> Callable[[], None]:
    """A function whose call number `count` calls `done`."""
    left = count

    def one() -> None:
        nonlocal left
        left -= 1
        if not left:
            done()

    return one


async def run_all(work: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Runs everything; the first failure ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except* Exception as failures:  # noqa: BLE001 - raised again, without the wrapping
        raise failures.exceptions[0] from None
