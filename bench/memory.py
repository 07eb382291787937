"""Peak memory of many devices by what they are, each in a process of its own, on a day's first second and past 04:00.

python -m bench.memory
python -m bench.memory --devices 1000000
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bench._measure import report, table
from sectors import SECTORS

_START = "2026-01-01T00:00:00+08:00"
_AROUND_04 = "2026-01-02T03:59:59+08:00"


def main(
    devices: Annotated[int, typer.Option(help="How many.")] = 100_000,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")] = None,
) -> None:
    """Print a table: one kind, each sector, all kinds."""
    mixes: dict[str, list[str]] = {"soil probes alone": ["--kind", "soil_probe"]}
    mixes |= {f"{name}, its kinds mixed": ["--sector", name] for name in SECTORS}
    mixes |= {"all kinds mixed": []}
    rows: list[dict[str, Any]] = [
        {
            "devices": f"{devices:,}: {name}",
            "first second, MB": _peak_mb(devices, options, _START, "2026-01-01T00:00:01+08:00"),
            "two seconds around 04:00, MB": _peak_mb(devices, options, _AROUND_04, "2026-01-02T04:00:01+08:00"),
        }
        for name, options in mixes.items()
    ]
    print(table(rows))
    report(json_, {"memory": rows})


def _peak_mb(devices: int, options: list[str], start: str, until: str) -> int:
    """Peak resident memory of `park generate`."""
    asked = ["generate", "--devices", str(devices), "--start", start, "--until", until, "-o", os.devnull, *options]
    child = subprocess.Popen([sys.executable, "-c", "from park_cli.main import main; main()", *asked], stderr=-3)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"park {' '.join(asked)}: exit {child.returncode}")
    return round(usage.ru_maxrss * 1024 / 1e6)


if __name__ == "__main__":
    typer.run(main)
