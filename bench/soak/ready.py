"""How soon readiness tells a trouble, and how soon it withdraws it: every trouble several times, in random order."""

import random
from collections import defaultdict
from typing import Annotated, Any

import typer

from bench._measure import report, table
from bench.soak.options import Json, Seed, folder
from tests.end_to_end.trouble import TROUBLES, Outcome, Trouble, in_trouble, undergo


def ready(
    times: Annotated[int, typer.Option(min=1, help="Each trouble.")] = 3, seed: Seed = 1, json_: Json = None
) -> None:
    """Begin and end every trouble in random order: how soon readiness tells each, and withdraws it."""
    rows = measure(times, seed)
    print(table(rows))
    report(json_, {"times": times, "troubles": rows})
    if not all(row["in time"] for row in rows):
        raise typer.Exit(1)


def measure(times: int, seed: int) -> list[dict[str, Any]]:
    """A row for each trouble: the worst of so many times.

    Raises:
        AssertionError: one was not told or not withdrawn at all.
    """
    found: dict[str, list[Outcome]] = defaultdict(list)
    for processes in sorted({trouble.processes for trouble in TROUBLES}):
        plan = [trouble for trouble in TROUBLES if trouble.processes == processes] * times
        random.Random(seed).shuffle(plan)
        with folder() as where, in_trouble(where, processes=processes) as p:
            for trouble in plan:
                if "disk" in trouble.name and p.disk is None:
                    continue
                outcome = undergo(p, trouble)
                print(f"{trouble.name}: {outcome}", flush=True)
                found[trouble.name].append(outcome)
    return [_row(trouble, found[trouble.name]) for trouble in TROUBLES if found[trouble.name]]


def _row(trouble: Trouble, outcomes: list[Outcome]) -> dict[str, Any]:
    return {
        "trouble": trouble.name,
        "told, s": max(one.told_s for one in outcomes),
        "withdrawn, s": max(one.withdrawn_s for one in outcomes),
        "other changes": sum(one.flips for one in outcomes),
        "in time": all(one.holds(trouble) for one in outcomes),
    }
