"""Options that are odd: each is refused by its name, or does what it says."""

import json
import math
import subprocess
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from park_cli.commands import ingest
from park_cli.credentials import broker_password, secret, secrets_folder
from park_cli.endpoints import viewer_names
from park_cli.errors import UsageError
from park_cli.options import duration_ms, moment_ms
from park_cli.schedules import finite, speed_of
from park_cli.sink import sink
from simulator.errors import SelectionError
from tests.ingest.test_metrics import get
from tests.park_cli.command import PARK
from tests.servers.process import free_port, wait_until
from tests.simulator.conftest import select

pytestmark = pytest.mark.deadline(100)


# --- numbers


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e308", "1000001", "1e-300", "fast", ""])
def test_a_speed_that_no_clock_can_have_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--speed"):
        speed_of(text)


def test_speeds_that_a_clock_can_have() -> None:
    assert [speed_of(text) for text in ("1", "0.5", "1000000", "max")] == [1, 0.5, 1e6, math.inf]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_without_an_end_is_refused(number: float) -> None:
    with pytest.raises(UsageError, match="--churn"):
        finite(number, "--churn")


@pytest.mark.parametrize("text", ["1e9d", "99999999999d", "1h30", "1 h", "∞", "-5s", "0.5ms"])
def test_a_duration_that_is_none_names_its_option(text: str) -> None:
    with pytest.raises(UsageError, match=f"--wait {text}"):
        duration_ms(text, "--wait")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-06-01",
        "2026-06-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-06-01T25:00:00Z",
        "1e9",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-06-01T00:00:00+99:00",
        "-2026-01-01T00:00:00Z",
    ],
)
def test_a_moment_that_is_none_names_its_option(text: str) -> None:
    with pytest.raises(UsageError, match="--start"):
        moment_ms(text, "--start")


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"devices": 0}, "--devices"),
        ({"devices": -3}, "--devices"),
        ({"devices": 10**30}, "--devices"),
        ({"first_device": -1}, "--first-device"),
        ({"first_device": 10**30}, "--first-device"),
        ({"seed": 2**63}, "--seed"),
        ({"seed": -1}, "--seed"),
        ({"interval_ms": 0}, "--interval"),
        ({"interval_ms": 10**15}, "--interval"),
    ],
)
def test_a_selection_that_no_town_has_names_its_option(changes: dict[str, int], option: str) -> None:
    with pytest.raises(SelectionError, match=option):
        select(**changes)


# --- names


@pytest.mark.parametrize("name", ["", "http://park.example", "park.example/", "a b", "park.example:port", "[::1"])
def test_a_name_that_no_browser_can_ask_by_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--viewer-name"):
        viewer_names([name])


def test_names_that_browsers_ask_by() -> None:
    names = ("park.example", "localhost:9000", "[::1]:9000", "10.0.0.1")
    assert viewer_names(names) == names
    assert viewer_names(None) == ()


def test_an_empty_host_for_metrics_is_not_every_address() -> None:
    done = CliRunner().invoke(ingest.app, ["--metrics-port", "0", "--metrics-host", ""])
    assert isinstance(done.exception, UsageError)
    assert "--metrics-host" in str(done.exception)


# --- secrets


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("X", "X_FILE", "X_DIR"):
        monkeypatch.setenv(name, "")
    assert secret("X") is None
    assert secrets_folder("X_DIR") is None
    monkeypatch.setenv("X", "word")
    assert secret("X") == "word"


def test_a_password_in_a_folder_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARK_MQTT_PASSWORD", "of all")
    assert broker_password("control") == "of all"
    monkeypatch.setenv("PARK_MQTT_PASSWORD_DIR", str(tmp_path))
    (tmp_path / "control").write_text("its own\n", encoding="utf-8")
    assert broker_password("control") == "its own"
    (tmp_path / "control").write_bytes(b"\xff\xfe")
    for user in ("control", "nobody"):
        with pytest.raises(UsageError, match=f"PARK_MQTT_PASSWORD_DIR.*{user}"):
            broker_password(user)


# --- files


def a_link_to_itself(folder: Path) -> Path:
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "x"


@pytest.mark.parametrize(
    "where",
    [
        a_link_to_itself,
        below_a_file,
        lambda _: Path("/"),
        lambda _: Path(),
        lambda folder: folder,
        lambda folder: folder / ("x" * 300),
        lambda folder: folder / "absent" / "x",
        lambda _: Path("/proc/x"),
    ],
)
def test_an_output_that_cannot_be_is_refused(where: Callable[[Path], Path], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    path = where(tmp_path)
    with pytest.raises(UsageError, match="--output"), sink(path):
        pass
    assert {*before, *tmp_path.iterdir()} - {*before} <= {tmp_path / "loop", tmp_path / "file"}


@pytest.mark.parametrize("name", ["x", "x" * 255, "é" * 127])
def test_two_who_write_the_same_file_do_not_write_into_one_another(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with sink(path) as one:
        one.write(b"one")
        with sink(path) as two:
            two.write(b"two, and longer")
        assert path.read_bytes() == b"two, and longer"
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def _broken() -> bytes:
    raise KeyError("broken")


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before")
    with pytest.raises(KeyError, match="broken"), sink(path) as file:
        file.write(_broken())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


# --- logs


def test_an_ingester_goes_on_when_its_log_is_full(tmp_path: Path) -> None:
    port = free_port()
    broker, store = f"mqtt://127.0.0.1:{free_port()}", f"duckdb://{tmp_path}/park.duckdb"
    argv = [PARK, "ingest", "--broker", broker, "--store", store, "--metrics-port", str(port), "--json"]

    def says() -> str:
        try:
            return get(port, "/readyz")[1]
        except urllib.error.URLError:
            return ""

    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=full, cwd=tmp_path)
        try:
            wait_until(lambda: "broker" in says(), deadline=60, what="that there is no broker")
            process.terminate()
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0
    assert json.loads(out)["received"] == 0
