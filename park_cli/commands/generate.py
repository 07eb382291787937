"""`park generate`."""

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import PartOptions, WindowOptions
from park_cli.orders import OrdersOption, outcomes_of
from park_cli.output import progress_bar
from park_cli.signals import on_abort
from simulator.generate import FORMATS, make_lines
from simulator.readings import readings_of

app = typer.Typer(name="generate", pretty_exceptions_enable=False)

_DAY_MS = 86_400_000


@app.command()
@expanded
def generate(
    format_: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "ndjson",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
    *,
    asked: PartOptions,
    window: WindowOptions,
    orders: OrdersOption = None,
) -> None:
    """Write the readings of a window of time as text, and its events; no broker.

    Without --start it begins with the commissioning, without --until it ends a day later. Events (places, rain spells)
    are told from the last 04:00 at or before the start on. With --orders, devices have done what they were commanded.

    Examples:
      park generate --devices 10 --start 2026-06-01T00:00:00+08:00 --until 2026-06-02T00:00:00+08:00

      park generate --format line --sector energy --no-events -o energy.lp
    """
    if format_ not in FORMATS:
        raise UsageError(f"--format {format_}: choose from {', '.join(FORMATS)}")
    selection = asked.resolve()
    start_ms, until_ms = window.resolve(selection.town, default_ms=_DAY_MS)
    with _sink(output) as sink, progress_bar(beside_output=output is None) as bar:
        bar.add_task("placing the devices", total=None, note="")
        readings = readings_of(selection, outcomes_of(orders))
        task = bar.add_task("generating", total=readings.count(start_ms, until_ms), note="readings")
        for count, lines in make_lines(readings, FORMATS[format_], start_ms, until_ms):
            sink.write(lines)
            bar.advance(task, count)


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = output.resolve()  # a link goes on as one
    part = target.with_name(target.name + ".part")
    try:
        if target.exists() and not target.is_file():  # a pipe or a device is written to, never replaced
            with target.open("wb") as file:
                yield file
            return
        with on_abort(functools.partial(part.unlink, missing_ok=True)), part.open("wb") as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
