"""The park on several hosts: on each a node of the cluster of brokers, an ingester of one group, and a store."""

import datetime as dt
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ingest.deadletter import read_dead_letters
from tests.end_to_end.chaos import await_that
from tests.end_to_end.ledger import Load
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.servers import http, rmqtt
from tests.servers.hosts import Host, Network, make_hosts
from tests.servers.process import Process, ServerError

GROUP = "park-ingest"
#: As a service manager does: a program that ended is started after so long, and again if it ends at once.
RESTART_S = 3.0
_STARTS = 5
#: Longer than a message may wait in a node: what it has for a member who is connected is in its memory alone.
REWIND = "60s"
_METRICS = "http://127.0.0.1:9100"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True)
class Member:
    """One host, and what runs on it.

    Attributes:
        received_before: by its ingesters that were killed or stopped, as far as they could be asked.
        vain_starts: of programs that ended at once.
    """

    host: Host
    folder: Path
    broker: Process
    ingester: Command
    received_before: int = 0
    vain_starts: int = 0

    @property
    def store(self) -> str:
        """Its URL."""
        return f"duckdb://{self.folder / 'park.duckdb'}"

    def metric(self, name: str) -> int:
        """One of its ingester's figures, asked on the host itself."""
        text = self.host.inside(partial(http.call, f"{_METRICS}/metrics")).decode()
        lines = [line.rpartition(" ") for line in text.splitlines()]
        return int(sum(float(value) for key, _, value in lines if key.partition("{")[0] == f"park_ingest_{name}"))

    def connected(self) -> bool:
        """Whether its ingester has its session."""
        try:
            self.host.inside(partial(http.call, f"{_METRICS}/readyz"))
        except http.HttpError as error:
            return "the broker is not connected" not in str(error)
        return True

    def cpu_s(self) -> tuple[float, float]:
        """What its broker and its ingester have used."""
        return _cpu_s(self.broker.pid), _cpu_s(self.ingester.pid)

    def kill(self, *, broker: bool = False, ingester: bool = False) -> None:
        """End either or both as a crash would (kill -9)."""
        if broker:
            self.broker.kill()
        if ingester:
            self.received_before += self.metric("received_total")
            self.ingester.kill()

    def start(self) -> None:
        """Start what does not run; returns once it is ready.

        Raises:
            ServerError: it does not become so, however often it is started.
        """
        for part in (self.broker, self.ingester):
            for left in reversed(range(0 if part.running() else _STARTS)):
                try:
                    part.start()
                except ServerError:
                    if not left:
                        raise
                    self.vain_starts += 1
                    time.sleep(RESTART_S)
                else:
                    break

    def restart(self) -> None:
        """Both asked to end, and started again, as for a new version."""
        self.received_before += self.ingester.finish(deadline=60.0, ask=True)["received"]
        self.broker.stop()
        time.sleep(RESTART_S)
        self.start()


@dataclass(kw_only=True)
class Cluster:
    """All of them under load."""

    folder: Path
    members: list[Member]
    gateways: list[Command]
    load: Load
    _began: float = 0.0

    def elapsed_s(self) -> float:
        """How long the load has lasted, to a second."""
        return time.monotonic() - self._began

    def begin(self) -> None:
        """Start all, the node that leads first; returns when every member stores."""
        for member in self.members:
            member.broker.start()
        for member in self.members:
            member.ingester.start()
        for member in self.members:
            await_that(member.connected, what=f"the session of {member.host.name}'s ingester")
        for gateway in self.gateways:
            gateway.start()
        await_that(lambda: any(member.metric("stored_total") for member in self.members), what="the first reading")
        self._began = time.monotonic()
        self.everyone_stores()

    def publishing(self) -> bool:
        """Whether the load goes on."""
        return any(gateway.running() for gateway in self.gateways)

    def everyone_stores(self, readings: int = 50) -> float:
        """How many seconds pass until every member has stored so many more, or the load has ended."""
        began = time.monotonic()
        wanted = [member.metric("stored_total") + readings for member in self.members]

        def stored() -> bool:
            pairs = zip(self.members, wanted, strict=True)
            return not self.publishing() or all(member.metric("stored_total") >= least for member, least in pairs)

        await_that(stored, what=f"{readings} more readings in every store")
        return time.monotonic() - began

    def whole(self) -> None:
        """Wait until every node takes new sessions, and so is one of a cluster that agrees."""
        for member in self.members:
            await_that(lambda host=member.host: rmqtt.takes_sessions(host), what=f"{member.host.name} in the cluster")  # type: ignore[misc]

    def calm(self) -> None:
        """Wait until nobody works off what has waited: over a second, no more is stored than is published."""
        self._rate(self.members, lambda rate: rate <= 1.2 * self.load.devices, "the end of what has waited")

    def taken_over(self, away: Member) -> float:
        """How many seconds pass until the others store nine tenths of the whole rate over a second."""
        others = [member for member in self.members if member is not away]
        began = time.monotonic()
        since = self._rate(
            others, lambda rate: rate >= 0.9 * self.load.devices, f"the work of {away.host.name} done by others"
        )
        return since - began

    def _rate(self, members: list[Member], wanted: Callable[[float], bool], what: str) -> float:
        """When a second began over which some members' readings/s were as wanted; the load's end ends the waiting."""
        samples: list[tuple[float, int]] = []

        def held() -> bool:
            samples.append((time.monotonic(), sum(member.metric("stored_total") for member in members)))
            while samples[-1][0] - samples[0][0] > 1.1:
                samples.pop(0)
            length = samples[-1][0] - samples[0][0]
            return length > 0.8 and wanted((samples[-1][1] - samples[0][1]) / length)

        await_that(lambda: held() or not self.publishing(), what=what)
        return samples[0][0]

    def work(self, seconds: float) -> list[dict[str, Any]]:
        """What each host does in so many seconds."""
        before = [(member.metric("stored_total"), *member.cpu_s()) for member in self.members]
        time.sleep(seconds)
        after = [(member.metric("stored_total"), *member.cpu_s()) for member in self.members]
        done = [tuple(b - a for a, b in zip(*pair, strict=True)) for pair in zip(before, after, strict=True)]
        total = sum(stored for stored, _, _ in done)
        return [
            {
                "host": member.host.number,
                "readings/s": round(stored / seconds),
                "share": f"{stored / total:.0%}",
                "broker, CPU %": round(100 * broker / seconds, 1),
                "ingester, CPU %": round(100 * ingester / seconds, 1),
            }
            for member, (stored, broker, ingester) in zip(self.members, done, strict=True)
        ]

    # --- the end

    def end(self) -> dict[str, Any]:
        """Wait for the end of the load, drain all ingesters, hold the stores together against what was published."""
        published: Counter[str] = Counter()
        for gateway in self.gateways:
            summary = gateway.finish(deadline=self.load.seconds + 600.0, codes=(0, 1))
            published.update({name: summary[name] for name in ("offered", "acknowledged", "sent")})
        self._drained()
        received, letters = 0, 0
        for member in self.members:
            received += member.received_before + member.ingester.finish(deadline=60.0, ask=True)["received"]
            path = member.folder / "dead-letters.ndjson"
            letters += len(list(read_dead_letters(path))) if path.exists() else 0
        verified = self.verify()
        return {
            "offered": published["offered"],
            "acknowledged by the cluster": published["acknowledged"],
            "published again": published["sent"] - published["offered"],
            "received by ingesters, at least": received,
            "dead letters": letters,
            "starts in vain": sum(member.vain_starts for member in self.members),
            **{name: verified[name] for name in ("expected", "found", "lost", "altered", "duplicated")},
            "events lost": verified["events"]["lost"] if verified.get("events") else None,
        }

    def _drained(self, quiet_s: float = 5.0) -> None:
        last, since = -1, time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            received = sum(member.metric("received_total") for member in self.members)
            busy = any(member.metric("in_flight") or not member.connected() for member in self.members)
            if received != last or busy:
                last, since = received, time.monotonic()
            return time.monotonic() - since > quiet_s

        await_that(quiet, what="the end of every queue", deadline=300.0)

    def verify(self, part: tuple[int, int] | None = None) -> dict[str, Any]:
        """`park verify` over all stores; of a part of the load in seconds, if one is given."""
        load = self.load
        if part is not None:
            load = replace(load, start=load.start + dt.timedelta(seconds=part[0]), seconds=part[1] - part[0])
        stores = [word for member in self.members for word in ("--store", member.store)]
        arguments = ["verify", *stores, *load.selection(), "--json"]
        return summary_of(run(arguments, self.folder, codes=(0, 1)).stdout)


@contextmanager
def three_hosts(folder: Path, load: Load, *, strategy: str) -> Iterator[Cluster]:
    """Three hosts, not yet begun."""
    hosts = make_hosts(3)
    members = [_member(host, folder / host.name, strategy) for host in hosts]
    gateways = [_gateways(host, len(hosts), folder, load) for host in hosts]
    whole = Cluster(folder=folder, members=members, gateways=gateways, load=load)
    try:
        yield whole
    finally:
        for process in (*gateways, *(part for one in members for part in (one.ingester, one.broker))):
            process.kill()


def _member(host: Host, folder: Path, strategy: str) -> Member:
    folder.mkdir()
    argv = [
        *(*PARK, "ingest", "--group", GROUP, "--client-id", f"{GROUP}-{host.number}"),
        *("--broker", f"mqtt://127.0.0.1:{rmqtt.PORT}", "--store", f"duckdb://{folder / 'park.duckdb'}"),
        *("--dead-letters", str(folder / "dead-letters.ndjson"), "--metrics-port", "9100", "--json"),
    ]
    ingester = Command(
        argv=host.argv(argv),
        log=folder / "ingester.log",
        ready=lambda: host.inside(partial(http.healthy, f"{_METRICS}/livez")),
        env=HERE,
    )
    return Member(host=host, folder=folder, broker=rmqtt.node(host, folder, strategy=strategy), ingester=ingester)


def _gateways(host: Host, hosts: int, folder: Path, load: Load) -> Command:
    """A share of the gateways, outside of all hosts, with this host's broker as theirs."""
    broker = f"mqtt://{host.address(Network.FIELD)}:{rmqtt.PORT}"
    argv = [
        *(*PARK, "simulate", "--broker", broker, "--shards", str(hosts), "--shard", str(host.number - 1)),
        *("--speed", load.speed, "--rewind", REWIND, "--drain", "300s", "--no-commands", "--json", *load.selection()),
    ]
    return Command(argv=argv, log=folder / f"gateways-{host.number}.log", ready=lambda: True, env=HERE)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
