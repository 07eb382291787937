"""What an ingester has done, seen from outside: in the store, in the dead letters, and at the broker."""

import subprocess
import time
from pathlib import Path

from ingest.deadletter import read_dead_letters
from park.rejection import Rejection
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto


def seqs(server: InfluxDB2, bucket: str, device: str = "soil-probe-000001") -> list[object]:
    where = f"WHERE device = '{device}'"
    return [row["seq"] for row in server.influxql(f"SELECT seq FROM soil_probe {where}", bucket=bucket)]


def buried(folder: Path) -> list[Rejection]:
    return [letter.rejection for letter in read_dead_letters(folder / "dead-letters.ndjson")]


def nothing_waits(broker: Mosquitto, client_id: str) -> bool:
    """Whether the session holds nothing, told by the broker: it would deliver at once."""
    argv = ["mosquitto_sub", "-p", str(broker.port), "-V", "5", "-i", client_id, "-c", "-x", "3600", "-q", "1"]
    ended = subprocess.run([*argv, "-t", "none", "-C", "1", "-W", "1"], capture_output=True, timeout=10, check=False)
    return not ended.stdout


def count(server: InfluxDB2, bucket: str) -> int:
    rows = server.influxql("SELECT count(seq) FROM soil_probe", bucket=bucket)
    return int(str(rows[0]["count"])) if rows else 0


def await_count(server: InfluxDB2, bucket: str, wanted: int) -> None:
    end = time.monotonic() + 90
    while (found := count(server, bucket)) < wanted:
        assert time.monotonic() < end, f"{found} of {wanted} stored within 90 s"
        time.sleep(0.05)
