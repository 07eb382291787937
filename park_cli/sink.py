"""Where a command writes: standard output, or a file that appears when it is whole."""

import functools
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from park_cli.errors import UsageError
from park_cli.signals import on_abort

#: Characters of the target's name that a draft's begins with: the whole might be too long.
_NAMED = 40


@contextmanager
def sink(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name only when it is whole.

    Raises:
        UsageError: the file cannot be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        target = _resolved(output)
        if target.exists() and not target.is_file():  # a pipe or a device is written to, never replaced
            with target.open("wb") as file:
                yield file
            return
        with _replacing(target) as file:
            yield file
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}") from error


def _resolved(output: Path) -> Path:
    """The file that a link leads to: a link goes on as one."""
    try:
        return output.resolve()
    except RuntimeError:
        raise UsageError(f"--output {output}: is a link that leads to itself") from None


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A draft beside the target, of its own name, so that two who write the same do not write into one another."""
    draft = target.with_name(f"{target.name[:_NAMED]}.{secrets.token_hex(4)}.part")
    remove = functools.partial(draft.unlink, missing_ok=True)
    try:
        with on_abort(remove):
            with draft.open("xb") as file:
                yield file
            draft.replace(target)
    finally:
        remove()
