"""Looks regularly at what no message tells: the disk of the dead letters, and messages that wait too long."""

import asyncio
import math
import time
from pathlib import Path
from typing import Protocol

from ingest.freeze import FROZEN_S
from ingest.health import READY_S, Clock, Health
from ingest.log import get_logger
from ingest.thread import OwnThread

log = get_logger("ingest")

EVERY_S = 1.0
_DISK_EVERY = 4
_DISK_LIMIT_S = 4.0


class DeadLetters(Protocol):
    """What is asked of the dead-letter file."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def thread(self) -> OwnThread:
        """Where it waits for its disk."""

    def check(self) -> None:
        """Whether a letter could be written now.

        Raises:
            OSError: why not.
        """


async def watch(health: Health, letters: DeadLetters) -> None:
    """Look for ever."""
    waits = Waits(health)
    turn = 0
    while True:
        if turn % _DISK_EVERY == 0:
            await _look_at_disk(health, letters)
        turn += 1
        health.store.told()
        waits.say()
        await asyncio.sleep(EVERY_S)


class Waits:
    """Logs that messages wait for long, where nothing that is told anyway explains it."""

    def __init__(self, health: Health, clock: Clock = time.monotonic) -> None:
        self._health = health
        self._clock = clock
        self._explained_at = -math.inf
        self._looked_at = math.inf
        self._said = False

    def say(self) -> None:
        """Log the state where it has changed; called regularly, or else the pause explains it."""
        now = self._clock()
        if now - self._looked_at >= FROZEN_S or self._health.store.told() or self._health.disk.told():
            self._explained_at = now
        self._looked_at = now
        late = self._health.oldest_s >= READY_S
        if self._said and not late:
            log.info("messages are settled in time again")
        elif late and not self._said:
            # What waited for the store is settled some time after that is back.
            late = now - self._explained_at >= READY_S
            if late:
                log.warning("messages wait to be settled", oldest_s=round(self._health.oldest_s, 1))
        self._said = late


async def _look_at_disk(health: Health, letters: DeadLetters) -> None:
    try:
        async with asyncio.timeout(_DISK_LIMIT_S):
            await letters.thread.run(letters.check)
    except TimeoutError:
        message = f"{letters.path}: the disk does not answer"
    except OSError as error:
        message = f"{letters.path}: {error.strerror}; make room, or name another file"
    else:
        health.disk.works(watch)
        return
    health.disk.fails(watch, message, hold=True)
