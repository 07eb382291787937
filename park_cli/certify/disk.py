"""A full disk, by filling a small one: nobody's own disk is filled, and no answer of a system is imitated."""

import contextlib
import os
from pathlib import Path

_MOST = 4 << 30
_PIECE = 1 << 20


def unfit(disk: Path) -> str | None:
    """Why a folder cannot be filled; None if it can."""
    if not disk.is_dir():
        return f"{disk} is no folder"
    if not os.path.ismount(disk):
        return f"{disk} is not a file system of its own: mount -t tmpfs -o size=256m tmpfs {disk}"
    if not os.access(disk, os.W_OK):
        return f"{disk} cannot be written to"
    figures = os.statvfs(disk)
    if figures.f_blocks * figures.f_frsize > _MOST:
        return f"{disk} is larger than 4 GiB, so it may be somebody's"
    return None


def fill(disk: Path) -> Path:
    """Leave no byte free; the file that takes the room."""
    filler = disk / ".park-certify-filler"
    with filler.open("wb", buffering=0) as file:
        piece = _PIECE
        while piece:
            try:
                if file.write(bytes(piece)) < piece:
                    piece //= 2
            except OSError:
                piece //= 2
    return filler


def free(filler: Path) -> None:
    """Give the room back."""
    with contextlib.suppress(FileNotFoundError):
        filler.unlink()
