"""Payloads that are damaged in every way."""

import time
from typing import Annotated

import typer

from bench.soak.options import Json, Seed, Store, StoreName, folder, show
from tests.end_to_end import fuzz as fuzzed


def fuzz(
    payloads: Annotated[int, typer.Option(help="How many.")] = 1_000_000,
    seed: Seed = 1,
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Decode fuzzed payloads; each must end as a sound row or a rejection with its reason.

    For DuckDB the rows are written to a file, too, and read again.
    """
    began = time.monotonic()
    with folder() as where:
        if store.is_file:
            outcome = fuzzed.fuzz_into(where / "park.duckdb", payloads, seed=seed)
        else:
            outcome = fuzzed.fuzz(payloads, seed=seed)
    figures = {"rows": outcome.stored, "gateway states": outcome.states, **dict(outcome.reasons.most_common())}
    show(
        "every payload ended in one outcome",
        {"payloads": payloads, **figures, "seconds": round(time.monotonic() - began)},
        json_,
    )
