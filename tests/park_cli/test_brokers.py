"""Brokers that want TLS, and what can never work, said by the commands that publish."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.park_cli.command import park, running
from tests.servers.mosquitto import Mosquitto, run_mosquitto

pytestmark = pytest.mark.deadline(100)

SIMULATE = ("simulate", "--devices", "5", "--kind", "soil_probe", "--rewind", "0", "--speed", "max")
WINDOW = ("--start", "2026-01-02T00:00:00Z", "--until", "2026-01-02T01:00:00Z")
COMMANDS = {
    "simulate": (*SIMULATE, *WINDOW),
    "ingest": ("ingest", "--store", "duckdb://{folder}/park.duckdb"),
    "ingest, a session a site": ("ingest", "--store", "duckdb://{folder}/park.duckdb", "--site", "a", "--site", "b"),
    "ingest, workers": ("ingest", "--store", "influxdb+http://127.0.0.1:1/park?org=park", "--processes", "2"),
    "control": ("control", "--state", "{folder}/control"),
    "demo": ("demo", "--devices", "5", "--kind", "soil_probe", "--backfill", "10m", "--for", "1s"),
}
every_command = pytest.mark.parametrize("command", list(COMMANDS))


def arguments(command: str, folder: Path, *more: str) -> list[str]:
    return [*(one.replace("{folder}", str(folder)) for one in COMMANDS[command]), *more]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with run_mosquitto(tmp_path_factory.mktemp("tls"), tls=True) as broker:
        yield broker


class _Web(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.request.recv(100)
        self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@contextmanager
def web_server() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Web) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"mqtt://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def refused(command: str, folder: Path, *more: str) -> str:
    """The one line with which the command ends, exit code 1."""
    done = park(*arguments(command, folder, *more), folder=folder)
    assert (done.code, done.clean) == (1, True), done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    assert done.err.splitlines()[-1] == errors[0]
    assert "the broker is away" not in done.err
    return errors[0]


def test_a_simulation_trusts_the_ca_that_it_is_told(secure: Mosquitto, tmp_path: Path) -> None:
    ca = ("--ca-file", str(secure.ca_file))
    argv = arguments("ingest", tmp_path, "--broker", secure.url, *ca)
    with running(*argv, folder=tmp_path) as ingester:
        ingester.await_text("connected to the broker")
        done = park(*SIMULATE, *WINDOW, "--broker", secure.url, *ca, "--json", folder=tmp_path)
        assert done.code == 0, done.err
    summary = json.loads(done.out)
    assert summary["acknowledged"] == summary["offered"] > 0


def test_the_demo_trusts_the_ca_that_it_is_told(secure: Mosquitto, tmp_path: Path) -> None:
    argv = arguments("demo", tmp_path, "--broker", secure.url, "--ca-file", str(secure.ca_file), "--json")
    done = park(*argv, folder=tmp_path)
    assert done.code == 0, done.err
    assert json.loads(done.out.splitlines()[-1])["verify"]["lost"] == 0


@every_command
def test_an_untrusted_certificate_is_said_once(secure: Mosquitto, tmp_path: Path, command: str) -> None:
    assert "certificate" in refused(command, tmp_path, "--broker", secure.url)


@every_command
def test_a_web_server_is_no_broker(tmp_path: Path, command: str) -> None:
    with web_server() as url:
        assert "HTTP" in refused(command, tmp_path, "--broker", url)


@every_command
def test_the_other_scheme_is_named(secure: Mosquitto, mosquitto: Mosquitto, tmp_path: Path, command: str) -> None:
    assert "speaks TLS: write mqtts://" in refused(command, tmp_path, "--broker", secure.url.replace("mqtts", "mqtt"))
    assert "write mqtt:// instead" in refused(command, tmp_path, "--broker", mosquitto.url.replace("mqtt", "mqtts"))


@pytest.mark.parametrize("command", ["simulate", "ingest", "demo"])
@pytest.mark.parametrize("option", ["--ca-file", "--cert-file", "--key-file"])
def test_certificates_without_tls_are_an_error_of_use(tmp_path: Path, command: str, option: str) -> None:
    (tmp_path / "some.pem").write_text("")
    for broker in (("--broker", "mqtt://127.0.0.1:1"), ()):
        done = park(*arguments(command, tmp_path, *broker, option, "some.pem"), folder=tmp_path)
        assert (done.code, done.clean, done.err.count("\n")) == (2, True, 1), done.err
        assert done.err.startswith(f"error: {option}: ")
    assert not (tmp_path / "park.duckdb").exists()


@every_command
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--ca-file", "absent.pem"), "--ca-file: absent.pem: No such file"),
        (("--ca-file", "folder"), "--ca-file: folder: Is a directory"),
        (("--ca-file", "empty.pem"), "empty.pem"),
        (("--cert-file", "empty.pem"), "--cert-file and --key-file belong together"),
        (("--cert-file", "empty.pem", "--key-file", "absent.key"), "--key-file: absent.key: No such file"),
        (("--cert-file", "absent.pem", "--key-file", "empty.pem"), "--cert-file: absent.pem: No such file"),
    ],
)
def test_certificates_that_cannot_be_used_are_named(
    tmp_path: Path, command: str, more: tuple[str, ...], words: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.pem").write_text("")
    done = park(*arguments(command, tmp_path, "--broker", "mqtts://127.0.0.1:1", *more), folder=tmp_path)
    assert (done.code, done.clean, done.err.count("\n")) == (2, True, 1), done.err
    assert words in done.err
    assert not (tmp_path / "park.duckdb").exists()
