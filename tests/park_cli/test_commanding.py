"""`park command` without a device: what it lists, and what it refuses before anything is sent."""

import json
from pathlib import Path

import pytest

from sectors import KINDS
from tests.mqttlink.conftest import run_embedded
from tests.park_cli.command import park, running

LAMP = "street-lamp-000001"


def test_what_devices_can_be_told_is_listed() -> None:
    told = park("command", "--list", "--json")
    assert told.code == 0
    listed = json.loads(told.out)
    assert set(listed) == {kind.name for kind in KINDS.values() if kind.actions}
    levels = {one["name"]: one for one in listed["street_lamp"]}["set_level"]["parameters"]
    assert [(one["name"], one["low"], one["high"], one["unit"]) for one in levels] == [
        ("level", 0.0, 100.0, "%"),
        ("ramp", 0.0, 90.0, "s"),
    ]
    shown = park("command", "--list").out
    assert all(kind.device(1) in shown for kind in KINDS.values() if kind.actions)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "DEVICE"),
        ((LAMP,), "ACTION"),
        (("street-lamp", "resume"), "street-lamp"),
        (("street-lamp-000000", "resume"), "street-lamp-000000"),
        (("toaster-000001", "resume"), "toaster-000001"),
        ((LAMP, "explode"), "set_level, resume"),
        ((LAMP, "set_level", "level=40"), "ramp"),
        ((LAMP, "set_level", "level=140", "ramp=1"), "0 to 100 %"),
        ((LAMP, "set_level", "level=much", "ramp=1"), "float"),
        ((LAMP, "set_level", "level", "ramp=1"), "NAME=VALUE"),
        ((LAMP, "set_level", "level=40", "ramp=1", "colour=red"), "colour"),
        ((LAMP, "resume", "--expires", "soon"), "--expires"),
        ((LAMP, "resume", "--expires", "0"), "--expires"),
        ((LAMP, "set_level", "level=40", "ramp=1", "level=50"), "twice"),
        ((LAMP, "resume", "--id", "a b"), "--id"),
        (("street-lamp-" + "9" * 5000, "resume"), "DEVICE"),
        ((LAMP, "resume", "--broker", "mqtt://An.na@127.0.0.1:1"), "--broker"),
    ],
)
def test_what_no_device_could_do_is_an_error_of_use(words: tuple[str, ...], named: str) -> None:
    told = park("command", *words)
    assert told.code == 2
    assert named in told.err
    assert told.clean


def test_nobody_answers_where_there_is_no_broker() -> None:
    told = park("command", LAMP, "resume", "--expires", "10s", "--json", "--broker", "mqtt://127.0.0.1:1")
    assert told.code == 1
    assert json.loads(told.out)["state"] == "unanswered"
    assert "away" in told.err


def test_that_nobody_takes_commands_is_told_at_once(tmp_path: Path) -> None:
    with run_embedded() as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        with running("command", LAMP, "resume", "--broker", url, "--json", folder=tmp_path) as one:
            one.await_text("nobody takes commands at xinwu now")


def test_who_wants_no_commands_is_told_nothing_of_a_log(tmp_path: Path) -> None:
    """A load, whose user may write nowhere."""
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "nowhere")
    asked = ["simulate", "--devices", "3", "--kind", "soil_probe", "--speed", "max", "--state", nowhere]
    asked += ["--start", "2026-06-01T00:00:00Z", "--until", "2026-06-01T00:10:00Z", "--rewind", "0", "--json"]
    with run_embedded() as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        taking, refusing = park(*asked, "--broker", url), park(*asked, "--no-commands", "--broker", url)
    # Nobody listens, so nothing was taken, which is said by the code.
    assert json.loads(taking.out)["offered"] == json.loads(refusing.out)["offered"] > 0
    assert "--state" in taking.err
    assert "--state" not in refusing.err
