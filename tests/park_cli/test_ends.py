"""How commands end: at every edge one line and a code, never a traceback, and nothing left behind."""

import json
import os
import shlex
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psutil
import pytest

from tests.park_cli.command import PARK, park, running, shell
from tests.servers.process import free_port, gone, wait_until

pytestmark = pytest.mark.deadline(100)

DAY = ("--start", "2026-06-01T00:00:00+08:00", "--until", "2026-06-02T00:00:00+08:00")
DEMO = ("demo", "--devices", "33")
STOPPING = "stopping; a second signal"


def one_line(text: str) -> bool:
    return len(text.strip().splitlines()) == 1


# --- output that is full, closed, or not what it seems


@pytest.mark.parametrize(
    "script",
    [
        "park generate --devices 300 | head -1",
        "park generate --format line --devices 300 | true",
        "park dead-letters list --limit 0 --file letters | head -1",
        "park --help | true",
    ],
)
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path, script: str) -> None:
    line = '{"time":1,"reason":"oversize-payload","topic":"park/a/b/c/d","detail":"' + "x" * 400 + '"}\n'
    (tmp_path / "letters").write_text(line * 2000, encoding="utf-8")
    done = shell(script, folder=tmp_path)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    "script",
    [
        "park generate --devices 300 > /dev/full",
        "park generate --devices 1 --until 2026-01-01T00:30:00+08:00 > /dev/full",
        "park dead-letters list --summary --file /dev/null > /dev/full",
        "park --version > /dev/full",
    ],
)
def test_a_full_output_is_one_line_and_exit_code_1(tmp_path: Path, script: str) -> None:
    done = shell(script, folder=tmp_path)
    assert (done.code, done.err) == (1, "error: No space left on device\n")


@pytest.mark.parametrize(
    "script",
    [
        "park --version >&-",
        "park --version 2>&-",
        "park verify --store x://y 2>&-",
        "park generate --devices 1 0<&- >/dev/null",
    ],
)
def test_streams_that_were_closed_before_the_start_are_no_defect(tmp_path: Path, script: str) -> None:
    done = shell(script, folder=tmp_path)
    assert done.clean
    assert done.code == (2 if "x://y" in script else 0)


def lacking(folder: Path) -> tuple[str, ...]:
    """A proof of a store that holds nothing."""
    store = folder / "park.duckdb"
    duckdb.connect(str(store)).close()
    return ("verify", "--store", f"duckdb://{store}", "--devices", "1", "--kind", "soil_probe", *DAY, "--json")


def test_what_cannot_be_told_on_standard_error_ends_nothing(tmp_path: Path) -> None:
    verify = shlex.join(["park", *lacking(tmp_path)])
    told, full = shell(verify, folder=tmp_path), shell(f"{verify} 2> /dev/full", folder=tmp_path)
    assert "lost" in told.err
    assert (full.code, full.out) == (told.code, told.out)
    assert full.code == 1
    assert json.loads(full.out)["lost"] > 0


def test_what_is_told_on_a_terminal_is_styled(tmp_path: Path) -> None:
    with running(*lacking(tmp_path), folder=tmp_path, terminal=True) as verify:
        done = verify.end()
    assert (done.code, done.clean) == (1, True)
    assert "\x1b[1m" in done.err
    assert "\u2501" in done.err


@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1", "POSIX"])
def test_text_is_utf_8_whatever_the_locale(tmp_path: Path, locale: str) -> None:
    town = (Path(__file__).parents[2] / "park" / "park.toml").read_text(encoding="utf-8")
    config = tmp_path / "park.toml"
    config.write_text(f"# 蠡湖\n{town}", encoding="utf-8")
    environ = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    done = park("generate", "--devices", "1", "--config", str(config), "-o", "x", environ=environ, folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    told = park("verify", "--store", "蠡湖://x", environ=environ, folder=tmp_path)
    assert (told.code, told.clean) == (2, True)


# --- options that cannot work


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path, taken: int) -> None:
    done = park("demo", "--port", str(taken), folder=tmp_path)
    assert (done.code, done.clean, one_line(done.err)) == (1, True, True)
    assert f"--port {taken}" in done.err


@pytest.mark.parametrize("port", ["80000", "-1", "http"])
def test_a_port_out_of_range_is_an_error_of_use(tmp_path: Path, port: str) -> None:
    done = park("demo", "--port", port, folder=tmp_path)
    assert (done.code, done.clean) == (2, True)
    assert "--port" in done.err


@pytest.mark.parametrize(
    "environ",
    [
        {"PARK_MQTT_PASSWORD_FILE": "absent"},
        {"PARK_MQTT_PASSWORD_FILE": "/"},
        {"PARK_MQTT_PASSWORD_FILE": sys.executable},
        {"PARK_MQTT_PASSWORD_DIR": "absent"},
        {"PARK_MQTT_PASSWORD_DIR": "."},
    ],
)
def test_a_missing_password_is_an_error_of_use_that_names_the_file(tmp_path: Path, environ: dict[str, str]) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    done = park("simulate", "--devices", "3", "--broker", broker, environ=environ, folder=tmp_path)
    assert (done.code, done.clean) == (2, True), done.err
    (named,) = environ.values()
    assert "password" in done.err.lower()
    assert named.strip(".") in done.err


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_two_names_for_every_command(flag: str) -> None:
    for command in ((), ("ingest",), ("dead-letters", "list")):
        done = park(*command, flag)
        assert (done.code, "Usage" in done.out) == (0, True)


def test_the_version_is_told() -> None:
    done = park("--version")
    assert (done.code, done.out.split()[0]) == (0, "park")


def test_memory_for_many_devices_is_told_before_it_is_taken(tmp_path: Path) -> None:
    with running("generate", "--devices", "1000000", "-o", "x", folder=tmp_path) as command:
        command.await_text("1,000,000 devices take up to")
        assert b"GB of memory" in command.seen
        command.signal(signal.SIGINT)
        command.end()


# --- stores that cannot be used


def corrupt(folder: Path) -> Path:
    path = folder / "corrupt.duckdb"
    path.write_bytes(b"\x00\x01garbage" * 5000)
    return path


def damaged_header(folder: Path) -> Path:
    path = folder / "damaged.duckdb"
    duckdb.connect(str(path)).close()
    path.write_bytes(b"\xff" * 64 + path.read_bytes()[64:])
    return path


def a_folder(folder: Path) -> Path:
    return folder


def of_another_version(folder: Path) -> Path:
    """A sound file, but for its storage version: that of DuckDB 0.1."""
    path = folder / "old.duckdb"
    duckdb.connect(str(path)).close()
    data = bytearray(path.read_bytes())
    data[12:20] = struct.pack("<Q", 1)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", data[8:4096]):
        checksum ^= word * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    data[:8] = struct.pack("<Q", checksum)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (corrupt, "no DuckDB file"),
        (damaged_header, "no DuckDB file"),
        (a_folder, "is a folder"),
        (of_another_version, "another version of DuckDB"),
    ],
)
def test_a_bad_duckdb_file_says_what_it_is(tmp_path: Path, bad: Callable[[Path], Path], said: str) -> None:
    path = bad(tmp_path)
    done = park("verify", "--store", f"duckdb://{path}", *DAY)
    assert (done.code, done.clean) == (1, True), done.err
    assert f"duckdb://{path} " in done.err
    assert said in done.err
    assert "stop the other" not in done.err


@pytest.mark.parametrize("command", [("verify", *DAY), ("dashboards", "check")])
def test_reading_makes_no_store(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "folder" / "typo.duckdb"
    done = park(*command, "--store", f"duckdb://{path}")
    assert (done.code, done.clean, one_line(done.err)) == (2, True, True)
    assert "no such file" in done.err
    assert not path.parent.exists()


# --- signals


def answers(pid: int) -> bool:
    """Whether it has a handler for SIGHUP, as `park` has from its first lines on; Python of itself has none."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGHUP - 1) & 1)
    return False


@pytest.mark.parametrize("command", [(*DEMO, "--backfill", "10m"), ("generate", "-o", "x"), ("ingest",)])
@pytest.mark.parametrize("after_ms", [0, 50, 150, 400, 1000, 2000])
def test_ctrl_c_at_any_early_moment_leaves_no_traceback_and_no_file(
    tmp_path: Path, command: tuple[str, ...], after_ms: int
) -> None:
    with running(*command, folder=tmp_path) as one:
        wait_until(lambda: answers(one.process.pid), deadline=20, what="the first lines")
        time.sleep(after_ms / 1000)  # the moment is what is tested
        one.signal(signal.SIGINT)
        time.sleep(0.3)
        one.signal(signal.SIGINT)
        done = one.end()
    assert done.clean, done.err
    assert done.code in (0, 130, -signal.SIGINT)  # the last: while the interpreter itself ends
    assert not [path for path in tmp_path.iterdir() if path.name not in ("dead-letters.ndjson", "x")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_ends_the_demo_at_once_and_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    with running(*DEMO, "--backfill", "10m", folder=tmp_path) as demo:
        demo.await_text("The park is open")
        demo.signal(number)
        demo.await_text(STOPPING)
        time.sleep(0.15)  # less than a tenth of a second is an echo
        demo.signal(number)
        done = demo.end()
    assert done.clean, done.err
    assert done.code in (0, 128 + number)  # 0 if it was through by then
    assert not list(tmp_path.iterdir())


def test_a_closed_terminal_drains_the_demo_and_leaves_no_folder(tmp_path: Path) -> None:
    with running(*DEMO, "--backfill", "10m", folder=tmp_path, terminal=True) as demo:
        demo.await_text("The park is open")
        os.close(demo.reader)
        demo.signal(signal.SIGHUP)
        code = demo.process.wait(60)
        demo.reader = os.open(os.devnull, os.O_RDONLY)
    assert code == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_unreachable_broker_does_not_delay_the_answer(tmp_path: Path, number: int) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    with running("simulate", "--devices", "5", "--kind", "soil_probe", "--broker", broker, folder=tmp_path) as one:
        one.await_text("the broker is away")
        one.signal(number)
        one.await_text(STOPPING, deadline=15)
        time.sleep(0.15)
        one.signal(number)
        done = one.end(deadline=15)
    assert (done.code, done.clean) == (128 + number, True)


@pytest.mark.deadline(200)
@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "--kind", "soil_probe", "--kind", "building_meter", "--devices", "6", "--processes", "2"),
        ("capacity", "--store", "influxdb+http://127.0.0.1:9/park?org=park", "--wait", "10m"),
    ],
)
def test_a_second_signal_leaves_nobody_who_still_publishes(tmp_path: Path, command: tuple[str, ...]) -> None:
    broker = ("--broker", f"mqtt://127.0.0.1:{free_port()}")
    with running(*command, *broker, folder=tmp_path, environ={"INFLUXDB_V2_TOKEN": "x"}) as one:
        one.await_text("the broker is away", deadline=120)
        children = psutil.Process(one.process.pid).children(recursive=True)
        assert children
        one.signal(signal.SIGINT)
        one.await_text(STOPPING)
        time.sleep(0.15)
        one.signal(signal.SIGINT)
        done = one.end()
        assert done.clean, done.err
        wait_until(lambda: all(gone(child.pid) for child in children), deadline=60, what="all of them gone")


def test_nohup_is_respected(tmp_path: Path) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    argv = ["nohup", PARK, "simulate", "--devices", "5", "--broker", broker]
    err = tmp_path / "err"
    with err.open("wb") as sink:
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=sink, stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 40
            while b"the broker is away" not in err.read_bytes() and time.monotonic() < deadline:
                time.sleep(0.1)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            while STOPPING.encode() not in err.read_bytes() and time.monotonic() < deadline:
                time.sleep(0.1)
            said = err.read_text(encoding="utf-8")
        finally:
            process.kill()
            process.wait()
    assert said.count("stopping") == 1
    assert '"SIGTERM"' in said


@pytest.mark.parametrize(
    "command",
    [("simulate", "--start", "2035-01-01T00:00:00Z"), ("generate", "--devices", "60000", "-o", "x")],
)
def test_long_waits_are_told_where_there_is_no_terminal(tmp_path: Path, command: tuple[str, ...]) -> None:
    broker = ("--broker", f"mqtt://127.0.0.1:{free_port()}") if command[0] == "simulate" else ()
    with running(*command, *broker, folder=tmp_path) as one:
        one.await_text('"elapsed_s"', deadline=25)
        one.signal(signal.SIGKILL)
        one.end()
