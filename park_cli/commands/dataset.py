"""`park dataset`."""

import dataclasses
import datetime as dt
import os
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from ingest.stores.duckdb.url import unusable
from park.model import DAY_MS
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.folder import whole_folder
from park_cli.options import Json, PartOptions, WindowOptions
from park_cli.orders import OrdersOption, outcomes_of
from park_cli.output import Bar, print_summary, progress_bar
from simulator.dataset.write import DatasetOptions, write_dataset
from simulator.faults.rules import BUILT_IN
from simulator.plan import Selection

app = typer.Typer(name="dataset", pretty_exceptions_enable=False)


@app.command()
@expanded
def dataset(
    folder: Annotated[Path, typer.Argument(help="Where to write: an empty folder, or one that is not there yet.")],
    twin: Annotated[
        bool, typer.Option("--twin/--no-twin", help="Clean values too, of the readings that faults last over.")
    ] = True,
    *,
    asked: PartOptions,
    window: WindowOptions,
    orders: OrdersOption = None,
    json: Json = False,
) -> None:
    """Write a folder of Parquet: readings by kind, labels, clean twins, events, a datasheet and digests.

    Without --start it begins with the commissioning, without --until it ends a day later. The same options and the same
    version of DuckDB make the same bytes. The folder appears when it is whole; see docs/datasets.md for what is in it.

    Examples:
      park dataset june --faults typical --start 2026-06-01T00:00:00+08:00 --until 2026-07-01T00:00:00+08:00

      park dataset meters --kind site_meter --devices 500 --interval 5m --faults my-faults.toml --no-twin
    """
    whole = os.path.realpath(folder)
    if why := unusable(whole):
        raise UsageError(f"{whole}: {why}")
    selection = asked.resolve()
    span = window.resolve(selection.town, default_ms=DAY_MS)
    outcomes = outcomes_of(orders, selection.town)
    options = DatasetOptions(
        selection=selection,
        window=span,
        command=_again(asked, selection, span, twin=twin, commanded=len(outcomes) > 0),
        files=_files(asked),
        twin=twin,
    )
    with whole_folder(folder) as part, progress_bar() as bar:
        written = write_dataset(options, part, outcomes, _Shown(bar))
    print_summary("dataset", {"folder": str(folder), **dataclasses.asdict(written)}, as_json=json)


class _Shown:
    """Shows each part of the work as a task of a bar."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total, note="")
        self._bar.update(self._tasks[what], completed=done)


def _files(asked: PartOptions) -> dict[str, bytes]:
    """What the command reads, as it is."""
    town = files("park").joinpath("park.toml") if asked.config is None else asked.config
    found = {"park.toml": town.read_bytes()}
    return found | {kept: Path(name).read_bytes() for name, kept in _rules(asked).items()}


def _rules(asked: PartOptions) -> dict[str, str]:
    """The files that `--faults` names, and the name of each in the dataset."""
    found = [name for name in asked.faults.split(",") if name not in BUILT_IN and Path(name).is_file()]
    return {name: f"faults-{at}.toml" if at else "faults.toml" for at, name in enumerate(found)}


def _again(asked: PartOptions, selection: Selection, span: tuple[int, int], *, twin: bool, commanded: bool) -> str:
    """The line that makes the same dataset from within its folder, with every default said."""
    offset = dt.timezone(dt.timedelta(milliseconds=selection.town.settings.utc_offset_ms))
    start, until = (dt.datetime.fromtimestamp(ms / 1000, offset).isoformat() for ms in span)
    words = ["park", "dataset", "AGAIN", "--config", "park.toml", "--seed", str(selection.seed)]
    words += ["--devices", str(selection.devices), "--start", start, "--until", until]
    words += ["--first-device", str(selection.first_device)] if selection.first_device else []
    words += [word for name in selection.sectors for word in ("--sector", name)]
    words += [word for name in selection.kinds for word in ("--kind", name)]
    words += ["--interval", f"{selection.interval_ms}ms"] if selection.interval_ms else []
    words += ["--events" if selection.events else "--no-events"]
    rules = _rules(asked)
    words += ["--faults", ",".join(rules.get(name, name) for name in asked.faults.split(","))]
    words += ["--orders", "commands.ndjson"] if commanded else []
    words += [] if twin else ["--no-twin"]
    return shlex.join(words)
