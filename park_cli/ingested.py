"""What an ingester says that it counted of a run: its summary or its metrics page, and its dead letters."""

import hashlib
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from pathlib import Path

from ingest.deadletter import Damaged, DeadLetter, Dropped, Entry, older_files, read_entries
from ingest.metrics import read_page
from park_cli.errors import CommandError, UsageError
from simulator.faults.delivery.ledger import Counted, Letter

_FIGURES = ("duplicates", "late", "dead_lettered")
_WAIT_S, _MOST_BYTES = 10.0, 16 << 20
# An ingester stands in one's own network, where no proxy of the environment leads.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def counted_of(source: str, dead_letters: Path | None, *, repeats: bool) -> Counted:
    """What an ingester counted of a run.

    Args:
        source: a file with the line that `park ingest --json` ends with, or its metrics page, or that page's URL.
        dead_letters: its dead-letter file, with those that were set aside beside it.
        repeats: whether connections were lost; the metrics page says so by itself of the ingester's own.

    Raises:
        UsageError: there is no such file or page, or it is neither.
    """
    figures = _figures(source)
    missing = [name for name in _FIGURES if name not in figures]
    if missing:
        raise UsageError(f"--ingest {source}: says nothing of {', '.join(missing)}; is it an ingester's?")
    letters, unkept = (None, Counter[str]()) if dead_letters is None else _letters(dead_letters)
    return Counted(
        duplicates=figures["duplicates"],
        late=figures["late"],
        dead_lettered=figures["dead_lettered"],
        repeats=repeats or figures.get("reconnects", 0) > 0,
        letters=letters,
        unkept=unkept,
    )


def _figures(source: str) -> Mapping[str, int]:
    text = _text(source)
    lines = text.strip().splitlines()
    try:
        told = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        return _page(text, source)
    if not isinstance(told, dict):
        raise UsageError(f"--ingest {source}: neither the summary of `park ingest --json` nor its metrics page")
    return {name: value for name, value in told.items() if isinstance(value, int)}


def _page(text: str, source: str) -> Mapping[str, int]:
    try:
        return read_page(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--ingest {source}: neither a summary nor a metrics page: {error}") from error


def _text(source: str) -> str:
    try:
        if source.startswith(("http://", "https://")):
            with _OPENER.open(source, timeout=_WAIT_S) as page:
                return bytes(page.read(_MOST_BYTES)).decode()
        return Path(source).read_text(encoding="utf-8")
    except (OSError, HTTPException, ValueError) as error:
        raise UsageError(f"--ingest {source}: {getattr(error, 'strerror', None) or error}") from error


def _letters(path: Path) -> tuple[tuple[Letter, ...], Counter[str]]:
    """The dead letters of a file and of those that were set aside, and how many were only counted."""
    letters: list[Letter] = []
    unkept: Counter[str] = Counter()
    for entry in _entries(path):
        match entry:
            case DeadLetter(rejection=rejection):
                digest = entry.sha256 or hashlib.sha256(rejection.payload).hexdigest()
                letters.append(Letter(reason=rejection.reason, topic=rejection.topic, digest=digest))
            case Dropped(reasons=reasons):
                unkept.update(reasons)
            case Damaged():
                raise CommandError(f"--dead-letters {path}: line {entry.number} is damaged: {entry.detail}")
    return tuple(letters), unkept


def _entries(path: Path) -> Iterator[Entry]:
    if not path.is_file():
        raise UsageError(f"--dead-letters {path}: there is no such file")
    for one in (*older_files(path), path):
        yield from read_entries(one)
