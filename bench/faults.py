"""What faults cost `park generate`: CPU with typical ones against without, in turns.

Each round prints the same readings without faults and with them, over a short and a long window, one after the other:
the whole, and the difference, which is what readings cost without the start. Of each the cheapest round counts, for
what else runs on the machine only ever adds.

    python -m bench.faults [--devices 300] [--hours 168] [--rounds 5] [--json FILE]
"""

import argparse
from pathlib import Path

from bench._measure import report, table
from bench.costs import generate

RULES = ("none", "typical")
_SHORT = 1.0


def spent(devices: int, hours: float, rounds: int) -> dict[str, tuple[float, float]]:
    """By rules, CPU seconds: of the whole, and of what is more than the first hour."""
    spans = (_SHORT, hours)
    found: dict[tuple[str, float], list[float]] = {(rules, span): [] for rules in RULES for span in spans}
    for _ in range(rounds):
        for (rules, span), some in found.items():
            some.append(generate(span, "--devices", str(devices), "--faults", rules, format_="ndjson").usage.cpu_s)
    best = {asked: min(some) for asked, some in found.items()}
    return {rules: (best[rules, hours], best[rules, hours] - best[rules, _SHORT]) for rules in RULES}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=300)
    parser.add_argument("--hours", type=float, default=168.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    costs = spent(asked.devices, asked.hours, asked.rounds)
    whole, rest = costs["none"]
    print(
        table(
            [
                {
                    "faults": rules,
                    "CPU s": f"{all_s:.2f}",
                    "ratio": f"{all_s / whole:.2f}",
                    "after the start, CPU s": f"{more_s:.2f}",
                    "ratio after it": f"{more_s / rest:.2f}",
                }
                for rules, (all_s, more_s) in costs.items()
            ]
        )
    )
    report(asked.json, {"devices": asked.devices, "hours": asked.hours, "cpu_s": costs})


if __name__ == "__main__":
    main()
