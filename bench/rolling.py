"""What it takes to roll up a busy hour: peak memory and CPU of `park store rollup --once` on one of one kind.

python -m bench.rolling [--store duckdb|influxdb] [--kind soil_probe] [--devices 1000] [--interval 1s]
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from bench._measure import PARK, Usage, run
from bench.panels import BEGIN, PLACES
from bench.panels_fill import fill
from ingest.stores.influxdb.url import TOKEN_VARIABLE
from park.rollup import HOUR_MS
from park.town import default_town
from park_cli.options import duration_ms
from sectors import SECTORS
from simulator.observed import readings_of
from simulator.plan import Selection


async def measure(given: argparse.Namespace, folder: Path) -> tuple[int, Usage]:
    """How many readings there were, and what the process took."""
    town, interval_ms = default_town(SECTORS), duration_ms(given.interval, "--interval")
    selection = Selection(
        town=town, seed=town.settings.seed, devices=given.devices, kinds=(given.kind,), interval_ms=interval_ms
    )
    async with PLACES[given.store](folder) as place:
        count = fill(place, readings_of(selection), BEGIN, BEGIN + HOUR_MS)
        os.environ[TOKEN_VARIABLE] = place.token
        argv = [*PARK, "store", "rollup", "--once", "--store", place.url]
        if place.is_server:
            return count, run(argv)
    return count, run(argv)  # a file has been let go now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=PLACES, default="duckdb")
    parser.add_argument("--kind", default="soil_probe")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--interval", default="1s")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="park-rolling-") as folder:
        count, usage = asyncio.run(measure(given, Path(folder)))
    print(
        f"{given.store}: {count:,} readings of {given.kind}: {usage.rss_mb:.0f} MB at most, "
        f"{usage.cpu_s:.0f} s of CPU, {usage.cpu_s / count * 1e6:.1f} us a reading, {usage.wall_s:.0f} s"
    )


if __name__ == "__main__":
    main()
