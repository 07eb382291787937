"""A program that the park's user names, run to its end."""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

#: Of what a program said, its end.
_SAID = 300


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended.

    Attributes:
        code: its exit code; below 0 of what a signal ended.
        said: the last that it wrote, on either stream.
    """

    code: int
    said: str


def _unguarded(_: Callable[[], None]) -> AbstractContextManager[None]:
    return contextlib.nullcontext()


async def run_program(
    argv: Sequence[str],
    *,
    limit_s: float,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    guard: Callable[[Callable[[], None]], AbstractContextManager[None]] = _unguarded,
) -> Ended:
    """Run a program to its end, in a session of its own: a Ctrl-C is not for it.

    What it leaves running is not waited for, and runs on. It and all that it started are killed if it is not done in
    time, or if nobody waits for it any more: they would work against what comes next.

    Args:
        argv: the program and its arguments, no shell between.
        limit_s: within which it has to end.
        environ: its environment, ours by default.
        folder: where it runs, likewise.
        guard: is given what kills it, and holds that for as long as it runs.

    Raises:
        TimeoutError: it has not ended in time.
        OSError: it cannot be started.
    """
    # A file, for what it leaves running may hold a pipe open for ever.
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=environ,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        with guard(lambda: _end_group(process.pid)):
            try:
                async with asyncio.timeout(limit_s):
                    code = await process.wait()
            finally:
                if process.returncode is None:
                    _end_group(process.pid)
                    await process.wait()
        said.seek(max(0, said.seek(0, os.SEEK_END) - _SAID))
        return Ended(code=code, said=said.read().decode(errors="replace").strip())


def run_program_now(
    argv: Sequence[str], *, limit_s: float, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> None:
    """The same for who is about to end: nothing is raised, and what it says is not kept."""
    with contextlib.suppress(OSError):
        process = subprocess.Popen(  # noqa: S603 - the user named it
            argv,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            _end_group(process.pid)
            process.wait()


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
