"""Commands through everything: accounts at the real Mosquitto, gateways that are killed, InfluxDB, and the proof."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mqttlink import parse_broker_url
from park.codecs.json.event import event_decoder
from park.command import Request, encode_request, read_answer
from park.event import COMMAND
from park.topics import DeviceTopic, ack_topic, command_topic, reply_topic
from simulator.broker import GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.commands.past import CommandOptions, records_in
from simulator.options import SimulateOptions
from tests.deploy.brokers import run_park_mosquitto
from tests.deploy.program import make_secrets
from tests.end_to_end.command_soak import Soak, controlled, soak
from tests.end_to_end.park import HERE, PARK, ROOT, Command, run, summary_of
from tests.mqttlink.conftest import run_embedded
from tests.mqttlink.paho_client import PahoClient, paho
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import Process, wait_until
from tests.simulator.commands.town import lamps
from tests.simulator.running import running

SELECTION = ["--kind", "street_lamp", "--kind", "light_cabinet", "--events", "--devices", "26", "--interval", "2s"]
LAMP, OTHER = "street-lamp-000001", "street-lamp-000014"


def told(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line)["payload"] for line in lines.splitlines()]


@dataclass(kw_only=True)
class Park:
    """The command line in a folder, with the accounts of two sites."""

    folder: Path
    port: int
    influxdb: InfluxDB2
    bucket: str

    @property
    def store(self) -> str:
        return self.influxdb.store_url(self.bucket)

    def environ(self, owner: str) -> dict[str, str]:
        return {
            **HERE,
            "PARK_MQTT_PASSWORD_DIR": str(self.folder / "secrets" / owner),
            "INFLUXDB_V2_TOKEN": self.influxdb.token,
        }

    def background(self, name: str, owner: str, arguments: Sequence[str], said: bytes = b"") -> Command:
        log = self.folder / f"{name}.log"
        command = Command(
            argv=[*PARK, *arguments, "--json"],
            log=log,
            env=self.environ(owner),
            ready=lambda: said in log.read_bytes(),
        )
        command.start()
        return command

    def simulate(self, name: str, *more: str) -> Command:
        broker = ["--broker", f"mqtt://127.0.0.1:{self.port}", "--rewind", "1s"]
        return self.background(name, "simulator", ["simulate", *SELECTION, *broker, *more])

    def asked(self, *words: str) -> list[str]:
        return ["command", *words, "--wait", "--broker", f"mqtt://park-command@127.0.0.1:{self.port}", "--json"]

    def command(self, *words: str, code: int = 0) -> dict[str, Any]:
        return summary_of(run(self.asked(*words), self.folder, environ=self.environ("command"), codes=[code]).stdout)

    @contextmanager
    def commanding(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        environ = {**os.environ, **self.environ("command")}
        process = subprocess.Popen([*PARK, *self.asked(*words)], cwd=self.folder, env=environ, stdout=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def kept(self, state: str) -> list[dict[str, Any]]:
        """The states of commands in the logs of a folder."""
        return [one for log in sorted((self.folder / state).rglob("*.ndjson")) for one in told(log.read_bytes())]

    def verify(self, window: tuple[int, int], *more: str, code: int = 0) -> tuple[dict[str, Any], str]:
        moments = [dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds") for ms in window]
        asked = ["verify", *SELECTION, "--store", self.store, "--start", moments[0], "--until", moments[1]]
        done = run([*asked, "--json", *more], self.folder, environ=self.environ("ingest"), codes=[code])
        return summary_of(done.stdout), done.stderr.decode()

    def delete_accepted(self, command_id: str) -> None:
        """Take one state of a command out of the store."""
        (one,) = [one for one in self.kept("state") if (one["id"], one["state"]) == (command_id, "accepted")]
        moment = dt.datetime.fromtimestamp(one["ts"] / 1000, dt.UTC)
        body = {
            "start": moment.isoformat(timespec="milliseconds"),
            "stop": (moment + dt.timedelta(milliseconds=1)).isoformat(timespec="milliseconds"),
            "predicate": '_measurement="park_command"',
        }
        http.call(
            f"{self.influxdb.url}/api/v2/delete",
            method="POST",
            query={"org": self.influxdb.org, "bucket": self.bucket},
            body=json.dumps(body).encode(),
            token=self.influxdb.token,
        )


@pytest.fixture
def park(tmp_path: Path, influxdb: InfluxDB2) -> Iterator[Park]:
    (tmp_path / "secrets").mkdir()
    make_secrets.make_files(make_secrets.Safe(folder=tmp_path / "secrets"), ["xinwu", "binhu"])
    with run_park_mosquitto(tmp_path) as broker:
        yield Park(folder=tmp_path, port=broker.port, influxdb=influxdb, bucket=influxdb.new_bucket())


@pytest.mark.deadline(400)
def test_a_town_that_obeys_is_still_proved(park: Park) -> None:
    broker = ["--broker", f"mqtt://127.0.0.1:{park.port}"]
    with ExitStack() as stack:
        ingester = park.background(
            "ingest", "ingest", ["ingest", *broker, "--store", park.store], said=b"connected to the broker"
        )
        stack.callback(ingester.stop)
        first = park.simulate("first", "--state", "state", "--backfill", "1m")
        stack.callback(first.kill)
        begun = park.command(LAMP, "set_level", "level=90", "ramp=1", "--id", "a", "--expires", "2m")
        assert begun["state"] == "succeeded"
        assert begun["measured"]["level"] == 90.0
        again = park.command(LAMP, "set_level", "level=95", "ramp=0", "--id", "a", "--expires", "2m")
        assert (again["state"], again["ts"]) == ("succeeded", begun["ts"])
        assert park.command("street-lamp-000099", "resume", code=1)["reason"] == "unknown-device"

        # A kill between the acceptance and the end: who comes next knows, and ends it.
        with park.commanding(OTHER, "set_level", "level=92", "ramp=4", "--id", "b", "--expires", "3m") as requester:
            accepted = [("b", "accepted")]
            wait_until(
                lambda: [(one["id"], one["state"]) for one in park.kept("state") if one["id"] == "b"] == accepted,
                deadline=60,
                what="the acceptance",
            )
            first.kill()
            second = park.simulate("second", "--state", "state", "--backfill", "3m")
            stack.callback(second.kill)
            out, _ = requester.communicate(timeout=200)
            assert requester.returncode == 0, out
            assert summary_of(out)["state"] == "succeeded"
        assert park.command(LAMP, "resume", "--id", "c", "--expires", "2m")["state"] == "succeeded"
        until = int(time.time() * 1000)
        wait_until(lambda: time.time() * 1000 > until + 2500, deadline=10, what="two more readings")
        summary = second.finish(deadline=90, ask=True)
        assert summary["acknowledged"] == summary["offered"]
        states = [(one["id"], one["state"]) for one in park.kept("state")]
        assert sorted(states) == sorted((name, state) for name in "abc" for state in ("accepted", "succeeded"))

        window = begun["ts"] - 31_000, until
        proved, said = park.verify(window, "--wait", "20s")
        assert (proved["lost"], proved["altered"], proved["duplicated"]) == (0, 0, 0)
        assert proved["events"]["expected"] == proved["events"]["found"] >= 26 + 6
        assert "6 states of commands, the earliest at" in said
        assert park.verify(window, "--orders", str(park.folder / "state"))[0]["altered"] == 0

        # Nobody who does not know what was commanded may write over it; who asks the store knows.
        refused = run(
            ["simulate", *SELECTION, *broker, "--state", "other", "--backfill", "3m"],
            park.folder,
            environ=park.environ("simulator"),
            codes=[2],
        )
        assert b"--state" in refused.stderr
        third = park.simulate("third", "--state", "other", "--store", park.store, "--backfill", "3m")
        stack.callback(third.kill)
        wait_until(lambda: len(park.kept("other")) == 6, deadline=90, what="what the store knows")
        done = third.finish(deadline=90, ask=True)
        assert done["acknowledged"] == done["offered"]
        ingester.finish(deadline=60, ask=True)
    assert park.verify(window)[0]["altered"] == 0
    park.delete_accepted("b")
    harmed, said = park.verify(window, code=1)
    assert harmed["altered"] > 0
    assert harmed["events"]["lost"] == 1
    assert "an effect" in said


@pytest.mark.deadline(120)
def test_a_device_of_ones_own_obeys_as_the_guide_says(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """docs/examples/lamp.py, the device side on paho-mqtt, commanded by ours; what it logs the ingester takes."""
    lamp = "street-lamp-000900"
    read = event_decoder({COMMAND.name: COMMAND})
    example = Process(
        argv=[sys.executable, "-u", str(ROOT / "docs" / "examples" / "lamp.py"), "127.0.0.1", str(mosquitto.port)],
        log=tmp_path / "lamp.log",
        ready=lambda: True,
    )
    with paho(mosquitto.port, "log-of-the-lamp") as listener:
        listener.subscribe(f"park/municipal/xinwu/street_lamp/{lamp}/event")
        example.start()
        try:

            def command(*words: str, code: int = 0) -> dict[str, Any]:
                asked = ["command", lamp, *words, "--wait", "--broker", mosquitto.url, "--json"]
                return summary_of(run(asked, tmp_path, codes=[code]).stdout)

            first = command("set_level", "level=40", "ramp=0", "--id", "a")
            assert (first["state"], first["measured"]) == ("succeeded", {"level": 40.0})
            assert command("set_level", "level=70", "ramp=0", "--id", "a")["ts"] == first["ts"]
            assert command("resume", code=1)["reason"] == "bad-argument"
            logged = [read(bytes(listener.next().payload)) for _ in range(3)]
        finally:
            example.kill()
    assert [one.values["state"] for one in logged] == ["accepted", "succeeded", "rejected"]
    assert len({one.ts for one in logged}) == 3
    assert (tmp_path / "lamp.log").read_bytes().count(b"the lamp gives") == 1


@pytest.fixture(params=["embedded", "mosquitto"])
def port(request: pytest.FixtureRequest, mosquitto: Mosquitto) -> Iterator[int]:
    """Either broker, open to anybody."""
    if request.param == "mosquitto":
        yield mosquitto.port
    else:
        with run_embedded() as endpoint:
            yield endpoint.port


@pytest.mark.deadline(150)
def test_what_is_published_to_gateways_is_done_once_or_not_at_all(port: int, tmp_path: Path) -> None:
    """Ten of the same, what a broker keeps, and what would have an answer pass for a reading."""
    where = DeviceTopic(sector="municipal", site="xinwu", kind="street_lamp", device=LAMP)
    topic, forged = command_topic(where, "anna"), f"{command_topic(where, 'anna')[:-13]}/telemetry"
    now = int(time.time() * 1000)
    selection = lamps(seed=42, devices=26, interval_ms=1000)
    options = SimulateOptions(
        selection=selection,
        schedule=ScheduleOptions(),
        broker=GatewayOptions(address=parse_broker_url(f"mqtt://127.0.0.1:{port}"), rewind_s=0.5, stays=False),
        commands=CommandOptions(state=tmp_path),
    )

    def request(command_id: str, level: float = 90.0) -> bytes:
        told = {"level": level, "ramp": 0.0}
        return encode_request(Request(id=command_id, action="set_level", args=told, issued=now, expires=now + 100_000))

    with paho(port, "anna", clean_start=True) as anna, ExitStack() as stack:
        anna.publish(topic, request("kept", 91.0), retain=True)
        stack.callback(anna.publish, topic, b"", retain=True)
        anna.subscribe(reply_topic("anna", "xinwu"))
        anna.subscribe(ack_topic(where))
        anna.subscribe("park/+/+/+/+/telemetry")
        simulation = stack.enter_context(running(options))
        assert next_of(anna, forged)["level"] >= 0.0  # the gateways are there
        for _ in range(10):
            anna.publish(topic, request("same"), ResponseTopic=reply_topic("anna", "xinwu"), CorrelationData=b"7")
        anna.publish(topic, request("forging", 95.0), ResponseTopic=forged)
        anna.publish(topic, request("kept-too", 92.0), retain=True)
        states: list[tuple[str, str, str]] = []
        last = {("forging", "succeeded", ""), ("kept-too", "rejected", "retained")}
        while not last <= set(states):
            told = read_answer(json.dumps(next_of(anna, ack_topic(where))).encode())
            assert told is not None
            states.append((told.id, told.state.value, told.reason))
        readings = [next_of(anna, forged) for _ in range(3)]
        simulation.stop()
        simulation.result()
    assert {one[1:] for one in states if one[0].startswith("kept")} == {("rejected", "retained")}
    assert all("seq" in one for one in readings)
    kept = records_in(tmp_path)
    assert next(one.state.value for one in kept if one.id == "same") == "accepted"
    assert {one.id for one in kept if one.state.value == "accepted"} == {"same", "forging"}
    assert len([one for one in kept if one.state.value == "accepted"]) == 2


def next_of(client: PahoClient, topic: str) -> dict[str, Any]:
    """The payload of the next message on a topic; others are passed over."""
    while True:
        message = client.next()
        if message.topic == topic:
            found: dict[str, Any] = json.loads(message.payload)
            return found


@pytest.mark.deadline(400)
def test_many_commands_have_one_end_each_whatever_is_killed(tmp_path: Path) -> None:
    """Gateways, broker, controller, ingester and store; `python -m bench.soak commands` is the same for longer."""
    with (
        run_mosquitto(tmp_path, persistence=True) as broker,
        run_influxdb2(tmp_path) as influxdb,
        controlled(tmp_path, broker, 1) as others,
    ):
        plan = Soak(
            folder=tmp_path, broker=broker, influxdb=influxdb, commands=500, rate_per_s=25, kills=5, others=others
        )
        figures = soak(plan)
    assert figures["kills"] == dict.fromkeys(("gateways", "broker", "control", "ingester", "store"), 1)
    assert figures["orders of the rule"] >= 120
