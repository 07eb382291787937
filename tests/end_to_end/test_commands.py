"""Commands through everything: accounts at the real Mosquitto, gateways that are killed, InfluxDB, and the proof."""

import datetime as dt
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.brokers import run_park_mosquitto
from tests.deploy.program import make_secrets
from tests.end_to_end.park import HERE, PARK, Command, run, summary_of
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import wait_until

SELECTION = ["--sector", "municipal", "--devices", "26", "--interval", "2s"]
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
    assert "effect without its" in " ".join(said.split())
