"""The log of a gateway's commands on disk: lines of text, appended and never changed.

FOLDER/{seed}/{client id}.ndjson, one for each gateway, made with its first record. Whoever reads looks into all of a
seed's, for another number of shards gives a device to another gateway.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from simulator.commands.record import Record, record_of
from simulator.errors import BadOrders


def logs_of(folder: Path, seed: int) -> list[Path]:
    """The logs that there are for a seed."""
    return sorted((folder / str(seed)).glob("*.ndjson"))


def read_log(path: Path) -> Iterator[Record]:
    """The records of a file of lines; readings and other events in it are passed over.

    A last line without its end was being written when the power went; it was neither acted on nor answered.

    Raises:
        BadOrders: a line is out of form, or the file cannot be read; names both.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    record = record_of(line)
                except BadOrders as error:
                    raise BadOrders(f"{path}, line {number}: {error}") from None
                if record is not None:
                    yield record
    except OSError as error:
        raise BadOrders(f"{path}: {error.strerror}") from None


class Log:
    """A gateway's log, to be appended to.

    Args:
        folder: where logs are kept.
        seed: the town's.
        name: the gateway's client id.
    """

    def __init__(self, folder: Path, seed: int, name: str) -> None:
        self._path = folder / str(seed) / f"{name}.ndjson"
        self._file: int | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the folder can be made, or written to."""
        folder = self._path.parent
        while not folder.exists() and folder != folder.parent:
            if folder.is_symlink():  # which leads nowhere
                return False
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)

    def append(self, records: Sequence[Record]) -> None:
        """Write the records and make sure that they outlive a power cut.

        Raises:
            OSError: they could not be written.
        """
        if self._file is None:
            self._file = self._open()
        data = memoryview(b"".join(record.line for record in records))
        while data:
            data = data[os.write(self._file, data) :]
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise BadOrders(f"{self._path}: another simulator writes to it; give each its own --state") from None
        os.ftruncate(file, _whole(self._path))
        os.lseek(file, 0, os.SEEK_END)
        for folder in (self._path.parent, self._path.parent.parent):
            _sync(folder)
        return file


def _whole(path: Path) -> int:
    """The length of a file's whole lines."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        while size:
            first = max(0, size - 4096)
            file.seek(first)
            found = file.read(size - first).rfind(b"\n")
            if found >= 0:
                return first + found + 1
            size = first
    return 0


def _sync(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
