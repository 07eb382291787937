"""Everything real, under load, while its parts are killed, frozen and cut off; at the end the ledger.

Mosquitto with persistence, InfluxDB, `park ingest` and `park simulate` are processes of their own. `park verify`
then recomputes what should be stored. A DuckDB file takes InfluxDB's place where it is asked for: the ingester owns it,
so to kill the ingester is to kill the store, and it is verified when the ingester has ended.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.deadletter import read_dead_letters
from tests.end_to_end.ledger import Ledger, Load
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import Process, Server, ServerError, free_port
from tests.servers.proxy import Proxy

CLIENT_ID = "park-ingest"
RECOVERY_S = 120.0
DRAINED_S = 900.0


def await_that(condition: Callable[[], bool], *, what: str, deadline: float = RECOVERY_S) -> None:
    """Poll for what no event announces; seldom, because the ingester has other work than to answer.

    Raises:
        ServerError: if it does not hold within `deadline` seconds.
    """
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise ServerError(f"{what}: not within {deadline:g} s")
        time.sleep(0.1)


@dataclass(kw_only=True)
class Chaos:
    """The park under load.

    Attributes:
        server: the store, if it is a server of its own; None for a DuckDB file.
        bucket: of the server.
        links: the connections that can be broken, by name.
    """

    folder: Path
    broker: Mosquitto
    server: InfluxDB2 | None
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
    def influxdb(self) -> InfluxDB2:
        """The server that stores."""
        assert self.server is not None, "this park stores in a file"
        return self.server

    @property
    def store(self) -> str:
        """The store's URL, not through a proxy."""
        return f"duckdb://{self.folder / 'park.duckdb'}" if self.server is None else self.server.store_url(self.bucket)

    @property
    def parts(self) -> list[str]:
        """What can be killed and frozen."""
        return ["ingester", "broker"] if self.server is None else ["ingester", "broker", "store"]

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
        await_that(lambda: away not in self.troubles(), what="the ingester's connection")
        self.save_sessions()

    def save_sessions(self) -> None:
        """Have the broker save the ingester's session now, as it does by itself every few seconds."""
        snapshot = self.broker.folder / "data" / "mosquitto.db"
        os.kill(self.broker.pid, signal.SIGUSR1)
        await_that(
            lambda: snapshot.exists() and CLIENT_ID.encode() in snapshot.read_bytes(),
            what="the broker's snapshot",
        )

    def progress(self, readings: int = 400) -> None:
        """Wait until so many more readings are stored, or the simulation has ended."""
        wanted = self.metric("stored_total") + readings
        await_that(
            lambda: not self.simulator.running() or self.metric("stored_total") > wanted,
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

    @contextmanager
    def killed(self, name: str) -> Iterator[None]:
        """kill -9, and not there while the block runs."""
        self._note(f"{name} killed")
        if name == "ingester":
            self._received_before += int(self.metric("received_total"))
        self._process(name).kill()
        yield
        self._process(name).start()

    def round_with_kills(self, first_s: float, last_s: float) -> Counter[str]:
        """One simulation of the load; the broker is killed at a random moment of it, and once more when it has ended.

        Args:
            first_s, last_s: between which seconds of the simulation it is killed.

        Returns:
            What it offered, and what was acknowledged.
        """
        self.simulator = self.new_simulator()
        self.simulator.start()
        before = self.metric("received_total")
        await_that(lambda: self.metric("received_total") > before, what="the first readings")
        time.sleep(self.random.uniform(first_s, last_s))
        self.kill("broker")
        summary = self.simulator.finish(deadline=self.load.seconds + RECOVERY_S, codes=(0, 1))
        self.kill("broker")
        return Counter({name: summary[name] for name in ("offered", "acknowledged")})

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP while the block runs, then SIGCONT."""
        self._note(f"{name} frozen")
        process = self._process(name)
        process.pause()
        try:
            yield
        finally:
            process.resume()

    def freeze(self, name: str, seconds: float) -> None:
        """Freeze a part for so long."""
        with self.frozen(name):
            time.sleep(seconds)

    def reset(self, link: str) -> None:
        """Reset every connection of a link."""
        self._note(f"{link} reset")
        await_that(lambda: self.links[link].reset() > 0, what=f"a connection of {link}")

    def half_open(self, link: str) -> None:
        """Let every connection of a link go silent without an end."""
        self._note(f"{link} half open")
        await_that(lambda: self.links[link].half_open() > 0, what=f"a connection of {link}")

    def noticed(self) -> None:
        """Wait until every half-open connection was given up by its client."""
        await_that(
            lambda: not any(link.deceived for link in self.links.values()),
            what="the end of half-open connections",
        )

    def _note(self, *faults: str) -> None:
        self.faults.update(faults)
        self.under_load += len(faults) if self.simulator.running() else 0

    def _process(self, name: str) -> Process:
        parts: dict[str, Process] = {"ingester": self.ingester, "broker": self.broker.process}
        return self.influxdb.process if name == "store" else parts[name]

    def change_ingester(self, *, processes: int) -> None:
        """Drain the ingester, and start another with so many processes."""
        self._received_before += self.ingester.finish(deadline=60.0, ask=True)["received"]
        self.ingester = self.new_ingester(processes=processes, name=f"ingester-{processes}")
        self.ingester.start()

    # --- the end

    def end(self) -> Ledger:
        """Wait for the end of the load, verify, drain the ingester."""
        simulated = self.simulator.finish(deadline=self.load.seconds + RECOVERY_S, codes=(0, 1))
        received = self._received_before
        if self.server is None:
            self.drained()
            ingested = self.ingester.finish(deadline=60.0, ask=True)
            verified = self.verify(wait="0s")
        else:
            verified = self.verify()
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

    def drained(self, quiet_s: float = 5.0) -> None:
        """Wait until the ingester is connected and ready, has settled everything, and received nothing for so long.

        A reader beside the ingester could tell the end of its queue, but no second process may open its file.
        """
        last, since = -1.0, time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            received = self.metric("received_total")
            if received != last or self.metric("in_flight") or self.troubles():
                last, since = received, time.monotonic()
            return time.monotonic() - since > quiet_s

        await_that(quiet, what="the end of the queue", deadline=DRAINED_S)

    def verify(self, wait: str = "60s") -> dict[str, Any]:
        """`park verify` of all that was published."""
        arguments = ["verify", "--store", self.store, "--wait", wait, *self.load.selection(), "--json"]
        return summary_of(run(arguments, self.folder, environ=self._token(), codes=(0, 1)).stdout)

    def _token(self) -> dict[str, str]:
        return {} if self.server is None else {"INFLUXDB_V2_TOKEN": self.server.token}

    # --- the parts

    def new_ingester(self, *, processes: int = 1, name: str = "ingester") -> Command:
        """`park ingest`, ready once it runs, whether or not its neighbours do."""
        broker, store = self._port("ingester-broker", self.broker), self.store
        if self.server is not None:
            port = self._port("ingester-store", self.server)
            store = f"influxdb+http://127.0.0.1:{port}/{self.bucket}?org={self.server.org}"
        argv = [
            *(*PARK, "ingest", "--client-id", CLIENT_ID, "--processes", str(processes)),
            *("--broker", f"mqtt://127.0.0.1:{broker}", "--dead-letters", str(self.dead_letters)),
            *("--store", store),
            *("--metrics-port", str(self.metrics_port), "--json"),
        ]
        return Command(
            argv=argv,
            log=self.folder / f"{name}.log",
            ready=lambda: http.healthy(f"{self._metrics}/livez"),
            env={**HERE, **self._token()},
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
    duckdb: bool = False,
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
        duckdb: store in a file in `folder`, without InfluxDB.
        links: put a proxy into every connection.
        processes: of the ingester.
        seed: of the random moments.
        broker_config: further lines of mosquitto.conf.
    """
    with ExitStack() as stack:
        broker = stack.enter_context(run_mosquitto(folder, persistence=True, config=broker_config))
        server = None if duckdb else influxdb or stack.enter_context(run_influxdb2(folder))
        targets = {name: server if name == "ingester-store" else broker for name in LINKS}
        park = Chaos(
            folder=folder,
            broker=broker,
            server=server,
            bucket="" if server is None else server.new_bucket(),
            load=load,
            links={
                name: stack.enter_context(Proxy(target.port))
                for name, target in targets.items()
                if links and target is not None
            },
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
