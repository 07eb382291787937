"""How easily faults are found by detectors of one line, by class and severity: the table of docs/faults.md.

python -m bench.triviality [--devices 120] [--days 14] [--seed 42] [--missed]
"""

from collections import Counter, defaultdict
from typing import Annotated

import numpy as np
import typer

from park.model import DAY_MS
from park.town import default_town
from sectors import SECTORS
from simulator.commands.outcomes import Outcomes
from simulator.faults.classes import CLASSES
from simulator.faults.detectors import ONE_LINERS
from simulator.faults.labels import Label, labels
from simulator.faults.rules import Rules
from simulator.plan import Selection

#: 150 days after the commissioning: June.
_FIRST_DAY = 150
_LEAST_CHANGED = 20
_PER_YEAR = 8
#: Counts of few, and what is set or derived, have no scatter of their own that a severity could be counted in.
_KINDS = (
    "site_meter",
    "weather_station",
    "air_station",
    "climate_zone",
    "water_meter",
    "traffic_detector",
    "pv_inverter",
)
_SEVERITIES = (1.0, 1.5, 2.0, 5.0, 10.0)


def all_rules() -> Rules:
    """Every class at every severity, each a rule of its own."""
    rules = {}
    for class_ in CLASSES.values():
        for severity in _SEVERITIES if class_.sigma is not None else (None,):
            options = {
                "class": class_.name,
                "kinds": _KINDS,
                "per_year": _PER_YEAR,
                "hours": [12, 48],
                "onset_hours": 3,
            }
            if severity is not None:
                options["severity"] = [severity, severity]
            if class_.absolute:
                options["amount"] = [0, 0]
            rules[_name(class_.name, severity)] = options
    return Rules.model_validate({"faults": rules})


def _name(class_: str, severity: float | None) -> str:
    return f"{class_.replace('_', '-')}-{int(10 * (severity or 0))}"


def found_by_rule(devices: int, days: int, seed: int | None = None) -> dict[str, list[Label]]:
    """Labels in June, of kinds whose readings scatter."""
    town = default_town(SECTORS)
    seed = town.settings.seed if seed is None else seed
    selection = Selection(town=town, seed=seed, devices=devices, kinds=_KINDS, faults=all_rules())
    start = town.settings.commissioned_ms + _FIRST_DAY * DAY_MS
    found: dict[str, list[Label]] = defaultdict(list)
    until = start + days * DAY_MS
    for label in labels(selection, (start, until), outcomes=Outcomes()):
        # What the window cuts has its onset in it, or its beginning, and not its severity.
        if label.changed >= _LEAST_CHANGED and start <= label.start < label.end <= until:
            found[label.rule].append(label)
    return found


def shares(found: list[Label]) -> dict[str, float]:
    """The share of the changed readings that each detector marks, in the mean, and the share that any marks half of."""
    told: dict[str, list[float]] = defaultdict(list)
    for label in found:
        for name in ONE_LINERS:
            told[name].append(label.found[name])
        told["any"].append(float(label.trivial))
    return {name: float(np.mean(some)) for name, some in told.items()}


def missed(found: list[Label]) -> str:
    """Which channels' labels no line finds: how many of how many, the most first."""
    names = [(f"{label.kind} {label.channel}", label.trivial) for label in found]
    of, lost = Counter(name for name, _ in names), Counter(name for name, trivial in names if not trivial)
    return ", ".join(f"{name} {count} of {of[name]}" for name, count in lost.most_common())


def main(
    devices: Annotated[int, typer.Option(help="Devices in all.")] = 120,
    days: Annotated[int, typer.Option(help="Days of June.")] = 14,
    seed: Annotated[int | None, typer.Option(help="Another town than the default one.", show_default="42")] = None,
    tell_missed: Annotated[bool, typer.Option("--missed", help="Tell in which channels faults are missed.")] = False,
) -> None:
    """Print the table."""
    by_rule = found_by_rule(devices, days, seed)
    heads = (*ONE_LINERS, "found by any", *(("missed",) if tell_missed else ()))
    print(f"| class | severity | labels | {' | '.join(heads)} |")
    print("| --- " * (len(heads) + 3) + "|")
    for class_ in CLASSES.values():
        for severity in _SEVERITIES if class_.sigma is not None else (None,):
            found = by_rule[_name(class_.name, severity)]
            told = shares(found)
            cells = [f"{told[name]:.2f}" for name in (*ONE_LINERS, "any")]
            cells += [missed(found)] if tell_missed else []
            print(f"| {class_.name} | {severity or ''} | {len(found)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    typer.run(main)
