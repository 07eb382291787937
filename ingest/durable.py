"""Appending whole lines to a file that outlives crashes."""

import os
from pathlib import Path

_READ_BACK = 1 << 16


class Locked:
    """Closes the descriptor, and with that gives the lock up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def whole_lines(descriptor: int) -> int:
    """Cut off a last line that a crash left unfinished, whose message was never acknowledged; the length."""
    end = position = os.fstat(descriptor).st_size
    while position:
        start = max(0, position - _READ_BACK)
        block = os.pread(descriptor, position - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            position = start + newline + 1
            break
        position = start
    if position < end:
        os.ftruncate(descriptor, position)
    return position


def write_all(descriptor: int, data: bytes) -> None:
    """Write to the last byte."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Put a new name in the folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
