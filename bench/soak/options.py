"""What the soaks have in common: options, a folder for the time of one, and how figures are told."""

import enum
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bench._measure import report, table
from tests.end_to_end.ledger import Ledger

Json = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")]
Rate = Annotated[int, typer.Option(help="Readings a second.")]
Seed = Annotated[int, typer.Option(help="Of the order and the moments of the faults.")]


class StoreName(enum.StrEnum):
    """Where the readings go."""

    INFLUXDB = "influxdb"
    DUCKDB = "duckdb"

    @property
    def is_file(self) -> bool:
        """Whether the ingester owns it."""
        return self is StoreName.DUCKDB


Store = Annotated[StoreName, typer.Option("--store", help="Where the readings go.")]


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="park-soak-") as name:
        yield Path(name)


def show(title: str, figures: dict[str, Any], path: Path | None) -> None:
    print(f"{title}\n")
    print(table([{"figure": name, "value": value} for name, value in figures.items()]))
    report(path, figures)


def chaos_options(store: StoreName, **options: Any) -> dict[str, Any]:
    """The options of `chaos` for this store."""
    return {"duckdb": store.is_file, **options}


def latencies(ledger: Ledger) -> dict[str, Any]:
    return {f"broker's ack {name}, ms": value for name, value in ledger.simulate["latency_ms"].items()}
