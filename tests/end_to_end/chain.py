"""The whole chain by the command line: one broker, one bucket of InfluxDB, an ingester while it is wanted."""

import datetime as dt
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.end_to_end.park import PARK
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto


class Park:
    """The command line against one broker and one bucket."""

    def __init__(self, broker: Mosquitto, influxdb: InfluxDB2, folder: Path) -> None:
        self.broker, self.influxdb, self.folder = broker, influxdb, folder
        self.bucket = influxdb.new_bucket()
        self.store = influxdb.store_url(self.bucket)
        self.simulated: dict[str, Any] = {}
        self.ingested: dict[str, Any] = {}
        self.environment = {**os.environ, "INFLUXDB_V2_TOKEN": influxdb.token}

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*PARK, *arguments], cwd=self.folder, env=self.environment, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr.decode()
        return done

    def summary(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self.run(*arguments, "--json", code=code).stdout.splitlines()[-1])
        return summary

    @contextmanager
    def ingesting(self) -> Iterator[subprocess.Popen[bytes]]:
        """`park ingest`, subscribed; drained with SIGTERM at the end."""
        process = subprocess.Popen(
            [*PARK, "ingest", "--broker", self.broker.url, "--store", self.store, "--json"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if b"connected to the broker" in line:
                    break
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err.decode()
            self.ingested = json.loads(out.splitlines()[-1])

    def rows(self, kind: str, start: str, until: str) -> dict[tuple[str, int], dict[str, Any]]:
        """What InfluxDB holds of a kind in [start, until), by device and time, by InfluxQL."""
        within = f"time >= '{_utc(start)}' AND time < '{_utc(until)}'"
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for stored in self.influxdb.influxql(f'SELECT * FROM "{kind}" WHERE {within}', bucket=self.bucket):
            row: dict[str, Any] = {name: value for name, value in stored.items() if value is not None}
            del row["name"]
            found[row.pop("device"), row.pop("time")] = row
        return found


def _utc(moment: str) -> str:
    return dt.datetime.fromisoformat(moment).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
