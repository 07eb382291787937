"""Parts of a pipeline: programs that are started here and end with us, and containers that run already."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from park_cli.certify import ready
from park_cli.certify.errors import PartError
from simulator.programs import run_program, run_program_now

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_STOP_S = 20.0
#: A command of the file, or of the engine, has so long.
COMMAND_S = 120.0
#: A part that ends by itself is started again after so long, as a service manager would.
_AGAIN_S = 1.0


class Part(Protocol):
    """What a fault can be done to."""

    @property
    def name(self) -> str:
        """As the file calls it."""

    @property
    def ended(self) -> int:
        """How often it ended by itself."""

    async def kill(self) -> None:
        """End it as a crash would."""

    async def start(self) -> None:
        """Start it; returns before it is ready."""

    async def freeze(self) -> None:
        """Stop it from running, its connections open."""

    async def resume(self) -> None:
        """Let it run again."""

    async def is_ready(self) -> bool:
        """Whether it is up."""

    async def end(self) -> None:
        """Leave it as it was before we came."""

    def end_now(self) -> None:
        """The same at once, when this process is about to end."""

    def last_words(self) -> str:
        """What it said last."""


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(kw_only=True, eq=False)
class Program:
    """A program that is started here, in a process group of its own.

    Attributes:
        argv, environ: whole.
        folder: where it runs.
        log: takes its output.
        told: its `ready`.
        ended: how often it ended by itself.
    """

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    log: Path
    told: str | None
    ended: int = 0
    _process: asyncio.subprocess.Process | None = None
    _guard: "asyncio.Task[None] | None" = None
    _wanted: bool = False
    _log_since: int = 0
    _since_s: float = 0.0

    async def start(self) -> None:
        """Start it; returns before it is ready.

        Raises:
            PartError: it cannot be started.
        """
        self._wanted = True
        await self._spawn()
        self._guard = asyncio.create_task(self._watch(), name=f"part {self.name}")

    async def _spawn(self) -> None:
        self._log_since = self.log.stat().st_size if self.log.exists() else 0
        self._since_s = time.monotonic()
        with self.log.open("ab") as log:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=self.environ,
                    start_new_session=True,  # Ctrl-C reaches us alone, and we end it in order
                    preexec_fn=_die_with_parent,  # one system call, so that kill -9 of us leaves nothing behind
                )
            except OSError as error:
                raise PartError(f"parts.{self.name}.command: {self.argv[0]}: {error.strerror}") from None

    async def _watch(self) -> None:
        """Start it again whenever it ends and nobody wanted that."""
        while self._process is not None:
            await self._process.wait()
            if not self._wanted:
                return
            self._signal(signal.SIGKILL)  # whom it left behind: what comes in its place needs its port, or its lock
            self.ended += 1
            await asyncio.sleep(_AGAIN_S)
            if self._wanted:
                await self._spawn()
                self._end_if_unwanted()

    def _end_if_unwanted(self) -> None:
        """While it was started, it may have been killed."""
        if not self._wanted:
            self._signal(signal.SIGKILL)

    async def kill(self) -> None:
        """End it as a crash would, and all that it started."""
        self._wanted = False
        self._signal(signal.SIGKILL)
        await self._gone()

    async def freeze(self) -> None:
        """Stop it from running, its connections open."""
        self._signal(signal.SIGSTOP)

    async def resume(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    async def is_ready(self) -> bool:
        """Whether it is up."""
        if self._process is None or self._process.returncode is not None:
            return False
        if self.told is None:
            return time.monotonic() - self._since_s >= ready.UNTOLD_S
        if self.told.startswith("log:"):
            return ready.says(self.log, self._log_since, self.told.removeprefix("log:"))
        return await _ready(self.told)

    async def end(self) -> None:
        """Ask it to end, and end it if it does not."""
        self._wanted = False
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(_STOP_S):
                await self._gone()
        except TimeoutError:
            await self.kill()
        self._signal(signal.SIGKILL)  # whom it left behind

    def end_now(self) -> None:
        """The same at once, when this process is about to end."""
        self._wanted = False
        self._signal(signal.SIGKILL)

    def last_words(self) -> str:
        """The last line of its output."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return lines[-1] if lines else "nothing"
        return "nothing"

    async def _gone(self) -> None:
        if self._guard is not None:
            await asyncio.shield(self._guard)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


@dataclass(kw_only=True, eq=False)
class Container:
    """A container that runs already, and runs on when we have gone.

    Attributes:
        engine: the program that speaks to it, `docker`.
        container: its name.
        undone: what would leave it as it was.
    """

    name: str
    engine: str
    container: str
    told: str | None
    ended: int = 0
    undone: list[str] = field(default_factory=list)

    async def kill(self) -> None:
        """End it as a crash would."""
        self.undone.append("start")
        await self._tell("kill")

    async def start(self) -> None:
        """Start it, if it was killed here."""
        if "start" in self.undone:
            await self._tell("start")
            self.undone.remove("start")

    async def freeze(self) -> None:
        """Stop it from running, its connections open."""
        self.undone.append("unpause")
        await self._tell("pause")

    async def resume(self) -> None:
        """Let it run again."""
        await self._tell("unpause")
        self.undone.remove("unpause")

    async def is_ready(self) -> bool:
        """Whether it is up."""
        return self.told is None or await _ready(self.told)

    async def end(self) -> None:
        """Leave it as it was before we came."""
        while self.undone:
            with contextlib.suppress(PartError):
                await self._tell(self.undone.pop())

    def end_now(self) -> None:
        """The same at once, when this process is about to end."""
        for verb in self.undone:
            run_program_now([self.engine, verb, self.container], limit_s=COMMAND_S)

    def last_words(self) -> str:
        """Nothing: its output is not ours."""
        return "not read here"

    async def _tell(self, verb: str) -> None:
        where = f"parts.{self.name}.container: {self.engine} {verb} {self.container}"
        try:
            ended = await run_program([self.engine, verb, self.container], limit_s=COMMAND_S)
        except TimeoutError:
            raise PartError(f"{where}: has not ended within {COMMAND_S:g} s") from None
        except OSError as error:
            raise PartError(f"{where}: {error.strerror}") from None
        if ended.code:
            words = ended.said.splitlines() or [f"exit code {ended.code}"]
            raise PartError(f"{where}: {words[-1]}")


async def _ready(told: str) -> bool:
    return await (ready.accepts(told) if told.startswith("tcp://") else ready.answers(told))
