"""`park score`."""

import dataclasses
import json as text
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from park.model import DAY_MS
from park_cli.errors import UsageError
from park_cli.options import Json, moment_ms
from park_cli.output import errors, print_summary
from simulator.faults.score import Detection, Quality, Truth
from simulator.faults.score import score as score_of

app = typer.Typer(name="score", pretty_exceptions_enable=False)


@app.command()
def score(
    labels: Annotated[Path, typer.Option(help="What `park labels` has written.")],
    detections: Annotated[Path, typer.Option(help="What the detector says: a line of JSON for each.")],
    device_days: Annotated[
        float | None,
        typer.Option(help="Devices times days that were looked at.", show_default="the labels' devices, their span"),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Hold a detector's findings against the labels.

    A detection is {"device": ..., "start": ..., "end": ...}, or "ts" in place of both for a single reading, in Unix
    milliseconds or ISO 8601; with "channel" it is about that channel alone. Those that touch count as one. A label is
    found by a detection between its first observable moment and its end; a detection that meets no label is false.

    Examples:
      park score --labels june.labels --detections mine.ndjson --device-days 9000

      park score --labels june.labels --detections mine.ndjson --json | jq .by_fault
    """
    truths = [truth for line in _lines(labels, "--labels") if (truth := _truth(line, labels)) is not None]
    said = [_detection(line, detections) for line in _lines(detections, "--detections")]
    result = score_of(truths, said, device_days=device_days or _device_days(truths))
    if not json:
        errors.print(_table("by fault", result.by_fault))
        errors.print(_table("by severity, local sigma", result.by_severity))
    print_summary("score", dataclasses.asdict(result), as_json=json)


def _lines(path: Path, option: str) -> Iterator[dict[str, Any]]:
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                told = text.loads(line)
            except ValueError as error:
                raise UsageError(f"{option} {path}: line {number} is no JSON: {error}") from None
            if not isinstance(told, dict):
                raise UsageError(f"{option} {path}: line {number} is no JSON object")
            yield told
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{option} {path}: {getattr(error, 'strerror', error)}") from error


def _truth(told: dict[str, Any], path: Path) -> Truth | None:
    """A label; None if no reading shows it."""
    try:
        seen = told["first_observable"]
        return (
            None
            if seen is None
            else Truth(
                device=told["device"],
                channel=told["channel"],
                fault=told["fault"],
                span=(told["start"], told["end"]),
                seen_ms=seen,
                severity=told["severity"],
            )
        )
    except KeyError as error:
        raise UsageError(f"--labels {path}: a label without {error}; write them with `park labels`") from None


def _detection(told: dict[str, Any], path: Path) -> Detection:
    device, channel = told.get("device"), told.get("channel")
    if not isinstance(device, str) or not isinstance(channel, str | None):
        raise UsageError(f"--detections {path}: {text.dumps(told)[:80]}: device and channel are names")
    try:
        start = _moment(told["ts"] if "ts" in told else told["start"])
        end = start + 1 if "ts" in told else _moment(told["end"])
    except KeyError as error:
        raise UsageError(f"--detections {path}: {text.dumps(told)[:80]}: needs ts, or start and end: {error}") from None
    if end <= start:
        raise UsageError(f"--detections {path}: {text.dumps(told)[:80]}: ends before it begins")
    return Detection(device=device, channel=channel, span=(start, end))


def _moment(told: object) -> int:
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    return moment_ms(str(told), "--detections")


def _device_days(truths: list[Truth]) -> float:
    if not truths:
        return 1.0
    days = (max(one.span[1] for one in truths) - min(one.span[0] for one in truths)) / DAY_MS
    return len({one.device for one in truths}) * days


def _table(title: str, parts: Any) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("", "labels", "found", "recall", "delay s, median", "95 %"):
        table.add_column(column)
    for name, quality in parts.items():
        table.add_row(name, *_cells(quality))
    return table


def _cells(quality: Quality) -> tuple[str, ...]:
    recall = "" if quality.recall is None else f"{quality.recall:.2f}"
    delay = ("", "") if quality.delay_s is None else tuple(f"{one:.0f}" for one in quality.delay_s)
    return str(quality.labels), str(quality.found), recall, *delay
