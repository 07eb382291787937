"""`park verify`."""

import dataclasses
import os
import time
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from ingest.stores import open_store
from ingest.stores.base import Store
from ingest.stores.url import parse_store_url
from park.catalogue import DeviceKind
from park.safe_text import printable
from park_cli.foresight import existing
from park_cli.options import (
    DEFAULT_STORE,
    Config,
    Devices,
    FirstDevice,
    Interval,
    Json,
    Kinds,
    Sectors,
    Seed,
    SelectionOptions,
    Start,
    StoreOption,
    Until,
    duration_ms,
    window_ms,
)
from park_cli.output import errors, print_summary, progress_bar
from simulator.fleet import Fleet
from simulator.ledger import Findings, Ledger
from simulator.plan import Selection, make_plan

_LOOK_AGAIN_S = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class VerifySummary:
    """What a store holds against what it should hold.

    Attributes:
        late: readings that were absent at first and came within the waiting time.
    """

    expected: int
    found: int
    lost: int
    duplicated: int
    altered: int
    late: int

    @property
    def clean(self) -> bool:
        """Whether the store holds exactly what it should."""
        return not (self.lost or self.duplicated or self.altered)


app = typer.Typer(name="verify", pretty_exceptions_enable=False)


@app.command()
def verify(
    store: StoreOption = DEFAULT_STORE,
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
    wait: Annotated[str, typer.Option(help="How long to wait for readings that are still on their way.")] = "0s",
    ignore_unselected: Annotated[
        bool, typer.Option("--ignore-unselected", help="The store is shared: rows of other devices are no fault.")
    ] = False,
    json: Json = False,
) -> None:
    """Recompute what should be stored, and compare it with what is.

    Exit code 1 and a table of examples when anything is lost, duplicated or altered.

    Examples:
      park verify --start 2026-06-01T00:00:00+08:00 --until 2026-06-02T00:00:00+08:00

      park verify --store duckdb:///tmp/park.duckdb --devices 300 --start 2026-06-01T00:00:00Z --json
    """
    selection = SelectionOptions(
        seed=seed,
        devices=devices,
        first_device=first_device,
        sectors=sector,
        kinds=kind,
        interval=interval,
        config=config,
    ).resolve()
    window = window_ms(selection.town, start, until)
    opened = open_store(existing(parse_store_url(store)), os.environ)
    summary, tally = compare(
        opened,
        selection,
        window,
        wait_s=duration_ms(wait, "--wait") / 1000,
        ignore_unselected=ignore_unselected,
    )
    if not summary.clean:
        errors.print(_examples(tally))
    print_summary("verified", dataclasses.asdict(summary), as_json=json)
    if not summary.clean:
        raise typer.Exit(1)


def compare(
    store: Store,
    selection: Selection,
    window: tuple[int, int],
    *,
    wait_s: float = 0.0,
    ignore_unselected: bool = False,
    fleet: Fleet | None = None,
) -> tuple[VerifySummary, Findings]:
    """Compares a window of a store with the ledger, streaming.

    Windows with losses are looked at again until `wait_s` has passed; what came is late, not lost.
    """
    fleet = fleet or Fleet(make_plan(selection))
    ledger = Ledger(fleet, ignore_unselected=ignore_unselected)
    deadline = time.monotonic() + wait_s
    tallies: dict[tuple[DeviceKind, tuple[int, int]], Findings] = {}
    with progress_bar() as bar:
        task = bar.add_task("verifying", total=fleet.count(*window), note="readings")
        for part in ledger.windows(*window):
            expected = ledger.expected(*part)
            for kind in ledger.kinds:
                one = ledger.compare(kind, expected.get(kind.name), store.scan(kind, *part))
                tallies[kind, part] = one
                bar.advance(task, one.expected)
    late = 0
    while (lacking := [key for key, one in tallies.items() if one.lost]) and time.monotonic() < deadline:
        time.sleep(min(_LOOK_AGAIN_S, max(0.0, deadline - time.monotonic())))
        for kind, part in lacking:
            again = ledger.compare(kind, ledger.expected(*part).get(kind.name), store.scan(kind, *part))
            late += tallies[kind, part].lost - again.lost
            tallies[kind, part] = again
    total = Findings()
    for one in tallies.values():
        total.add(one)
    figures = {name: getattr(total, name) for name in ("expected", "found", "lost", "duplicated", "altered")}
    return VerifySummary(**figures, late=late), total


def _examples(tally: Findings) -> Table:
    table = Table(title="what is not as it should be", title_justify="left")
    for column in ("verdict", "kind", "device", "ts", "detail"):
        table.add_column(column)
    for example in tally.examples:
        row: list[Any] = [example.verdict, example.kind, example.device, example.ts, example.detail]
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
