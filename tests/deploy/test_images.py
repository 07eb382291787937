"""Each service does its work with the packages of its own image alone, behind TLS, against the real servers.

In the place of containers stand environments with just these packages; `scripts/test-compose` runs the images.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from park.town import default_town
from sectors import SECTORS
from tests.deploy.brokers import run_park_mosquitto
from tests.deploy.program import ROOT, make_secrets
from tests.deploy.shares import IMAGES, Share, group, install, locked, named, pinned, project
from tests.end_to_end.park import Command, summary_of
from tests.end_to_end.test_wheel import absent, find_uv
from tests.servers import http
from tests.servers.find import require
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import free_port

MINUTES = ["--start", "2026-01-02T12:00:00+08:00", "--until", "2026-01-02T12:20:00+08:00", "--devices", "40"]
WHOLE = {named(one) for one in project()["project"]["dependencies"]}
#: What only the viewer, DuckDB, Grafana's pages and the makers of tokens need.
HEAVY = {"nicegui", "duckdb", "grafana-foundation-sdk", "aiohttp", "httpx"}

pytestmark = pytest.mark.deadline(400)


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Share]:
    if find_uv() is None:
        absent("uv is neither on PATH nor in .park/uv")
    folder = tmp_path_factory.mktemp("shares")
    return {image: install(image, folder) for image in IMAGES}


# --- what is in them


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_nothing_that_the_project_does_not_name(image: str) -> None:
    assert group(image) <= WHOLE


def test_each_has_what_it_needs_and_no_more() -> None:
    given = {image: {name for name, _ in pinned(image)} for image in IMAGES}
    assert not HEAVY & set().union(*given.values())
    assert not {"numpy", "holidays", "influxdb-client", "paho-mqtt"} & given["ingester"]
    assert {image for image in IMAGES if "influxdb-client" in given[image]} == {"tools"}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_no_package_of_an_image_has_to_be_compiled_on_either_platform(machine: str) -> None:
    """deploy/docker-bake.hcl builds for both, on images without a compiler."""
    python = "cp" + _base_python().replace(".", "")
    missing = [
        package
        for image in (*IMAGES, "park")
        for package in pinned(image)
        if not any(_fits(wheel["url"], python, machine) for wheel in locked()[package].get("wheels", []))
    ]
    assert missing == []


def _base_python() -> str:
    (line,) = [
        line for line in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").splitlines() if line[:4] == "ARG "
    ]
    return line.partition("python:")[2].partition("-")[0]


def _fits(url: str, python: str, machine: str) -> bool:
    *_, interpreter, abi, platform = url.rpartition("/")[2].removesuffix(".whl").split("-")
    if platform == "any":
        return interpreter in {"py3", "py2.py3"} or python in interpreter
    return "manylinux" in platform and machine in platform and (python in interpreter or abi == "abi3")


# --- what they do


@dataclass(kw_only=True)
class Stack:
    """Broker and store with the secrets that the tools' share made; services are run on their own shares."""

    folder: Path
    shares: dict[str, Share]
    broker: str
    influxdb: InfluxDB2
    bucket: str
    done: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def store(self) -> str:
        return self.influxdb.store_url(self.bucket)

    def environment(self, owner: str) -> dict[str, str]:
        """What compose.yaml gives the service, and nothing of this process."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PARK_MQTT_PASSWORD_DIR": str(self.secrets / owner),
            "INFLUXDB_V2_TOKEN_FILE": str(self.secrets / owner / "store-token"),
            "SSL_CERT_FILE": str(self.secrets / "tls" / "ca.pem"),
            "SSL_CERT_DIR": str(self.secrets / "tls"),
        }

    def run(self, argv: Sequence[str], owner: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
        """Run a service to its end."""
        return run(argv, self.folder, self.environment(owner), code)

    @contextlib.contextmanager
    def ingesting(self) -> Iterator[None]:
        """`park ingest` with a session for each site; drained at the end."""
        port = free_port()
        sites = [f"--site={site.name}" for site in default_town(SECTORS).sites]
        share = self.shares["ingester"]
        command = Command(
            argv=share.park("ingest", *sites, "--broker", self.broker, "--store", self.store, f"--metrics-port={port}"),
            log=self.folder / "ingester.log",
            ready=lambda: http.healthy(f"http://127.0.0.1:{port}/readyz"),
            env=self.environment("ingest"),
        )
        command.start()
        try:
            yield
        finally:
            command.stop()
        assert "Traceback" not in (self.folder / "ingester.log").read_text(encoding="utf-8")


def run(argv: Sequence[str], folder: Path, env: dict[str, str], code: int) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False, timeout=180)
    assert done.returncode == code, f"{argv[1:]}: exit {done.returncode}\n{done.stdout!r}\n{done.stderr.decode()}"
    return done


@pytest.fixture(scope="module")
def stack(shares: dict[str, Share], influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    require("openssl")
    folder = tmp_path_factory.mktemp("stack")
    secrets = folder / "secrets"
    secrets.mkdir()
    clean = {"PATH": os.environ["PATH"]}
    tools, bucket = shares["tools"], influxdb.new_bucket()
    run(tools.program("make_secrets.py", "files", str(secrets), "--tls", "127.0.0.1"), folder, clean, 0)
    make_secrets.Safe(folder=secrets).write("influxdb", "admin-token", influxdb.token)
    where = ["--url", influxdb.url, "--org", influxdb.org, "--bucket", bucket]
    run(tools.program("make_secrets.py", "tokens", str(secrets), *where), folder, clean, 0)
    with run_park_mosquitto(folder, "mqtts") as broker:
        address = f"mqtts://127.0.0.1:{broker.port}"
        yield Stack(folder=folder, shares=shares, broker=address, influxdb=influxdb, bucket=bucket)


def test_the_town_is_simulated_stored_proven_and_rolled_up_each_by_its_own_image(stack: Stack) -> None:
    simulator = stack.shares["simulator"]
    with stack.ingesting():
        publish = [
            "simulate",
            "--broker",
            stack.broker,
            "--speed",
            "max",
            "--rewind",
            "0s",
            "--state",
            "state",
            *MINUTES,
        ]
        published = summary_of(stack.run(simulator.park(*publish, "--json"), "simulator").stdout)
        assert published["acknowledged"] == published["offered"] > 40
        prove = ["verify", "--store", stack.store, "--wait", "60s", *MINUTES, "--json"]
        proven = summary_of(stack.run(simulator.park(*prove), "verify").stdout)
        assert (proven["lost"], proven["altered"], proven["duplicated"]) == (0, 0, 0)
        assert proven["found"] == published["offered"]
    stack.run(simulator.park("store", "rollup", "--once", "--store", stack.store), "rollup")
    counted = stack.influxdb.influxql("SHOW MEASUREMENTS", bucket=stack.bucket)
    assert any(str(row["name"]).endswith("_1h") for row in counted)
    forget = ["--older-than", "1h", "--url", stack.influxdb.url, "--org", stack.influxdb.org, "--bucket", stack.bucket]
    environment = stack.environment("x") | {
        "INFLUXDB_V2_TOKEN_FILE": str(stack.secrets / "influxdb" / "admin-token"),
    }
    run(stack.shares["tools"].program("forget_readings.py", *forget), stack.folder, environment, 0)


def test_the_rules_and_commands_reach_the_broker(stack: Stack) -> None:
    simulator = stack.shares["simulator"]
    host = stack.broker.removeprefix("mqtts://")
    told = [
        "command",
        "--broker",
        f"mqtts://park-command@{host}",
        "street-lamp-000001",
        "set_level",
        "level=40",
        "ramp=2",
    ]
    refused = stack.run(simulator.park(*told, "--wait", "--expires", "2s"), "command", code=1)
    assert b"Traceback" not in refused.stderr
    rules = Command(
        argv=simulator.park("control", "--broker", f"mqtts://control@{host}", "--state", "control-state", "--json"),
        log=stack.folder / "control.log",
        ready=lambda: "connected" in (stack.folder / "control.log").read_text(encoding="utf-8"),
        env=stack.environment("control"),
    )
    rules.start()
    rules.stop()
    assert "Traceback" not in (stack.folder / "control.log").read_text(encoding="utf-8")


def test_dead_letters_are_looked_at_where_they_lie(stack: Stack) -> None:
    stack.run(stack.shares["ingester"].park("dead-letters", "list"), "ingest")


# --- what is not in them


@pytest.mark.parametrize(("image", "words", "missing"), [
    ("ingester", ["simulate", "--devices", "3"], b"needs numpy, which is not installed here"),
    ("ingester", ["ingest", "--store", "duckdb:///tmp/never.duckdb"], b"needs duckdb, which is not installed here"),
    ("simulator", ["view"], b", which is not installed here"),
])  # fmt: skip
def test_a_command_whose_packages_are_elsewhere_says_so(
    shares: dict[str, Share], tmp_path: Path, image: str, words: list[str], missing: bytes
) -> None:
    done = run(shares[image].park(*words), tmp_path, {"PATH": os.environ["PATH"]}, code=2)
    assert missing in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_help_tells_which_commands_are_not_here(shares: dict[str, Share], tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "200"}
    said = run(shares["ingester"].park("--help"), tmp_path, environment, code=0).stdout
    assert b"Not here: needs numpy" in said
    assert b"Store every reading" in said


def test_every_service_of_compose_is_in_an_image_that_can_do_its_work() -> None:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    ours = {name: one["image"] for name, one in services.items() if one["image"].startswith("sensing-park")}
    by_image = {image: {name for name, of in ours.items() if of == f"sensing-park-{image}:local"} for image in IMAGES}
    assert by_image == {
        "ingester": {"ingester"},
        "simulator": {"simulator", "control", "rollup", "load", "verify", "command"},
        "tools": {"secrets", "tokens", "forget", "backup"},
    }
    for name, one in services.items():
        if "build" in one:
            assert one["image"] == f"sensing-park-{one['build']['target']}:local", name
    built = {one["image"] for one in services.values() if "build" in one}
    assert built == set(ours.values())
