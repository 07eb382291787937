"""`park verify`."""

import dataclasses
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from ingest.stores import open_store, parse_store_url
from ingest.stores.union import Union
from park.safe_text import printable
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.foresight import existing
from park_cli.ingested import counted_of
from park_cli.options import DEFAULT_STORE, Json, PartOptions, WindowOptions, duration_ms
from park_cli.orders import OrdersOption, outcomes_of
from park_cli.output import errors, print_summary
from park_cli.proof import prove
from simulator.faults.delivery.ledger import Counted, Difference, Injected, differences, injected
from simulator.ledger import Findings
from simulator.observed import readings_of
from simulator.verify import Stored

app = typer.Typer(name="verify", pretty_exceptions_enable=False)

_SHOWN = 20


@app.command()
@expanded
def verify(
    store: Annotated[
        list[str] | None,
        typer.Option(
            help="influxdb+http://... or duckdb:///...; may be repeated: the readings are divided among stores.",
            show_default=DEFAULT_STORE,
        ),
    ] = None,
    *,
    asked: PartOptions,
    window: WindowOptions,
    wait: Annotated[str, typer.Option(help="How long to wait for readings that are still on their way.")] = "0s",
    ignore_unselected: Annotated[
        bool, typer.Option("--ignore-unselected", help="The store is shared: rows of other devices are no fault.")
    ] = False,
    ingest: Annotated[
        str | None,
        typer.Option(help="What the ingester counted: a file with its --json summary, or its metrics page's URL."),
    ] = None,
    dead_letters: Annotated[Path | None, typer.Option(help="Its dead-letter file; with --ingest.")] = None,
    reconnected: Annotated[
        bool, typer.Option("--reconnected", help="Connections were lost: the ingester may have counted more.")
    ] = False,
    orders: OrdersOption = None,
    json: Json = False,
) -> None:
    """Recompute what should be stored, and compare it with what is.

    Exit code 1 and a table of examples when anything is lost, duplicated or altered.

    Of several stores, one for each ingester of a group, what is in any is there; what is in two of them is no
    duplicate if it is the same.

    What devices were commanded is read from the store, or from --orders: readings are recomputed with it. An outcome
    whose effect is not in the readings, and an effect without an outcome, are altered readings; a command without its
    end is a lost event.

    With faults of delivery (docs/faults.md) the store is held against what should be there in spite of them: what they
    befell is counted as injected, and is no finding. With --ingest, the ingester's counters of the same run (copies,
    late readings, dead letters) are held against what was delivered, and with --dead-letters each dead letter; a
    difference is named, and exit code 1. Where connections were lost, messages came again: say --reconnected.

    Examples:
      park verify --start 2026-06-01T00:00:00+08:00 --until 2026-06-02T00:00:00+08:00

      park verify --store duckdb:///tmp/park.duckdb --devices 300 --start 2026-06-01T00:00:00Z --json

      park verify --store duckdb:///a/park.duckdb --store duckdb:///b/park.duckdb --start 2026-06-01T00:00:00Z

      park verify --faults delivery --start 2026-06-01T00:00:00Z --until 2026-06-02T00:00:00Z --ingest ingested.json
    """
    if ingest is None and (dead_letters is not None or reconnected):
        raise UsageError("--dead-letters and --reconnected: say with --ingest what the ingester counted")
    if ingest is not None:
        counted_of(ingest, dead_letters, repeats=reconnected)  # a mistake is told before the work
    selection, stored = asked.resolve(), _opened(store or [DEFAULT_STORE])
    wait_s, outcomes = duration_ms(wait, "--wait") / 1000, outcomes_of(orders, selection.town, stored)
    when = window.resolve(selection.town)
    compare = partial(prove, selection, stored, when, ignore_unselected=ignore_unselected)
    summary, findings = compare(wait_s=wait_s, outcomes=outcomes)
    if wait_s and orders is None and not summary.clean:  # outcomes may have been on their way as well
        more = outcomes_of(None, selection.town, stored)
        if len(more) > len(outcomes):
            outcomes = more
            summary, findings = compare(outcomes=outcomes)
    if not summary.clean:
        errors.print(_examples(findings))
    told, agrees = dataclasses.asdict(summary), True
    if ingest is not None:
        counted = counted_of(ingest, dead_letters, repeats=reconnected)
        run = injected(readings_of(selection, outcomes), when)
        found = differences(run, counted)
        if found:
            errors.print(_differences(found))
        told["ingest"], agrees = _figures(run, counted, found), not found
    print_summary("verified", told, as_json=json)
    if not (summary.clean and agrees):
        raise typer.Exit(1)


def _opened(urls: Sequence[str]) -> Stored:
    stores = [open_store(existing(parse_store_url(url)), os.environ) for url in urls]
    return Union(stores) if len(stores) > 1 else stores[0]


def _figures(run: Injected, counted: Counted, found: Sequence[Difference]) -> dict[str, Any]:
    """What was counted, and what was injected, by the counter's name."""
    return {
        "duplicates": counted.duplicates,
        "late": counted.late,
        "dead_lettered": counted.dead_lettered,
        "injected": {"duplicates": run.duplicates, "late": run.late, "dead_lettered": len(run.letters)} | run.rejected,
        "differences": len(found),
    }


def _differences(found: Sequence[Difference]) -> Table:
    table = Table(title="what the ingester counted otherwise than it was delivered", title_justify="left")
    for column in ("what", "injected", "counted", "detail"):
        table.add_column(column)
    for one in found[:_SHOWN]:
        table.add_row(one.what, str(one.injected), str(one.counted), Text(printable(one.detail)))
    if len(found) > _SHOWN:
        table.add_row("", "", "", f"and {len(found) - _SHOWN} more")
    return table


def _examples(findings: Findings) -> Table:
    table = Table(title="what is not as it should be", title_justify="left")
    for column in ("verdict", "kind", "device", "ts", "detail"):
        table.add_column(column)
    for example in findings.examples:
        row = (example.verdict, example.kind, example.device, example.ts, example.detail)
        table.add_row(*(Text(printable(cell)) for cell in row))  # the store's words are no markup
    return table
