"""CPU per published QoS 1 message, and memory per device, of our simulator and its peers, side by side.

Each candidate publishes twice to the same Mosquitto, a few messages and many; the difference is what the
messages cost without the start. `mosquitto_pub` is given its payloads ready-made and has one topic; the others
make theirs. A QoS 0 subscriber listens, for otherwise the broker answers that nobody does.

The peers queue what they read or make faster than the broker takes it, and packet ids end at 65,535: beyond, paho
refuses, and `mosquitto_pub -l` ends early and loses most (39,800 of 300,000 lines arrived). So they publish fewer.
`mosquitto_pub` speaks MQTT 3.1.1, which it does at the least cost.

    python -m bench.simulate [--messages 600000] [--rounds 3] [--only ours,paho] [--no-memory] [--json FILE]
"""

import argparse
import datetime as dt
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench._measure import PARK, Usage, median, report, run, table
from tests.servers.find import require
from tests.servers.mosquitto import Mosquitto, run_mosquitto

DEVICES = 10_000
MOST_QUEUED = 60_000
#: The first morning: no day has to be carried.
START = dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC)
SELECTION = ["--kind", "soil_probe", "--interval", "1s", "--start", START.isoformat()]
MEMORY_DEVICES = (10_000, 50_000, 100_000)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A publisher: its command line for a broker and a number of messages, which it may read as lines."""

    name: str
    argv: Callable[[Mosquitto, int], Sequence[str]]
    reads_lines: bool = False
    most: int = 10**9


def window(devices: int, messages: int) -> list[str]:
    """The options that make so many readings."""
    until = START + dt.timedelta(seconds=messages / devices)
    return [*SELECTION, "--devices", str(devices), "--until", until.isoformat()]


def simulate(broker: Mosquitto, devices: int, messages: int) -> list[str]:
    return [*PARK, "simulate", "--broker", broker.url, "--speed", "max", "--rewind", "0", *window(devices, messages)]


def ours(broker: Mosquitto, messages: int) -> Sequence[str]:
    return simulate(broker, DEVICES, messages)


def mosquitto_pub(broker: Mosquitto, _messages: int) -> Sequence[str]:
    address = ["-h", broker.host, "-p", str(broker.port), "-V", "mqttv311"]
    topic = "park/agriculture/yangshan/soil_probe/soil-probe-000001/telemetry"
    return [str(require("mosquitto_pub")), *address, "-q", "1", "-t", topic, "-l"]


def paho(broker: Mosquitto, messages: int) -> Sequence[str]:
    return [sys.executable, "-m", "bench.simulate_paho", broker.host, str(broker.port), str(DEVICES), str(messages)]


CANDIDATES = [
    Candidate(name="ours", argv=ours),
    Candidate(name="mosquitto_pub -l (no generation)", argv=mosquitto_pub, reads_lines=True, most=MOST_QUEUED),
    Candidate(name="paho loop", argv=paho, most=MOST_QUEUED),
]


@contextmanager
def listening(broker: Mosquitto) -> Iterator[None]:
    """A subscriber that throws everything away."""
    address = ["-h", broker.host, "-p", str(broker.port), "-V", "mqttv5"]
    argv = [str(require("mosquitto_sub")), *address, "-t", "park/#", "-F", "", "-q", "0"]
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait(10)


def payloads(folder: Path, messages: int) -> Path:
    """What our devices would publish, one payload a line."""
    path = folder / f"payloads-{messages}"
    if not path.exists():
        with path.open("wb") as out:
            argv = [*PARK, "generate", "--format", "ndjson", *window(DEVICES, messages)]
            generated = subprocess.Popen(argv, stdout=subprocess.PIPE)
            assert generated.stdout is not None
            for line in generated.stdout:
                out.write(line[line.index(b'"payload":') + 10 : -2] + b"\n")
            generated.wait()
    return path


def cost_us(candidate: Candidate, broker: Mosquitto, messages: int) -> tuple[float, Usage]:
    """CPU microseconds a message without the start, and the longer run."""
    many = min(messages, candidate.most)
    few = many // 6
    small, large = (
        run(candidate.argv(broker, count), stdin=payloads(broker.folder, count) if candidate.reads_lines else None)
        for count in (few, many)
    )
    return (large.cpu_s - small.cpu_s) / (many - few) * 1e6, large


def compare(candidates: Sequence[Candidate], broker: Mosquitto, messages: int, rounds: int) -> dict[str, list[float]]:
    """CPU microseconds a message of every candidate in every round."""
    found: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    for number in range(rounds):
        for candidate in candidates:
            cost, usage = cost_us(candidate, broker, messages)
            found[candidate.name].append(cost)
            print(f"round {number}: {candidate.name}: {cost:.2f} us a message; {usage}", file=sys.stderr)
    return found


def memory(broker: Mosquitto) -> dict[int, Usage]:
    """Peak memory for several numbers of devices, two readings each."""
    return {devices: run(simulate(broker, devices, 2 * devices)) for devices in MEMORY_DEVICES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="comma-separated beginnings of candidates' names")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    candidates = [one for one in CANDIDATES if one.name.startswith(tuple(arguments.only.split(",")))]
    with tempfile.TemporaryDirectory() as folder, run_mosquitto(Path(folder)) as broker, listening(broker):
        costs = compare(candidates, broker, arguments.messages, arguments.rounds)
        peaks = {} if arguments.no_memory else memory(broker)
    base = costs[candidates[0].name]
    print(
        table(
            [
                {
                    "publisher": name,
                    "CPU us/message": f"{median(found):.2f}",
                    f"{candidates[0].name} / it": f"{median([a / b for a, b in zip(base, found, strict=True)]):.2f}",
                }
                for name, found in costs.items()
            ]
        )
    )
    if peaks:
        first = MEMORY_DEVICES[0]
        rows = [
            {
                "devices": f"{devices:,}",
                "peak RSS MB": f"{usage.rss_mb:.1f}",
                f"bytes a device past {first:,}": "-"
                if devices == first
                else round((usage.rss_mb - peaks[first].rss_mb) * 2**20 / (devices - first)),
            }
            for devices, usage in peaks.items()
        ]
        print("\n" + table(rows))
    report(
        arguments.json,
        {
            "messages": arguments.messages,
            "cpu_us": costs,
            "memory": {devices: asdict(usage) for devices, usage in peaks.items()},
        },
    )


if __name__ == "__main__":
    main()
