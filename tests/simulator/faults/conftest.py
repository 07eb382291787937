"""Faults that come often, and readings with them."""

from typing import Any

from park.columns import Columns
from simulator.faults.classes import CLASSES
from simulator.faults.rules import Rules
from tests.simulator.conftest import HOUR, START

WINDOW = (START + 200 * HOUR, START + 272 * HOUR)

_SIZES: dict[str, dict[str, Any]] = {"rail": {"amount": [4.0, 5.0]}}


def rule(name: str, **changes: Any) -> Rules:
    """One rule of a class, for soil probes and street lamps unless said."""
    size = _SIZES.get(name, {} if CLASSES[name].sigma is None else {"severity": [3, 3]})
    options = {"class": name, "kinds": ["soil_probe"], "per_year": 52, "hours": [30, 60]} | size | changes
    return Rules.model_validate({"faults": {name.replace("_", "-"): options}})


def by_device(columns: list[Columns], kind: str) -> dict[tuple[int, int], dict[str, int | None]]:
    """(ts, device) to the values of each channel, None where it is not told."""
    found: dict[tuple[int, int], dict[str, int | None]] = {}
    for part in columns:
        if part.kind.name != kind:
            continue
        for row in range(len(part)):
            found[int(part.device[row]), int(part.ts[row])] = {
                name: int(column[row]) if name not in part.present or part.present[name][row] else None
                for name, column in part.values.items()
            }
    return found
