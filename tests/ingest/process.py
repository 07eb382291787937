"""The ingester as a process of its own, for tests that kill it: JSON in argv, JSON of its summary out."""

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ingest.batch import BatchPolicy
from ingest.receive import SessionOptions
from ingest.run import IngestOptions, run
from ingest.stores import parse_store_url
from ingest.write import RetryPolicy
from mqttlink import parse_broker_url
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto

ROOT = Path(__file__).parents[2]


def start(
    broker: Mosquitto, server: InfluxDB2, bucket: str, folder: Path, *, processes: int = 1
) -> subprocess.Popen[str]:
    told = {
        "broker": broker.url,
        "client_id": bucket,
        "store": server.store_url(bucket),
        "dead_letters": str(folder / "dead-letters.ndjson"),
        "processes": str(processes),
    }
    environ = {**os.environ, "INFLUXDB_V2_TOKEN": server.token}
    argv = [sys.executable, "-m", "tests.ingest.process", json.dumps(told)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environ, cwd=ROOT)


async def main(told: dict[str, str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options = IngestOptions(
        broker=SessionOptions(address=parse_broker_url(told["broker"]), client_id=told["client_id"]),
        store=parse_store_url(told["store"]),
        dead_letters=Path(told["dead_letters"]),
        processes=int(told.get("processes", "1")),
        batch=BatchPolicy(rows=500, linger_s=0.05),
        retry=RetryPolicy(first_s=0.05, max_s=0.5),
    )
    summary = await run(options, stop)
    sys.stdout.write(json.dumps(dataclasses.asdict(summary)) + "\n")


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
