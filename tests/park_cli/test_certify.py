"""`park certify`: what a file may say, how faults follow, what is done to parts and links, and the ledger."""

import asyncio
import json
import os
import re
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park_cli.certify import disk
from park_cli.certify.book import pieces
from park_cli.certify.errors import PartError
from park_cli.certify.faults import commanded, possible
from park_cli.certify.ledger import Certificate, Counts, Injected, Row, Wrong, told_of
from park_cli.certify.parts import Container, Program
from park_cli.certify.pipeline import running
from park_cli.certify.ready import within
from park_cli.certify.relay import Relay
from park_cli.certify.report import write_report
from park_cli.certify.schedule import Planned, begins_s, planned
from park_cli.certify.spec import ScheduleTable, read_spec
from park_cli.commands.certify import asked_for
from park_cli.errors import UsageError
from tests.park_cli.certify_chain import EXAMPLES, example
from tests.park_cli.command import park
from tests.servers.process import free_port, gone, wait_until

MINE = ("mosquitto", "influxd", "curl")
PAIRS = [("broker", "kill"), ("broker", "freeze"), ("store", "kill"), ("link", "cut"), ("link", "stall")]


# --- the schedule


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_a_schedule_follows_from_its_seed_and_leaves_no_part_out(seed: int, count: int) -> None:
    table = ScheduleTable(faults=count, seed=seed)
    plan = planned(PAIRS, table)
    assert plan == planned(PAIRS, table)
    assert plan == planned(PAIRS, table.model_copy(update={"faults": count + 7}))[:count]
    times = Counter((one.part, one.fault) for one in plan)
    assert max(times.values()) - min(times.get(pair, 0) for pair in PAIRS) <= 1
    assert [one.number for one in plan] == list(range(1, count + 1))
    assert all(2 <= one.lasting_s <= 5 and 3 <= one.rest_s <= 6 for one in plan)
    begins = begins_s(plan, 10.0)
    assert begins == sorted(begins)


def test_another_seed_is_another_schedule() -> None:
    assert planned(PAIRS, ScheduleTable(seed=1)) != planned(PAIRS, ScheduleTable(seed=2))


def test_the_schedule_of_an_example_is_shown_and_nothing_is_done(tmp_path: Path) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    before = set(tmp_path.iterdir())
    done = park("certify", str(one.file), "--dry-run", "--faults", "12", folder=tmp_path, environ=one.environ)
    assert done.code == 0, done.err
    assert [part in done.out for part in ("broker", "store", "ingester", "to-store", "publishers")] == [True] * 5
    assert all(f"left out: {name}" in done.out for name in ("slow-disk", "clock", "full-disk"))
    assert set(tmp_path.iterdir()) == before


# --- what a file may say


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"mosquitto", "-c"', '"mosquito", "-c"', "parts.broker.command: 'mosquito' is not on PATH"),
        ('ready = "tcp://', 'ready = "udp://', 'parts.broker.ready: give "tcp://host:port"'),
        ('ready = "tcp://127.0.0.1:', 'ready = "tcp://127.0.0.1:9', 'parts.broker.ready: give "tcp://host:port"'),
        ('ready = "tcp://127', 'ready = "tcp://127.', 'parts.broker.ready: give "tcp://host:port"'),
        ("seed = 1", 'seed = 1\nlasting_s = "3s"', "schedule.lasting_s: no such key"),
        ('lasting = ["1s"', 'lasting = ["9s"', "schedule: lasting: the least comes first"),
        ('rest = ["500ms"', 'rest = ["soon"', "schedule.rest.0: give a duration"),
        ("rate = 300", "rate = 0", "load.rate: Input should be greater than"),
        ("rate = 300", "rate = nan", "load.rate: Input should be"),
        ("rate = 300", 'rate = 300\nkinds = ["soil"]', "load.kinds: --kind soil: not known"),
        ('broker = "mqtt://', 'broker = "http://', "load.broker: "),
        ('store = "influxdb+http://', 'store = "mysql://', "load.store: the store URL must begin with"),
        ("[parts.broker]", '[parts.broker]\nfaults = ["explode"]', "parts.broker.faults: no fault 'explode'"),
        ("[parts.broker]", '[parts.broker]\ncontainer = "b"', "parts.broker: give either command or container"),
        ("[relays.to-store]", "[relays.store]", "relays.store: a part is called so"),
        ("[relays.to-store]", "[relays.Store]", "relays.Store"),
        ('listen = "127.0.0.1:', 'listen = "127.0.0.1/', "relays.publishers.listen: give an address"),
        ("[load]", "[load", "not TOML"),
        (
            "[relays.to-store]",
            '[faults.clock]\npart = "stores"\nbegin = ["true"]\nend = ["true"]\n[relays.to-store]',
            "faults.clock.part: no part 'stores'",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    one.change(old, new)
    monkeypatch.setenv("PATH", one.environ["PATH"])
    with pytest.raises(UsageError, match=re.escape(said)):
        asked_for(one.file)


def test_a_fault_of_ones_own_is_a_fault_of_its_part(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        """
        [load]
        broker = "mqtt://127.0.0.1"
        store = "influxdb+http://127.0.0.1/park"
        [parts.store]
        container = "influxdb"
        faults = ["kill", "slow-disk"]
        [faults.slow-disk]
        part = "store"
        begin = ["true"]
        end = ["true"]
        """
    )
    pairs, left_out = possible(read_spec(file))
    assert pairs == (("store", "kill"), ("store", "slow-disk"))
    assert left_out.keys() == {"clock", "full-disk", "cut, stall, slow"}


def test_a_wrong_file_is_exit_2_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[load]\nbroker = 1\n")
    done = park("certify", "wrong.toml", folder=tmp_path)
    assert (done.code, len(done.err.splitlines())) == (2, 1), done.err
    assert "wrong.toml: load.broker: Input should be a valid string; load.store: is missing" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.toml"]


def begin(file: Path, folder: Path) -> None:
    """Start the pipeline of a file, and end it."""

    async def main() -> None:
        async with running(read_spec(file), file.parent, folder, []):
            pass

    asyncio.run(main())


def test_a_part_whose_place_is_taken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    monkeypatch.setenv("PATH", one.environ["PATH"])
    for port, said in (
        ("21883", r"parts\.broker\.ready: somebody answers"),
        ("21884", r"relays\.publishers\.listen: .* in use"),
    ):
        with socket.create_server(("127.0.0.1", one.ports[port])), pytest.raises(UsageError, match=said):
            begin(one.file, tmp_path)


# --- relays, programs, containers, disks


def test_a_relay_carries_stalls_slows_and_cuts() -> None:
    async def main() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(1000):
                writer.write(data)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        relay = Relay(listen=f"127.0.0.1:{free_port()}", to=f"127.0.0.1:{port}", slow_per_s=1000)
        await relay.start()
        here = relay.listen.rpartition(":")[2]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(here))
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"

        relay.stall()
        writer.write(b"two")
        answer = asyncio.create_task(reader.readexactly(3))
        assert not (await asyncio.wait([answer], timeout=0.3))[0]
        relay.heal()
        assert await answer == b"two"

        relay.slow()
        began = time.monotonic()
        writer.write(bytes(400))
        assert await reader.readexactly(400) == bytes(400)
        assert time.monotonic() - began > 0.4
        relay.heal()

        relay.cut()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        again, other = await asyncio.open_connection("127.0.0.1", int(here))
        with pytest.raises(ConnectionResetError):
            await again.read(1)
        for end in (writer, other):
            end.close()
        relay.heal()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(here))
        writer.write(b"end")
        assert await reader.readexactly(3) == b"end"
        writer.close()
        await relay.close()
        server.close()

    asyncio.run(main())


def program(folder: Path, script: str, told: str | None = None) -> Program:
    argv = ["sh", "-c", script]
    return Program(name="one", argv=argv, environ=dict(os.environ), folder=folder, log=folder / "log", told=told)


async def is_so(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition, deadline=20, what="it")


def test_a_program_is_frozen_killed_with_its_children_and_started_again_when_it_ends(tmp_path: Path) -> None:
    async def main() -> None:
        one = program(tmp_path, "echo up; sleep 300 & echo $! > child; wait", "log:up")
        await one.start()
        assert await within(20.0, one.is_ready)
        await is_so(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().endswith("\n"))
        first = (tmp_path / "child").read_text()
        child = psutil.Process(int(first))
        parent = child.parent()
        assert parent is not None
        await one.freeze()
        await is_so(lambda: child.status() == psutil.STATUS_STOPPED)
        await one.resume()
        await is_so(lambda: child.status() != psutil.STATUS_STOPPED)
        parent.kill()
        await is_so(lambda: one.ended == 1)
        await is_so(lambda: (tmp_path / "log").read_text().count("up") == 2)
        await is_so(lambda: (tmp_path / "child").read_text() not in ("", first))
        last = psutil.Process(int((tmp_path / "child").read_text()))
        await is_so(lambda: gone(child.pid))
        await one.kill()
        await is_so(lambda: not last.is_running())
        assert (await one.is_ready(), one.ended) == (False, 1)
        await one.start()
        await one.end()

    asyncio.run(main())


def test_a_program_that_is_not_ready_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    monkeypatch.setenv("PATH", one.environ["PATH"])
    one.change("[schedule]", '[schedule]\nrecovery = "1s"')
    (tmp_path / "certify-mosquitto.conf").write_text("listener nowhere\n")
    with pytest.raises(PartError, match=r"parts\.broker: not ready within 1 s; it said last: .*\w"):
        begin(one.file, tmp_path)


def test_an_engine_is_told_of_containers_and_leaves_them_as_they_were(tmp_path: Path) -> None:
    engine, told = tmp_path / "engine", tmp_path / "told"
    engine.write_text(
        f'#!/bin/sh\necho "$@" >> {told}\n[ "$2" != gone ] || {{ echo "no such container" >&2; exit 1; }}\n'
    )
    engine.chmod(0o755)

    async def main() -> None:
        one = Container(name="store", engine=str(engine), container="influxdb", told=None)
        await one.freeze()
        await one.resume()
        await one.kill()
        await one.end()
        gone = Container(name="store", engine=str(engine), container="gone", told=None)
        with pytest.raises(PartError, match=r"parts\.store\.container: .* no such container"):
            await gone.kill()

    asyncio.run(main())
    verbs = [line.split()[0] for line in told.read_text().splitlines()]
    assert verbs == ["pause", "unpause", "kill", "start", "kill"]


def test_a_fault_that_runs_beside_the_pipeline_begins_and_ends(tmp_path: Path) -> None:
    begin, end = ["sh", "-c", "sleep 600 & echo $! > child"], ["sh", "-c", "kill $(cat child)"]

    async def main() -> None:
        async with asyncio.timeout(60), commanded("load", begin, end, os.environ, tmp_path):
            child = psutil.Process(int((tmp_path / "child").read_text()))
            assert child.is_running()
        await is_so(lambda: gone(child.pid))

    asyncio.run(main())


def test_nobodys_own_disk_is_filled(tmp_path: Path) -> None:
    assert "not a file system of its own" in str(disk.unfit(tmp_path))
    assert "is no folder" in str(disk.unfit(tmp_path / "none"))


# --- the ledger


def fault(number: int, begin_ms: int, end_ms: int) -> Injected:
    one = Planned(number=number, part="broker", fault="kill", rest_s=1.0, lasting_s=2.0)
    return Injected(planned=one, begin_ms=begin_ms, end_ms=end_ms, ready_ms=end_ms, back=True)


@given(st.integers(0, 100), st.integers(0, 100), st.lists(st.integers(0, 120)))
def test_pieces_are_the_whole_cut_at_every_moment(begin: int, until: int, cuts: list[int]) -> None:
    found = pieces(begin, until, cuts)
    assert [moment for piece in found for moment in range(*piece)] == list(range(begin, until))
    ends = {end for piece in found for end in piece}
    assert {cut for cut in cuts if begin < cut < until} <= ends


def test_a_moment_is_told_by_the_faults_around_it() -> None:
    faults = [fault(1, 1000, 3000), fault(2, 9000, 11_000)]
    assert told_of(1500, faults) == "0.5 s into fault 1 (broker, kill)"
    assert told_of(8000, faults) == "1.0 s before fault 2 (broker, kill)"
    assert told_of(20_000, faults) == "after the last fault"


def certificate(**other: Any) -> Certificate:
    counts = Counts(promised=1000, stored=990, lost=10)
    row = Row(
        number=1, part="<store>", fault="kill", asked_s=2.0, begin_ms=5000, end_ms=7000, ready_ms=8000, back=True,
        counts=counts,
    )  # fmt: skip
    told: dict[str, Any] = {
        "title": "<b>mine</b>", "file": "p.toml", "digest": "00", "began": "1970-01-01T00:00:00+00:00", "seconds": 60.0,
        "machine": "one", "parts": {"store": "influxd <x>"}, "seed": 1, "asked": 1, "interrupted": False,
        "rate_per_s": 100.0, "late_s": 10.0, "delivered": 1000, "sent": 1200, "total": counts, "faults": [row],
        "between": Counts(), "ended": {}, "left_out": {"clock": "needs an administrator"}, "remarks": [],
        "wrong": [Wrong(verdict="lost", kind="k", device="d", ts=6000, when="1.0 s into fault 1", detail="")],
    }  # fmt: skip
    return Certificate(**{**told, **other})


def test_a_ledger_is_whole_in_itself_and_escapes_what_it_shows(tmp_path: Path) -> None:
    page = tmp_path / "ledger.html"
    beside = write_report(certificate(), page)
    text = page.read_text()
    assert "10 lost of 1,000 readings through 1 fault" in text
    assert "&lt;b&gt;mine&lt;/b&gt;" in text
    assert not re.search(r"(src|href)=|https?://|@import|url\(|<b>mine|<store>|<x>", text)
    told = json.loads(beside.read_text())
    assert (told["clean"], told["total"]["lost"], told["faults"][0]["counts"]["stored"]) == (False, 10, 990)
    write_report(certificate(total=Counts(promised=5, stored=5)), page)
    assert "Nothing lost, nothing altered through 1 fault" in page.read_text()


@pytest.mark.parametrize("name", ["telegraf", "node-red"])
def test_the_examples_are_the_same_but_for_the_ingester(name: str) -> None:
    ours, theirs = (read_spec(EXAMPLES / f"certify-{one}.toml") for one in ("park", name))
    different = {name for name in type(ours).model_fields if getattr(ours, name) != getattr(theirs, name)}
    assert different == {"title", "parts"}
    assert {name for name in ours.parts if ours.parts[name] != theirs.parts[name]} == {"ingester"}


def test_the_flow_keeps_its_session_and_leads_from_the_broker_to_the_store() -> None:
    flow = {node["id"]: node for node in json.loads((EXAMPLES / "node-red" / "flows.json").read_text())}
    of_type = {node["type"]: node for node in flow.values()}
    assert (of_type["mqtt in"]["qos"], of_type["mqtt-broker"]["cleansession"]) == ("1", False)
    assert of_type["mqtt-broker"]["clientid"]
    node, path = of_type["mqtt in"], []
    while node["wires"]:
        ((following,),) = node["wires"]
        node = flow[following]
        path.append(node["type"])
    assert path == ["function", "join", "influxdb batch"]
    assert json.loads((EXAMPLES / "node-red" / "flows_cred.json").read_text()).keys() == {node["influxdb"]}
