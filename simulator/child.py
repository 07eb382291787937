"""What runs in a process that simulates for its parent; `children` starts it.

A pipe joins the two. Up go "ready", progress, "live" and "done"; down goes what all children launch together, then
"stop". The pipe's end means "stop" as well: no child outlives its parent.
"""

import asyncio
import gc
from collections.abc import Callable
from multiprocessing.connection import Connection

import structlog

from park.safe_log import standard_error
from park.safe_text import escape_event
from simulator.preparation import Preparation
from simulator.simulate import crew_of

READY, LIVE, DONE, STOP = "ready", "live", "done", "stop"


def serve(prepare: Callable[[], Preparation], index: int, count: int, pipe: Connection) -> None:
    """The whole of a child: every `count`-th gateway, from `index` on."""
    # Standard output is the parent's, for its summary.
    structlog.configure(
        processors=[escape_event, *structlog.get_config()["processors"]],
        logger_factory=structlog.PrintLoggerFactory(standard_error),
    )
    asyncio.run(_serve(prepare, index, count, pipe))


async def _serve(prepare: Callable[[], Preparation], index: int, count: int, pipe: Connection) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told_to_stop() -> None:
        stop.set()
        loop.remove_reader(pipe.fileno())

    try:
        crew = crew_of(prepare(), index, count)
        crew.warm_up()
        gc.enable()  # again, see `children`
        pipe.send(READY)
        options, schedule = pipe.recv()
        loop.add_reader(pipe.fileno(), told_to_stop)

        pipe.send(await crew.run(options, schedule, stop, on_progress=pipe.send, on_live=lambda: pipe.send(LIVE)))
        pipe.send(DONE)
    except (BrokenPipeError, EOFError):
        return
    except Exception as error:  # noqa: BLE001 - carried to the parent, which raises it
        pipe.send(error)
