"""Looks regularly at what no message tells: the disk of the dead letters, and messages that wait too long."""

import asyncio
from pathlib import Path
from typing import Protocol

from ingest.health import READY_S, Health
from ingest.log import get_logger

log = get_logger("ingest")

EVERY_S = 1.0
_DISK_EVERY = 4
_DISK_LIMIT_S = 4.0


class DeadLetters(Protocol):
    """What is asked of the dead-letter file."""

    @property
    def path(self) -> Path:
        """Where it is."""

    def check(self) -> None:
        """Whether a letter could be written now.

        Raises:
            OSError: why not.
        """


async def watch(health: Health, letters: DeadLetters) -> None:
    """Look for ever."""
    late = False
    turn = 0
    while True:
        if turn % _DISK_EVERY == 0:
            await _look_at_disk(health, letters)
        turn += 1
        health.store.say()
        if late != (health.oldest_s >= READY_S):
            late = not late
            if late:
                log.warning("messages wait to be settled", oldest_s=round(health.oldest_s, 1))
            else:
                log.info("messages are settled in time again")
        await asyncio.sleep(EVERY_S)


async def _look_at_disk(health: Health, letters: DeadLetters) -> None:
    try:
        async with asyncio.timeout(_DISK_LIMIT_S):
            await asyncio.to_thread(letters.check)
    except TimeoutError:
        message = f"{letters.path}: the disk does not answer"
    except OSError as error:
        message = f"{letters.path}: {error.strerror}; make room, or name another file"
    else:
        health.disk.works(watch)
        return
    health.disk.fails(watch, message, hold=True)
