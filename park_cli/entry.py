"""How a command's process ends: errors as one line and an exit code."""

import os
import sys
from collections.abc import Callable

from park_cli.errors import CommandError


def guarded(work: Callable[[], object]) -> None:
    """Do the work; end the process with one line on standard error if it cannot be done."""
    try:
        work()
    except BrokenPipeError:
        # The reader has seen enough (`park generate | head`); keep the interpreter from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        sys.stderr.write(f"error: {error}\n")
        sys.exit(code)


def _exit_code(error: Exception) -> int | None:
    """2 for an error of use, 1 for work that could not be done, None for a defect of ours."""
    if isinstance(error, CommandError):
        return error.exit_code
    from park_cli.failures import OF_USE, OF_WORK  # noqa: PLC0415 - imports every package, so only now

    if isinstance(error, OF_USE):
        return 2
    return 1 if isinstance(error, OF_WORK) else None
