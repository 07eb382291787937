"""The dead-letter file: one JSON object a line, on the disk before its message is acknowledged."""

import base64
import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ingest.errors import DeadLetterError
from park.rejection import Reason, Rejection

_READ_BACK = 1 << 16


class _Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    time: int
    reason: str
    detail: str
    topic: str
    payload: str
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A message in the file.

    Attributes:
        number: of its line, from 1.
        time: Unix milliseconds at which it was written.
    """

    number: int
    time: int
    rejection: Rejection


class DeadLetterFile:
    """Appends rejections; several processes may share the file.

    Args:
        path: made with its folder at the first rejection, readable by its owner alone.
        max_bytes: rename the file to `NAME.1`, `NAME.2`, ... when it has grown beyond; None never does.
    """

    def __init__(self, path: Path, *, max_bytes: int | None = None) -> None:
        self.path = path
        self._max_bytes = max_bytes

    def append(self, rejections: Sequence[Rejection], time_ms: int) -> None:
        """Write the rejections and fsync; all of them or, as far as a reader can tell, none.

        Raises:
            OSError: the disk is full or failing; nothing is kept, so the call may be repeated.
        """
        data = b"".join(_encode(rejection, time_ms) for rejection in rejections)
        with _Locked(self._open()) as descriptor:
            end = _whole_lines(descriptor)
            try:
                _write_all(descriptor, data)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise

    def _open(self) -> int:
        while True:
            made = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if made:
                _sync_folder(self.path.parent)
            size = os.fstat(descriptor).st_size
            if self._is_current(descriptor) and (self._max_bytes is None or size <= self._max_bytes):
                return descriptor
            if self._is_current(descriptor):
                self.path.rename(self._next_name())
                _sync_folder(self.path.parent)
            os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        """Whether the name still leads to the opened file: another process may have renamed it."""
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def _next_name(self) -> Path:
        taken = [path.suffix[1:] for path in self.path.parent.glob(f"{self.path.name}.*")]
        number = max((int(suffix) for suffix in taken if suffix.isdecimal()), default=0) + 1
        return self.path.with_name(f"{self.path.name}.{number}")


class _Locked:
    """Closes the descriptor, and with that gives the lock up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _whole_lines(descriptor: int) -> int:
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


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encode(rejection: Rejection, time_ms: int) -> bytes:
    line = _Line(
        time=time_ms,
        reason=rejection.reason.value,
        detail=rejection.detail,
        topic=rejection.topic,
        payload=base64.b64encode(rejection.payload).decode(),
        content_type=rejection.content_type,
    )
    return msgspec.json.encode(line) + b"\n"


def read_dead_letters(path: Path) -> Iterator[DeadLetter]:
    """The dead letters of a file, oldest first; an unfinished last line is passed over.

    Raises:
        DeadLetterError: the file cannot be opened, or a whole line of it is damaged.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise DeadLetterError(f"dead letters: {error}") from None
    with file:
        for number, raw in enumerate(file, 1):
            if raw.endswith(b"\n"):
                yield _decode(path, number, raw)


def read_dead_letter(path: Path, number: int) -> DeadLetter:
    """The dead letter on one line, counted from 1.

    Raises:
        DeadLetterError: there is no such line.
    """
    for letter in read_dead_letters(path):
        if letter.number == number:
            return letter
    raise DeadLetterError(f"{path} has no line {number}")


def _decode(path: Path, number: int, raw: bytes) -> DeadLetter:
    try:
        line = msgspec.json.decode(raw, type=_Line)
        rejection = Rejection(
            reason=Reason(line.reason),
            detail=line.detail,
            topic=line.topic,
            payload=base64.b64decode(line.payload, validate=True),
            content_type=line.content_type,
        )
    except ValueError as error:
        raise DeadLetterError(f"{path} line {number}: {error}") from None
    return DeadLetter(number=number, time=line.time, rejection=rejection)
