"""How long a start late in the year takes, until the first minute's readings are written: 353 days have to be carried.

python -m bench.start [--rounds 3] [--json FILE]
"""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

from bench._measure import PARK, Usage, median, report, run, table

START, UNTIL = "2026-12-20T00:00:00+08:00", "2026-12-20T00:01:00+08:00"
#: Options, and the bar, s.
CASES = {
    "the default town": ((), 5.0),
    "1,000 devices": (("--devices", "1000"), 6.0),
    "10,000 devices": (("--devices", "10000"), 25.0),
}


def start(options: tuple[str, ...]) -> Usage:
    """What it costs to begin on 20 December."""
    return run([*PARK, "generate", "--start", START, "--until", UNTIL, "--output", os.devnull, *options])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: dict[str, list[Usage]] = {name: [] for name in CASES}
    for number in range(arguments.rounds):
        for name, (options, _) in CASES.items():
            found[name].append(start(options))
            print(f"round {number}: {name}: {found[name][-1]}", file=sys.stderr)
    rows: list[dict[str, object]] = [
        {
            "a start on 20 December": name,
            "s": f"{median([one.wall_s for one in usages]):.1f}",
            "CPU s": f"{median([one.cpu_s for one in usages]):.1f}",
            "bar, s": f"{CASES[name][1]:g}",
        }
        for name, usages in found.items()
    ]
    print(table(rows))
    report(arguments.json, {name: [asdict(one) for one in usages] for name, usages in found.items()})


if __name__ == "__main__":
    main()
