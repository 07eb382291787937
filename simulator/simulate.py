"""`park simulate`: all gateways of a selection, in this process or in several, and their summary."""

import asyncio
import contextlib
import math
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from mqttlink import Address
from simulator.clock import Schedule
from simulator.fleet import Fleet, make_world
from simulator.plan import GatewayPlan, Selection, make_plan
from simulator.publish import Credentials, Gateway, Progress
from simulator.streams import CounterStreams

REPORT_EVERY_S = 0.25


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """What to publish, when and where.

    Attributes:
        connections: gateways per site.
        processes: how many processes share the gateways.
        rewind_s: what a gateway sends again after a reconnection.
    """

    selection: Selection
    schedule: Schedule
    address: Address
    credentials: Credentials = field(default_factory=Credentials)
    connections: int = 1
    processes: int = 1
    rewind_s: float = 10.0


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


async def simulate(
    options: SimulateOptions,
    stop: asyncio.Event,
    *,
    on_progress: Callable[[Progress], None] = _ignore,
    on_live: Callable[[], None] = _ignore,
) -> SimulateSummary:
    """Publishes until the schedule ends or `stop` is set.

    Args:
        options: what, when and where.
        stop: ends the schedule early; what was sent is still awaited.
        on_progress: called a few times a second.
        on_live: called once every gateway has sent its history.

    Raises:
        LinkError: the broker refused a gateway's first connection for good.
    """
    began = time.monotonic()
    run = _run_here if options.processes == 1 else _run_processes
    total = await run(options, stop, on_progress, on_live)
    duration = time.monotonic() - began
    return SimulateSummary(
        offered=total.offered,
        sent=total.sent,
        acknowledged=total.acknowledged,
        overruns=total.overruns,
        duration_s=round(duration, 3),
        rate_per_s=round(total.acknowledged / duration, 1) if duration else 0.0,
        latency_ms=total.latencies.summary(),
    )


def gateway_plans(options: SimulateOptions) -> list[GatewayPlan]:
    """The gateways; more per site than asked if there would be fewer than processes."""
    plan = make_plan(options.selection)
    gateways = plan.gateways(options.connections)
    if len(gateways) < options.processes:
        gateways = plan.gateways(math.ceil(options.processes / max(1, len(plan.gateways(1)))))
    return gateways


async def _run_here(
    options: SimulateOptions,
    stop: asyncio.Event,
    on_progress: Callable[[Progress], None],
    on_live: Callable[[], None],
) -> Progress:
    return await _run_gateways(gateway_plans(options), options, stop, on_progress, on_live)


async def _run_gateways(
    plans: Sequence[GatewayPlan],
    options: SimulateOptions,
    stop: asyncio.Event,
    on_progress: Callable[[Progress], None],
    on_live: Callable[[], None],
) -> Progress:
    if not plans:
        on_live()
        return Progress()
    world = make_world(plans[0].plan, CounterStreams(options.selection.seed))
    waiting = len(plans)

    def one_live() -> None:
        nonlocal waiting
        waiting -= 1
        if not waiting:
            on_live()

    gateways = [
        Gateway(
            plan,
            Fleet(plan.plan, world),
            options.schedule,
            address=options.address,
            credentials=options.credentials,
            rewind_s=options.rewind_s,
            on_live=one_live,
        )
        for plan in plans
    ]

    async def report() -> None:
        while True:
            on_progress(merge([gateway.progress for gateway in gateways]))
            await asyncio.sleep(REPORT_EVERY_S)

    reporting = asyncio.create_task(report(), name="progress")
    try:
        await _all(gateway.run(stop) for gateway in gateways)
    finally:
        reporting.cancel()
    total = merge([gateway.progress for gateway in gateways])
    on_progress(total)
    return total


async def _all(work: Any) -> None:
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
        total.latencies.merge(part.latencies.state())
    return total


async def _run_processes(
    options: SimulateOptions,
    stop: asyncio.Event,
    on_progress: Callable[[Progress], None],
    on_live: Callable[[], None],
) -> Progress:
    context = multiprocessing.get_context("spawn")
    loop = asyncio.get_running_loop()
    pipes: list[Connection] = []
    children = []
    for index in range(options.processes):
        here, there = context.Pipe()
        child = context.Process(target=_child, args=(options, index, there), daemon=True)
        child.start()
        there.close()
        pipes.append(here)
        children.append(child)
    latest = [Progress() for _ in pipes]
    live: set[int] = set()

    async def follow(index: int) -> None:
        while True:
            try:
                message = await loop.run_in_executor(None, pipes[index].recv)
            except EOFError:
                raise RuntimeError(f"simulator process {index} ended without a summary") from None
            if isinstance(message, Progress):
                latest[index] = message
                on_progress(merge(latest))
            elif isinstance(message, BaseException):
                raise message
            elif message == "live":
                live.add(index)
                if len(live) == len(pipes):
                    on_live()
            else:
                return

    async def forward_stop() -> None:
        await stop.wait()
        for pipe in pipes:
            with contextlib.suppress(OSError):
                pipe.send("stop")

    forwarding = asyncio.create_task(forward_stop())
    try:
        await _all(follow(index) for index in range(len(pipes)))
    finally:
        forwarding.cancel()
        for pipe in pipes:
            pipe.close()
        for child in children:
            await loop.run_in_executor(None, child.join, 10)
            if child.is_alive():
                child.kill()
    return merge(latest)


def _child(options: SimulateOptions, index: int, pipe: Connection) -> None:
    """One process: every `processes`-th gateway, until done, told to stop, or orphaned."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_child_main(options, index, pipe))


async def _child_main(options: SimulateOptions, index: int, pipe: Connection) -> None:
    stop = asyncio.Event()

    def told() -> None:
        stop.set()
        asyncio.get_running_loop().remove_reader(pipe.fileno())

    loop = asyncio.get_running_loop()
    loop.add_reader(pipe.fileno(), told)
    # The parent alone answers Ctrl-C; it tells its children.
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(2, _ignore)
    try:
        plans = gateway_plans(options)[index :: options.processes]
        total = await _run_gateways(plans, options, stop, pipe.send, lambda: pipe.send("live"))
        pipe.send(total)
        pipe.send("done")
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 - carried to the parent, which raises it
        pipe.send(error)
