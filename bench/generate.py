"""CPU of a row and a value of line protocol on one core: all kinds mixed, and each sector; a year of a small park.

The same devices are generated over a short and a long window in turn; the difference is what rows cost without the
start, and the median of the rounds counts, between the least and the most.

TSBS, the usual generator of such rows, publishes nothing for Python; its Go program makes the rows of its `iot`
case, of seven values, at 3.9 us each (1.297 million rows, one core, measured apart from this script). Half of that is
the bar: 0.28 us a value.

    python -m bench.generate [--devices 1000] [--hours 12] [--rounds 3] [--no-sectors] [--no-year] [--json FILE]
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench._measure import report, table
from bench.costs import Cost, RowCost, cost, generate, row_cost
from sectors import SECTORS

TSBS_US, TSBS_VALUES = 3.9, 7
YEAR_DEVICES = 30
YEAR_HOURS = 364 * 24.0


def by_format(costs: dict[str, RowCost]) -> list[dict[str, object]]:
    """The table of all kinds mixed."""
    return [
        {
            "format": format_,
            "values/row": f"{row.values:.1f}",
            "CPU us/row": _told(row),
            "CPU us/value": f"{row.us / row.values:.3f}",
            "seven values, of TSBS's 3.9": f"{TSBS_VALUES * row.us / row.values / TSBS_US:.2f}",
        }
        for format_, row in costs.items()
    ]


def _told(row: RowCost) -> str:
    return f"{row.us:.2f} ({row.least_us:.2f} to {row.most_us:.2f})"


def by_sector(costs: dict[str, Cost]) -> list[dict[str, object]]:
    """The table of sectors."""
    return [
        {
            "sector": name,
            "values/row": f"{found.row.values:.1f}",
            "CPU us/row": _told(found.row),
            "CPU us/value": f"{found.value_us:.3f}",
            "carried day, ms": f"{found.carried_ms:.2f}",
            "first day, ms": f"{found.first_ms:.0f}",
            "bytes/device": f"{found.device_bytes:,.0f}",
        }
        for name, found in costs.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-sectors", action="store_true")
    parser.add_argument("--no-year", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    devices, hours, rounds = arguments.devices, arguments.hours, arguments.rounds
    mixed = {name: row_cost(devices, hours, rounds=rounds, format_=name) for name in ("line", "ndjson")}
    print(table(by_format(mixed)), flush=True)
    figures: dict[str, Any] = {"mixed": {name: asdict(row) for name, row in mixed.items()}, "tsbs_us": TSBS_US}
    if not arguments.no_sectors:
        costs = {name: cost(name, devices, hours, rounds) for name in SECTORS}
        print(f"\n{table(by_sector(costs))}", flush=True)
        figures["sectors"] = {name: asdict(one) for name, one in costs.items()}
    if not arguments.no_year:
        year = generate(YEAR_HOURS, "--devices", str(YEAR_DEVICES))
        spent = f"{year.usage.cpu_s:.0f} s CPU, {year.usage.wall_s:.0f} s"
        print(f"\na year of {YEAR_DEVICES} devices: {year.rows:,} rows, {spent}")
        figures["year"] = [year.rows, asdict(year.usage)]
    report(arguments.json, figures)


if __name__ == "__main__":
    main()
