"""How soon readiness tells a trouble, and how soon it withdraws it: every trouble several times, in random order."""

import random
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.end_to_end.trouble import TROUBLES, Outcome, Trouble, in_trouble, undergo


def measure(times: int, seed: int) -> list[dict[str, Any]]:
    """A row for each trouble: the worst of so many times.

    Raises:
        AssertionError: one was not told or not withdrawn at all.
    """
    found: dict[str, list[Outcome]] = defaultdict(list)
    for processes in sorted({trouble.processes for trouble in TROUBLES}):
        plan = [trouble for trouble in TROUBLES if trouble.processes == processes] * times
        random.Random(seed).shuffle(plan)
        with (
            tempfile.TemporaryDirectory(prefix="park-ready-") as name,
            in_trouble(Path(name), processes=processes) as p,
        ):
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
