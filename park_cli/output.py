"""What a command prints: progress to standard error, the summary to standard output."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

errors = Console(stderr=True, highlight=False)


def progress_bar() -> Progress:
    """A progress bar on standard error; silent where that is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def print_summary(title: str, summary: Mapping[str, Any], *, as_json: bool) -> None:
    """The summary: one unwrapped line of JSON, or a table."""
    if as_json:
        sys.stdout.write(json.dumps(summary, separators=(",", ":")) + "\n")
        sys.stdout.flush()
        return
    table = Table(title=title, show_header=False, title_justify="left", title_style="bold")
    for name, value in _flat(summary):
        table.add_row(name.replace("_", " "), _shown(value))
    Console(highlight=False).print(table)


def _flat(summary: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in summary.items():
        rows += _flat(value, f"{prefix}{name} ") if isinstance(value, Mapping) else [(prefix + name, value)]
    return rows


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
