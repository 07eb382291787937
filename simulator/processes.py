"""The gateways of a selection shared by several processes, which tell their parent how they fare.

A pipe joins each child to its parent: progress goes up; anything that comes down, and its end, mean "stop".
So a child never outlives its parent.
"""

import asyncio
import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from simulator.publish import Progress
from simulator.simulate import (
    SimulateOptions,
    SimulateSummary,
    gateway_plans,
    merge,
    run_all,
    run_gateways,
    summarise,
)

_JOIN_S = 10.0
_DONE, _STOP = "done", "stop"


async def simulate_in_processes(
    options: SimulateOptions,
    stop: asyncio.Event,
    *,
    on_progress: Callable[[Progress], None],
) -> SimulateSummary:
    """Like `simulate`, in `options.processes` processes."""
    began = time.monotonic()
    parent = _Parent(options, on_progress)
    try:
        total = await parent.run(stop)
    finally:
        await asyncio.to_thread(parent.close)
    return summarise(total, time.monotonic() - began)


class _Parent:
    def __init__(self, options: SimulateOptions, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress
        self._pipes: list[Connection] = []
        self._children: list[BaseProcess] = []
        self._latest = [Progress() for _ in range(options.processes)]
        context = multiprocessing.get_context("spawn")
        for index in range(options.processes):
            here, there = context.Pipe()
            child = context.Process(target=_child, args=(options, index, there), daemon=True)
            child.start()
            there.close()
            self._pipes.append(here)
            self._children.append(child)

    async def run(self, stop: asyncio.Event) -> Progress:
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
        while True:
            try:
                message = await asyncio.to_thread(self._pipes[index].recv)
            except EOFError:
                raise RuntimeError(f"simulator process {index} ended without a summary") from None
            if isinstance(message, BaseException):
                raise message
            if message == _DONE:
                return
            self._latest[index] = message
            self._on_progress(merge(self._latest))

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for child in self._children:
            child.join(_JOIN_S)
            if child.is_alive():
                child.kill()


def _child(options: SimulateOptions, index: int, pipe: Connection) -> None:
    """One process: every `processes`-th gateway."""
    asyncio.run(_child_main(options, index, pipe))


async def _child_main(options: SimulateOptions, index: int, pipe: Connection) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told_to_stop() -> None:
        stop.set()
        loop.remove_reader(pipe.fileno())

    loop.add_reader(pipe.fileno(), told_to_stop)
    # A terminal sends Ctrl-C to the whole group; the parent answers it and tells its children.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        plans = gateway_plans(options)[index :: options.processes]
        total = await run_gateways(plans, options, stop, pipe.send, lambda: None)
        pipe.send(total)
        pipe.send(_DONE)
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 - carried to the parent, which raises it
        pipe.send(error)
