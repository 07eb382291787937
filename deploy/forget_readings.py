"""Deletes readings that are older than so long, and keeps the logs of events.

InfluxDB keeps everything of a bucket equally long. Readings and logs share one, so the bucket keeps for ever, and this
program, run from time to time, is the retention of readings. It forgets whole hours, and leaves a mark of the moment
before, by which the rollups of those times are kept.
"""
# ruff: noqa: INP001  (a program, not a package)

import argparse
import asyncio
import datetime as dt
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from ingest.errors import IngestError
from ingest.rollups.touch import mark_forgotten
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from park.errors import ParkError
from park.pipeline import PIPELINE
from park_cli.errors import CommandError
from park_cli.options import duration_ms
from sectors import EVENTS, KINDS


def readings() -> list[str]:
    """The measurements that are forgotten: all kinds, and the pipeline's own figures; no log is among them."""
    names = sorted({*KINDS, *PIPELINE})
    logs = sorted(set(names) & set(EVENTS.logs))
    if logs:
        raise ParkError(f"{logs[0]} is a log and a kind at once")
    return names


def forget(measurement: str, until: dt.datetime, *, url: str, org: str, bucket: str, token: str) -> None:
    """Delete a measurement's rows before a moment."""
    query = urllib.parse.urlencode({"org": org, "bucket": bucket})
    body = {
        "start": "1970-01-01T00:00:00Z",
        "stop": until.isoformat(),
        "predicate": f'_measurement="{measurement}"',
    }
    request = urllib.request.Request(  # noqa: S310  (the URL is the deployment's own)
        f"{url}/api/v2/delete?{query}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Token {token}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=600).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode(errors="replace")
        raise ParkError(f"{measurement}: {url} says {error.code}: {said}") from None


async def mark(until: dt.datetime, *, url: str, org: str, bucket: str, token: str) -> dt.datetime:
    """Tell who makes rollups; from when on nothing is forgotten."""
    store = InfluxStore(InfluxUrl(endpoint=url, bucket=bucket, org=org), token)
    try:
        hour = await mark_forgotten(store, int(until.timestamp() * 1000))
    finally:
        await store.close()
    return dt.datetime.fromtimestamp(hour / 1000, dt.UTC)


def main(arguments: list[str] | None = None) -> int:
    """Delete, and say until when."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--older-than", required=True, help="90d, 12h")
    parser.add_argument("--url", default="http://127.0.0.1:8086", help="of InfluxDB")
    parser.add_argument("--org", default="park")
    parser.add_argument("--bucket", default="park")
    given = parser.parse_args(arguments)
    try:
        age = dt.timedelta(milliseconds=duration_ms(given.older_than, "--older-than"))
        until = dt.datetime.now(dt.UTC) - age
        token = Path(os.environ["INFLUXDB_V2_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
        where = {"url": given.url, "org": given.org, "bucket": given.bucket, "token": token}
        until = asyncio.run(mark(until, **where))
        for measurement in readings():
            forget(measurement, until, **where)
    except (ParkError, CommandError, IngestError, OSError, KeyError, UnicodeDecodeError) as error:
        sys.stderr.write(f"forget_readings: {error}\n")
        return 1
    sys.stdout.write(f"readings before {until.isoformat(timespec='seconds')} are deleted; events are kept\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
