"""Waiting for a state, or for the end."""

import asyncio
from collections.abc import Callable


class Gate:
    """Coroutines wait here for conditions that plain callbacks make true."""

    def __init__(self) -> None:
        self.closed: BaseException | None = None
        self._waiters: list[asyncio.Future[None]] = []

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; raises what closed the gate."""
        while self.closed is None and not condition():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self.closed is not None:
            raise self.closed

    def wake(self) -> None:
        """Something changed; everybody looks again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def close(self, error: BaseException) -> None:
        """Everybody who waits gets the error, now and later; the first one counts."""
        if self.closed is None:
            self.closed = error
        self.wake()
