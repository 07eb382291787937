"""A part of the pipeline that is really away for a while: stopped and started by commands that its owner names."""

import asyncio
import contextlib
import os
import shlex
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.clock import Schedule, before
from simulator.errors import OutageError
from simulator.incidents.tricks import Hit

_LIMIT_S = 300.0
_SAID = 300


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
    """Runs a command to its end, in a session of its own: a Ctrl-C is not for it."""
    where = f"{option} {shlex.join(command)}"
    # A file, for what a command leaves running may hold a pipe open for ever.
    with tempfile.TemporaryFile() as said:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
            try:
                async with asyncio.timeout(_LIMIT_S):
                    code = await process.wait()
            except BaseException:  # what is still at it would work against what comes next
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        except TimeoutError:
            raise OutageError(f"{where}: not done within {_LIMIT_S:g} s") from None
        except OSError as error:
            raise OutageError(f"{where}: {error.strerror}") from error
        if code:
            said.seek(0)
            words = said.read()[-_SAID:].decode(errors="replace").strip()
            raise OutageError(f"{where}: exit code {code}: {words}")
