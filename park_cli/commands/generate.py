"""`park generate`."""

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from park_cli.errors import UsageError
from park_cli.options import (
    Config,
    Devices,
    FirstDevice,
    Interval,
    Kinds,
    Sectors,
    Seed,
    SelectionOptions,
    Start,
    Until,
    window_ms,
)
from park_cli.output import progress_bar
from park_cli.signals import on_abort
from simulator.fleet import Fleet
from simulator.generate import FORMATS, make_lines
from simulator.plan import make_plan

app = typer.Typer(name="generate", pretty_exceptions_enable=False)


@app.command()
def generate(
    format_: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "ndjson",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
    *,
    seed: Seed = None,
    start: Start = None,
    until: Until = None,
    devices: Devices = None,
    first_device: FirstDevice = 0,
    sector: Sectors = None,
    kind: Kinds = None,
    interval: Interval = None,
    config: Config = None,
) -> None:
    """Write the readings of a window of time as text; no broker.

    Without --start it begins with the commissioning, without --until it ends a day later.

    Examples:
      park generate --devices 10 --start 2026-06-01T00:00:00+08:00 --until 2026-06-02T00:00:00+08:00

      park generate --format line --sector energy -o energy.lp
    """
    if format_ not in FORMATS:
        raise UsageError(f"--format {format_}: choose from {', '.join(FORMATS)}")
    selection = SelectionOptions(
        seed=seed,
        devices=devices,
        first_device=first_device,
        sectors=sector,
        kinds=kind,
        interval=interval,
        config=config,
    ).resolve()
    window = window_ms(selection.town, start, until, default_until="1d")
    with _sink(output) as sink, progress_bar(beside_output=output is None) as bar:
        bar.add_task("placing the devices", total=None, note="")
        plan = make_plan(selection)
        fleet = Fleet(plan)
        renderers = FORMATS[format_](plan)
        task = bar.add_task("generating", total=fleet.count(*window), note="readings")
        for count, lines in make_lines(fleet, renderers, *window):
            sink.write(lines)
            bar.advance(task, count)


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + ".part")
    try:
        with on_abort(functools.partial(part.unlink, missing_ok=True)), part.open("wb") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
