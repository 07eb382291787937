"""`park verify`."""

import dataclasses
import os
from functools import partial
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ingest.stores import open_store, parse_store_url
from park.safe_text import printable
from park_cli.expand import expanded
from park_cli.foresight import existing
from park_cli.options import DEFAULT_STORE, Json, PartOptions, StoreOption, WindowOptions, duration_ms
from park_cli.orders import OrdersOption, outcomes_of
from park_cli.output import errors, print_summary
from park_cli.proof import prove
from simulator.ledger import Findings

app = typer.Typer(name="verify", pretty_exceptions_enable=False)


@app.command()
@expanded
def verify(
    store: StoreOption = DEFAULT_STORE,
    *,
    asked: PartOptions,
    window: WindowOptions,
    wait: Annotated[str, typer.Option(help="How long to wait for readings that are still on their way.")] = "0s",
    ignore_unselected: Annotated[
        bool, typer.Option("--ignore-unselected", help="The store is shared: rows of other devices are no fault.")
    ] = False,
    orders: OrdersOption = None,
    json: Json = False,
) -> None:
    """Recompute what should be stored, and compare it with what is.

    Exit code 1 and a table of examples when anything is lost, duplicated or altered.

    What devices were commanded is read from the store, or from --orders: readings are recomputed with it. An outcome
    whose effect is not in the readings, and an effect without an outcome, are altered readings; a command without its
    end is a lost event.

    Examples:
      park verify --start 2026-06-01T00:00:00+08:00 --until 2026-06-02T00:00:00+08:00

      park verify --store duckdb:///tmp/park.duckdb --devices 300 --start 2026-06-01T00:00:00Z --json
    """
    selection, stored = asked.resolve(), open_store(existing(parse_store_url(store)), os.environ)
    wait_s, outcomes = duration_ms(wait, "--wait") / 1000, outcomes_of(orders, stored)
    compare = partial(prove, selection, stored, window.resolve(selection.town), ignore_unselected=ignore_unselected)
    summary, findings = compare(wait_s=wait_s, outcomes=outcomes)
    if wait_s and orders is None and not summary.clean:  # outcomes may have been on their way as well
        more = outcomes_of(None, stored)
        if len(more) > len(outcomes):
            summary, findings = compare(outcomes=more)
    if not summary.clean:
        errors.print(_examples(findings))
    print_summary("verified", dataclasses.asdict(summary), as_json=json)
    if not summary.clean:
        raise typer.Exit(1)


def _examples(findings: Findings) -> Table:
    table = Table(title="what is not as it should be", title_justify="left")
    for column in ("verdict", "kind", "device", "ts", "detail"):
        table.add_column(column)
    for example in findings.examples:
        row = (example.verdict, example.kind, example.device, example.ts, example.detail)
        table.add_row(*(Text(printable(cell)) for cell in row))  # the store's words are no markup
    return table
