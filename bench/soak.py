"""The long form of the proof that nothing is lost; its short forms are in tests/end_to_end.

python -m bench.soak kills --kills 30 --rate 1000
python -m bench.soak away --away 10m --rate 2000
python -m bench.soak poison
python -m bench.soak fuzz --payloads 1000000
python -m bench.soak ready --times 3
"""

import dataclasses
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bench._measure import report, table
from bench.ready import measure
from park_cli.options import duration_ms
from tests.end_to_end.chaos import LINKS, Chaos, await_that, chaos
from tests.end_to_end.fuzz import fuzz
from tests.end_to_end.ledger import Ledger, Load
from tests.end_to_end.memory import watching
from tests.ingest.helpers import Sent, publish
from tests.servers.process import wait_until

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)

Json = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")]
Rate = Annotated[int, typer.Option(help="Readings a second.")]
Seed = Annotated[int, typer.Option(help="Of the order and the moments of the faults.")]

#: The least that Mosquitto takes: frozen and half-open connections end after 15 s, not 45 s.
KEEP_ALIVE = ["max_keepalive 10"]
#: Longer than the time-outs: of the broker's connections here, and of a write to the store.
FROZEN_S = {"ingester": 18.0, "broker": 18.0, "store": 33.0}


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="park-soak-") as name:
        yield Path(name)


def show(title: str, figures: dict[str, Any], path: Path | None) -> None:
    print(f"{title}\n")
    print(table([{"figure": name, "value": value} for name, value in figures.items()]))
    report(path, figures)


@app.command()
def kills(
    kills: Annotated[int, typer.Option(min=3, help="How many, in all.")] = 30,
    rate: Rate = 1000,
    seed: Seed = 1,
    seconds: Annotated[int | None, typer.Option(help="Length of the load.", show_default="13 a kill")] = None,
    json_: Json = None,
) -> None:
    """Kill, freeze and cut off every part at random moments under load; then the ledger."""
    load = Load(devices=rate, seconds=seconds or 13 * kills + 150)
    with folder() as where, chaos(where, load, links=True, seed=seed, broker_config=KEEP_ALIVE) as park:
        plan = faults(park, kills)
        park.random.shuffle(plan)
        park.begin()
        for number, fault in enumerate(plan, 1):
            park.moment(3.0)
            fault()
            park.progress()
            print(f"{number} of {len(plan)} faults: {dict(park.faults)}", flush=True)
        ledger = park.end()
        under_load = park.under_load
    ledger.hold()
    show("nothing lost", {**ledger.figures(), "faults under load": under_load, **latencies(ledger)}, json_)


def faults(park: Chaos, kills: int) -> list[Callable[[], object]]:
    """So many kills, a third of each part; of the rest, three of each."""
    names = ["ingester", "broker", "store"]
    plan: list[Callable[[], object]] = [lambda name=names[i % 3]: park.kill(name) for i in range(kills - 2)]  # type: ignore[misc]
    plan += [lambda: park.kill("ingester", "broker")]
    plan += [lambda name=name, s=s: park.freeze(name, s) for name, s in FROZEN_S.items()]  # type: ignore[misc]
    plan += [lambda link=link: park.reset(link) for link in LINKS for _ in range(3)]  # type: ignore[misc]
    plan += [lambda link=link: _half_open(park, link) for link in LINKS]  # type: ignore[misc]
    return plan


def _half_open(park: Chaos, link: str) -> None:
    park.half_open(link)
    park.noticed()


def latencies(ledger: Ledger) -> dict[str, Any]:
    return {f"broker's ack {name}, ms": value for name, value in ledger.simulate["latency_ms"].items()}


@app.command()
def away(
    away: Annotated[str, typer.Option(help="How long the store is away.")] = "10m",
    rate: Rate = 2000,
    json_: Json = None,
) -> None:
    """Take the store away under load: the ingester's memory stays flat, the broker keeps the rest, all is stored."""
    away_s = duration_ms(away, "--away") / 1000
    # The load goes on while the queue is worked off: the broker has both to serve.
    load = Load(devices=rate, seconds=round(away_s) + 240)
    with folder() as where, chaos(where, load) as park:
        park.begin()
        park.progress(10 * rate)
        park.influxdb.kill()
        snapshots = Snapshots(where / "data" / "mosquitto.db")
        with watching(park.ingester.pid) as ingester, watching(park.broker.pid) as broker:
            snapshots.watch(away_s)
        park.influxdb.start()
        began = time.monotonic()
        queued = load.devices * away_s
        await_that(lambda: park.metric("stored_total") >= queued, deadline=away_s + 600, what="the queue stored")
        worked_off_s = time.monotonic() - began
        ledger = park.end()
    ledger.hold()
    figures = {
        **ledger.figures(),
        "store away, s": away_s,
        "ingester's memory when the store went, MB": round(ingester.samples[0][1], 1),
        "ingester's memory at most while it was away, MB": round(ingester.peak_mb, 1),
        "broker's memory at most, MB": round(broker.peak_mb, 1),
        "broker's longest time between snapshots, s": round(snapshots.longest_s, 1),
        "from the store's return until as many were stored as came meanwhile, s": round(worked_off_s, 1),
        **latencies(ledger),
    }
    show("nothing lost", figures, json_)


class Snapshots:
    """Watches how often the broker saves its state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.longest_s = 0.0

    def watch(self, seconds: float) -> None:
        """Look for so long."""
        end = time.monotonic() + seconds
        last = self._path.stat().st_mtime
        while time.monotonic() < end:
            time.sleep(0.2)
            if (saved := self._path.stat().st_mtime) != last:
                self.longest_s = max(self.longest_s, saved - last)
                last = saved


@app.command()
def poison(
    readings: Annotated[int, typer.Option(help="Queued for each run.")] = 100_000,
    rounds: Annotated[int, typer.Option(help="Of each kind of run.")] = 7,
    malformed: Annotated[
        bool, typer.Option("--malformed", help="Poison that decoding refuses, not the store.")
    ] = False,
    json_: Json = None,
) -> None:
    """Drain a queue with and without one poison in its middle, which the store refuses."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds):
        poisoned = number % 2 == 1
        seconds[poisoned].append(_drain(readings, poisoned=poisoned, malformed=malformed))
    clean, spoilt = (statistics.median(seconds[poisoned]) for poisoned in (False, True))
    figures = {
        "readings": readings,
        "stored beside the poison": readings,
        "dead letters": 1,
        "readings/s without poison": round(readings / clean),
        "readings/s with one poison": round(readings / spoilt),
        "share of the clean run, medians": round(clean / spoilt, 2),
        "share of the clean run, best of each": round(min(seconds[False]) / min(seconds[True]), 2),
        "seconds": {"without": seconds[False], "with": seconds[True]},
    }
    show("one poison in the stream", figures, json_)


def _drain(readings: int, *, poisoned: bool, malformed: bool) -> float:
    """Seconds in which the ingester drains a queue that was filled while it was stopped."""
    half = readings // 2 // 1000
    first = Load(devices=1000, seconds=half, kinds=("soil_probe",), speed="max")
    second = dataclasses.replace(first, start=first.start + dt.timedelta(seconds=half))
    with folder() as where, chaos(where, first) as park:
        # A field of another type, in the way only a foreign writer could put it there.
        ts = round(first.start.timestamp() * 1000)
        park.influxdb.write(b'weather_station,device=old relative_humidity="wet" %d\n' % ts, bucket=park.bucket)
        bad = Sent(
            topic="park/agriculture/yangshan/weather_station/weather-station-000001/telemetry",
            payload=b"{" if malformed else b'{"ts":%d,"seq":1,"relative_humidity":50.5}' % ts,
        )
        park.begin_to_ingest()
        park.ingester.pause()
        for load in (first, second):
            park.load = load
            park.simulator = park.new_simulator()
            park.simulator.start()
            park.simulator.finish(deadline=300)
            if poisoned and load is first:
                publish(park.broker, [bad])
        park.ingester.resume()
        began = time.monotonic()
        wait_until(lambda: park.metric("stored_total") >= readings, deadline=300, what="all stored")
        seconds = time.monotonic() - began
        for load in (first, second):
            park.load = load
            verified = park.verify()
            assert (verified["found"], verified["lost"]) == (readings // 2, 0), verified
        assert park.metric("dead_lettered_total") == float(poisoned)
        return round(seconds, 2)


@app.command("fuzz")
def fuzz_(
    payloads: Annotated[int, typer.Option(help="How many.")] = 1_000_000, seed: Seed = 1, json_: Json = None
) -> None:
    """Decode fuzzed payloads; each must end as a sound row or a rejection with its reason."""
    began = time.monotonic()
    outcome = fuzz(payloads, seed=seed)
    figures = {"rows": outcome.stored, "gateway states": outcome.states, **dict(outcome.reasons.most_common())}
    show(
        "every payload ended in one outcome",
        {"payloads": payloads, **figures, "seconds": round(time.monotonic() - began)},
        json_,
    )


@app.command()
def ready(
    times: Annotated[int, typer.Option(min=1, help="Each trouble.")] = 3, seed: Seed = 1, json_: Json = None
) -> None:
    """Begin and end twenty troubles in random order: how soon readiness tells each, and withdraws it."""
    rows = measure(times, seed)
    print(table(rows))
    report(json_, {"times": times, "troubles": rows})
    if not all(row["in time"] for row in rows):
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
