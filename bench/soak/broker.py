"""The broker killed up to the end of a simulation."""

import dataclasses
import datetime as dt
from collections import Counter
from typing import Annotated, Any

import typer

from bench.soak.options import Json, Rate, Seed, Store, StoreName, chaos_options, folder, show
from tests.end_to_end.chaos import Chaos, chaos
from tests.end_to_end.ledger import Load


def ends(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Simulations, one after the other.")] = 20,
    seconds: Annotated[int, typer.Option(min=2, help="Length of each.")] = 8,
    rate: Rate = 500,
    seed: Seed = 1,
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Kill the broker at a random moment of short simulations, every second time in the last second.

    It is killed once more as soon as each has ended, so what it acknowledged must have outlived its last snapshot.
    """
    first = Load(devices=rate, seconds=seconds)
    total: Counter[str] = Counter()
    with folder() as where, chaos(where, first, **chaos_options(store, seed=seed)) as park:
        park.begin_to_ingest()
        for number in range(rounds):
            park.load = dataclasses.replace(first, start=first.start + dt.timedelta(seconds=number * seconds))
            last_second = number % 2 == 1
            total += park.round_with_kills((seconds - 1.0) if last_second else 0.0, float(seconds))
            print(f"{number + 1} of {rounds} simulations: {dict(total)}", flush=True)
        verified = _verify_all(park, first, rounds)
    figures = {**total, **{name: verified[name] for name in ("expected", "found", "lost", "altered", "duplicated")}}
    show("the broker killed up to the end of a simulation", {"simulations": rounds, **figures}, json_)
    assert total["acknowledged"] == total["offered"] == verified["expected"] == verified["found"], figures
    assert verified["lost"] == verified["altered"] == verified["duplicated"] == 0, figures


def _verify_all(park: Chaos, first: Load, rounds: int) -> dict[str, Any]:
    park.load = dataclasses.replace(first, seconds=first.seconds * rounds)
    if park.server is None:
        park.drained()
        park.ingester.finish(deadline=60.0, ask=True)
        return park.verify(wait="0s")
    return park.verify(wait="30s")
