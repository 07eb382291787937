"""A thread for work that may block for long."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class OwnThread:
    """Does one thing after the other, in the order of asking, so that everybody has a turn.

    The threads that the loop shares among all would be used up by a disk that does not answer, and whatever else wants
    one would wait for it.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)  # its thread begins with the first work

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this once all is done that was asked before; given up where it had not begun when cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
