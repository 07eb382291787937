"""Honest sites and a hostile one on Mosquitto as compose runs it: its configuration, its accounts, a session a site."""

import dataclasses
import datetime as dt
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sectors import SECTORS
from tests.deploy.brokers import run_park_mosquitto
from tests.deploy.hostile import CONNECTIONS, Target
from tests.deploy.program import make_secrets
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port, wait_until

ENEMY = "enemy"
HONEST = ("north", "middle", "south")
_SITE = '[[sites]]\nname = "{name}"\nsectors = {sectors}\nlatitude = 31.5\nlongitude = 120.3\n'
_TOWN = '[town]\nname = "besieged"\nlatitude = 31.49\nlongitude = 120.31\nelevation_m = 5.0\nutc_offset = "+08:00"\n'
_TOWN += 'country = "CN"\ncommissioned = {begun}\nseed = 42\n'


@dataclass(kw_only=True)
class Siege:
    """The park, a session a site, and its enemy; none of them started.

    Attributes:
        selection: options of what the honest sites publish: each device a reading a second, from the start on.
        until: the end of that.
        proven_from: the first moment of which `park verify` is asked, soon after the start.
    """

    folder: Path
    broker: Mosquitto
    influxdb: InfluxDB2
    bucket: str
    selection: list[str]
    until: dt.datetime
    metrics_port: int
    proven_from: dt.datetime | None = None
    ingester: Command = field(init=False)
    simulator: Command = field(init=False)
    enemy: Command = field(init=False)

    def __post_init__(self) -> None:
        self.ingester, self.simulator, self.enemy = self._ingester(), self._simulator(), self._enemy()

    @property
    def store(self) -> str:
        """The store's URL."""
        return self.influxdb.store_url(self.bucket)

    def metric(self, name: str) -> float:
        """One of the ingester's own figures; the sum over its labels."""
        lines = http.call(f"http://127.0.0.1:{self.metrics_port}/metrics").decode().splitlines()
        split = [line.rpartition(" ") for line in lines]
        return sum(float(value) for key, _, value in split if key.partition("{")[0] == f"park_ingest_{name}")

    def ready(self) -> bool:
        """Whether the ingester says that it is."""
        return http.healthy(f"http://127.0.0.1:{self.metrics_port}/readyz")

    def begin(self) -> None:
        """Start the ingester and the honest sites; returns when readings are being stored."""
        self.ingester.start()
        wait_until(self.ready, deadline=30, what="the ingester's sessions")
        self.simulator.start()
        wait_until(
            lambda: self.metric("stored_total") > 0 or not self.simulator.running(), deadline=30, what="readings"
        )
        self.proven_from = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=2)

    def end(self, deadline: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """The simulation's summary and the proof of what it published."""
        simulated = self.simulator.finish(deadline=deadline, codes=(0, 1))
        assert self.proven_from is not None
        window = ["--start", self.proven_from.isoformat(), "--until", self.until.isoformat()]
        arguments = ["verify", "--store", self.store, "--wait", "120s", *self.selection, *window]
        done = run(
            [*arguments, "--ignore-unselected", "--json"],
            self.folder,
            environ={"INFLUXDB_V2_TOKEN": self.influxdb.token},
            codes=(0, 1),
        )
        return simulated, summary_of(done.stdout)

    def latency_p95_ms(self, since_ms: int, until_ms: int) -> list[float]:
        """Of honest readings, from intended time to stored: the 95th percentile of each ten seconds."""
        where = f"time >= {since_ms}ms AND time < {until_ms}ms"
        rows = self.influxdb.influxql(f"SELECT latency_p95 FROM park_ingest WHERE {where}", bucket=self.bucket)
        return [float(str(row["latency_p95"])) for row in rows if row.get("latency_p95") is not None]

    def latest_latency_ms(self) -> float:
        """The latest of these, or a very long time."""
        now_ms = time.time_ns() // 1_000_000
        return next(reversed(self.latency_p95_ms(now_ms - 15_000, now_ms)), 1e9)

    def disk_mb(self) -> float:
        """What dead letters take."""
        return sum(path.stat().st_size for path in self.folder.glob("dead-letters.ndjson*")) / 1e6

    def _ingester(self) -> Command:
        sites = [word for site in (*HONEST, ENEMY) for word in ("--site", site)]
        argv = [
            *(*PARK, "ingest", *sites, "--broker", self.broker.url, "--store", self.store, "--json"),
            *("--dead-letters", str(self.folder / "dead-letters.ndjson"), "--metrics-port", str(self.metrics_port)),
        ]
        environ = {"INFLUXDB_V2_TOKEN": self.influxdb.token, **self._passwords("ingest")}
        livez = f"http://127.0.0.1:{self.metrics_port}/livez"
        return Command(argv=argv, log=self.folder / "ingester.log", ready=lambda: http.healthy(livez), env=environ)

    def _simulator(self) -> Command:
        argv = [
            *PARK,
            "simulate",
            "--broker",
            self.broker.url,
            "--json",
            *self.selection,
            "--until",
            self.until.isoformat(),
        ]
        environ = self._passwords("simulator")
        return Command(argv=argv, log=self.folder / "simulator.log", ready=lambda: True, env=environ)

    def _enemy(self) -> Command:
        target = Target(
            broker=self.broker.url,
            site=ENEMY,
            passwords=str(self.folder / "secrets" / "simulator"),
            sessions=["park-ingest", *(f"park-ingest-{site}" for site in HONEST), *(f"gw-{site}-0" for site in HONEST)],
        )
        argv = [sys.executable, "-m", "tests.deploy.hostile", json.dumps(dataclasses.asdict(target))]
        return Command(argv=argv, log=self.folder / "enemy.log", ready=lambda: True, env=HERE)

    def _passwords(self, owner: str) -> dict[str, str]:
        return {**HERE, "PARK_MQTT_PASSWORD_DIR": str(self.folder / "secrets" / owner)}


@contextmanager
def besieged(folder: Path, influxdb: InfluxDB2, *, devices: int, seconds: int) -> Iterator[Siege]:
    """A park with three honest sites, and accounts for a hostile one.

    Args:
        folder: for all data and logs.
        influxdb: takes a bucket of its own.
        devices: of the honest sites, with a reading a second each.
        seconds: until they end.
    """
    secrets, town = folder / "secrets", folder / "park.toml"
    secrets.mkdir()
    make_secrets.make_files(make_secrets.Safe(folder=secrets), [*HONEST, ENEMY], shards=CONNECTIONS + 2)
    shared = {site: sorted(SECTORS)[number :: len(HONEST)] for number, site in enumerate(HONEST)}
    tables = [_SITE.format(name=name, sectors=json.dumps(sectors)) for name, sectors in shared.items()]
    # Commissioned lately, so that its models are warm at once on whatever day this runs.
    begun = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=3)
    town.write_text(_TOWN.format(begun=begun) + "".join(tables), encoding="utf-8")
    with run_park_mosquitto(folder) as broker:
        siege = Siege(
            folder=folder,
            broker=broker,
            influxdb=influxdb,
            bucket=influxdb.new_bucket(),
            # From now on, so that the ingester tells how late these readings are stored.
            until=dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=seconds),
            selection=["--devices", str(devices), "--interval", "1s", "--config", str(town)],
            metrics_port=free_port(),
        )
        try:
            yield siege
        finally:
            for command in (siege.enemy, siege.simulator, siege.ingester):
                command.kill()
