"""A connection for each device (docs/judging.md), as an independent client sees it on the real broker."""

import json
import math
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink import ConnectRefused, LinkError, parse_broker_url
from simulator.broker import Credentials, GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.connections.flights import IDS, MARKS, READING, WINDOW, Flights, before
from simulator.connections.limits import allow
from simulator.connections.link import DeviceAccounts
from simulator.errors import SelectionError, TooManyConnections
from simulator.faults.rules import read_rules
from simulator.unrest import Unrest
from tests.mqttlink.paho_client import PahoClient
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.simulator.conftest import HOUR, MINUTE, START, lines_of, select
from tests.simulator.running import Heard, listen, options, run, running, wait_until

EACH = {"devices_connect": DeviceAccounts()}
PROBES = {"interval_ms": 200, "kinds": ("soil_probe",), "devices": 100}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker:
        yield broker


def readings(client: PahoClient, count: int) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for _ in range(count):
        message = client.messages.get(timeout=20)
        found.append((message.topic, json.loads(message.payload)))
    return found


def key(reading: tuple[str, dict[str, Any]]) -> tuple[str, int]:
    return reading[0], reading[1]["ts"]


@pytest.mark.parametrize("shape", [{}, {"processes": 2}], ids=str)
def test_what_is_published_is_what_generate_prints(broker: Mosquitto, shape: dict[str, Any]) -> None:
    window = ScheduleOptions(start_ms=START, until_ms=START + HOUR, speed=math.inf)
    lines = lines_of(select(), START, START + HOUR).splitlines()
    wanted = [(one["topic"], one["payload"]) for one in map(json.loads, lines)]
    client = listen(broker)
    summary = run(options(broker, window, **EACH, **shape)).summary
    found = readings(client, len(wanted))
    assert sorted(found, key=key) == sorted(wanted, key=key)
    assert client.messages.empty()
    assert (summary.offered, summary.sent, summary.acknowledged) == (len(wanted),) * 3
    assert summary.complete
    client.close()


def test_events_are_told_once_and_each_device_speaks_in_order(broker: Mosquitto) -> None:
    window = ScheduleOptions(start_ms=START, until_ms=START + 2 * HOUR, speed=math.inf)
    events, told = listen(broker, "events", "park/+/+/+/+/event"), listen(broker)
    summary = run(options(broker, window, **EACH, selection={"events": True})).summary
    assert summary.events["offered"] == summary.events["acknowledged"] > 60
    found = readings(events, summary.events["offered"])
    assert len({(topic, payload["ts"], payload["type"]) for topic, payload in found}) == len(found)
    assert events.messages.empty()
    seqs: dict[str, list[int]] = {}
    for topic, payload in readings(told, summary.offered):
        seqs.setdefault(topic, []).append(payload["seq"])
    assert all(series == list(range(series[0], series[0] + len(series))) for series in seqs.values())
    events.close()
    told.close()


def test_a_device_is_born_says_goodbye_and_leaves_a_will(broker: Mosquitto) -> None:
    states = listen(broker, "states", "park/+/+/+/+/state")
    few = {**PROBES, "devices": 3}
    with running(options(broker, ScheduleOptions(start_ms=START), **EACH, selection=few)) as simulation:
        born = [states.messages.get(timeout=60) for _ in range(3)]
        simulation.stop()
        gone = [states.messages.get(timeout=60) for _ in range(3)]
        simulation.result()
    assert len({message.topic for message in born}) == 3
    assert {json.loads(message.payload)["state"] for message in born} == {"online"}
    assert {json.loads(message.payload)["state"] for message in gone} == {"stopped"}
    with running(
        options(broker, ScheduleOptions(start_ms=START), **EACH, selection=few, unrest=Unrest(churn_per_min=600))
    ) as simulation:
        heard: list[str] = []
        wait_until(lambda: _take(states, heard) or "offline" in heard)
        simulation.stop()
        done = simulation.result()
    assert done.summary.reconnects > 0
    states.close()


def _take(client: PahoClient, into: list[str]) -> bool:
    while not client.messages.empty():
        into.append(json.loads(client.messages.get().payload)["state"])
    return False


def newest_s(folder: Path) -> float:
    """When the broker saved its last snapshot."""
    return max((path.stat().st_mtime for path in folder.rglob("*.db")), default=0.0)


def test_killing_the_broker_loses_nothing(broker: Mosquitto, tmp_path: Path) -> None:
    """Mosquitto forgets what came after its last snapshot; devices rewind behind it."""
    began_s = time.time()
    client = listen(broker)
    heard = Heard()
    with running(options(broker, ScheduleOptions(start_ms=START), **EACH, selection=PROBES)) as simulation:
        for kills in range(2):
            wait_until(lambda kills=kills: simulation.progress.reconnects >= 100 * kills)  # type: ignore[misc]
            enough = simulation.progress.acknowledged + 1500
            wait_until(lambda enough=enough: simulation.progress.acknowledged > enough)  # type: ignore[misc]
            # One of its own life, and of just now: what is older than the rewind, no rewind brings back.
            wait_until(lambda began_s=began_s: newest_s(tmp_path) > max(began_s, time.time() - 2.0) + 1.0)  # type: ignore[misc]
            broker.kill()
            heard.take(client)
            client.close()
            broker.restart()
            began_s = time.time()
            client = listen(broker)
        wait_until(lambda: simulation.progress.reconnects >= 200)
        simulation.stop()
        done = simulation.result()
    assert done.summary.acknowledged == done.summary.offered
    assert done.summary.sent > done.summary.offered
    heard.await_all(client, done, **PROBES)
    client.close()


def test_storms_and_churn_lose_nothing(broker: Mosquitto) -> None:
    client = listen(broker)
    heard = Heard()
    unrest = Unrest(churn_per_min=1200, storm_every_s=1.0)
    with running(
        options(broker, ScheduleOptions(start_ms=START), **EACH, selection=PROBES, unrest=unrest)
    ) as simulation:
        wait_until(lambda: simulation.progress.reconnects > 300)
        simulation.stop()
        done = simulation.result()
    assert done.summary.acknowledged == done.summary.offered
    heard.await_all(client, done, **PROBES)
    client.close()


def test_churn_ends_with_the_schedule(broker: Mosquitto) -> None:
    """Otherwise there would always be somebody who sends again what the broker may have forgotten."""
    client = listen(broker)
    heard = Heard()
    schedule = ScheduleOptions(start_ms=START, until_ms=START + 3000)
    few = {**PROBES, "devices": 40}
    done = run(options(broker, schedule, **EACH, selection=few, unrest=Unrest(churn_per_min=2400)))
    assert done.summary.complete
    heard.await_all(client, done, **few)
    client.close()


def test_those_that_join_late_have_a_history_that_is_not_late(broker: Mosquitto) -> None:
    client = listen(broker)
    schedule = ScheduleOptions(start_ms=START, until_ms=START + 4000, backfill_ms=MINUTE // 4)
    few = {**PROBES, "devices": 40}
    done = run(options(broker, schedule, **EACH, selection=few, ramp_up_s=2.0))
    heard = Heard()
    heard.await_all(client, done, **few)
    assert done.summary.acknowledged == done.summary.offered == 40 * 95
    assert done.summary.overruns <= 40 * 20  # those that were live, on a machine with other things to do
    assert done.summary.latency_ms["p50"] is not None
    client.close()


def test_each_has_its_account_over_tls(tmp_path: Path) -> None:
    names = [f"soil-probe-{number:06d}" for number in range(1, 4)]
    users = {f"dev-{name}": f"secret-{name}" for name in names}
    acl = "\n".join([*(f"user dev-{n}\ntopic write park/+/+/+/{n}/#" for n in names), "user ear", "topic read #", ""])
    passwords = tmp_path / "passwords.d"
    passwords.mkdir()
    for user, password in users.items():
        (passwords / user).write_text(password)
    folder = tmp_path / "broker"
    folder.mkdir()
    with run_mosquitto(folder, users={**users, "ear": "ear"}, acl=acl, tls=True) as broker:
        shape = _with_accounts(broker, passwords, ScheduleOptions(start_ms=START, until_ms=START + 2000))
        summary = run(shape).summary
        assert summary.sent == summary.offered == 3 * 10
        (passwords / f"dev-{names[1]}").write_text("another")
        with pytest.raises(ConnectRefused, match="dev-soil-probe-000002"):
            run(_with_accounts(broker, passwords, ScheduleOptions(start_ms=START, until_ms=START + 2000)))


def _with_accounts(broker: Mosquitto, passwords: Path, schedule: ScheduleOptions) -> Any:
    from dataclasses import replace

    from mqttlink import Trust

    shape = options(broker, schedule, selection={**PROBES, "devices": 3})
    address = GatewayOptions(
        address=parse_broker_url(broker.url),
        credentials=Credentials(folder=passwords),
        rewind_s=0.0,
        drain_s=3.0,
        trust=Trust(ca_file=broker.ca_file),
    )
    return replace(shape, broker=address, devices_connect=DeviceAccounts(pattern="dev-{device}"))


def test_a_pattern_without_sense_is_named() -> None:
    with pytest.raises(SelectionError, match="--account-per-device"):
        DeviceAccounts(pattern="dev-{name}")


def test_faults_of_delivery_are_gateways(broker: Mosquitto) -> None:
    with pytest.raises(SelectionError, match="--connect device"):
        run(options(broker, ScheduleOptions(start_ms=START), **EACH, selection={"faults": read_rules("delivery")}))


def test_what_the_system_does_not_allow_is_said_before() -> None:
    with pytest.raises(TooManyConnections, match="ip_local_port_range"):
        allow(70_000, processes=100)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1000), hard))
        allow(2000)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 2000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_broker_that_cannot_serve_ends_it_at_once(tmp_path: Path) -> None:
    with run_mosquitto(tmp_path, users={"somebody": "known"}) as broker, pytest.raises(LinkError, match="refused"):
        run(options(broker, ScheduleOptions(start_ms=START), **EACH, selection=PROBES))


@given(
    st.lists(st.tuples(st.sampled_from("sal"), st.integers(0, 2), st.integers(1, 9)), max_size=40),
    st.sampled_from([0.0, 2.0]),
)
def test_whatever_is_lost_a_device_goes_on_with_what_the_broker_may_lack(
    steps: list[tuple[str, int, int]], rewind_s: float
) -> None:
    """Against one device at a time, kept as plain lists: sends, answers and losses in any order."""
    flights, clock = Flights(3, rewind_s, 1000.0), 100.0
    sent: list[list[tuple[float, int]]] = [[] for _ in range(3)]
    ids: list[list[int]] = [[] for _ in range(3)]
    answers: list[list[tuple[float, int]]] = [[] for _ in range(3)]
    counted: list[set[int]] = [set() for _ in range(3)]
    alive_s = [0.0] * 3
    for device in range(3):
        flights.connected(device, 100)
    for what, device, most in steps:
        clock += 1.0
        who = np.array([device])
        if what == "s":
            count = min(most, int(flights.room[device]))
            first = int(flights.position[device]) // MARKS + 1
            marks = np.arange(first, first + count) * MARKS + READING
            if count:
                due = np.full(count, np.nan)
                given = flights.send(np.full(count, device), marks, due, np.zeros(count, np.bool_), clock)
                flights.position[device] = marks[-1]
                sent[device] += [(clock, mark) for mark in marks.tolist()]
                ids[device] += given.tolist()
        elif what == "a":
            count = min(most, len(sent[device]))
            done, theirs = sent[device][:count], ids[device][:count]
            sent[device], ids[device] = sent[device][count:], ids[device][count:]
            if count:
                told, wrong = flights.answer(
                    np.full(count, device), np.array(theirs), np.ones(count, np.bool_), np.full(count, clock)
                )
                marked = {mark for _, mark in done}
                assert not wrong
                assert int(told.reading.sum()) == len(marked - counted[device])
                counted[device] |= marked
                answers[device] += [(clock, mark) for _, mark in done]
                alive_s[device] = done[-1][0]  # the broker may have died as soon as it had taken this one
        else:
            flights.lost(who)
            sent[device], ids[device] = [], []
            safe = [mark for at, mark in answers[device] if at <= alive_s[device] - rewind_s or not rewind_s]
            assert flights.position[device] <= max(safe, default=0)
            if not rewind_s:
                assert flights.position[device] == max((mark for _, mark in answers[device]), default=0)
            answers[device] = [one for one in answers[device] if one[1] <= flights.position[device]]
            flights.connected(device, 100)
        flights.remember(clock)
    assert flights.in_flight == sum(map(len, sent))


def test_answers_out_of_order_are_worth_nothing() -> None:
    flights = Flights(2, 0.0, 10.0)
    flights.connected(0, 20)
    marks = np.arange(1, 4) * MARKS + READING
    ids = flights.send(np.zeros(3, np.int64), marks, np.full(3, np.nan), np.zeros(3, np.bool_), 1.0)
    told, wrong = flights.answer(np.zeros(2, np.int64), ids[[0, 2]], np.ones(2, np.bool_), np.full(2, 1.0))
    assert wrong == [0]
    assert not len(told.reading)
    assert flights.answered[0] == 0
    assert IDS % WINDOW == 0
    assert before(1) == MARKS - 1
