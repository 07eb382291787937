"""What `park dataset` costs: time, size, memory, and the digest of everything.

python -m bench.dataset [--devices 300] [--days 365] [--interval 5m] [--keep FOLDER]
"""

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

_START = dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8)))
_PARK = Path(sys.executable).with_name("park")


def main(
    devices: Annotated[int, typer.Option(help="Devices in all.")] = 300,
    days: Annotated[int, typer.Option(help="From the commissioning on.")] = 365,
    interval: Annotated[str, typer.Option(help="Between two readings of a device.")] = "5m",
    keep: Annotated[Path | None, typer.Option(help="A folder to keep it in.", show_default="none")] = None,
) -> None:
    """Print what it took, and what it is."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "dataset" if keep is None else keep
        command = [
            str(_PARK),
            "dataset",
            str(folder),
            "--devices",
            str(devices),
            "--interval",
            interval,
            "--faults",
            "typical",
        ]
        command += ["--start", _START.isoformat(), "--until", (_START + dt.timedelta(days=days)).isoformat(), "--json"]
        begun = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        took_s = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    told |= {
        "minutes": round(took_s / 60, 1),
        "cpu_minutes": round((used.ru_utime + used.ru_stime) / 60, 1),
        "us_a_reading": round(1e6 * (used.ru_utime + used.ru_stime) / told["readings"], 2),
        "peak_mb": round(used.ru_maxrss / 1024),
        "load": os.getloadavg()[0],
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    typer.run(main)
