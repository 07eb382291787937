"""What a command prints: progress to standard error, the summary to standard output."""

import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from park.safe_log import surviving
from park.safe_text import printable


def _beneath() -> TextIO:
    """Standard error itself: while a bar is drawn, rich has put in its place what prints by the console again."""
    beneath: TextIO = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
    return beneath


errors = Console(file=surviving(_beneath), highlight=False)

PLAIN_EVERY_S = 10.0
"""Where no bar can be drawn, a line says this often how far the work is."""

_LONG_S, _LONG_EVERY_S = 300.0, 25.0


class Bar(Protocol):
    """What a command tells of its progress."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def add_task(self, description: str, *, total: float | None, note: str) -> TaskID:
        """Begin a task; `note` follows its figures."""

    def update(
        self,
        task_id: TaskID,
        *,
        total: float | None = None,
        completed: float | None = None,
        description: str | None = None,
        note: str | None = None,
    ) -> None:
        """Say how far it is."""

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Say how much further it is."""


class _Drawn:
    """A bar on a terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=errors,
            transient=True,
            redirect_stdout=False,  # or what is written to a file would go to the terminal
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def add_task(self, description: str, *, total: float | None, note: str) -> TaskID:
        return self._progress.add_task(description, total=total, note=note)

    def update(self, task_id: TaskID, *, note: str | None = None, **told: Any) -> None:
        if note is not None:
            told["note"] = note
        self._progress.update(task_id, **told)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        self._progress.advance(task_id, advance)


@dataclass(kw_only=True)
class _Task:
    description: str
    total: float | None
    completed: float
    note: str
    since: float


class _Logged:
    """Lines of the log, from a thread of its own: the work may be busy for minutes."""

    def __init__(self) -> None:
        self._tasks: list[_Task] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def add_task(self, description: str, *, total: float | None, note: str) -> TaskID:
        self._tasks.append(_Task(description=description, total=total, completed=0, note=note, since=time.monotonic()))
        return TaskID(len(self._tasks) - 1)

    def update(self, task_id: TaskID, **told: Any) -> None:
        for name, value in told.items():
            if value is not None:
                setattr(self._tasks[task_id], name, value)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        self._tasks[task_id].completed += advance

    def _tell(self) -> None:
        import structlog  # noqa: PLC0415 - most commands are done before it is needed

        log, began = structlog.get_logger(), time.monotonic()
        while not self._done.wait(PLAIN_EVERY_S if time.monotonic() - began < _LONG_S else _LONG_EVERY_S):
            for task in self._tasks[-1:]:
                figures: dict[str, Any] = {"done": task.completed}
                if task.total is not None:
                    figures["of"] = task.total
                if task.note:
                    figures["note"] = task.note
                log.info(task.description, **figures, elapsed_s=round(time.monotonic() - task.since, 1))


def progress_bar(*, beside_output: bool = False) -> Bar:
    """Progress on standard error: a bar on a terminal, elsewhere a line every few seconds.

    Args:
        beside_output: no bar is drawn where it would run into lines of output on the same terminal.
    """
    crowded = beside_output and sys.stdout.isatty()
    return _Drawn() if sys.stderr.isatty() and not crowded else _Logged()


def print_summary(title: str, summary: Mapping[str, Any], *, as_json: bool) -> None:
    """The summary: one unwrapped line of JSON, or a table."""
    if as_json:
        sys.stdout.write(json.dumps(summary, separators=(",", ":")) + "\n")
        sys.stdout.flush()
        return
    table = Table(title=title, show_header=False, title_justify="left", title_style="bold")
    for name, value in _flat(summary):
        # What devices and brokers say is no markup, and moves no cursor.
        table.add_row(*(Text(printable(cell)) for cell in (name.replace("_", " "), _shown(value))))
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
