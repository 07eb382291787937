"""Whether a broker still answers: pings, and how long it has been silent."""

import asyncio
from collections.abc import Callable

import mqtt5

from mqttlink.errors import LinkError

_TICKS_PER_KEEP_ALIVE = 4
_PING_AFTER_TICKS = 2
_DEAD_AFTER_TICKS = 6  # one and a half times the keep-alive interval


class Aliveness:
    """Pings a broker when nothing else was said for a while, and tells when it has been silent for too long.

    Counting ticks, not time, forgives a process that itself was stopped for a while.

    Args:
        write: writes a packet.
        dead: called with the seconds of silence.
        listening: whether the socket is being read; silence counts only then.

    Attributes:
        silent_ticks: since the broker was heard; its connection sets it to 0.
        idle_ticks: since something was written; its connection sets it to 0.
    """

    def __init__(
        self, write: Callable[[bytes], None], dead: Callable[[float], None], listening: Callable[[], bool]
    ) -> None:
        self._write = write
        self._dead = dead
        self._listening = listening
        self.silent_ticks = 0
        self.idle_ticks = 0
        self._loop = asyncio.get_running_loop()
        self._period_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._unanswered = 0
        self._asked: list[tuple[int, asyncio.Future[None]]] = []

    def begin(self, keep_alive_s: float) -> None:
        """Tick from now on, as agreed with the broker; 0 never pings by itself."""
        self._period_s = keep_alive_s / _TICKS_PER_KEEP_ALIVE
        self._again()

    def end(self, error: LinkError) -> None:
        """Nothing is written any more, and nothing that was asked is answered."""
        if self._timer is not None:
            self._timer.cancel()
        self._period_s = 0.0
        asked, self._asked = self._asked, []
        for _, answered in asked:
            if not answered.done():
                answered.set_exception(error)
                answered.exception()  # nobody need be waiting

    def ask(self) -> "asyncio.Future[None]":
        """Ping now; done when this ping is answered, and not one that was under way before it."""
        answered: asyncio.Future[None] = self._loop.create_future()
        self._ping()
        self._asked.append((self._unanswered, answered))
        return answered

    def answered(self) -> None:
        """A ping was answered; they are in order."""
        self._unanswered = max(0, self._unanswered - 1)
        self._asked = [(before - 1, answered) for before, answered in self._asked]
        while self._asked and self._asked[0][0] <= 0:
            _, answered = self._asked.pop(0)
            if not answered.done():
                answered.set_result(None)

    def _ping(self) -> None:
        self._write(mqtt5.PingReqPacket().write())
        self._unanswered += 1

    def _again(self) -> None:
        if self._period_s > 0:
            self._timer = self._loop.call_later(self._period_s, self._tick)

    def _tick(self) -> None:
        self._again()
        self.idle_ticks += 1
        if self._listening():
            self.silent_ticks += 1
        if self.silent_ticks >= _DEAD_AFTER_TICKS:
            self._dead(self.silent_ticks * self._period_s)
        elif max(self.silent_ticks, self.idle_ticks) >= _PING_AFTER_TICKS:
            self._ping()
