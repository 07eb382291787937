"""Child processes that simulate, each joined to its parent by a pipe; see `child` for what they tell one another.

This module imports next to nothing, so that a program can start them before it imports its own libraries: they
warm their models up on other processors meanwhile.
"""

import contextlib
import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.preparation import Preparation

_JOIN_S = 10.0
_OF_THE_GROUP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Children:
    """Processes that share the gateways. Each warms up at once and then waits to be launched.

    Args:
        prepare: a module's function, or a `functools.partial` of one, that tells what to warm up for. It is called
            in every child; what it raises is raised by `simulate_in_processes`.
        count: how many.
    """

    def __init__(self, prepare: "Callable[[], Preparation]", count: int = 1) -> None:
        self.pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        context = multiprocessing.get_context("spawn")
        for index in range(count):
            here, there = context.Pipe()
            process = context.Process(target=_child, args=(prepare, index, count, there), daemon=True)
            with _unsignalled():
                process.start()
            there.close()
            self.pipes.append(here)
            self._processes.append(process)

    def kill(self) -> None:
        """End them at once; their brokers publish the gateways' wills."""
        for process in self._processes:
            process.kill()

    def close(self) -> None:
        """Let them end, for a bounded time."""
        for pipe in self.pipes:
            pipe.close()
        for process in self._processes:
            process.join(_JOIN_S)
            if process.is_alive():
                process.kill()


@contextlib.contextmanager
def _unsignalled() -> Iterator[None]:
    """A process that is started now is not reached by a terminal's Ctrl-C, even before it can say so itself."""
    resource_tracker.ensure_running()  # it would end the block's effect
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_GROUP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _child(prepare: "Callable[[], Preparation]", index: int, count: int, pipe: Connection) -> None:
    # A terminal or a service manager signals the whole group; the parent answers and tells its children.
    for number in _OF_THE_GROUP:
        signal.signal(number, signal.SIG_IGN)
    gc.disable()  # until all is imported and warm; that makes no garbage, and looking for it takes a sixth of the time
    from simulator.child import serve  # noqa: PLC0415 - the child's imports, not its parent's

    serve(prepare, index, count, pipe)
