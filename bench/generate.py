"""CPU per row of line protocol on one core, all kinds mixed; and a year of a small park.

The same devices are generated over a short and a long window; the difference is what rows cost without the start.

TSBS, the usual generator of such rows, publishes nothing for Python; its Go program makes the rows of its `iot`
case at 3.9 us each (1.297 million rows, one core, measured apart from this script). That figure is the bar.

    python -m bench.generate [--devices 1000] [--hours 12] [--rounds 3] [--no-year] [--json FILE]
"""

import argparse
import datetime as dt
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench._measure import PARK, Usage, median, report, run, table

TSBS_US = 3.9
#: The first morning: no day has to be carried.
START = dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC)
YEAR_DEVICES = 30


def generate(folder: Path, devices: int, hours: float, format_: str = "line") -> tuple[int, Usage]:
    """Rows written, and what that cost."""
    until = START + dt.timedelta(hours=hours)
    out = folder / "rows"
    usage = run(
        [
            *(*PARK, "generate", "--format", format_, "--output", str(out), "--devices", str(devices)),
            *("--start", START.isoformat(), "--until", until.isoformat()),
        ]
    )
    with out.open("rb") as file:
        rows = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    out.unlink()
    return rows, usage


def cost_us(folder: Path, devices: int, hours: float, format_: str) -> float:
    """CPU microseconds a row without the start."""
    (few, small), (many, large) = (generate(folder, devices, span, format_) for span in (hours / 6, hours))
    return (large.cpu_s - small.cpu_s) / (many - few) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-year", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    costs: dict[str, list[float]] = {"line": [], "ndjson": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(arguments.rounds):
            for format_, found in costs.items():
                found.append(cost_us(folder, arguments.devices, arguments.hours, format_))
                print(f"round {number}: {format_}: {found[-1]:.2f} us a row", file=sys.stderr)
        year = None if arguments.no_year else generate(folder, YEAR_DEVICES, 365 * 24 - 24)
    rows = [
        {"format": format_, "CPU us/row": f"{median(found):.2f}", "of TSBS's 3.9": f"{median(found) / TSBS_US:.2f}"}
        for format_, found in costs.items()
    ]
    print(table(rows))
    if year is not None:
        print(
            f"\na year of {YEAR_DEVICES} devices: {year[0]:,} rows, {year[1].cpu_s:.0f} s CPU, {year[1].wall_s:.0f} s"
        )
    figures = {"cpu_us": costs, "tsbs_us": TSBS_US, "year": None if year is None else [year[0], asdict(year[1])]}
    report(arguments.json, figures)


if __name__ == "__main__":
    main()
