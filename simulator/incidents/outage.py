"""A part of the pipeline that is really away for a while: stopped and started by commands that its owner names."""

import asyncio
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.clock import Schedule, before
from simulator.errors import OutageError
from simulator.incidents.tricks import Hit
from simulator.programs import run_program

_LIMIT_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Commands:
    """How a part is stopped and started: programs with their arguments, no shell between.

    Attributes:
        stop, start: each ends with exit code 0 once it is done.
    """

    stop: tuple[str, ...]
    start: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Away:
    """When it was away, on the town's clock, Unix milliseconds.

    Attributes:
        start_ms: it was told to stop.
        gone_ms: it had stopped.
        end_ms: it had been started again.
    """

    start_ms: int
    gone_ms: int
    end_ms: int


class Interruption:
    """An outage that is to come.

    Args:
        commands: of its part.
        hit: when.
        schedule: of those who publish meanwhile.

    Attributes:
        away: when it was; None until it is over.
    """

    def __init__(self, commands: Commands, hit: Hit, schedule: Schedule) -> None:
        self._commands, self._schedule = commands, schedule
        self._due_s = schedule.due_s(np.array([hit.start_ms, hit.end_ms])).tolist()
        self.away: Away | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Waits for its time, has the part away, and has it back; at once if `stop` is set, and whatever fails.

        Raises:
            OutageError: a command failed; names the option that gave it.
        """
        await before(self._due_s[0], stop)
        if stop.is_set():
            return
        start_ms = self._now_ms()
        try:
            await _run(self._commands.stop, "--stop")
            gone_ms = self._now_ms()
            await before(self._due_s[1], stop)
        finally:
            await _run(self._commands.start, "--start")
        self.away = Away(start_ms=start_ms, gone_ms=gone_ms, end_ms=self._now_ms())

    def _now_ms(self) -> int:
        return self._schedule.town_ms(time.time())


async def _run(command: Sequence[str], option: str) -> None:
    where = f"{option} {shlex.join(command)}"
    try:
        ended = await run_program(command, limit_s=_LIMIT_S)
    except TimeoutError:
        raise OutageError(f"{where}: not done within {_LIMIT_S:g} s") from None
    except OSError as error:
        raise OutageError(f"{where}: {error.strerror}") from error
    if ended.code:
        raise OutageError(f"{where}: exit code {ended.code}: {ended.said}")
