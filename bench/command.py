"""Commands: how long until the answer, and until what came of them is in the store, at several rates.

    python -m bench.command [--run NAME]... [--readings 10000] [--for 30] [--json FILE]

Real Mosquitto and InfluxDB, `park ingest` and `park simulate`, whose 10,000 devices publish a reading a second beside.
A requester commands 240 lamps, or the plants of as many cells, at one rate; the store is asked every 0.1 s what it
holds, which is part of the times that are told.
"""

import argparse
import asyncio
import json
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench._measure import report, table
from park.catalogue import Channel, ValueType
from park.event import Value
from park.topics import DeviceTopic
from sectors import KINDS
from tests.end_to_end.commanded import Asked, Crowd, Wish, percentiles
from tests.end_to_end.park import HERE, PARK, Command, run
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import wait_until

PLANTS = ("climate_zone", "pressure_zone", "green_valve")
_KINDS = ("street_lamp", "light_cabinet", *PLANTS, "soil_probe")
_SITES = ("xinwu", "binhu")
_CELLS = 20
_POLL_S, _LATE_MS = 0.1, 5000


@dataclass(frozen=True, kw_only=True)
class Run:
    """So many commands a second to what `wish` names; `looked_at` are the devices that are watched in the store."""

    name: str
    rate_per_s: float
    wish: Callable[[random.Random], Wish]
    lasts_s: float = 60.0
    to_its_end: bool = True
    looked_at: str = "."


def _devices(kind: str) -> list[DeviceTopic]:
    known = KINDS[kind]
    return [
        DeviceTopic(
            sector="municipal", site=_SITES[number // known.per_cell % 2], kind=kind, device=known.device(number + 1)
        )
        for number in range(_CELLS * known.per_cell)
    ]


def _value(parameter: Channel, draw: random.Random) -> Value:
    if parameter.type is ValueType.TEXT:
        return draw.choice(parameter.texts)
    if parameter.type is ValueType.INT:
        return draw.randint(round(parameter.low), round(parameter.high))
    return round(draw.uniform(parameter.low, parameter.high), parameter.decimals)


def of_plants(draw: random.Random) -> Wish:
    """Any action with any values; some are refused by the plant's interlocks."""
    kind = draw.choice(PLANTS)
    action = draw.choice(KINDS[kind].actions)
    args = {one.name: _value(one, draw) for one in action.parameters}
    return Wish(where=draw.choice(_devices(kind)), action=action.name, args=args)


def of_lamps(draw: random.Random) -> Wish:
    """A level, at once."""
    args = {"level": round(draw.uniform(75, 100), 1), "ramp": 0.0}
    return Wish(where=draw.choice(_LAMPS), action="set_level", args=args)


_LAMPS = _devices("street_lamp")
RUNS: tuple[Run, ...] = (
    Run(name="1/s, lamps", rate_per_s=1, wish=of_lamps),
    Run(name="100/s, lamps", rate_per_s=100, wish=of_lamps),
    Run(name="1000/s, lamps", rate_per_s=1000, wish=of_lamps, looked_at="1$"),
    Run(name="20/s, plants", rate_per_s=20, wish=of_plants, lasts_s=1200.0, to_its_end=False),
)


@dataclass(kw_only=True)
class Watch:
    """Looks at the store, and notes when it first saw each state of a command."""

    influxdb: InfluxDB2
    bucket: str
    devices: str
    seen: dict[tuple[str, str], float] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While the block runs."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        newest = int(time.time() * 1000)
        while not self._ended.wait(_POLL_S):
            wanted = f"time >= {newest - _LATE_MS}ms AND device =~ /{self.devices}/"
            rows = self.influxdb.influxql(
                f"SELECT id, state FROM park_command WHERE {wanted} GROUP BY device", bucket=self.bucket
            )
            now = time.time()
            for row in rows:
                self.seen.setdefault((str(row["id"]), str(row["state"])), now)
                newest = max(newest, int(str(row["time"])))

    def has(self, asked: Mapping[str, Asked], *, ends: bool) -> bool:
        """Whether the store holds what was answered, of every command."""
        return all(_stored(one, self.seen, ends=ends) is not None for one in self.looked_at(asked))

    def looked_at(self, asked: Mapping[str, Asked]) -> list[Asked]:
        """Those that were answered, of the devices that are watched."""
        return [one for one in asked.values() if one.answers and re.search(self.devices, one.where.device)]


def _stored(one: Asked, seen: Mapping[tuple[str, str], float], *, ends: bool) -> float | None:
    states = [answer.state.value for _, answer in one.answers if not ends or answer.settles]
    return min((seen[one.request.id, state] for state in states if (one.request.id, state) in seen), default=None)


def measure(plan: Run, load: tuple[int, float], folder: Path, broker: Mosquitto, influxdb: InfluxDB2) -> dict[str, Any]:
    """A row of the table, beside so many readings a second and for so many seconds."""
    readings, seconds = load
    bucket = influxdb.new_bucket()
    parts = _parts(folder, broker, influxdb.store_url(bucket), influxdb.token, readings)
    count = max(20, round(plan.rate_per_s * seconds))
    crowd = Crowd(
        broker.url,
        plan.wish,
        count=count,
        rate_per_s=plan.rate_per_s,
        lasts_s=plan.lasts_s,
        to_its_end=plan.to_its_end,
    )
    watch = Watch(influxdb=influxdb, bucket=bucket, devices=plan.looked_at)
    with ExitStack() as stack:
        for part in parts.values():
            part.start()
            stack.callback(part.kill)
        wait_until(lambda: _obeys(broker, folder), deadline=180, what="a lamp that obeys")
        pids = {name: part.pid for name, part in parts.items()} | {"broker": broker.pid, "store": influxdb.pid}
        before, began = {name: _cpu_s(pid) for name, pid in pids.items()}, time.time()
        with watch.watching():
            asyncio.run(crowd.run())
            lasted = time.time() - began
            _settled(lambda: watch.has(crowd.asked, ends=plan.to_its_end))
        spent = {name: _cpu_s(pid) - before[name] for name, pid in pids.items()}
        took = time.time() - began
        summary = parts["simulator"].finish(deadline=120, ask=True, codes=(0, 1))
    return _row(plan, crowd, watch, lasted) | {
        "readings/s": round(summary["rate_per_s"]),
        "CPU of a core, %": ", ".join(f"{name} {100 * value / took:.0f}" for name, value in spent.items()),
    }


def _settled(condition: Callable[[], bool], most_s: float = 20.0) -> None:
    """Wait for it, and go on without: what never comes is told."""
    end = time.monotonic() + most_s
    while not condition() and time.monotonic() < end:
        time.sleep(_POLL_S)


def _parts(folder: Path, broker: Mosquitto, store: str, token: str, readings: int) -> dict[str, Command]:
    kinds = [word for kind in _KINDS for word in ("--kind", kind)]
    selection = [*kinds, "--devices", str(readings), "--interval", "1s"]
    state = tempfile.mkdtemp(dir=folder)
    words = {
        "ingester": ["ingest", "--broker", broker.url, "--store", store],
        "simulator": ["simulate", "--broker", broker.url, *selection, "--rewind", "1s", "--state", state],
    }
    return {
        name: Command(
            argv=[*PARK, *argv, "--json"],
            log=folder / f"{name}.log",
            env={**HERE, "INFLUXDB_V2_TOKEN": token},
            ready=lambda: True,
        )
        for name, argv in words.items()
    }


def _obeys(broker: Mosquitto, folder: Path) -> bool:
    asked = ["command", "street-lamp-000001", "resume", "--broker", broker.url, "--expires", "30s", "--json"]
    return run(asked, folder, codes=(0, 1)).returncode == 0


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _row(plan: Run, crowd: Crowd, watch: Watch, lasted: float) -> dict[str, Any]:
    asked = list(crowd.asked.values())
    answered = [one for one in asked if one.answers]
    stored = {one.request.id: _stored(one, watch.seen, ends=plan.to_its_end) for one in watch.looked_at(crowd.asked)}
    ended = [min(at for at, answer in one.answers if answer.settles) - one.first_s for one in asked if one.settled]
    return {
        "commands": plan.name,
        "asked": len(asked),
        "round trips/s": round(len(answered) / lasted, 1),
        "answered, ms": _three([one.answers[0][0] - one.first_s for one in answered]),
        "ended, ms": _three(ended) if plan.to_its_end else "",
        "in the store, ms": _three([at - crowd.asked[name].first_s for name, at in stored.items() if at is not None]),
        "not seen in the store": sum(at is None for at in stored.values()),
    }


def _three(seconds: list[float]) -> str:
    return " / ".join(f"{value:.0f}" for value in percentiles(1000 * one for one in seconds).values())


def main() -> None:
    """Each run with parts of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="append", choices=[plan.name for plan in RUNS], help="one of them; or all")
    parser.add_argument("--readings", type=int, default=10_000, help="a second, beside")
    parser.add_argument("--for", dest="seconds", type=float, default=30.0, help="of commands, at least 20 of them")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="park-command-") as name:
        folder = Path(name)
        with run_mosquitto(folder, max_inflight_messages=20_000) as broker, run_influxdb2(folder) as influxdb:
            for plan in RUNS:
                if given.run is None or plan.name in given.run:
                    rows.append(measure(plan, (given.readings, given.seconds), folder, broker, influxdb))
                    print(json.dumps(rows[-1]), flush=True)
    load = ", ".join(f"{value:.1f}" for value in psutil.getloadavg())
    print(f"\n{table(rows)}\n\nload of the machine in the last 1, 5 and 15 minutes: {load}")
    report(given.json, {"runs": rows, "load": load})


if __name__ == "__main__":
    main()
