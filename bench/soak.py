"""The long form of the proof that nothing is lost; its short forms are in tests/end_to_end.

python -m bench.soak kills --kills 30 --rate 1000 [--store duckdb]
python -m bench.soak away --away 10m --rate 2000 [--store duckdb]
python -m bench.soak ends --rounds 20 [--store duckdb]
python -m bench.soak poison
python -m bench.soak fuzz --payloads 1000000 [--store duckdb]
python -m bench.soak hostile
python -m bench.soak ready --times 3
python -m bench.soak commands --commands 10000 --rate 100 --kills 20
"""

import dataclasses
import datetime as dt
import enum
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from bench._measure import report, table
from bench.ready import measure
from park_cli.options import duration_ms
from tests.deploy.siege import Siege, besieged
from tests.end_to_end.chaos import Chaos, await_that, chaos
from tests.end_to_end.command_soak import Soak, soak
from tests.end_to_end.fuzz import fuzz, fuzz_into
from tests.end_to_end.ledger import Ledger, Load
from tests.end_to_end.memory import watching
from tests.ingest.helpers import Sent, publish
from tests.servers.influxdb2 import run_influxdb2
from tests.servers.mosquitto import run_mosquitto
from tests.servers.process import wait_until

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)

Json = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")]
Rate = Annotated[int, typer.Option(help="Readings a second.")]
Seed = Annotated[int, typer.Option(help="Of the order and the moments of the faults.")]


class StoreName(enum.StrEnum):
    """Where the readings go."""

    INFLUXDB = "influxdb"
    DUCKDB = "duckdb"

    @property
    def is_file(self) -> bool:
        """Whether the ingester owns it."""
        return self is StoreName.DUCKDB


Store = Annotated[StoreName, typer.Option("--store", help="Where the readings go.")]

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
    *,
    rate: Rate = 1000,
    seed: Seed = 1,
    seconds: Annotated[int | None, typer.Option(help="Length of the load.", show_default="13 a kill")] = None,
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Kill, freeze and cut off every part at random moments under load; then the ledger."""
    load = Load(devices=rate, seconds=seconds or 13 * kills + 150)
    faulty = chaos_options(store, links=True, seed=seed, broker_config=KEEP_ALIVE)
    with folder() as where, chaos(where, load, **faulty) as park:
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


def chaos_options(store: StoreName, **options: Any) -> dict[str, Any]:
    """The options of `chaos` for this store."""
    return {"duckdb": store.is_file, **options}


def faults(park: Chaos, kills: int) -> list[Callable[[], object]]:
    """So many kills, an equal share of each part; of the rest, three of each."""
    names = park.parts
    plan: list[Callable[[], object]] = [partial(park.kill, names[i % len(names)]) for i in range(kills - 2)]
    plan += [partial(park.kill, "ingester", "broker")]
    plan += [partial(park.freeze, name, FROZEN_S[name]) for name in names]
    plan += [partial(park.reset, link) for link in park.links for _ in range(3)]
    plan += [partial(_half_open, park, link) for link in park.links]
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
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Take the store away under load: the broker keeps the readings, all are stored at last.

    InfluxDB is killed, and the ingester's memory stays flat; with DuckDB it is the ingester, which owns the file.
    """
    away_s = duration_ms(away, "--away") / 1000
    # The load goes on while the queue is worked off: the broker has both to serve.
    load = Load(devices=rate, seconds=round(away_s) + 240)
    with folder() as where, chaos(where, load, **chaos_options(store)) as park:
        park.begin()
        park.progress(10 * rate)
        snapshots = Snapshots(where / "data" / "mosquitto.db")
        absence = _without_ingester if store.is_file else _without_server
        with watching(park.broker.pid) as broker:
            memory = absence(park, partial(snapshots.watch, away_s))
        began = time.monotonic()
        queued = load.devices * away_s
        await_that(lambda: park.metric("stored_total") >= queued, deadline=away_s + 600, what="the queue stored")
        worked_off_s = time.monotonic() - began
        ledger = park.end()
    ledger.hold()
    figures = {
        **ledger.figures(),
        "store away, s": away_s,
        **memory,
        "broker's memory at most, MB": round(broker.peak_mb, 1),
        "broker's longest time between snapshots, s": round(snapshots.longest_s, 1),
        "from the store's return until as many were stored as came meanwhile, s": round(worked_off_s, 1),
        **latencies(ledger),
    }
    show("nothing lost", figures, json_)


def _without_server(park: Chaos, meanwhile: Callable[[], None]) -> dict[str, float]:
    """Kill InfluxDB for so long; figures of the ingester's memory."""
    park.influxdb.kill()
    with watching(park.ingester.pid) as ingester:
        meanwhile()
    park.influxdb.start()
    return {
        "ingester's memory when the store went, MB": round(ingester.samples[0][1], 1),
        "ingester's memory at most while it was away, MB": round(ingester.peak_mb, 1),
    }


def _without_ingester(park: Chaos, meanwhile: Callable[[], None]) -> dict[str, float]:
    """Kill the ingester, and with it DuckDB, for so long; figures of the file."""
    with park.killed("ingester"):
        meanwhile()
    size = sum(path.stat().st_size for path in park.folder.glob("park.duckdb*"))
    return {"file and its log when the ingester came back, MB": round(size / 1e6, 1)}


@app.command()
def ends(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Simulations, one after the other.")] = 20,
    seconds: Annotated[int, typer.Option(min=2, help="Length of each.")] = 8,
    rate: Rate = 500,
    seed: Seed = 1,
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Kill the broker at a random moment of short simulations, every second time in the last second.

    It is killed once more as soon as each has ended, so what it acknowledged must have outlived its last snapshot.
    """
    first = Load(devices=rate, seconds=seconds)
    total: Counter[str] = Counter()
    with folder() as where, chaos(where, first, **chaos_options(store, seed=seed)) as park:
        park.begin_to_ingest()
        for number in range(rounds):
            park.load = dataclasses.replace(first, start=first.start + dt.timedelta(seconds=number * seconds))
            last_second = number % 2 == 1
            total += park.round_with_kills((seconds - 1.0) if last_second else 0.0, float(seconds))
            print(f"{number + 1} of {rounds} simulations: {dict(total)}", flush=True)
        verified = _verify_all(park, first, rounds)
    figures = {**total, **{name: verified[name] for name in ("expected", "found", "lost", "altered", "duplicated")}}
    show("the broker killed up to the end of a simulation", {"simulations": rounds, **figures}, json_)
    assert total["acknowledged"] == total["offered"] == verified["expected"] == verified["found"], figures
    assert verified["lost"] == verified["altered"] == verified["duplicated"] == 0, figures


def _verify_all(park: Chaos, first: Load, rounds: int) -> dict[str, Any]:
    park.load = dataclasses.replace(first, seconds=first.seconds * rounds)
    if park.server is None:
        park.drained()
        park.ingester.finish(deadline=60.0, ask=True)
        return park.verify(wait="0s")
    return park.verify(wait="30s")


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


@app.command()
def hostile(
    rate: Rate = 300,
    quiet: Annotated[int, typer.Option(help="Seconds without it, for comparison.")] = 60,
    beside: Annotated[int, typer.Option(help="Seconds with it, before and again after the ingester is stopped.")] = 60,
    stopped: Annotated[int, typer.Option(help="Seconds for which the ingester is stopped.")] = 60,
    json_: Json = None,
) -> None:
    """A hostile site beside three honest ones, on compose's broker and accounts, a session a site; then the proof."""
    seconds = quiet + 2 * beside + stopped + 40
    with (
        folder() as where,
        run_influxdb2(where) as influxdb,
        besieged(where, influxdb, devices=rate, seconds=seconds) as park,
    ):
        phases = _siege(park, quiet=quiet, beside=beside, stopped=stopped)
        simulated, verified = park.end(seconds + 300)
        ingested = park.ingester.finish(deadline=60, ask=True)
        disk_mb = park.disk_mb()
    before, under = phases.quiet, phases.under
    assert simulated["acknowledged"] == simulated["offered"], simulated
    assert (verified["lost"], verified["altered"]) == (0, 0), verified
    assert not [name for name in phases.enemy if name.endswith("granted")], phases.enemy
    figures = {
        "honest: expected / found / lost / altered": " / ".join(
            str(verified[name]) for name in ("expected", "found", "lost", "altered")
        ),
        "honest: 95 % stored within, ms, without it (median and worst of ten seconds each)": _two(before),
        "the same beside it": _two(under),
        "bound, ms": round(max(2 * statistics.median(before), 1000.0)),
        "what it did": phases.enemy,
        "received / stored / dead letters since the ingester was started again": " / ".join(
            str(ingested[name]) for name in ("received", "stored", "dead_lettered")
        ),
        "ingester's memory at most, MB": round(phases.ingester_mb),
        "broker's memory at most, MB": round(phases.broker_mb),
        "dead letters on the disk, MB (32 a site and day)": round(disk_mb),
    }
    show("honest sites lost nothing", figures, json_)


@dataclasses.dataclass(kw_only=True)
class _Phases:
    """95th percentiles of honest readings, of ten seconds each; what the enemy did; memory."""

    quiet: list[float]
    under: list[float]
    enemy: dict[str, Any]
    ingester_mb: float
    broker_mb: float


def _siege(park: Siege, *, quiet: int, beside: int, stopped: int) -> _Phases:
    park.begin()
    with watching(park.broker.pid) as broker:
        began = _now_ms()
        time.sleep(quiet)
        with watching(park.ingester.pid) as first:
            park.enemy.start()
            attacked = _now_ms()
            time.sleep(beside)
            stopped_ms = _now_ms()
        park.ingester.stop()
        time.sleep(stopped)
        park.ingester.start()
        with watching(park.ingester.pid) as second:
            # Until the honest sites' queues are worked off, their readings are as late as the ingester was away.
            wait_until(lambda: park.latest_latency_ms() < stopped * 500, deadline=300, what="worked off")
            again = _now_ms() + 10_000
            time.sleep(beside + 10)
            ended = _now_ms()
    return _Phases(
        quiet=park.latency_p95_ms(began, attacked),
        under=park.latency_p95_ms(attacked + 10_000, stopped_ms) + park.latency_p95_ms(again, ended),
        enemy=park.enemy.finish(deadline=30, ask=True),
        ingester_mb=max(first.peak_mb, second.peak_mb),
        broker_mb=broker.peak_mb,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _two(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} and {max(values):.0f}"


@app.command("fuzz")
def fuzz_(
    payloads: Annotated[int, typer.Option(help="How many.")] = 1_000_000,
    seed: Seed = 1,
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Decode fuzzed payloads; each must end as a sound row or a rejection with its reason.

    For DuckDB the rows are written to a file, too, and read again.
    """
    began = time.monotonic()
    with folder() as where:
        outcome = fuzz_into(where / "park.duckdb", payloads, seed=seed) if store.is_file else fuzz(payloads, seed=seed)
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
    """Begin and end every trouble in random order: how soon readiness tells each, and withdraws it."""
    rows = measure(times, seed)
    print(table(rows))
    report(json_, {"times": times, "troubles": rows})
    if not all(row["in time"] for row in rows):
        raise typer.Exit(1)


@app.command()
def commands(
    commands: Annotated[int, typer.Option(help="How many.")] = 500,
    *,
    rate: Annotated[float, typer.Option(help="Commands a second.")] = 10.0,
    kills: Annotated[int, typer.Option(help="Of gateways, broker, ingester and store, in turn.")] = 5,
    json_: Json = None,
) -> None:
    """Random commands to lamps, repeated until each has its end, while every part is killed; then the proof."""
    with folder() as where, run_mosquitto(where, persistence=True) as broker, run_influxdb2(where) as influxdb:
        plan = Soak(folder=where, broker=broker, influxdb=influxdb, commands=commands, rate_per_s=rate, kills=kills)
        figures = soak(plan)
    show("every command has one end", figures, json_)


if __name__ == "__main__":
    app()
