"""How a command's process begins, and how it ends: errors as one line and an exit code.

This module imports next to nothing: what it does must be done before anything else.
"""

import contextlib
import os
import select
import sys
from collections.abc import Callable

from park_cli.errors import CommandError
from park_cli.signals import install

#: Whose absence is a defect; any other library's is an installation of some commands alone.
_OURS = {"park", "sectors", "simulator", "ingest", "dashboards", "controller", "mqttlink", "park_cli"}


class Carried(Exception):
    """An error of the system on its way past a library that would end the process by its own rules."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def prepare() -> None:
    """Answer signals, and have three standard streams that take any text, whatever the caller left open."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _open_nowhere(descriptor, name)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    install()


def _open_nowhere(descriptor: int, name: str) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)
    mode = "r" if name == "stdin" else "w"
    setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - lives as long


def guarded(work: Callable[[], object]) -> None:
    """Do the work and end the process; with one line on standard error if it cannot be done."""
    code: str | int | None = 0
    try:
        work()
    except SystemExit as end:
        # rich ends a process itself when nobody reads its output any more.
        code = 0 if isinstance(end.__context__, BrokenPipeError) else end.code
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        found = _ended(error.error if isinstance(error, Carried) else error)
        if found is None:
            raise
        code = found
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _ended(error) or code
        _forget(1)
    try:
        sys.stderr.flush()
    except OSError:
        _forget(2)
    sys.exit(code)


def _ended(error: Exception) -> int | None:
    """Say what happened; the exit code, or None for a defect of ours."""
    if isinstance(error, BrokenPipeError) and _reader_has_gone():
        _forget(1)  # it has seen enough: `park generate | head`
        return 0
    code = _exit_code(error)
    if code is None:
        return None
    from park.safe_text import printable  # noqa: PLC0415 - see above

    with contextlib.suppress(OSError, ValueError):  # standard error may have gone as well
        sys.stderr.write(f"error: {printable(_text(error), keep=chr(10))}\n")
        sys.stderr.flush()
    return code


def _text(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, ModuleNotFoundError):
        return f"needs {error.name}, which is not installed here"
    if isinstance(error, OSError) and error.strerror:
        named = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return ": ".join([*named, error.strerror])
    return str(error)


def _exit_code(error: Exception) -> int | None:
    """2 for an error of use, 3 for another version, 1 for work that could not be done, None for a defect of ours."""
    if isinstance(error, CommandError):
        return error.exit_code
    if isinstance(error, ModuleNotFoundError):
        return None if (error.name or "").partition(".")[0] in _OURS else 2
    from park_cli.failures import OF_USE, OF_VERSION, OF_WORK  # noqa: PLC0415 - imports every package, so only now

    if isinstance(error, OF_USE):
        return 2
    if isinstance(error, OF_VERSION):
        return 3
    return 1 if isinstance(error, (*OF_WORK, OSError, MemoryError)) else None


def _reader_has_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _forget(descriptor: int) -> None:
    """What is still buffered for it goes nowhere; otherwise the interpreter would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
