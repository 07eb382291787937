"""`park incident` against a broker: what an operator sees, and the answer that a finding is held to."""

import json
import signal
import time
from pathlib import Path

import pytest

from simulator.incidents.scenes import SCENES
from tests.mqttlink.paho_client import paho
from tests.park_cli.command import park, running
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import wait_until


def test_the_list_tells_all_and_no_answer() -> None:
    ended = park("incident", "--list", environ={"COLUMNS": "200"})
    assert ended.code == 0, ended.err
    for name, scene in SCENES.items():
        assert name in ended.out
        assert scene.told[:30] in ended.out
        assert scene.lesson[:30] not in ended.out


def test_an_unknown_one_is_named() -> None:
    ended = park("incident", "earthquake")
    assert (ended.code, ended.clean) == (2, True)
    assert "earthquake" in ended.err
    assert "clock-jump" in ended.err


@pytest.mark.deadline(200)
def test_what_is_published_is_the_incident_of_the_answer(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with paho(mosquitto.port, "operator") as operator:
        operator.subscribe("park/municipal/+/waste_bin/+/telemetry")
        asked = (
            "incident",
            "poisoned-batch",
            "--broker",
            mosquitto.url,
            "--for",
            "5m",
            "--speed",
            "100",
            "--draw",
            "4",
        )
        ended = park(*asked, "--json", folder=tmp_path)
        assert ended.code == 0, ended.err
        told = json.loads(ended.out)
        assert told["published"] == 40 * 30
        messages = [operator.next() for _ in range(told["published"])]
    assert SCENES["poisoned-batch"].lesson in ended.err.replace("\n", " ")
    labels = [
        json.loads(line) for line in (tmp_path / "poisoned-batch.labels").read_text(encoding="utf-8").splitlines()
    ]
    torn: dict[str, int] = {}
    for message in messages:
        device = message.topic.split("/")[4]
        try:
            json.loads(message.payload)
        except ValueError:
            torn[device] = torn.get(device, 0) + 1
    assert torn == {label["device"]: label["changed"] for label in labels}
    (tmp_path / "found.ndjson").write_text(
        "".join(
            json.dumps({"device": one["device"], "start": one["start"], "end": one["end"]}) + "\n" for one in labels
        ),
        encoding="utf-8",
    )
    scored = park("incident", "poisoned-batch", "--score", "found.ndjson", "--json", folder=tmp_path)
    assert scored.code == 0, scored.err
    assert json.loads(scored.out)["overall"]["recall"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["store-away"], ["--stop", "--start", "docker compose stop influxdb", "park demo --incident store-away"]),
        (["store-away", "--stop", "true"], ["--start"]),
        (["store-away", "--stop", "no-such-program x", "--start", "true"], ["--stop", "no such program"]),
        (["store-away", "--stop", "true", "--start", "'"], ["--start"]),
        (["clock-jump", "--stop", "true", "--start", "true"], ["clock-jump stops nothing"]),
    ],
)
def test_nothing_is_stopped_that_nobody_has_named(arguments: list[str], words: list[str]) -> None:
    ended = park("incident", *arguments, environ={"COLUMNS": "300"})
    assert (ended.code, ended.clean) == (2, True)
    assert all(word in ended.err for word in words), ended.err


@pytest.mark.deadline(120)
def test_a_command_that_fails_ends_it_by_name_and_the_part_is_started(mosquitto: Mosquitto, tmp_path: Path) -> None:
    asked = ("--broker", mosquitto.url, "--for", "20s", "--speed", "10", "--stop", "false", "--start", "touch back")
    ended = park("incident", "store-away", *asked, folder=tmp_path)
    assert (ended.code, ended.clean) == (1, True)
    assert "--stop false: exit code 1" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["back"]


@pytest.mark.deadline(120)
def test_the_store_is_back_when_the_incident_is_ended_at_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    away, asked = tmp_path / "away", ("--broker", mosquitto.url, "--for", "10m", "--speed", "50")
    commands = ("--stop", f"touch {away}", "--start", f"sh -c 'sleep 1; rm -f {away}'")
    with running("incident", "store-away", *asked, *commands, folder=tmp_path) as one:
        wait_until(away.exists, deadline=60, what="the store away")
        one.signal(signal.SIGINT)
        time.sleep(0.15)  # a second one within a tenth is taken for the first one's echo
        one.signal(signal.SIGINT)
        assert one.end().code == 130
    assert not list(tmp_path.iterdir())
