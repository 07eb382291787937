"""Everything real, under load, while its parts are killed, frozen and cut off; at the end the ledger.

Mosquitto with persistence, InfluxDB, `park ingest` and `park simulate` are processes of their own. `park verify`
then recomputes what should be stored.
"""

import dataclasses
import datetime as dt
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.deadletter import read_dead_letters
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.end_to_end.proxy import Proxy
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import Process, Server, free_port, wait_until

#: Soon after the town's commissioning, where the models are warm at once.
START = dt.datetime(2026, 1, 2, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
CLIENT_ID = "park-ingest"
_RECOVERY_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is published: one reading a second of each of so many devices, of all kinds."""

    devices: int = 800
    seconds: int = 25
    start: dt.datetime = START
    kinds: tuple[str, ...] = ()
    config: Path | None = None
    speed: str = "1"

    @property
    def count(self) -> int:
        """Readings in all."""
        return self.devices * self.seconds

    def selection(self) -> list[str]:
        """The options of the command line that all commands share."""
        until = self.start + dt.timedelta(seconds=self.seconds)
        kinds = [word for kind in self.kinds for word in ("--kind", kind)]
        window = ["--start", self.start.isoformat(), "--until", until.isoformat()]
        town = [] if self.config is None else ["--config", str(self.config)]
        return ["--devices", str(self.devices), "--interval", "1s", *kinds, *town, *window]


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was published, what became of it, and what was done to the parts meanwhile.

    Attributes:
        received: by all ingesters, those that were killed included, as far as they could be asked before.
    """

    faults: dict[str, int]
    seconds: float
    simulate: dict[str, Any]
    ingest: dict[str, Any]
    received: int
    dead_letters: int
    verify: dict[str, Any]

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(count for name, count in self.faults.items() if name.endswith("killed"))

    def figures(self) -> dict[str, Any]:
        """The ledger as one line of figures."""
        offered = self.simulate["offered"]
        return {
            "seconds": round(self.seconds),
            "kills": self.kills,
            **self.faults,
            "offered": offered,
            "acknowledged by the broker": self.simulate["acknowledged"],
            "published again": self.simulate["sent"] - offered,
            "received by ingesters, at least": self.received,
            "dead letters": self.dead_letters,
            **{name: self.verify[name] for name in ("expected", "found", "lost", "altered", "duplicated")},
        }

    def hold(self, *, dead_letters: int = 0) -> None:
        """Assert that nothing was lost, altered or stored twice."""
        figures = json.dumps(dataclasses.asdict(self), indent=1)
        count = self.simulate["offered"]
        assert count > 0, figures
        assert self.simulate["acknowledged"] == count, figures
        assert (self.verify["expected"], self.verify["found"]) == (count, count), figures
        assert (self.verify["lost"], self.verify["altered"], self.verify["duplicated"]) == (0, 0, 0), figures
        assert self.ingest["received"] == self.ingest["stored"] + self.ingest["dead_lettered"], figures
        assert self.dead_letters == dead_letters, figures


@dataclass(kw_only=True)
class Chaos:
    """The park under load.

    Attributes:
        links: the connections that can be broken, by name.
    """

    folder: Path
    broker: Mosquitto
    influxdb: InfluxDB2
    bucket: str
    load: Load
    links: dict[str, Proxy]
    metrics_port: int
    random: random.Random
    ingester: Command = field(init=False)
    simulator: Command = field(init=False)
    faults: Counter[str] = field(default_factory=Counter)
    under_load: int = 0
    _received_before: int = 0
    _began: float = field(default_factory=time.monotonic)

    # --- what goes on

    @property
    def _metrics(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}"

    @property
    def store(self) -> str:
        """The store's URL, not through a proxy."""
        return self.influxdb.store_url(self.bucket)

    @property
    def dead_letters(self) -> Path:
        """The ingester's file."""
        return self.folder / "dead-letters.ndjson"

    def metric(self, name: str) -> float:
        """One of the ingester's own figures, as Prometheus sees it; the sum over its labels."""
        lines = [line.rpartition(" ") for line in http.call(f"{self._metrics}/metrics").decode().splitlines()]
        return sum(float(value) for key, _, value in lines if key.partition("{")[0] == f"park_ingest_{name}")

    def troubles(self) -> str:
        """Why the ingester is not ready; empty if it is."""
        try:
            http.call(f"{self._metrics}/readyz")
        except http.HttpError as error:
            return str(error)
        return ""

    def begin(self) -> None:
        """Start the ingester, then to publish; returns when readings are being stored."""
        self.begin_to_ingest()
        self.simulator.start()
        self.progress()

    def begin_to_ingest(self) -> None:
        """Start the ingester; returns when the broker has its session on the disk."""
        self.ingester.start()
        away = "the broker is not connected"
        wait_until(lambda: away not in self.troubles(), deadline=_RECOVERY_S, what="the ingester's connection")
        self.save_sessions()

    def save_sessions(self) -> None:
        """Have the broker save the ingester's session now, as it does by itself every few seconds."""
        snapshot = self.broker.folder / "data" / "mosquitto.db"
        os.kill(self.broker.pid, signal.SIGUSR1)
        wait_until(
            lambda: snapshot.exists() and CLIENT_ID.encode() in snapshot.read_bytes(),
            deadline=_RECOVERY_S,
            what="the broker's snapshot",
        )

    def progress(self, readings: int = 400) -> None:
        """Wait until so many more readings are stored, or the simulation has ended."""
        wanted = self.metric("stored_total") + readings
        wait_until(
            lambda: not self.simulator.running() or self.metric("stored_total") > wanted,
            deadline=_RECOVERY_S,
            what=f"{readings} more readings stored",
        )

    def moment(self, at_most_s: float = 2.0) -> None:
        """Let a random time pass, so that the next fault comes at any point of the work."""
        time.sleep(self.random.uniform(0.0, at_most_s))

    # --- faults

    def kill(self, *names: str) -> None:
        """kill -9 of the ingester, the broker or the store, or several at once; each is then started again."""
        self._note(*(f"{name} killed" for name in names))
        if "ingester" in names:
            self._received_before += int(self.metric("received_total"))
        for name in names:
            self._process(name).kill()
        self.moment(0.5)
        for name in names:
            self._process(name).start()

    def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so long."""
        self._note(f"{name} frozen")
        process = self._process(name)
        process.pause()
        time.sleep(seconds)
        process.resume()

    def reset(self, link: str) -> None:
        """Reset every connection of a link."""
        self._note(f"{link} reset")
        wait_until(lambda: self.links[link].reset() > 0, deadline=_RECOVERY_S, what=f"a connection of {link}")

    def half_open(self, link: str) -> None:
        """Let every connection of a link go silent without an end."""
        self._note(f"{link} half open")
        wait_until(lambda: self.links[link].half_open() > 0, deadline=_RECOVERY_S, what=f"a connection of {link}")

    def noticed(self) -> None:
        """Wait until every half-open connection was given up by its client."""
        wait_until(
            lambda: not any(link.deceived for link in self.links.values()),
            deadline=_RECOVERY_S,
            what="the end of half-open connections",
        )

    def _note(self, *faults: str) -> None:
        self.faults.update(faults)
        self.under_load += len(faults) if self.simulator.running() else 0

    def _process(self, name: str) -> Process:
        return {"ingester": self.ingester, "broker": self.broker.process, "store": self.influxdb.process}[name]

    def change_ingester(self, *, processes: int) -> None:
        """Drain the ingester, and start another with so many processes."""
        self._received_before += self.ingester.finish(deadline=60.0, ask=True)["received"]
        self.ingester = self.new_ingester(processes=processes, name=f"ingester-{processes}")
        self.ingester.start()

    # --- the end

    def end(self) -> Ledger:
        """Wait for the end of the load, verify, drain the ingester."""
        simulated = self.simulator.finish(deadline=self.load.seconds + _RECOVERY_S, codes=(0, 1))
        verified = self.verify()
        received = self._received_before
        ingested = self.ingester.finish(deadline=60.0, ask=True)
        letters = len(list(read_dead_letters(self.dead_letters))) if self.dead_letters.exists() else 0
        return Ledger(
            faults=dict(sorted(self.faults.items())),
            seconds=time.monotonic() - self._began,
            simulate=simulated,
            ingest=ingested,
            received=received + ingested["received"],
            dead_letters=letters,
            verify=verified,
        )

    def verify(self, wait: str = "60s") -> dict[str, Any]:
        """`park verify` of all that was published."""
        arguments = ["verify", "--store", self.store, "--wait", wait, *self.load.selection(), "--json"]
        environ = {"INFLUXDB_V2_TOKEN": self.influxdb.token}
        return summary_of(run(arguments, self.folder, environ=environ, codes=(0, 1)).stdout)

    # --- the parts

    def new_ingester(self, *, processes: int = 1, name: str = "ingester") -> Command:
        """`park ingest`, ready once it runs, whether or not its neighbours do."""
        broker, store = self._port("ingester-broker", self.broker), self._port("ingester-store", self.influxdb)
        argv = [
            *(*PARK, "ingest", "--client-id", CLIENT_ID, "--processes", str(processes)),
            *("--broker", f"mqtt://127.0.0.1:{broker}", "--dead-letters", str(self.dead_letters)),
            *("--store", f"influxdb+http://127.0.0.1:{store}/{self.bucket}?org={self.influxdb.org}"),
            *("--metrics-port", str(self.metrics_port), "--json"),
        ]
        return Command(
            argv=argv,
            log=self.folder / f"{name}.log",
            ready=lambda: http.healthy(f"{self._metrics}/livez"),
            env={**HERE, "INFLUXDB_V2_TOKEN": self.influxdb.token},
        )

    def new_simulator(self) -> Command:
        """`park simulate` of the load."""
        broker = self._port("gateways-broker", self.broker)
        argv = [*PARK, "simulate", "--broker", f"mqtt://127.0.0.1:{broker}", "--speed", self.load.speed, "--json"]
        return Command(
            argv=[*argv, *self.load.selection()], log=self.folder / "simulator.log", ready=lambda: True, env=HERE
        )

    def _port(self, link: str, server: Server) -> int:
        return self.links[link].port if link in self.links else server.port


LINKS = ("ingester-broker", "ingester-store", "gateways-broker")


@contextmanager
def chaos(
    folder: Path,
    load: Load,
    *,
    influxdb: InfluxDB2 | None = None,
    links: bool = False,
    processes: int = 1,
    seed: int = 1,
    broker_config: Sequence[str] = (),
) -> Iterator[Chaos]:
    """The park, not yet begun.

    Args:
        folder: for all data and logs.
        load: what is published.
        influxdb: one to share, with a bucket of its own; started here if None.
        links: put a proxy into every connection.
        processes: of the ingester.
        seed: of the random moments.
        broker_config: further lines of mosquitto.conf.
    """
    with ExitStack() as stack:
        broker = stack.enter_context(run_mosquitto(folder, persistence=True, config=broker_config))
        influxdb = influxdb or stack.enter_context(run_influxdb2(folder))
        targets = dict(zip(LINKS, (broker.port, influxdb.port, broker.port), strict=True)) if links else {}
        park = Chaos(
            folder=folder,
            broker=broker,
            influxdb=influxdb,
            bucket=influxdb.new_bucket(),
            load=load,
            links={name: stack.enter_context(Proxy(port)) for name, port in targets.items()},
            metrics_port=free_port(),
            random=random.Random(seed),
        )
        park.ingester = park.new_ingester(processes=processes)
        park.simulator = park.new_simulator()
        try:
            yield park
        finally:
            for command in (park.simulator, park.ingester):
                command.kill()
