"""The parts that many commands go through, killed while they do, and the proof at the end."""

import asyncio
import datetime as dt
import itertools
import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.state import order_id
from ingest.stores import open_store, parse_store_url
from park.codecs.json.read import LATEST_MS
from park.command import State, broken_edge
from park.town import default_town
from sectors import SECTORS
from simulator.commands.past import records_in, stored_records
from simulator.commands.record import Record
from tests.end_to_end.commanded import ACTOR, Crowd, Ledger, of_lamps
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import Process, wait_until
from tests.simulator.commands.town import lamp

#: Twenty street blocks of twelve lamps and a cabinet each.
SELECTION = ["--kind", "street_lamp", "--kind", "light_cabinet", "--events", "--devices", "260", "--interval", "2s"]
LAMPS = [lamp(number, ("xinwu", "binhu")[(number - 1) // 12 % 2]) for number in range(1, 241)]
_LAST_S = 90.0
_CLIENT_ID = "park-ingest"
#: A rule that commands half of the lamps, whatever they report.
_RULE = "evening"
_RULES = f"""
[control]
tick = "1s"
lag = "300ms"

[[rules]]
name = "{_RULE}"
kind = "street_lamp"
sites = ["binhu"]
again = "10s"
act = {{ action = "set_level", args = {{ level = 95, ramp = 0 }} }}
release = {{ action = "resume" }}
schedule = [{{ from = "00:00", until = "24:00" }}]
"""
_AGAIN_MS = 10_000


@dataclass(kw_only=True)
class Soak:
    """How many commands, how fast, and how many kills of the parts, one after the other.

    Attributes:
        broker: keeps sessions on the disk.
        others: further parts that are killed and started again, such as controllers; they are running.
    """

    folder: Path
    broker: Mosquitto
    influxdb: InfluxDB2
    commands: int
    rate_per_s: float
    kills: int
    others: Mapping[str, Command] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bucket = self.influxdb.new_bucket()
        self.store = self.influxdb.store_url(self.bucket)

    @property
    def token(self) -> dict[str, str]:
        return {"INFLUXDB_V2_TOKEN": self.influxdb.token}

    def part(self, name: str) -> Command:
        at = ["--broker", self.broker.url]
        arguments = {
            "gateways": ["simulate", *SELECTION, *at, "--state", "state", "--backfill", "3m"],
            "ingester": ["ingest", *at, "--store", self.store, "--client-id", _CLIENT_ID],
        }
        log, env = self.folder / f"{name}.log", {**HERE, **self.token}
        return Command(argv=[*PARK, *arguments[name], "--json"], log=log, env=env, ready=lambda: True)

    def verify(self, window: tuple[int, int], *more: str, code: int = 0) -> dict[str, Any]:
        moments = [f"--{name}={_moment(ms)}" for name, ms in zip(("start", "until"), window, strict=True)]
        asked = ["verify", *SELECTION, "--store", self.store, *moments, *more, "--json"]
        return summary_of(run(asked, self.folder, environ=self.token, codes=[code]).stdout)

    def forget(self, record: Record) -> None:
        """Take one state of a command out of the store."""
        predicate = f'_measurement="park_command" AND device="{record.where.device}"'
        body = {"start": _moment(record.ts), "stop": _moment(record.ts + 1), "predicate": predicate}
        http.call(
            f"{self.influxdb.url}/api/v2/delete",
            method="POST",
            query={"org": self.influxdb.org, "bucket": self.bucket},
            body=json.dumps(body).encode(),
            token=self.influxdb.token,
        )


@contextmanager
def controlled(folder: Path, broker: Mosquitto, count: int) -> Iterator[dict[str, Command]]:
    """So many controllers with the same rules, which command lamps of the same town; all but the first stand by."""
    (folder / "control.toml").write_text(_RULES, encoding="utf-8")
    found = {}
    with ExitStack() as stack:
        for name in ("control", *(f"standby-{number}" for number in range(1, count))):
            asked = ["control", "--rules", "control.toml", "--state", name, "--broker", broker.url, "--json"]
            found[name] = Command(argv=[*PARK, *asked], log=folder / f"{name}.log", env=HERE, ready=lambda: True)
            found[name].start()
            stack.callback(found[name].kill)
        yield found


def soak(plan: Soak) -> dict[str, Any]:
    """Run it; every command has one end, and every reading is as its outcomes make it."""
    ours = {name: plan.part(name) for name in ("gateways", "ingester")}
    parts: dict[str, Process] = {
        "gateways": ours["gateways"],
        "broker": plan.broker.process,
        **plan.others,
        "ingester": ours["ingester"],
        "store": plan.influxdb.process,
    }
    crowd = Crowd(plan.broker.url, of_lamps(LAMPS), count=plan.commands, rate_per_s=plan.rate_per_s, lasts_s=_LAST_S)
    try:
        for part in reversed(ours.values()):
            part.start()
        wait_until(lambda: _is_live(plan), deadline=120, what="live readings")
        _save_sessions(plan.broker)
        since_ms = int(time.time() * 1000)
        thread = threading.Thread(target=asyncio.run, args=(crowd.run(),))
        thread.start()
        killed = _kill(plan, parts)
        thread.join(plan.commands / plan.rate_per_s + 2 * _LAST_S)
        assert not thread.is_alive(), "the requester has not ended"
        for other in plan.others.values():
            other.finish(deadline=60, ask=True)
        until_ms = int(time.time() * 1000)
        wait_until(lambda: time.time() * 1000 > until_ms + 2500, deadline=10, what="two more readings")
        ours["gateways"].finish(deadline=120, ask=True)
        figures = _proof(plan, crowd, (since_ms, until_ms))
        ours["ingester"].finish(deadline=120, ask=True)
    finally:
        for part in ours.values():
            part.kill()
    return {**figures, "kills": dict.fromkeys(parts, 0) | killed}


def _is_live(plan: Soak) -> bool:
    """Whether a lamp obeys."""
    asked = ["command", lamp(1).device, "resume", "--broker", plan.broker.url, "--expires", "60s", "--json"]
    return run(asked, plan.folder, codes=(0, 1)).returncode == 0


def _save_sessions(broker: Mosquitto) -> None:
    """Have the broker save the ingester's session now, as it does by itself every few seconds."""
    snapshot = broker.folder / "data" / "mosquitto.db"
    os.kill(broker.pid, signal.SIGUSR1)
    wait_until(
        lambda: snapshot.exists() and _CLIENT_ID.encode() in snapshot.read_bytes(),
        deadline=20,
        what="the broker's snapshot",
    )


def _kill(plan: Soak, parts: Mapping[str, Process]) -> dict[str, int]:
    """Each in turn, at a random moment of its share of the time that commands are sent; how often."""
    chance, killed = random.Random(plan.commands), dict.fromkeys(parts, 0)
    share_s, began = plan.commands / plan.rate_per_s / max(1, plan.kills), time.monotonic()
    for number in range(plan.kills):
        time.sleep(max(0.0, began + (number + chance.uniform(0.2, 0.8)) * share_s - time.monotonic()))
        name = [*parts][number % len(parts)]
        parts[name].kill()
        parts[name].start()
        killed[name] += 1
    return killed


def _proof(plan: Soak, crowd: Crowd, window: tuple[int, int]) -> dict[str, Any]:
    verified = plan.verify(window, "--wait", "60s")
    held = open_store(parse_store_url(plan.store), plan.token)
    stored = stored_records(held, default_town(SECTORS), LATEST_MS)
    asyncio.run(held.close())
    kept = records_in(plan.folder / "state")
    assert {(one.key, one.state) for one in stored} == {(one.key, one.state) for one in kept}
    assert len({(one.where.device, one.ts) for one in stored}) == len(stored)
    ledger = Ledger(asked=list(crowd.asked.values()), records=stored)
    ledger.hold()
    by_rules = _hold_orders([one for one in stored if one.actor == "control"]) if plan.others else {}
    plan.forget(_longest(kept))
    harmed = plan.verify(window, code=1)
    assert harmed["altered"] > 0, harmed
    assert harmed["events"]["lost"] == 1, harmed
    return {**ledger.figures, **by_rules, "verify": verified, "altered without one outcome": harmed["altered"]}


def _hold_orders(records: Sequence[Record]) -> dict[str, Any]:
    """Every order of a rule has one end, and no lamp was told anything twice or sooner than the rule says."""
    lives: dict[str, list[Record]] = defaultdict(list)
    told: dict[str, list[int]] = defaultdict(list)
    for record in sorted(records, key=lambda one: one.ts):
        lives[record.id].append(record)
    for name, life in lives.items():
        states = [one.state for one in life]
        assert broken_edge(states) is None, (name, states)
        assert states[-1].final, (name, states)
        first = life[0]
        assert name == order_id(_RULE, first.where.device, first.issued), first
        told[first.where.device].append(first.issued)
    for device, ticks in told.items():
        apart = [after - before for before, after in itertools.pairwise(sorted(ticks))]
        assert all(one >= _AGAIN_MS for one in apart), (device, sorted(ticks))
    ends = Counter(life[-1].state.value for life in lives.values())
    return {"orders of the rule": len(lives), "their ends": dict(ends)}


def _longest(records: Sequence[Record]) -> Record:
    """The order of a light that held longest until the lamp's next order."""
    orders = [one for one in records if one.state is State.ACCEPTED]
    held: dict[str, tuple[int, Record]] = {}
    found: list[tuple[int, Record]] = []
    for one in sorted(orders, key=lambda one: one.ts):
        before = held.get(one.where.device)
        # What the rule repeats changes nothing, so nobody would miss it.
        if before is not None and before[1].action == "set_level" and before[1].actor == ACTOR:
            found.append((one.ts - before[0], before[1]))
        held[one.where.device] = one.ts, one
    return max(found, key=lambda pair: pair[0])[1]


def _moment(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds")
