"""The store away under load."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bench.soak.options import Json, Rate, Store, StoreName, chaos_options, folder, latencies, show
from park_cli.options import duration_ms
from tests.end_to_end.chaos import Chaos, await_that, chaos
from tests.end_to_end.ledger import Load
from tests.end_to_end.memory import watching


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
