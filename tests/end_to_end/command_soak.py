"""The parts that many commands go through, killed while they do, and the proof at the end."""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.stores import open_store, parse_store_url
from park.codecs.json.read import LATEST_MS
from simulator.commands.past import records_in, stored_records
from tests.end_to_end.commanded import Crowd, Ledger, of_lamps
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import wait_until
from tests.simulator.commands.town import lamp

#: Twenty street blocks of twelve lamps and a cabinet each.
SELECTION = ["--kind", "street_lamp", "--kind", "light_cabinet", "--events", "--devices", "260", "--interval", "10s"]
LAMPS = [lamp(number, ("xinwu", "binhu")[(number - 1) // 12 % 2]) for number in range(1, 241)]
_LAST_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Soak:
    """How many commands, how fast, and how many kills; the gateway's and the ingester's in turn."""

    folder: Path
    broker: Mosquitto
    commands: int
    rate_per_s: float
    kills: int

    @property
    def store(self) -> str:
        return f"duckdb://{self.folder}/park.duckdb"

    def part(self, name: str) -> Command:
        at = ["--broker", self.broker.url]
        arguments = {
            "simulator": ["simulate", *SELECTION, *at, "--rewind", "1s", "--state", "state", "--backfill", "3m"],
            "ingester": ["ingest", *at, "--store", self.store],
        }
        log = self.folder / f"{name}.log"
        return Command(argv=[*PARK, *arguments[name], "--json"], log=log, env=HERE, ready=lambda: True)


def soak(plan: Soak) -> dict[str, Any]:
    """Run it; every command has one end, and every reading is as its outcomes make it."""
    parts = {name: plan.part(name) for name in ("ingester", "simulator")}
    crowd = Crowd(plan.broker.url, of_lamps(LAMPS), count=plan.commands, rate_per_s=plan.rate_per_s, lasts_s=_LAST_S)
    try:
        for part in parts.values():
            part.start()
        wait_until(lambda: _is_live(plan), deadline=90, what="live readings")
        since_ms = int(time.time() * 1000)
        thread = threading.Thread(target=asyncio.run, args=(crowd.run(),))
        thread.start()
        _kill(plan, parts, thread.is_alive)
        thread.join(plan.commands / plan.rate_per_s + 2 * _LAST_S)
        assert not thread.is_alive(), "the requester has not ended"
        until_ms = int(time.time() * 1000)
        wait_until(lambda: time.time() * 1000 > until_ms + 2500, deadline=10, what="two more readings")
        parts["simulator"].finish(deadline=90, ask=True)
        parts["ingester"].finish(deadline=90, ask=True)
    finally:
        for part in parts.values():
            part.kill()
    return _proof(plan, crowd, (since_ms, until_ms))


def _is_live(plan: Soak) -> bool:
    """Whether a lamp obeys."""
    asked = ["command", lamp(1).device, "resume", "--broker", plan.broker.url, "--expires", "60s", "--json"]
    return run(asked, plan.folder, codes=(0, 1)).returncode == 0


def _kill(plan: Soak, parts: dict[str, Command], going_on: Callable[[], bool]) -> None:
    chance = random.Random(plan.commands)
    spread_s = plan.commands / plan.rate_per_s / max(1, plan.kills)
    for number in range(plan.kills):
        left_s = spread_s * chance.uniform(0.3, 0.7)
        end = time.monotonic() + left_s
        while going_on() and time.monotonic() < end:
            time.sleep(0.05)
        part = parts[("simulator", "ingester")[number % 2]]
        part.kill()
        part.start()


def _proof(plan: Soak, crowd: Crowd, window: tuple[int, int]) -> dict[str, Any]:
    held = open_store(parse_store_url(plan.store), {})
    stored = stored_records(held, LATEST_MS)
    asyncio.run(held.close())
    asked = list(crowd.asked.values())
    kept = records_in(plan.folder / "state")
    assert {(one.key, one.state) for one in stored} == {(one.key, one.state) for one in kept}
    ledger = Ledger(asked=asked, records=stored)
    ledger.hold()
    moments = [f"--{name}={_utc(ms)}" for name, ms in zip(("start", "until"), window, strict=True)]
    done = run(["verify", *SELECTION, "--store", plan.store, *moments, "--json"], plan.folder)
    return {**ledger.figures, "kills": plan.kills, "verify": summary_of(done.stdout)}


def _utc(ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"
