"""One connection for each device: ours beside paho.golang (Go) and MQTT.js (Node), one client a device in both.

Each candidate connects N devices to the same Mosquitto, one after another, each of which publishes a soil probe's
reading a second at QoS 1. When all are there, its CPU is read from the operating system for some seconds: no start,
no ramp. A connection's memory is the slope between a tenth of the devices and all; ours holds the models' state of each
device besides, whose slope is that of the same devices behind gateways.

The peers are in bench/peers/; Go's is built and Node's is installed by their own tools, from their own registries, in a
temporary folder. A peer whose tool is not there is left out, and that is said.

    python -m bench.connections [--devices 10000] [--for 30] [--rounds 1] [--only ours,paho] [--json FILE]
"""

import argparse
import json
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench._measure import PARK, ROOT, median, report, table
from bench.simulate import START, listening
from tests.servers.mosquitto import Mosquitto, run_mosquitto

_PEERS = ROOT / "bench" / "peers"
_PER_S = 200
"""Connections that are made in a second."""
_OTHER_FILES = 3
_SETTLE_S = 5.0
_DEADLINE_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A program that holds a connection for each device, until SIGTERM; then it prints what was acknowledged."""

    name: str
    argv: Callable[[Mosquitto, int, float], Sequence[str]]
    connects: bool = True


@dataclass(frozen=True, kw_only=True)
class Held:
    """One run: CPU in microseconds a message, memory in kB, and what the program said at its end."""

    cpu_us: float
    rss_kb: float
    said: dict[str, Any]


def ours(broker: Mosquitto, devices: int, ramp_s: float) -> Sequence[str]:
    """The command that everybody uses."""
    return [*gateways(broker, devices, ramp_s), "--connect", "device", "--ramp", f"{ramp_s:g}s"]


def gateways(broker: Mosquitto, devices: int, _ramp_s: float) -> Sequence[str]:
    """The same devices behind a gateway a site: what the models cost."""
    what = ["--kind", "soil_probe", "--interval", "1s", "--devices", str(devices), "--no-commands", "--rewind", "0"]
    what += ["--start", START.isoformat()]
    return [*PARK, "simulate", "--broker", broker.url, *what, "--json"]


def built(folder: Path) -> list[Candidate]:
    """The peers that can be had here."""
    found = []
    if shutil.which("go"):
        source = Path(shutil.copytree(_PEERS / "golang", folder / "golang"))
        subprocess.run(["go", "mod", "tidy"], cwd=source, check=True)
        subprocess.run(["go", "build", "-o", "peer"], cwd=source, check=True)
        found.append(Candidate(name="paho.golang", argv=_peer([str(source / "peer")])))
    if shutil.which("npm"):
        source = Path(shutil.copytree(_PEERS / "node", folder / "node"))
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=source, check=True, stdout=sys.stderr)
        found.append(Candidate(name="MQTT.js", argv=_peer(["node", str(source / "main.js")])))
    for name in {"paho.golang", "MQTT.js"} - {one.name for one in found}:
        print(f"{name} is left out: its tool is not on PATH", file=sys.stderr)
    return found


def _peer(program: Sequence[str]) -> Callable[[Mosquitto, int, float], Sequence[str]]:
    return lambda broker, devices, ramp_s: [*program, broker.host, str(broker.port), str(devices), str(ramp_s)]


def hold(candidate: Candidate, broker: Mosquitto, devices: int, seconds: float) -> Held:
    """Let a candidate hold its connections for some seconds."""
    ramp_s = devices / _PER_S
    with tempfile.TemporaryDirectory() as folder:
        argv = candidate.argv(broker, devices, ramp_s)
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, text=True)
        try:
            process = psutil.Process(child.pid)
            _await_connections(child, process, devices if candidate.connects else 1)
            time.sleep(_SETTLE_S)
            before, began = _cpu_s(process), time.monotonic()
            time.sleep(seconds)
            spent, passed = _cpu_s(process) - before, time.monotonic() - began
            rss_kb = process.memory_info().rss / 1024
        finally:
            child.send_signal(signal.SIGTERM)
            out, errors = child.communicate(timeout=60)
    if not out:
        raise SystemExit(f"{candidate.name}: {errors}")
    said = json.loads(out.splitlines()[-1])
    return Held(cpu_us=spent / (devices * passed) * 1e6, rss_kb=rss_kb, said=said)


def _await_connections(child: "subprocess.Popen[str]", process: psutil.Process, count: int) -> None:
    end_s = time.monotonic() + _DEADLINE_S
    while process.num_fds() < count + _OTHER_FILES:
        if child.poll() is not None or time.monotonic() > end_s:
            raise SystemExit(f"{count} connections were not made: {child.args!r}")
        time.sleep(0.5)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def compare(candidates: Sequence[Candidate], devices: int, seconds: float, rounds: int) -> dict[str, dict[str, Any]]:
    """Medians of every candidate, each beside a broker of its own."""
    results: dict[str, dict[str, Any]] = {}
    for candidate in candidates:
        many = [_alone(candidate, devices, seconds) for _ in range(rounds)]
        few = _alone(candidate, devices // 10, 1.0)
        slope_kb = (median([one.rss_kb for one in many]) - few.rss_kb) / (devices - devices // 10)
        results[candidate.name] = {
            "cpu_us": round(median([one.cpu_us for one in many]), 1),
            "kb_each": round(slope_kb, 2),
            "runs": [asdict(one) for one in many],
        }
        print(f"{candidate.name}: {results[candidate.name]}", file=sys.stderr)
    return results


def _alone(candidate: Candidate, devices: int, seconds: float) -> Held:
    with tempfile.TemporaryDirectory() as folder, run_mosquitto(Path(folder)) as broker, listening(broker):
        return hold(candidate, broker, devices, seconds)


def rows(results: dict[str, dict[str, Any]]) -> list[dict[str, object]]:
    """A row for each candidate, ours first, and how much of its CPU ours needs."""
    models_kb = results["gateways"]["kb_each"] if "gateways" in results else 0.0
    base = results["ours"]["cpu_us"] if "ours" in results else None
    return [
        {
            "publisher": name,
            "ours / it": "-" if base is None else f"{base / found['cpu_us']:.2f}",
            "CPU us a message": f"{found['cpu_us']:.1f}",
            "kB a connection": f"{found['kb_each'] - models_kb:.1f} (and {models_kb:.1f} of the models)"
            if name == "ours"
            else f"{found['kb_each']:.1f}",
            "acknowledged": found["runs"][-1]["said"]["acknowledged"],
            "overruns": found["runs"][-1]["said"].get("overruns", "not known"),
        }
        for name, found in results.items()
        if name != "gateways"
    ]


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--for", dest="seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="", help="comma-separated beginnings of candidates' names")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    # The broker inherits it.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    own = [Candidate(name="ours", argv=ours), Candidate(name="gateways", argv=gateways, connects=False)]
    with tempfile.TemporaryDirectory() as folder:
        wanted = tuple(given.only.split(","))
        candidates = [one for one in [*own, *built(Path(folder))] if one.name.startswith(wanted)]
        results = compare(candidates, given.devices, given.seconds, given.rounds)
    print(table(rows(results)))
    report(given.json, {"devices": given.devices, "seconds": given.seconds, **results})


if __name__ == "__main__":
    main()
