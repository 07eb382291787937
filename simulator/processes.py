"""The gateways of a selection shared by several processes, which tell their parent how they fare.

A pipe joins each child to its parent. Up go "ready", progress, "live" and "done"; down goes what all of them launch
together, then "stop". The pipe's end means "stop" as well: no child outlives its parent.
"""

import asyncio
import contextlib
import functools
import gc
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import structlog

from park.safe_text import escape_event
from simulator.children import Children
from simulator.clock import Schedule
from simulator.errors import ProcessEnded
from simulator.progress import Progress, merge
from simulator.simulate import Crew, Preparation, Simulated, SimulateOptions, run_all, summarise

_READY, _LIVE, _DONE, _STOP = "ready", "live", "done", "stop"


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
    """Like `simulate`, in `options.processes` processes.

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
        began = time.monotonic()
        total = await parent.run(options, schedule, stop)
        duration_s = time.monotonic() - began
    except BaseException:
        parent.children.kill()
        raise
    finally:
        await asyncio.to_thread(parent.children.close)
    return Simulated(summary=summarise(total, duration_s), begin_ms=schedule.begin_ms, until_ms=total.until_ms)


def _given(preparation: Preparation) -> Preparation:
    return preparation


class _Parent:
    def __init__(
        self, children: Children, on_progress: Callable[[Progress], None], on_live: Callable[[], None]
    ) -> None:
        self.children = children
        self._pipes = children.pipes
        self._on_progress, self._on_live = on_progress, on_live
        self._latest = [Progress() for _ in self._pipes]
        self._waiting = len(self._pipes)

    async def ready(self) -> None:
        """Wait until every child's models are warm."""
        await run_all(self._expect_ready(index) for index in range(len(self._pipes)))

    async def _expect_ready(self, index: int) -> None:
        await self._receive(index)

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
                pipe.send(_STOP)

    async def _follow(self, index: int) -> None:
        while (message := await self._receive(index)) != _DONE:
            if message == _LIVE:
                self._waiting -= 1
                if not self._waiting:
                    self._on_live()
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


def serve(prepare: Callable[[], Preparation], index: int, count: int, pipe: Connection) -> None:
    """The whole of a child: every `count`-th gateway, from `index` on."""
    # Standard output is the parent's, for its summary.
    structlog.configure(
        processors=[escape_event, *structlog.get_config()["processors"]],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(_serve(prepare, index, count, pipe))


async def _serve(prepare: Callable[[], Preparation], index: int, count: int, pipe: Connection) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told_to_stop() -> None:
        stop.set()
        loop.remove_reader(pipe.fileno())

    try:
        crew = Crew(prepare(), index, count)
        crew.warm_up()
        gc.enable()  # again, see `children`
        pipe.send(_READY)
        options, schedule = pipe.recv()
        loop.add_reader(pipe.fileno(), told_to_stop)

        pipe.send(await crew.run(options, schedule, stop, on_progress=pipe.send, on_live=lambda: pipe.send(_LIVE)))
        pipe.send(_DONE)
    except (BrokenPipeError, EOFError):
        return
    except Exception as error:  # noqa: BLE001 - carried to the parent, which raises it
        pipe.send(error)
