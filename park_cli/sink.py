"""Where a command writes: standard output, or a file that appears when it is whole."""

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from park_cli.errors import UsageError
from park_cli.signals import on_abort


@contextmanager
def sink(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = output.resolve()  # a link goes on as one
    part = target.with_name(target.name + ".part")
    try:
        if target.exists() and not target.is_file():  # a pipe or a device is written to, never replaced
            with target.open("wb") as file:
                yield file
            return
        with on_abort(functools.partial(part.unlink, missing_ok=True)), part.open("wb") as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
