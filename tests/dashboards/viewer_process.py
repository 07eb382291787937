"""Serves the viewer in a process of its own, as a program would: NiceGUI allows one per process.

Usage: python -W error viewer_process.py SOURCE SECONDS [NAME...]: SOURCE is a JSON object {"url", "database", "token"}
or {"path"}, SECONDS the time between two refreshes, and the names are those by which a browser may ask for it.
Prints the URL once it accepts connections; ends when standard input closes.
"""

import asyncio
import json
import sys

import duckdb

from dashboards.sources.base import Source
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.viewer import open_viewer


def source(told: dict[str, str]) -> Source:
    if path := told.get("path"):
        return DuckSource(duckdb.connect(path).cursor)
    return InfluxSource(url=told["url"], database=told["database"], token=told["token"])


async def main() -> None:
    answers = source(json.loads(sys.argv[1]))
    async with open_viewer(answers, utc_offset_ms=28_800_000, refresh_s=float(sys.argv[2]), names=sys.argv[3:]) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    await answers.close()


if __name__ == "__main__":
    asyncio.run(main())
