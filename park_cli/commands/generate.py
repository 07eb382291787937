"""`park generate`."""

from pathlib import Path
from typing import Annotated

import typer

from park.model import DAY_MS
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import PartOptions, WindowOptions
from park_cli.orders import OrdersOption, outcomes_of
from park_cli.output import progress_bar
from park_cli.sink import sink
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of

app = typer.Typer(name="generate", pretty_exceptions_enable=False)


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
    start_ms, until_ms = window.resolve(selection.town, default_ms=DAY_MS)
    with sink(output) as file, progress_bar(beside_output=output is None) as bar:
        bar.add_task("placing the devices", total=None, note="")
        readings = readings_of(selection, outcomes_of(orders, selection.town))
        task = bar.add_task("generating", total=readings.count(start_ms, until_ms), note="readings")
        for count, lines in make_lines(readings, FORMATS[format_], start_ms, until_ms):
            file.write(lines)
            bar.advance(task, count)
