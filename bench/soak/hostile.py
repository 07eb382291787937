"""A hostile site beside honest ones."""

import dataclasses
import statistics
import time
from typing import Annotated, Any

import typer

from bench.soak.options import Json, Rate, folder, show
from tests.deploy.siege import Siege, besieged
from tests.end_to_end.memory import watching
from tests.servers.influxdb2 import run_influxdb2
from tests.servers.process import wait_until


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
