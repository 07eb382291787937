"""The dead-letter file: one JSON object a line, on the disk before its message is acknowledged.

It is bounded: a file is set aside when it has grown, the oldest of those is deleted, and no site can take more than
its share of a day, so that a hostile one fills neither the disk nor the others' room; see docs/decisions/0010.
"""

import errno
import fcntl
import glob
import os
import stat
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.deadletter_lines import (
    Damaged,
    DeadLetter,
    Dropped,
    Entry,
    encode_dropped,
    encode_letter,
    read_dead_letter,
    read_dead_letters,
    read_entries,
    share_of,
    site_of,
)
from ingest.durable import Locked, sync_folder, whole_lines, write_all
from ingest.errors import DeadLetterError
from ingest.log import get_logger
from ingest.thread import OwnThread
from park.rejection import Rejection

__all__ = [
    "Damaged",
    "DeadLetter",
    "DeadLetterFile",
    "Dropped",
    "Entry",
    "Limits",
    "read_dead_letter",
    "read_dead_letters",
    "read_entries",
    "site_of",
]

log = get_logger("ingest")

_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What dead letters may take: by default (15 + 1) x 64 MiB in all, 32 MiB a site and day.

    Attributes:
        file_bytes: a file that has grown beyond is set aside as `NAME.1`, `NAME.2`, ...
        older: so many of these are kept; beyond, the one with the lowest number is deleted.
        site_bytes: of letters that one site may add on one day (UTC); what comes beyond is only counted.
        summary_ms: how often a line tells these counts.
        whole: bytes of payload up to which it is kept as it came, which is all that the ingester would decode.
        cut: bytes kept of a longer one, beside its length and SHA-256.
        detail: characters of a rejection's detail.
    """

    file_bytes: int = 64 << 20
    older: int = 15
    site_bytes: int = 32 << 20
    summary_ms: int = 60_000
    whole: int = 64 << 10
    cut: int = 4 << 10
    detail: int = 500


@dataclass(kw_only=True)
class _Unkept:
    """Letters of a site that were counted only, since a line last told of them."""

    told_ms: int | None = None
    count: int = 0
    size: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class DeadLetterFile:
    """Appends rejections; several processes may share the file.

    Args:
        path: made with its folder by `open` or at the first rejection, readable by its owner alone.
        limits: of what it may take.

    Attributes:
        thread: where the other functions may be called from a loop: all wait for the disk.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.thread = OwnThread("dead letters")
        self._limits = limits or Limits()
        self._taken: Counter[tuple[str, int]] = Counter()  # bytes of a site on a day
        self._unkept: dict[str, _Unkept] = {}
        self._counted: tuple[int, int] = (-1, 0)  # inode, and how far its lines are in `_taken`

    def check(self) -> None:
        """Whether a letter could be written now, as far as can be told without writing one.

        Raises:
            OSError: the disk is full or takes no writes, or the folder is gone.
        """
        disk = os.statvfs(self.path.parent)
        if not disk.f_bavail:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if disk.f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def open(self) -> None:
        """Try at the start what will be needed at the first rejection.

        Raises:
            DeadLetterError: the file cannot be used; says why.
        """
        try:
            with Locked(self._open()) as descriptor:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise DeadLetterError(f"dead letters: {self.path} is no file; name another with --dead-letters")
                self._count_others(descriptor, whole_lines(descriptor))
        except OSError as error:
            reason = f"{error.strerror or error}; name another file with --dead-letters"
            raise DeadLetterError(f"dead letters: {self.path}: {reason}") from None

    def append(self, rejections: Sequence[Rejection], time_ms: int) -> None:
        """Write the rejections and fsync; all of them or, as far as a reader can tell, none.

        Of a site that has used up its share, they are only counted.

        Raises:
            OSError: the disk is full or failing; nothing is kept, so the call may be repeated.
        """
        with Locked(self._open()) as descriptor:
            end = whole_lines(descriptor)
            self._count_others(descriptor, end)
            lines, taken, beyond = self._divide(rejections, time_ms)
            lines += self._summaries(beyond, time_ms)
            self._write(descriptor, end, b"".join(lines))
            self._taken.update(taken)
        self._count_unkept(beyond, time_ms)

    def close(self) -> None:
        """Write what was counted and not yet told; a disk that does not take it costs these counts alone."""
        now_ms = time.time_ns() // 1_000_000
        lines = [
            encode_dropped(site, now_ms, unkept.count, unkept.size, unkept.reasons)
            for site, unkept in self._unkept.items()
            if unkept.count
        ]
        self._unkept.clear()
        if not lines:
            return
        try:
            with Locked(self._open()) as descriptor:
                self._write(descriptor, whole_lines(descriptor), b"".join(lines))
        except OSError as error:
            log.warning("the last counts of dead letters could not be written", error=str(error))

    def _divide(
        self, rejections: Sequence[Rejection], time_ms: int
    ) -> tuple[list[bytes], Counter[tuple[str, int]], list[Rejection]]:
        """The lines of what is kept, what they take of each site's share, and what is beyond it."""
        limits, day = self._limits, time_ms // _DAY_MS
        lines: list[bytes] = []
        beyond: list[Rejection] = []
        taken: Counter[tuple[str, int]] = Counter()
        for rejection in rejections:
            share = (site_of(rejection.topic), day)
            line = b""
            if self._taken[share] + taken[share] < limits.site_bytes:
                line = encode_letter(rejection, time_ms, whole=limits.whole, cut=limits.cut, detail=limits.detail)
            if not line or self._taken[share] + taken[share] + len(line) > limits.site_bytes:
                beyond.append(rejection)
                continue
            lines.append(line)
            taken[share] += len(line)
        return lines, taken, beyond

    def _summaries(self, beyond: Sequence[Rejection], time_ms: int) -> list[bytes]:
        """A line for each site whose count is due to be told; the first at once."""
        added = _by_site(beyond)
        lines = []
        for site in added.keys() | self._unkept.keys():
            known, new = self._unkept.get(site, _Unkept()), added.get(site, _Unkept())
            if known.count + new.count and self._is_due(known, time_ms):
                reasons = known.reasons + new.reasons
                lines.append(encode_dropped(site, time_ms, known.count + new.count, known.size + new.size, reasons))
        return lines

    def _count_unkept(self, beyond: Sequence[Rejection], time_ms: int) -> None:
        """After the write: what was told begins at nothing again, the rest is remembered."""
        added = _by_site(beyond)
        for site in added.keys() | self._unkept.keys():
            known, new = self._unkept.setdefault(site, _Unkept()), added.get(site, _Unkept())
            if known.told_ms is None:
                log.warning(
                    "a site has used up its share of dead letters; its further ones are only counted", site=site
                )
            if known.count + new.count and self._is_due(known, time_ms):
                self._unkept[site] = _Unkept(told_ms=time_ms)
                continue
            known.count += new.count
            known.size += new.size
            known.reasons += new.reasons
        day = time_ms // _DAY_MS
        for share in [share for share in self._taken if share[1] < day]:
            del self._taken[share]
        for site in [site for site, one in self._unkept.items() if not one.count and not self._taken[site, day]]:
            del self._unkept[site]

    def _is_due(self, unkept: _Unkept, time_ms: int) -> bool:
        return unkept.told_ms is None or not 0 <= time_ms - unkept.told_ms < self._limits.summary_ms

    def _count_others(self, descriptor: int, end: int) -> None:
        """Add to the shares what other processes, or an earlier run, have written."""
        inode = os.fstat(descriptor).st_ino
        known, start = self._counted
        if known != inode:
            start = 0
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(start)
            while file.tell() < end and (raw := file.readline()):
                found = share_of(raw)
                if found is not None:
                    self._taken[found[0], found[1] // _DAY_MS] += len(raw)
        self._counted = (inode, end)

    def _write(self, descriptor: int, end: int, data: bytes) -> None:
        if not data:
            return
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
        self._counted = (os.fstat(descriptor).st_ino, end + len(data))

    def _open(self) -> int:
        while True:
            made = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if made:
                sync_folder(self.path.parent)
            if self._is_current(descriptor):
                if os.fstat(descriptor).st_size <= self._limits.file_bytes:
                    return descriptor
                self._set_aside()
            os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        """Whether the name still leads to the opened file: another process may have renamed it."""
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def _set_aside(self) -> None:
        older = older_files(self.path)
        number = max((int(path.suffix[1:]) for path in older), default=0) + 1
        self.path.rename(self.path.with_name(f"{self.path.name}.{number}"))
        for path in older[: max(0, len(older) + 1 - self._limits.older)]:
            log.warning("the oldest dead letters were deleted to keep within their limit", file=str(path))
            path.unlink(missing_ok=True)
        sync_folder(self.path.parent)


def older_files(path: Path) -> list[Path]:
    """The files that were set aside, oldest first."""
    found = [one for one in path.parent.glob(f"{glob.escape(path.name)}.*") if one.suffix[1:].isdecimal()]
    return sorted((one for one in found if one.stem == path.name), key=lambda one: int(one.suffix[1:]))


def _by_site(rejections: Sequence[Rejection]) -> dict[str, _Unkept]:
    found: dict[str, _Unkept] = {}
    for rejection in rejections:
        one = found.setdefault(site_of(rejection.topic), _Unkept())
        one.count += 1
        one.size += len(rejection.payload)
        one.reasons[rejection.reason.value] += 1
    return found
