"""`park incident` against a broker: what an operator sees, and the answer that a finding is held to."""

import json
from pathlib import Path

import pytest

from simulator.incidents.scenes import SCENES
from tests.mqttlink.paho_client import paho
from tests.park_cli.command import park
from tests.servers.mosquitto import Mosquitto


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
