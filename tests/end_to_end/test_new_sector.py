"""A newcomer's sectors: the guide's own commands and files, in a copy of the project, up to the last panel."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from park.topics import parse_telemetry
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import run_mosquitto
from tests.servers.process import wait_until

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "add-a-sector.md").read_text(encoding="utf-8")
PACKAGES = ("park", "sectors", "simulator", "ingest", "dashboards", "mqttlink", "park_cli")
GARDENS = {"garden_station", "tree_probe", "palm_house", "sprinkler"}
NEW = {"gardens": GARDENS, "river": {"level_gauge"}}
DAY_MS = (1780257600000, 1780344000000)  # the day of the guide's commands
PATIENCE_S = 120.0

pytestmark = pytest.mark.deadline(400)

Panel = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class House:
    """A copy of the project's packages, whose `park` is on PATH."""

    root: Path
    env: Mapping[str, str]

    def run(
        self, command: str, env: Mapping[str, str] | None = None, *, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the guide by the shell."""
        done = subprocess.run(
            ["sh", "-euc", command],
            cwd=self.root,
            env={**self.env, **(env or {})},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    def files(self) -> dict[str, str]:
        """Every file and what is in it, as a digest."""
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def panels(self, slug: str) -> list[Panel]:
        """The panels of a generated dashboard that ask the store for something."""
        text = (self.root / "dashboards" / "out" / f"{slug}.json").read_text(encoding="utf-8")
        return [panel for panel in json.loads(text)["panels"] if panel.get("targets")]


def command(beginning: str) -> str:
    """The block of shell in the guide that begins so."""
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) if block.startswith(beginning)]
    assert len(blocks) == 1, beginning
    return str(blocks[0])


def written() -> dict[str, str]:
    """The files that the guide has a newcomer write, by path."""
    return dict(re.findall(r"`(sectors/\S+\.py)`:\n\n```python\n(.*?)```", GUIDE, re.DOTALL))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    root = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    tools = tmp_path_factory.mktemp("bin")
    park = tools / "park"
    park.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c 'from park_cli.main import main; main()' \"$@\"\n")
    park.chmod(0o755)
    env = {
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "200",
    }
    return House(root=root, env=env)


@pytest.fixture(scope="module")
def town(house: House) -> House:
    """The house after the guide's two ways."""
    before = house.files()
    house.run(command("cp -r"))
    for path, text in written().items():
        file = house.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    after = house.files()
    assert {path: after[path] for path in before} == before
    assert {str(Path(path).parent) for path in after.keys() - before.keys()} == {f"sectors/{name}" for name in NEW}
    return house


def test_the_copy_runs_and_not_the_checkout(house: House) -> None:
    told = f"import {', '.join(PACKAGES)}\nfor one in ({', '.join(PACKAGES)}): print(one.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=house.root, env=house.env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(house.root / package / "__init__.py") for package in PACKAGES]


def test_its_devices_report_on_topics_of_their_own(town: House) -> None:
    told = [json.loads(line) for line in town.run(command("park generate")).stdout.splitlines()]
    lines = [line for line in told if line["topic"].endswith("/telemetry")]
    topics = [parse_telemetry(line["topic"]) for line in lines]
    places = [line["topic"] for line in told if line["payload"].get("type") == "place"]
    assert sorted(places) == sorted({line["topic"].replace("/telemetry", "/event") for line in lines})
    assert len(set(topics)) == 20
    assert {topic.sector for topic in topics} == {"gardens"}
    assert {topic.site for topic in topics} == {"botanical-garden", "lakeside"}
    assert {topic.kind for topic in topics} == GARDENS
    assert all(topic.device.startswith(topic.kind.replace("_", "-")) for topic in topics)
    assert all(DAY_MS[0] <= line["payload"]["ts"] < DAY_MS[0] + 60_000 for line in lines)


def test_the_sector_that_was_copied_is_as_before(town: House) -> None:
    readings = (
        "park generate --no-events --sector {} --devices 10 --start 2026-01-02T00:00:00Z --until 2026-01-02T00:01:00Z"
    )
    copied = town.run(readings.format("agriculture")).stdout
    checkout = {**town.env, "PYTHONPATH": str(ROOT)}
    assert copied == town.run(f"cd '{ROOT}' && {readings.format('agriculture')}", checkout).stdout
    # The gardens' instruments have errors of their own.
    garden = town.run(readings.format("gardens")).stdout.splitlines()
    assert not {line.partition(',"payload":')[2] for line in garden} & {
        line.partition(',"payload":')[2] for line in copied.splitlines()
    }


def test_dashboards_and_tables_follow(town: House) -> None:
    town.run(command("park dashboards build"))
    assert len(town.panels("gardens")) == len(town.panels("agriculture"))
    asked = {name: json.dumps(town.panels(name)) for name in (*NEW, "park")}
    assert all(kind in asked["gardens"] for kind in GARDENS)
    for channel in ("water_level", "water_temperature", "flooding"):
        assert channel in asked["river"]
    assert "tree_probe" in asked["park"]
    assert "level_gauge" in asked["park"]
    table = (town.root / "docs" / "reference" / "kinds.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in table for kinds in NEW.values() for kind in kinds)


def test_the_conformance_suites_take_them_in(town: House) -> None:
    kinds = set.union(*NEW.values())
    suites = "tests/park/test_catalogue.py tests/simulator/test_generate.py"
    asked = f"'{sys.executable}' -m pytest -v -p no:cacheprovider {suites} -k '{' or '.join(sorted(kinds))}'"
    passed = re.findall(r"\[(\w+)\] PASSED", town.run(asked).stdout)
    assert {kind: passed.count(kind) for kind in kinds} == dict.fromkeys(kinds, 2)


def test_orders_leave_their_past_alone(town: House) -> None:
    asked = (
        f"'{sys.executable}' -m pytest -v -p no:cacheprovider tests/sectors/test_obedience.py -k '{' or '.join(NEW)}'"
    )
    passed = re.findall(r"\[(\w+)\] PASSED", town.run(asked).stdout)
    # Gardens are a copy of agriculture, whose devices obey: theirs have to obey in time, and many as few.
    assert {name: passed.count(name) for name in NEW} == {"gardens": 6, "river": 4}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The guide's day of both sectors, stored."""

    influxdb: InfluxDB2
    bucket: str
    env: Mapping[str, str]
    summaries: Mapping[str, Mapping[str, Any]]

    def rows(self, query: str) -> list[dict[str, object]]:
        """The rows that one of a panel's queries finds in the day, its variables replaced as Grafana does."""
        statement = (
            query.replace("$timeFilter", f"time >= {DAY_MS[0]}ms AND time < {DAY_MS[1]}ms")
            .replace("$__interval", "300000ms")
            .replace("$site", "(.*)")
            .replace("$rollup", "")
        )
        return self.influxdb.influxql(statement, bucket=self.bucket)


@contextmanager
def ingesting(house: House, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """The guide's ingester, from the moment at which it has subscribed."""
    with log.open("w") as errors:
        child = subprocess.Popen(
            ["sh", "-euc", f"exec {command('park ingest').strip()} --json"],
            cwd=house.root,
            env={**house.env, **env},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with child:
        try:
            wait_until(
                lambda: child.poll() is not None or "connected to the broker" in log.read_text(),
                deadline=PATIENCE_S,
                what="the ingester has subscribed",
            )
            yield child
        finally:
            child.kill()


def last_line(text: str) -> dict[str, Any]:
    """A command's summary."""
    summary: dict[str, Any] = json.loads(text.splitlines()[-1])
    return summary


@pytest.fixture(scope="module")
def stored(town: House, influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    # The guide's ingester hears all of its broker, so it has one of its own, where no test has left anything.
    with run_mosquitto(tmp_path_factory.mktemp("broker")) as mosquitto:
        bucket = influxdb.new_bucket()
        env = {"BROKER": mosquitto.url, "STORE": influxdb.store_url(bucket), "INFLUXDB_V2_TOKEN": influxdb.token}
        simulate, verify = command("park simulate").splitlines()
        with ingesting(town, env, tmp_path_factory.mktemp("log") / "ingest.log") as ingester:
            simulated = last_line(town.run(f"{simulate} --json", env).stdout)
            verified = last_line(town.run(f"{verify} --json", env).stdout)
            ingester.send_signal(signal.SIGTERM)
            said, _ = ingester.communicate(timeout=PATIENCE_S)
            assert ingester.returncode == 0
        summaries = {"simulate": simulated, "verify": verified, "ingest": last_line(said)}
        yield Stored(influxdb=influxdb, bucket=bucket, env=env, summaries=summaries)


def test_every_reading_is_stored(town: House, stored: Stored) -> None:
    due = stored.summaries["simulate"]["offered"]
    assert due == 30 * 24 * 60
    assert stored.summaries["simulate"]["acknowledged"] == due
    verified = stored.summaries["verify"]
    assert (verified["expected"], verified["found"]) == (due, due)
    assert (verified["lost"], verified["duplicated"], verified["altered"]) == (0, 0, 0)
    ingested = stored.summaries["ingest"]
    assert ingested["received"] == ingested["stored"] >= due
    assert (ingested["dead_lettered"], ingested["gaps"]) == (0, 0)
    assert (town.root / "dead-letters.ndjson").read_bytes() == b""


def empty_panels(town: House, stored: Stored) -> dict[str, list[str]]:
    """The panels of each new dashboard that find nothing, by what Grafana would ask."""
    return {
        slug: [
            panel["title"]
            for panel in town.panels(slug)
            # The second half is the form for rollups, of which a day has no need.
            if not all(stored.rows(t["query"]) for t in panel["targets"][: len(panel["targets"]) // 2])
        ]
        for slug in NEW
    }


def test_every_panel_has_something_to_show(town: House, stored: Stored) -> None:
    town.run(command("park dashboards build"))
    assert empty_panels(town, stored) == {slug: [] for slug in NEW}
    said = town.run(command("park dashboards check"), stored.env, code=1).stderr
    assert not [line for line in said.splitlines() if line.startswith(tuple(f"{slug}: " for slug in NEW))]
    assert "energy: " in said  # which was not simulated


def test_without_panels_of_its_own_the_rules_make_them(town: House, stored: Stored) -> None:
    town.run(command("park dashboards build"))
    own = {panel["title"] for panel in town.panels("gardens")}
    (town.root / "sectors" / "gardens" / "panels.py").unlink()
    town.run(command("park dashboards build"))
    by_rules = {panel["title"] for panel in town.panels("gardens")}
    assert "Water total, increase" in by_rules - own
    assert own - by_rules
    assert empty_panels(town, stored) == {slug: [] for slug in NEW}
