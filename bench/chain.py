"""The whole chain on this machine: `park simulate`, Mosquitto, `park ingest`, InfluxDB, and `park verify`.

    python -m bench.chain [--rate 45000] [--for 60] [--devices 10000] [--processes 1] [--json FILE]

Soil probes (4 floats and seq) report at one rate for so long. Then verify proves that everything is stored.
A second run at half the rate gives the latency from the intended time to stored.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench._measure import PARK, report, table
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto

#: Warm-up of the simulator's models and connections, before its first reading.
_START_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of the chain."""

    devices: int
    rate: float
    seconds: float
    processes: int

    @property
    def interval_ms(self) -> int:
        """The devices' interval that makes the rate."""
        return round(self.devices / self.rate * 1000)

    def selection(self) -> list[str]:
        """The options that simulate and verify share."""
        return ["--devices", str(self.devices), "--kind", "soil_probe", "--interval", f"{self.interval_ms}ms"]


def run_chain(load: Load, broker: Mosquitto, influxdb: InfluxDB2, folder: Path) -> dict[str, Any]:
    """One run: what each part did and cost, and what verify says."""
    store = influxdb.store_url(influxdb.new_bucket())
    environ = {**os.environ, "INFLUXDB_V2_TOKEN": influxdb.token}
    cpu = {name: _cpu_s(pid) for name, pid in (("mosquitto", broker.pid), ("influxd", influxdb.pid))}
    begin, until = _moment(_START_S), _moment(_START_S + load.seconds)
    with ingesting(broker, store, environ, folder) as ingester:
        argv = [
            *PARK,
            "simulate",
            "--broker",
            broker.url,
            *load.selection(),
            "--until",
            until,
            "--rewind",
            "0",
            "--json",
        ]
        argv += ["--processes", str(load.processes), "--shards", "2"]
        published = subprocess.run(argv, env=environ, cwd=folder, capture_output=True, check=False)
        if not published.stdout:
            raise SystemExit(published.stderr.decode())
        simulated = json.loads(published.stdout.splitlines()[-1])
        stored_after_s = _await_stored(ingester, simulated["acknowledged"])
    ingested = json.loads(ingester.stdout_text.splitlines()[-1])
    spent = {name: _cpu_s(pid) - cpu[name] for name, pid in (("mosquitto", broker.pid), ("influxd", influxdb.pid))}
    window = ["--start", begin, "--until", until]
    proof = subprocess.run(
        [*PARK, "verify", "--store", store, *load.selection(), *window, "--json"],
        env=environ,
        capture_output=True,
        check=False,
    )
    messages = max(1, simulated["acknowledged"])
    return {
        "offered_per_s": round(load.devices / load.interval_ms * 1000),
        "simulate": simulated,
        "ingest": ingested,
        "verify": json.loads(proof.stdout.splitlines()[-1]),
        "stored_after_s": stored_after_s,
        "cpu_us_per_message": {name: round(seconds / messages * 1e6, 2) for name, seconds in spent.items()}
        | {"ingest": round(ingester.cpu_s / messages * 1e6, 2)},
    }


class _Ingester:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.watched = psutil.Process(process.pid)
        self.cpu_s = 0.0
        self.stdout_text = ""


@contextmanager
def ingesting(broker: Mosquitto, store: str, environ: Mapping[str, str], folder: Path) -> Iterator[_Ingester]:
    """`park ingest`, subscribed."""
    argv = [*PARK, "ingest", "--broker", broker.url, "--store", store, "--json"]
    process = subprocess.Popen(argv, env=environ, cwd=folder, stdout=-1, stderr=-1, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "connected to the broker" in line:
            break
    ingester = _Ingester(process)
    try:
        yield ingester
    finally:
        times = ingester.watched.cpu_times()
        ingester.cpu_s = times.user + times.system
        process.send_signal(signal.SIGTERM)
        ingester.stdout_text = process.communicate(timeout=120)[0]


def _await_stored(ingester: _Ingester, count: int) -> float:
    """Seconds until the ingester has been idle: everything that the broker took is on its way to the store."""
    began = time.monotonic()
    before, quiet = -1.0, 0
    while quiet < 3 and count:
        times = ingester.watched.cpu_times()
        used = times.user + times.system
        quiet = quiet + 1 if used - before < 0.02 else 0
        before = used
        time.sleep(0.5)
    return round(time.monotonic() - began, 1)


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat(timespec="milliseconds")


def main() -> None:
    """Runs the full rate, then half of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=45_000)
    parser.add_argument("--for", dest="seconds", type=float, default=60)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results = {}
    for share in (1.0, 0.5):
        load = Load(devices=given.devices, rate=given.rate * share, seconds=given.seconds, processes=given.processes)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "broker").mkdir()
            (folder / "store").mkdir()
            with (
                run_mosquitto(folder / "broker", max_inflight_messages=20_000) as broker,
                run_influxdb2(folder / "store") as influxdb,
            ):
                results[f"{share:g} of the rate"] = run_chain(load, broker, influxdb, folder)
    print(table([_row(name, result) for name, result in results.items()]))
    report(given.json, results)


def _row(name: str, result: Mapping[str, Any]) -> dict[str, object]:
    simulated, ingested, proof = result["simulate"], result["ingest"], result["verify"]
    latency = ingested["latency_ms"]
    return {
        "run": name,
        "offered/s": result["offered_per_s"],
        "acknowledged/s": simulated["rate_per_s"],
        "overruns": simulated["overruns"],
        "stored": ingested["stored"],
        "lost": proof["lost"],
        "altered": proof["altered"],
        "to stored p50/p95/p99, ms": f"{latency['p50']} / {latency['p95']} / {latency['p99']}",
        "CPU us/message": ", ".join(f"{part} {cost}" for part, cost in result["cpu_us_per_message"].items()),
    }


if __name__ == "__main__":
    main()
