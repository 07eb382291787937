"""`park control` as processes on the real Mosquitto: kills, two at once, accounts, dry run, bad input, signals."""

import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.brokers import run_park_mosquitto
from tests.deploy.program import make_secrets
from tests.end_to_end.park import HERE, PARK, ROOT, Command, run, summary_of
from tests.mqttlink.paho_client import paho
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import Process, wait_until

AGAIN_MS = 3000
RULES = """
[control]
tick = "1s"
lag = "300ms"

[[rules]]
name = "lamps"
kind = "street_lamp"
again = "3s"
act = { action = "set_level", args = { level = 95, ramp = 0 } }
release = { action = "resume" }
schedule = [{ from = "00:00", until = "24:00" }]
"""
SELECTION = ["--kind", "street_lamp", "--kind", "light_cabinet", "--devices", "26", "--interval", "2s"]


@dataclass(kw_only=True)
class Town:
    """Lamps at a broker, and who controls them."""

    folder: Path
    url: str
    environ: dict[str, str]
    stack: ExitStack

    def background(self, name: str, arguments: Sequence[str], said: bytes, owner: str = "") -> Command:
        log = self.folder / f"{name}.log"
        environ = {**HERE, **self.environ}
        if "secrets" in self.environ:
            environ["PARK_MQTT_PASSWORD_DIR"] = str(Path(environ.pop("secrets")) / owner)
        command = Command(
            argv=[*PARK, *arguments, "--json"], log=log, env=environ, ready=lambda: said in log.read_bytes()
        )
        command.start()
        self.stack.callback(command.kill)
        return command

    def simulate(self) -> Command:
        asked = ["simulate", *SELECTION, "--state", "orders", "--rewind", "1s", "--broker", self.url]
        return self.background("simulate", asked, b"", "simulator")

    def control(self, name: str, *more: str, url: str = "", rules: str = RULES) -> Command:
        (self.folder / "control.toml").write_text(rules, encoding="utf-8")
        asked = ["control", "--rules", "control.toml", "--state", name, "--broker", url or self.url, *more]
        return self.background(name, asked, b'"connected"', "control")

    def accepted(self) -> list[dict[str, Any]]:
        """Orders that devices have taken, from the gateways' own logs."""
        lines = [line for log in (self.folder / "orders").rglob("*.ndjson") for line in log.read_bytes().splitlines()]
        told = [json.loads(line) for line in lines]
        return [
            {"device": one["topic"].split("/")[4], **one["payload"]}
            for one in told
            if one["payload"]["state"] == "accepted"
        ]

    def hold(self, apart_ms: int = AGAIN_MS) -> int:
        """No device was told anything twice, or sooner than the rule says; how many orders each was given at least."""
        ticks: dict[str, list[int]] = defaultdict(list)
        for one in self.accepted():
            ticks[one["device"]].append(one["issued"])
        assert len(ticks) == 24
        for device, issued in ticks.items():
            assert len(issued) == len(set(issued)), (device, issued)
            apart = [after - before for before, after in itertools.pairwise(sorted(issued))]
            assert all(one >= apart_ms for one in apart), (device, sorted(issued))
        return min(map(len, ticks.values()))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker, ExitStack() as stack:
        yield Town(folder=tmp_path, url=broker.url, environ={}, stack=stack)


@pytest.mark.deadline(150)
def test_no_kill_and_no_second_controller_makes_a_device_do_a_thing_twice(town: Town) -> None:
    one, two = town.control("one"), town.control("two")
    town.simulate()
    wait_until(lambda: len(town.accepted()) >= 24, deadline=60, what="an order for each lamp")
    one.kill()
    wait_until(lambda: len(town.accepted()) >= 48, deadline=30, what="orders of the second alone")
    one.start()
    time.sleep(1.5)  # it decides, or not, as what it has kept and heard says
    two.kill()
    wait_until(lambda: len(town.accepted()) >= 72, deadline=30, what="orders of the first alone")
    two.start()
    three = town.control("three")  # with nothing kept
    wait_until(lambda: len(town.accepted()) >= 120, deadline=30, what="orders of all three")
    summaries = [command.finish(deadline=30, ask=True) for command in (one, two, three)]
    assert town.hold() >= 4
    assert all(set(summary["ended"]) <= {"succeeded"} for summary in summaries), summaries
    assert all(summary["letters"]["handed"] for summary in summaries)


@pytest.mark.deadline(150)
def test_what_is_on_disk_is_enough_when_the_broker_has_forgotten_everything(tmp_path: Path) -> None:
    with run_mosquitto(tmp_path) as broker, ExitStack() as stack:
        town = Town(folder=tmp_path, url=broker.url, environ={}, stack=stack)
        control = town.control("control", rules=RULES.replace('"3s"', '"20s"'))
        town.simulate()
        wait_until(lambda: len(town.accepted()) >= 24, deadline=60, what="an order for each lamp")
        control.kill()
        broker.process.kill()
        broker.process.start()
        control.start()
        wait_until(lambda: len(town.accepted()) >= 48, deadline=60, what="a second order for each lamp")
        control.finish(deadline=30, ask=True)
        assert town.hold(20_000) == 2


#: The lamp of docs/examples/lamp.py.
LAMP = "park/municipal/xinwu/street_lamp/street-lamp-000900"


def reading(**more: Any) -> bytes:
    return json.dumps({"ts": int(time.time() * 1000) - 1000, "seq": 1, **more}).encode()


@pytest.mark.deadline(90)
def test_bad_input_is_counted_and_ends_nothing(town: Town, tmp_path: Path) -> None:
    lamp = Process(
        argv=[sys.executable, "-u", str(ROOT / "docs" / "examples" / "lamp.py"), "127.0.0.1", town.url.split(":")[-1]],
        log=tmp_path / "lamp.log",
        ready=lambda: True,
    )
    lamp.start()
    town.stack.callback(lamp.kill)
    seen = '\n[[rules.when]]\nkind = "street_lamp"\nchannel = "level"\nbelow = 50\n'
    control = town.control("control", rules=RULES.replace('again = "3s"\n', "") + seen)
    with paho(int(town.url.split(":")[-1]), "somebody") as client:
        for topic, payload in (
            (f"{LAMP}/telemetry", b""),
            (f"{LAMP}/telemetry", b"\xff{"),
            (f"{LAMP}/telemetry", b"[" * 100_000),
            (f"{LAMP}/telemetry", reading(level="much")),
            (f"{LAMP}/telemetry", reading(colour=1)),
            (f"{LAMP}/telemetry", reading()),
            (f"{LAMP}/telemetry", reading(level=10.0).replace(b'"ts": 1', b'"ts": 3')),
            (f"{LAMP.replace('xinwu', 'binhu')}/telemetry", reading(level=10.0)),
            ("park/replies/control/xinwu", b"{}"),
            ("park/control/somebody/street_lamp/street-lamp-000900/resume", b'{"order": 1}'),
        ):
            client.publish(topic, payload)
        client.publish(f"{LAMP}/telemetry", reading(level=10.0))
        wait_until(lambda: b"gives 95" in (tmp_path / "lamp.log").read_bytes(), deadline=20, what="the lamp obeys")
    summary = control.finish(deadline=20, ask=True)
    letters = summary["letters"]
    assert (letters["malformed"], letters["readings_without_a_channel"], letters["unknown_device"]) == (7, 1, 1)
    assert (letters["ahead"], letters["readings"]) == (1, 1)
    assert (summary["orders"], summary["open"]) == (1, 0)
    assert summary["ended"] == {"succeeded": 1}


@pytest.mark.deadline(60)
def test_a_dry_run_says_what_it_would_ask_and_asks_nothing(town: Town) -> None:
    control = town.control("dry", "--dry-run")
    with paho(int(town.url.split(":")[-1]), "listener") as client:
        client.subscribe("park/#")
        client.publish(f"{LAMP}/telemetry", reading(level=10.0))
        wait_until(
            lambda: b"lamps: street-lamp-000900 set_level level=95" in control.log.read_bytes(),
            deadline=20,
            what="a line",
        )
        summary = control.finish(deadline=20, ask=True)
        assert client.next().topic == f"{LAMP}/telemetry"
        assert client.messages.empty()
    assert (summary["orders"] >= 1, summary["sent"]) == (True, 0)
    assert not (town.folder / "dry").exists()


@pytest.mark.deadline(120)
def test_each_commands_through_an_account_of_its_own_and_one_stands_by_for_another(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    make_secrets.make_files(make_secrets.Safe(folder=tmp_path / "secrets"), ["xinwu", "binhu"], controllers=2)
    with run_park_mosquitto(tmp_path) as broker, ExitStack() as stack:
        town = Town(folder=tmp_path, url=broker.url, environ={"secrets": str(tmp_path / "secrets")}, stack=stack)
        control = town.control("control", url=broker.url_for("control"))
        town.simulate()
        wait_until(lambda: len(town.accepted()) >= 24, deadline=60, what="an order for each lamp")
        assert {one["actor"] for one in town.accepted()} == {"control"}
        standby = town.control("standby", url=broker.url_for("control-2"))
        wait_until(lambda: len(town.accepted()) >= 48, deadline=30, what="orders of both")
        summary = control.finish(deadline=20, ask=True)
        assert summary["ended"].keys() <= {"succeeded"}
        wait_until(lambda: len(town.accepted()) >= 96, deadline=30, what="orders of the other alone")
        assert {one["actor"] for one in town.accepted()} == {"control", "control-2"}
        assert standby.finish(deadline=20, ask=True)["letters"]["handed"]
        town.hold()
        # Another's account is no door: it is told so, and ends.
        (tmp_path / "secrets" / "control" / "gw-xinwu-0").write_text("wrong", encoding="utf-8")
        asked = ["control", "--broker", broker.url_for("gw-xinwu-0"), "--json"]
        refused = run(
            asked, tmp_path, environ={"PARK_MQTT_PASSWORD_DIR": str(tmp_path / "secrets" / "control")}, codes=[1]
        )
        assert b"refuses gw-xinwu-0" in refused.stderr


def test_rules_that_are_wrong_are_an_error_of_use(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(RULES.replace("street_lamp", "toaster"), encoding="utf-8")
    refused = run(["control", "--rules", "wrong.toml", "--check"], tmp_path, codes=[2])
    assert b"wrong.toml: mistaken rules" in refused.stderr
    assert b"rule lamps: kind: no kind 'toaster'" in refused.stderr
    assert summary_of(run(["control", "--check", "--json"], tmp_path).stdout)["quiet-streets"]["kind"] == "street_lamp"
    assert b"--rules" in run(["control", "--rules", "none.toml"], tmp_path, codes=[2]).stderr


def test_a_state_that_cannot_be_read_is_said(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "control.json").write_text("{", encoding="utf-8")
    refused = run(["control", "--state", "state", "--broker", mosquitto.url], tmp_path, codes=[1])
    assert b"control.json: is no state of a controller" in refused.stderr


@pytest.mark.deadline(90)
def test_a_second_controller_of_a_state_is_told_before_it_connects(town: Town) -> None:
    url = town.url.replace("mqtt://", "mqtt://control@")  # an account, and so one client id
    first = town.control("control", url=url)
    asked = ["control", "--rules", "control.toml", "--state", "control", "--broker", url, "--json"]
    refused = run(asked, town.folder, codes=[2])
    assert refused.stderr.splitlines() == [b"error: control: another controller uses it; give each its own --state"]
    assert first.finish(deadline=20, ask=True)["connections"] == 1
