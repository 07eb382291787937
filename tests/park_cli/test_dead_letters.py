"""`park dead-letters`: long files, damaged lines, hostile words, and what became of what is replayed."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.deadletter import DeadLetterFile, Limits
from park.rejection import Reason, Rejection
from tests.park_cli.command import PARK, park, running
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port, wait_until

pytestmark = pytest.mark.deadline(90)

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u200b"


def letter(number: int, *, site: str = "north", reason: Reason = Reason.MALFORMED, detail: str = "why") -> Rejection:
    topic = f"park/energy/{site}/meter/meter-{number}/telemetry"
    return Rejection(reason=reason, detail=detail, topic=topic, payload=b"{%d" % number, content_type=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three letters of two sites, for two reasons."""
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path).append(
        [letter(1), letter(2, site="south"), letter(3, reason=Reason.WRONG_TYPE)], 1_790_000_000_000
    )
    return path


def damage(path: Path) -> None:
    with path.open("ab") as raw:
        raw.write(b"\0" * 40 + b"\n")
    DeadLetterFile(path).append([letter(5)], 1_790_000_000_001)


def listed(*arguments: str) -> list[int]:
    done = park("dead-letters", "list", *arguments)
    assert done.code == 0, done.err
    return [int(line.split()[0]) for line in done.out.splitlines()[1:]]


# --- listing


def test_letters_are_filtered_and_paged(file: Path) -> None:
    at = ("--file", str(file))
    assert listed(*at) == [1, 2, 3]
    assert listed(*at, "--site", "north") == [1, 3]
    assert listed(*at, "--reason", "wrong-type", "--site", "north") == [3]
    assert listed(*at, "--limit", "1", "--after", "1") == [2]
    assert "--after 2" in park("dead-letters", "list", *at, "--limit", "2").err


def test_letters_are_counted_by_reason_and_site(file: Path) -> None:
    DeadLetterFile(file, Limits(site_bytes=1)).append([letter(4, site="west")] * 7, 1_790_000_000_002)
    found = json.loads(park("dead-letters", "list", "--json", "--file", str(file)).out)
    assert (found["letters"], found["counted_only"]) == (3, 7)
    groups = {(one["reason"], one["site"]): (one["letters"], one["counted_only"]) for one in found["by"]}
    assert groups == {
        ("malformed-payload", "north"): (1, 0),
        ("malformed-payload", "south"): (1, 0),
        ("wrong-type", "north"): (1, 0),
        ("malformed-payload", "west"): (0, 7),
    }
    table = park("dead-letters", "list", "--summary", "--file", str(file)).out
    assert "wrong-type" in table
    assert "west" in table


@pytest.mark.parametrize("arguments", [("list",), ("list", "--summary"), ("show", "5")])
def test_a_damaged_line_is_named_and_passed_over(file: Path, arguments: tuple[str, ...]) -> None:
    damage(file)
    done = park("dead-letters", *arguments, "--file", str(file))
    assert done.clean
    if arguments[0] == "show":
        assert (done.code, done.out) == (0, "{5")
        return
    assert done.code == 1
    assert "line 4 is damaged" in done.err
    assert arguments == ("list",) or "4 " in done.out
    assert arguments != ("list",) or "meter-5" in done.out


@pytest.mark.parametrize(
    "arguments",
    [("show", "99"), ("replay", "99"), ("replay", "1", "99"), ("list", "--reason", "no-such"), ("show", "0")],
)
def test_what_does_not_exist_is_an_error_of_use(file: Path, arguments: tuple[str, ...]) -> None:
    done = park("dead-letters", *arguments, "--file", str(file))
    assert (done.code, done.clean) == (2, True), done.err


@pytest.mark.parametrize("command", ["list", "show", "replay"])
def test_an_absent_file_is_an_error_of_use(tmp_path: Path, command: str) -> None:
    number = ["1"] if command == "show" else []
    done = park("dead-letters", command, *number, "--file", str(tmp_path / "none"))
    assert (done.code, done.clean) == (2, True), done.err
    assert "none" in done.err


@pytest.mark.parametrize("arguments", [("list",), ("list", "--summary"), ("list", "--json"), ("show", "1")])
def test_control_characters_of_strangers_reach_no_terminal(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "dead.ndjson"
    odd = Rejection(
        reason=Reason.UNKNOWN_CHANNEL,
        detail=f"unknown field {HOSTILE}",
        topic=f"park/energy/{HOSTILE}/meter/m/telemetry",
        payload=f'{{"{HOSTILE}":1}}'.encode(),
        content_type=HOSTILE,
    )
    DeadLetterFile(path).append([odd], 1)
    with running("dead-letters", *arguments, "--file", str(path), folder=tmp_path, terminal=True) as command:
        done = command.end()
    assert done.code == 0
    assert not [one for one in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\u202e", "\u2066", "\u200b") if one in done.err]
    assert arguments[0] != "show" or r"\x1b]0;owned" in done.err


def test_a_payload_that_is_piped_comes_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    payload = b"\x1b[2J\x00\xff"
    DeadLetterFile(path).append([Rejection(reason=Reason.MALFORMED, detail="", topic="t", payload=payload)], 1)
    done = subprocess.run(
        [PARK, "dead-letters", "show", "1", "--file", str(path)], capture_output=True, check=True, timeout=60
    )
    assert done.stdout == payload


#: Runs a command, and tells its memory at most, kB, and its CPU, s, at the end of standard error.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, used.ru_utime, file=sys.stderr)
"""


def test_half_a_million_letters_are_counted_in_seconds_and_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    one = tmp_path / "one"
    DeadLetterFile(one).append([letter(i, site=f"site-{i % 7}") for i in range(1000)], 1)
    path.write_bytes(one.read_bytes() * 500)
    argv = [PARK, "dead-letters", "list", "--summary", "--file", str(path)]
    # By way of a small process: until it becomes another program, a child has the memory of who started it.
    done = subprocess.run([sys.executable, "-c", MEASURED, *argv], capture_output=True, timeout=120, check=True)
    memory_kb, cpu_s = map(float, done.stderr.split()[-2:])
    assert b"500,000" in done.stdout
    assert memory_kb < 150 * 1024
    assert cpu_s < 30


# --- replaying


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[None]:
    """A subscriber to the site north alone."""
    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    wait_until(client.is_connected, deadline=20, what="connected")
    client.subscribe("park/energy/north/#", qos=1)
    assert subscribed.wait(20)
    yield
    client.disconnect()
    client.loop_stop()


def replay(file: Path, broker: str, *arguments: str) -> tuple[int, dict[str, object], str]:
    done = park("dead-letters", "replay", *arguments, "--file", str(file), "--broker", broker, "--json")
    assert done.clean
    return done.code, json.loads(done.out) if done.out else {}, done.err


def test_replay_tells_what_was_taken_and_what_nobody_heard(file: Path, mosquitto: Mosquitto, listener: None) -> None:
    code, done, _ = replay(file, mosquitto.url, "1", "3")
    assert (code, done["taken"], done["unheard"]) == (0, 2, 0)
    nowhere = Rejection(reason=Reason.BAD_TOPIC, detail="", topic="nowhere/at/all", payload=b"1")
    DeadLetterFile(file).append([nowhere], 1)
    code, done, _ = replay(file, mosquitto.url, "1", "3", "4")
    assert (code, done["taken"], done["unheard"], done["numbers"]) == (1, 2, 1, [4])
    code, done, _ = replay(file, mosquitto.url, "--site", "north")
    assert (code, done["taken"]) == (0, 2)


def test_replay_passes_over_what_is_damaged_or_cut_and_exits_1(
    file: Path, mosquitto: Mosquitto, listener: None
) -> None:
    damage(file)
    code, done, err = replay(file, mosquitto.url, "--site", "north")
    assert (code, done["taken"]) == (1, 3)
    assert "line 4 is damaged" in err
    DeadLetterFile(file, Limits(whole=2, cut=1)).append([letter(123456)], 1)
    code, done, _ = replay(file, mosquitto.url, "6")
    assert (code, done["taken"], done["cut"]) == (1, 0, 1)


def test_replay_says_at_once_that_the_broker_is_away_and_gives_up_in_time(file: Path) -> None:
    code, _, err = replay(file, f"mqtt://127.0.0.1:{free_port()}", "--wait", "2s")
    assert code == 1
    assert "the broker is away" in err
    assert "within 2 s" in err


def test_replay_of_a_frozen_broker_ends_in_time(file: Path, mosquitto: Mosquitto) -> None:
    mosquitto.pause()
    try:
        code, _, err = replay(file, mosquitto.url, "--wait", "2s")
    finally:
        mosquitto.resume()
    assert code == 1
    assert "within 2 s" in err
