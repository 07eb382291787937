"""The lines of a dead-letter file: one JSON object each, written by `deadletter`, read one at a time.

A line is a letter; or it says how many letters of a site were counted only, because the site had used up its share.
A letter whose payload was too long to be kept carries its beginning, its true length and its SHA-256.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from ingest.errors import DeadLetterError
from park.rejection import Reason, Rejection

MAX_LINE = 4 << 20
"""Bytes; a longer line is none of ours, and is passed over without being read into memory."""

NO_SITE = "-"
"""Stands for a site where a topic names none."""

_PROGRESS_EVERY = 1 << 20
_SITE = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A message in the file.

    Attributes:
        number: of its line, from 1.
        time: Unix milliseconds at which it was written.
        size: bytes of the payload as it came.
        sha256: of the payload as it came, if only its beginning was kept.
    """

    number: int
    time: int
    rejection: Rejection
    size: int
    sha256: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the payload was kept as it came."""
        return self.sha256 is None


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """Messages of a site beyond its share: counted, not kept.

    Attributes:
        size: bytes of their payloads.
        reasons: how many of them for each reason.
    """

    number: int
    time: int
    site: str
    count: int
    size: int
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A line that cannot be read; the others can."""

    number: int
    detail: str


Entry: TypeAlias = DeadLetter | Dropped | Damaged


class _Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    time: int
    reason: str = ""
    detail: str = ""
    topic: str = ""
    payload: str = ""
    content_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    site: str | None = None
    dropped: int = 0
    reasons: dict[str, int] = {}


class _Head(msgspec.Struct):
    """What the share of a site is counted by."""

    time: int
    topic: str | None = None


def site_of(topic: str) -> str:
    """The site that a topic names, or `NO_SITE`."""
    parts = topic.split("/", 3)
    named = len(parts) == 4 and parts[0] == "park" and _SITE.fullmatch(parts[2])
    return parts[2] if named else NO_SITE


def encode_letter(rejection: Rejection, time_ms: int, *, whole: int, cut: int, detail: int) -> bytes:
    """A rejection's line.

    Args:
        rejection: what is written.
        time_ms: now.
        whole: bytes of payload up to which it is kept whole;
        cut: otherwise so many of them.
        detail: characters of the detail that are kept.
    """
    payload, too_long = rejection.payload, len(rejection.payload) > whole
    line = _Line(
        time=time_ms,
        reason=rejection.reason.value,
        detail=rejection.detail[:detail],
        topic=rejection.topic,
        payload=base64.b64encode(payload[:cut] if too_long else payload).decode(),
        content_type=rejection.content_type,
        size=len(payload) if too_long else None,
        sha256=hashlib.sha256(payload).hexdigest() if too_long else None,
    )
    return msgspec.json.encode(line) + b"\n"


def encode_dropped(site: str, time_ms: int, count: int, size: int, reasons: Mapping[str, int]) -> bytes:
    """The line that stands for letters beyond a site's share."""
    return msgspec.json.encode(_Line(time=time_ms, site=site, dropped=count, size=size, reasons=dict(reasons))) + b"\n"


def share_of(raw: bytes) -> tuple[str, int] | None:
    """The site of a letter's line, and its time; None if it is no letter."""
    try:
        head = msgspec.json.decode(raw, type=_Head)
    except (ValueError, RecursionError):
        return None
    return None if head.topic is None else (site_of(head.topic), head.time)


def _ignore(_size: int) -> None:
    return None


def read_entries(path: Path, on_read: Callable[[int], object] = _ignore) -> Iterator[Entry]:
    """Everything in a file, oldest first, in constant memory; an unfinished last line is passed over.

    Args:
        path: the file.
        on_read: told the bytes read since it was last called, about every megabyte.

    Raises:
        DeadLetterError: the file cannot be opened or read.
    """
    unread = 0
    try:
        with path.open("rb") as file:
            for number, raw in _lines(file):
                unread += len(raw)
                if unread >= _PROGRESS_EVERY:
                    on_read(unread)
                    unread = 0
                yield _decode(number, raw)
    except OSError as error:
        raise DeadLetterError(f"dead letters: {path}: {error.strerror or error}") from None
    on_read(unread)


def read_dead_letters(path: Path) -> Iterator[DeadLetter]:
    """The letters of a file of which every line must be sound.

    Raises:
        DeadLetterError: the file cannot be read, or a line of it is damaged; the message names it.
    """
    for entry in read_entries(path):
        if isinstance(entry, Damaged):
            raise DeadLetterError(f"{path} line {entry.number}: {entry.detail}")
        if isinstance(entry, DeadLetter):
            yield entry


def read_dead_letter(path: Path, number: int) -> DeadLetter:
    """The letter on one line, counted from 1; damage elsewhere does not matter.

    Raises:
        DeadLetterError: there is no such line, or it is damaged, or no letter.
    """
    for entry in read_entries(path):
        if entry.number < number:
            continue
        if isinstance(entry, DeadLetter):
            return entry
        what = entry.detail if isinstance(entry, Damaged) else f"is no letter: it counts {entry.count} of {entry.site}"
        raise DeadLetterError(f"{path} line {number}: {what}")
    raise DeadLetterError(f"{path} has no line {number}")


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Whole lines and their numbers; of one that is too long, so much that it cannot be taken for a letter."""
    number = 1
    while raw := file.readline(MAX_LINE):
        rest = raw
        while not rest.endswith(b"\n") and len(rest) == MAX_LINE:
            rest = file.readline(MAX_LINE)
        if rest.endswith(b"\n"):
            yield number, raw
        number += 1


def _decode(number: int, raw: bytes) -> Entry:
    if not raw.endswith(b"\n"):
        return Damaged(number=number, detail=f"longer than {MAX_LINE} bytes")
    try:
        line = msgspec.json.decode(raw, type=_Line)
        if line.dropped:
            return Dropped(
                number=number,
                time=line.time,
                site=line.site or NO_SITE,
                count=line.dropped,
                size=line.size or 0,
                reasons=line.reasons,
            )
        rejection = Rejection(
            reason=Reason(line.reason),
            detail=line.detail,
            topic=line.topic,
            payload=base64.b64decode(line.payload, validate=True),
            content_type=line.content_type,
        )
    except (ValueError, RecursionError) as error:
        zeros = "only NUL bytes, as after a power cut" if not raw.strip(b"\0\n") else str(error)
        return Damaged(number=number, detail=zeros)
    size = len(rejection.payload) if line.size is None else line.size
    return DeadLetter(number=number, time=line.time, rejection=rejection, size=size, sha256=line.sha256)
