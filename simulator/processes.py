"""The gateways of a selection shared by several processes: the parent's side; `child` is the other."""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import Any

from simulator.child import DONE, LIVE, STOP
from simulator.children import Children
from simulator.clock import Schedule
from simulator.errors import ProcessEnded
from simulator.options import SimulateOptions
from simulator.preparation import Preparation
from simulator.progress import Progress, merge
from simulator.simulate import Simulated, countdown, run_all, summarise


def _ignore(*_: object) -> None:
    return None


async def simulate_in_processes(
    options: SimulateOptions,
    stop: asyncio.Event,
    *,
    children: Children | None = None,
    on_progress: Callable[[Progress], None] = _ignore,
    on_live: Callable[[], None] = _ignore,
) -> Simulated:
    """Like `run_simulation`, in `options.processes` processes.

    Args:
        options: what, when and where.
        stop: ends the schedule early; what was sent is still awaited.
        children: processes that warm up already, for the same preparation; by default they are started now.
        on_progress: called a few times a second.
        on_live: called once every gateway has sent its history.

    Raises:
        ProcessEnded: one of them was killed.
        LinkError: the broker refused a gateway's first connection for good.
    """
    prepare = functools.partial(_given, options.preparation())
    parent = _Parent(children or Children(prepare, options.processes), on_progress, on_live)
    try:
        await parent.ready()
        schedule = options.schedule.launched()
        total = await parent.run(options, schedule, stop)
    except BaseException:
        parent.children.kill()
        raise
    finally:
        await asyncio.to_thread(parent.children.close)
    return Simulated(summary=summarise(total, schedule.launch_s), begin_ms=schedule.begin_ms, until_ms=total.until_ms)


def _given(preparation: Preparation) -> Preparation:
    return preparation


class _Parent:
    def __init__(
        self, children: Children, on_progress: Callable[[Progress], None], on_live: Callable[[], None]
    ) -> None:
        self.children = children
        self._pipes = children.pipes
        self._on_progress = on_progress
        self._one_live = countdown(len(self._pipes), on_live)
        self._latest = [Progress() for _ in self._pipes]

    async def ready(self) -> None:
        """Wait until every child's models are warm."""
        await run_all(self._receive(index) for index in range(len(self._pipes)))

    async def run(self, options: SimulateOptions, schedule: Schedule, stop: asyncio.Event) -> Progress:
        """Launch, and follow the children until they are done."""
        for pipe in self._pipes:
            pipe.send((options, schedule))
        forwarding = asyncio.create_task(self._forward(stop), name="stop")
        try:
            await run_all(self._follow(index) for index in range(len(self._pipes)))
        finally:
            forwarding.cancel()
        return merge(self._latest)

    async def _forward(self, stop: asyncio.Event) -> None:
        await stop.wait()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.send(STOP)

    async def _follow(self, index: int) -> None:
        while (message := await self._receive(index)) != DONE:
            if message == LIVE:
                self._one_live()
            else:
                self._latest[index] = message
                self._on_progress(merge(self._latest))

    async def _receive(self, index: int) -> Any:
        """A child's next message; waits in the loop, so that it can be cancelled."""
        pipe, loop, readable = self._pipes[index], asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(pipe.fileno(), readable.set)
        try:
            await readable.wait()
            message = pipe.recv()
        except (EOFError, ConnectionResetError):
            raise ProcessEnded(f"simulator process {index} ended without a summary: was it killed?") from None
        finally:
            loop.remove_reader(pipe.fileno())
        if isinstance(message, BaseException):
            raise message
        return message
