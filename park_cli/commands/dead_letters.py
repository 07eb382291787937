"""`park dead-letters`."""

import asyncio
import datetime as dt
import json as json_text
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ingest.deadletter import Damaged, DeadLetter, Dropped, older_files, read_dead_letter, read_entries, site_of
from park.rejection import Reason
from park.safe_text import printable
from park_cli.endpoints import DEFAULT_BROKER, Broker, Json
from park_cli.errors import CommandError, UsageError
from park_cli.options import duration_ms
from park_cli.output import errors, progress_bar
from park_cli.replay import Replay, Replayed, print_replayed

app = typer.Typer(
    name="dead-letters",
    help="Messages that could not be stored.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

File = Annotated[Path, typer.Option("--file", help="The ingester's dead-letter file.")]
Number = Annotated[int, typer.Argument(help="Number of the dead letter, as `list` shows it.", min=1)]
Reasons = Annotated[list[Reason] | None, typer.Option("--reason", help="Only this reason; may be repeated.")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Only this site, - for none; may be repeated.")]
_DEFAULT = Path("dead-letters.ndjson")
_SHOWN = 60
_GROUPS = 10_000
_OTHERS = "(others)"

Kept: TypeAlias = DeadLetter | Dropped
Wanted = Callable[[Kept], bool]


@app.command("list")
def list_(
    file: File = _DEFAULT,
    *,
    limit: Annotated[int, typer.Option(help="How many at most; 0 for all.", min=0)] = 100,
    after: Annotated[int, typer.Option(help="Begin after this number: the next page.", min=0)] = 0,
    reason: Reasons = None,
    site: Sites = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only counts, by reason and site.")] = False,
    json: Json = False,
) -> None:
    """List the dead letters, oldest first, or count them.

    Exit code 1 if a line is damaged; it is named, and the others are listed.

    Examples:
      park dead-letters list --reason malformed-payload --site binhu

      park dead-letters list --summary
    """
    wanted = _filter(reason, site)
    damaged: list[Damaged] = []
    if summary or json:
        _summarise(_entries(file, damaged), wanted, as_json=json)
    else:
        _list(_entries(file, damaged), lambda entry: entry.number > after and wanted(entry), limit)
    if older := older_files(file):
        errors.print(f"older ones: {', '.join(printable(one) for one in older)}", markup=False, soft_wrap=True)
    _complain(file, damaged)


@app.command()
def show(number: Number, file: File = _DEFAULT) -> None:
    """Show one dead letter whole.

    The payload goes to standard output as it came; on a terminal, with everything escaped that could act on it.
    """
    letter = read_dead_letter(file, number)
    rejection = letter.rejection
    lines = [f"{_time(letter.time)}  {rejection.reason.value}", printable(rejection.topic), printable(rejection.detail)]
    if rejection.content_type is not None:
        lines.append(f"content type {printable(rejection.content_type)}")
    if not letter.whole:
        lines.append(f"cut: {letter.size:,} bytes came, with SHA-256 {printable(letter.sha256)}")
    errors.print("\n".join(lines), markup=False, soft_wrap=True)
    if sys.stdout.isatty():
        sys.stdout.write(printable(rejection.payload.decode(errors="backslashreplace"), keep="\n\t") + "\n")
    else:
        sys.stdout.buffer.write(rejection.payload)
    sys.stdout.flush()


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Which ones; all if none is named.", min=1)] = None,
    broker: Broker = DEFAULT_BROKER,
    file: File = _DEFAULT,
    *,
    reason: Reasons = None,
    site: Sites = None,
    wait: Annotated[str, typer.Option(help="How long the broker may be away, or owe an answer.")] = "30s",
    json: Json = False,
) -> None:
    """Publish dead letters again, after what rejected them was put right. The file stays as it is.

    Exit code 1 unless the broker took every one and somebody listens.

    Examples:
      park dead-letters replay 3 4 --broker mqtt://park-replay@127.0.0.1:1883
    """
    if not file.is_file():
        raise UsageError(f"--file {file}: there is no such file")
    asked = set(numbers or ())
    if asked:
        unknown = asked - {entry.number for entry in read_entries(file) if isinstance(entry, DeadLetter)}
        if unknown:
            raise UsageError(f"{file} has no dead letter {', '.join(map(str, sorted(unknown)))}")
    wanted = _filter(reason, site)
    damaged: list[Damaged] = []
    letters = (
        entry
        for entry in _entries(file, damaged)
        if isinstance(entry, DeadLetter) and (not asked or entry.number in asked) and wanted(entry)
    )
    done: Replayed = asyncio.run(Replay(broker, wait_s=duration_ms(wait, "--wait") / 1000).run(letters))
    print_replayed(done, as_json=json)
    _complain(file, [] if asked else damaged)
    if not done.complete:
        raise typer.Exit(1)


def _filter(reasons: list[Reason] | None, sites: list[str] | None) -> Wanted:
    def wanted(entry: Kept) -> bool:
        match entry:
            case DeadLetter(rejection=rejection):
                return (not reasons or rejection.reason in reasons) and (not sites or site_of(rejection.topic) in sites)
            case Dropped():
                of_reason = not reasons or not entry.reasons.keys().isdisjoint(reasons)
                return of_reason and (not sites or entry.site in sites)

    return wanted


def _entries(file: Path, damaged: list[Damaged]) -> Iterator[Kept]:
    """What can be read; the rest is remembered, in bounded number, and named at once."""
    with progress_bar(beside_output=True) as bar:
        size = file.stat().st_size if file.is_file() else None
        task = bar.add_task("reading dead letters", total=size, note="bytes")
        for entry in read_entries(file, lambda read: bar.advance(task, read)):
            if not isinstance(entry, Damaged):
                yield entry
                continue
            damaged.append(entry)
            errors.print(f"line {entry.number} is damaged: {printable(entry.detail)}", markup=False, soft_wrap=True)


def _list(entries: Iterator[Kept], wanted: Wanted, limit: int) -> None:
    shown = last = 0
    sys.stdout.write(f"{'number':>8}  {'time':<24}  {'reason':<17}  topic  detail\n")
    for entry in entries:
        if not wanted(entry):
            continue
        if limit and shown == limit:
            errors.print(f"more follow: --after {last}, --limit 0 for all, or --summary")
            break
        shown, last = shown + 1, entry.number
        sys.stdout.write(_row(entry) + "\n")
    sys.stdout.flush()


def _row(entry: Kept) -> str:
    if isinstance(entry, DeadLetter):
        rejection = entry.rejection
        reason, topic, detail = rejection.reason.value, rejection.topic, printable(rejection.detail, limit=_SHOWN)
    else:
        reason, topic, detail = "(counted only)", f"site {entry.site}", f"{entry.count:,} more, {entry.size:,} bytes"
    return f"{entry.number:>8}  {_time(entry.time):<24}  {reason:<17}  {printable(topic)}  {detail}"


def _summarise(entries: Iterator[Kept], wanted: Wanted, *, as_json: bool) -> None:
    """Counts by reason and site, in bounded memory whatever names strangers invent."""
    kept: Counter[tuple[str, str]] = Counter()
    counted: Counter[tuple[str, str]] = Counter()
    first = last = 0
    for entry in entries:
        if not wanted(entry):
            continue
        first, last = first or entry.time, entry.time
        if isinstance(entry, DeadLetter):
            _add(kept, entry.rejection.reason.value, site_of(entry.rejection.topic), 1)
        else:
            for reason, count in entry.reasons.items():
                _add(counted, reason, entry.site, count)
    groups = sorted(kept.keys() | counted.keys(), key=lambda group: -(kept[group] + counted[group]))
    rows = [(printable(group[0]), printable(group[1]), kept[group], counted[group]) for group in groups]
    if as_json:
        names = ("reason", "site", "letters", "counted_only")
        told = {"letters": kept.total(), "counted_only": counted.total(), "first": first, "last": last}
        by = [dict(zip(names, row, strict=True)) for row in rows]
        sys.stdout.write(json_text.dumps(told | {"by": by}, separators=(",", ":")) + "\n")
    else:
        sys.stdout.write(f"{'letters':>10}  {'counted only':>12}  {'reason':<17}  site\n")
        total = [("all", f"{_time(first)} to {_time(last)}", kept.total(), counted.total())] if rows else []
        for reason, site, letters, only in (*rows, *total):
            sys.stdout.write(f"{letters:>10,}  {only:>12,}  {reason:<17}  {site}\n")
    sys.stdout.flush()


def _add(groups: Counter[tuple[str, str]], reason: str, site: str, count: int) -> None:
    group = (reason, site)
    groups[group if group in groups or len(groups) < _GROUPS else (reason, _OTHERS)] += count


def _complain(file: Path, damaged: list[Damaged]) -> None:
    if damaged:
        raise CommandError(f"{file}: {len(damaged)} damaged lines were passed over; the first is {damaged[0].number}")


def _time(milliseconds: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"
