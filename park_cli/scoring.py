"""Findings held against labels, for `park score` and `park incident`: reading both, and what is printed."""

import dataclasses
import json as text
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from rich.table import Table
from rich.text import Text

from park.model import DAY_MS
from park.safe_text import printable
from park_cli.errors import UsageError
from park_cli.options import moment_ms
from park_cli.output import errors, print_summary
from simulator.faults.score import Detection, Quality, Truth, score

_MOST_MS = 2**53
_Moment = Annotated[int, msgspec.Meta(ge=-_MOST_MS, le=_MOST_MS)]


class _Label(msgspec.Struct):
    """What scoring reads of a label; the channel of a fault of delivery is null."""

    device: str
    fault: str
    channel: str | None
    start: _Moment
    end: _Moment
    first_observable: _Moment | None
    severity: float | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Given:
    """A file of lines, and the option that names it, for errors."""

    path: Path
    option: str

    def lines(self) -> Iterator[dict[str, Any]]:
        """Its lines, as objects of JSON.

        Raises:
            UsageError: it cannot be read, or a line is none.
        """
        try:
            for number, line in enumerate(self.path.read_text(encoding="utf-8").split("\n"), 1):
                if not line.strip():
                    continue
                try:
                    told = text.loads(line)
                except (ValueError, RecursionError) as error:
                    raise UsageError(f"{self}: line {number} is no JSON: {error}") from None
                if not isinstance(told, dict):
                    raise UsageError(f"{self}: line {number} is no JSON object")
                yield told
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{self}: {getattr(error, 'strerror', error)}") from error

    def __str__(self) -> str:
        return f"{self.option} {self.path}"


def print_score(labels: Given, detections: Given, device_days: float | None, *, as_json: bool) -> None:
    """Hold a detector's findings against the labels, and print what came of it.

    Args:
        labels: what `park labels` has written.
        detections: what the detector says.
        device_days: devices times days that were looked at; None for the labels' devices and their span.
        as_json: the summary as one line of JSON.

    Raises:
        UsageError: a file cannot be read, or a line is out of form; names both.
    """
    if device_days is not None and not 0 < device_days < math.inf:
        raise UsageError(f"--device-days {device_days:g}: give a positive number")
    truths = [truth for line in labels.lines() if (truth := _truth(line, labels)) is not None]
    said = [_detection(line, detections) for line in detections.lines()]
    result = score(truths, said, device_days=device_days or _device_days(truths))
    if not as_json:
        errors.print(_table("by fault", result.by_fault))
        errors.print(_table("by severity, local sigma", result.by_severity))
    print_summary("score", dataclasses.asdict(result), as_json=as_json)


def _truth(told: dict[str, Any], labels: Given) -> Truth | None:
    """A label; None if no reading shows it."""
    try:
        label = msgspec.convert(told, _Label)
    except msgspec.ValidationError as error:
        raise UsageError(f"{labels}: a label is out of form, {error}; write them with `park labels`") from None
    if label.end <= label.start:
        raise UsageError(f"{labels}: a label of {label.device} ends before it begins")
    if label.first_observable is None:
        return None
    return Truth(
        device=label.device,
        channel=label.channel,
        fault=label.fault,
        span=(label.start, label.end),
        seen_ms=label.first_observable,
        severity=label.severity,
    )


def _detection(told: dict[str, Any], detections: Given) -> Detection:
    device, channel, line = told.get("device"), told.get("channel"), text.dumps(told)[:80]
    if not isinstance(device, str) or not isinstance(channel, str | None):
        raise UsageError(f"{detections}: {line}: device and channel are names")
    try:
        start = _moment(told["ts"] if "ts" in told else told["start"], detections)
        end = start + 1 if "ts" in told else _moment(told["end"], detections)
    except KeyError as error:
        raise UsageError(f"{detections}: {line}: needs ts, or start and end: {error}") from None
    if end <= start:
        raise UsageError(f"{detections}: {line}: ends before it begins")
    return Detection(device=device, channel=channel, span=(start, end))


def _moment(told: object, detections: Given) -> int:
    if isinstance(told, int) and not isinstance(told, bool) and abs(told) <= _MOST_MS:
        return told
    return moment_ms(str(told), detections.option)


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
        table.add_row(Text(printable(name)), *_cells(quality))
    return table


def _cells(quality: Quality) -> tuple[str, ...]:
    recall = "" if quality.recall is None else f"{quality.recall:.2f}"
    delay = ("", "") if quality.delay_s is None else tuple(f"{one:.0f}" for one in quality.delay_s)
    return str(quality.labels), str(quality.found), recall, *delay
