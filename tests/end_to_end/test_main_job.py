"""The main job on real servers: what InfluxDB holds is what `park generate` prints, and every panel shows it."""

import datetime as dt
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.chain import Park
from tests.end_to_end.park import PARK, young_town
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import run_mosquitto

START = "2026-06-10T08:00:00+08:00"
UNTIL = "2026-06-10T08:10:00+08:00"
WINDOW = ["--devices", "300", "--start", START, "--until", UNTIL]


@pytest.fixture(scope="module")
def park(influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    """300 devices for ten simulated minutes, published at full speed and stored."""
    folder = tmp_path_factory.mktemp("main-job")
    with run_mosquitto(folder) as broker:
        park = Park(broker, influxdb, folder)
        with park.ingesting():
            park.simulated = park.summary(
                "simulate", "--broker", broker.url, "--speed", "max", "--rewind", "0", *WINDOW
            )
        yield park


@pytest.fixture(scope="module")
def all_printed(park: Park) -> list[tuple[str, dict[str, Any]]]:
    lines = park.run("generate", *WINDOW).stdout.splitlines()
    return [(told["topic"], told["payload"]) for told in map(json.loads, lines)]


@pytest.fixture(scope="module")
def printed(all_printed: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """The readings."""
    return [(topic, payload) for topic, payload in all_printed if topic.endswith("/telemetry")]


@pytest.fixture(scope="module")
def events(all_printed: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [(topic, payload) for topic, payload in all_printed if topic.endswith("/event")]


@pytest.mark.deadline(240)
def test_the_summaries_agree(park: Park, printed: list[tuple[str, dict[str, Any]]]) -> None:
    count = len(printed)
    assert count > 900
    assert (park.simulated["offered"], park.simulated["acknowledged"]) == (count, count)
    assert park.ingested["received"] == park.ingested["stored"] >= count
    assert (park.ingested["dead_lettered"], park.ingested["gaps"], park.ingested["duplicates"]) == (0, 0, 0)


@pytest.mark.deadline(240)
def test_influxdb_holds_exactly_what_generate_prints(park: Park, printed: list[tuple[str, dict[str, Any]]]) -> None:
    wanted: dict[str, dict[tuple[str, int], dict[str, Any]]] = {}
    for topic, payload in printed:
        _, sector, site, kind, device, _ = topic.split("/")
        values = {name: value for name, value in payload.items() if name != "ts"}
        wanted.setdefault(kind, {})[device, payload["ts"]] = {**values, "sector": sector, "site": site}
    for kind, rows in wanted.items():
        assert park.rows(kind, START, UNTIL) == rows, kind


@pytest.mark.deadline(240)
def test_influxdb_holds_exactly_the_events_that_generate_prints(
    park: Park, events: list[tuple[str, dict[str, Any]]]
) -> None:
    assert park.simulated["events"] == {"offered": len(events), "acknowledged": len(events)}
    stored = {
        (row["device"], row["type"], row["time"]): {name: value for name, value in row.items() if value is not None}
        for log in ("park_device", "park_event")
        for row in park.influxdb.influxql(f'SELECT * FROM "{log}"', bucket=park.bucket)
    }
    assert len(stored) == len(events) >= 250
    for topic, payload in events:
        _, sector, site, _, device, _ = topic.split("/")
        row = stored[device, payload["type"], payload["ts"]]
        wanted = {name: value for name, value in payload.items() if name != "ts"}
        assert {name: row[name] for name in wanted} == wanted
        assert (row["sector"], row["site"]) == (sector, site)


@pytest.mark.deadline(240)
def test_verify_finds_nothing_amiss(
    park: Park, printed: list[tuple[str, dict[str, Any]]], events: list[tuple[str, dict[str, Any]]]
) -> None:
    found = park.summary("verify", "--store", park.store, *WINDOW)
    told, count = found.pop("events"), len(printed)
    assert found == {"expected": count, "found": count, "lost": 0, "duplicated": 0, "altered": 0, "late": 0}
    count = len(events)
    assert told == {"expected": count, "found": count, "lost": 0, "duplicated": 0, "altered": 0, "late": 0}


@pytest.mark.deadline(240)
def test_verify_names_what_was_lost_altered_and_doubled(park: Park, tmp_path: Path) -> None:
    """In a bucket of its own: 7 readings deleted, 3 altered, 2 stored again under an unknown device."""
    lines = park.run("generate", "--format", "line", "--kind", "soil_probe", *WINDOW).stdout.decode().splitlines()
    bucket = park.influxdb.new_bucket()
    altered = [line.replace("soil_moisture=0.", "soil_moisture=9.") for line in lines[7:10]]
    doubled = [line.replace("device=soil-probe-", "device=stray-probe-") for line in lines[20:22]]
    park.influxdb.write("\n".join([*altered, *lines[10:], *doubled]).encode(), bucket=bucket)
    store = park.influxdb.store_url(bucket)
    done = park.run("verify", "--store", store, "--kind", "soil_probe", *WINDOW, "--json", code=1)
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["lost"], found["altered"], found["duplicated"]) == (7, 3, 2)
    assert b"stray-probe-" in done.stderr


@pytest.mark.deadline(240)
def test_every_panel_of_every_dashboard_returns_rows(park: Park) -> None:
    """With some live seconds, of which the pipeline measures itself; the range holds June and these, whenever it is."""
    with park.ingesting():
        park.run(
            "simulate",
            "--broker",
            park.broker.url,
            "--devices",
            "30",
            "--interval",
            "1s",
            "--until",
            _in(25),
            "--config",
            str(young_town(park.folder)),
            "--rewind",
            "0",
        )
    june, now = (dt.datetime.fromisoformat(moment) for moment in (UNTIL, _in(60)))
    until, span = max(june, now), abs(june - now) + dt.timedelta(hours=2)
    park.run("dashboards", "check", "--store", park.store, "--until", until.isoformat(), "--last", f"{span.days + 1}d")


def _in(seconds: float) -> str:
    return dt.datetime.fromtimestamp(time.time() + seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.deadline(60)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "--start", "2026-06-10T08:00:00"], "--start 2026-06-10T08:00:00: say which time it is"),
        (["generate", "--interval", "soon"], "--interval soon: give a duration"),
        (["generate", "--format", "xml"], "--format xml: choose from ndjson, line"),
        (["simulate", "--speed", "max"], "--speed max: give --start and --until"),
        (["simulate", "--broker", "http://127.0.0.1"], "http"),
        (["verify", "--store", "postgres://x"], "the store URL must begin with"),
        (["generate", "--config", "absent.toml"], "--config absent.toml: No such file"),
    ],
)
def test_errors_of_use_exit_2_and_name_the_option(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = subprocess.run([*PARK, *arguments], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr.decode()


@pytest.mark.deadline(60)
def test_a_mistaken_key_in_park_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[town]\nlatitude = 31\nlongitude = 120\nlatitde = 3\n")
    done = subprocess.run([*PARK, "generate", "--config", "my.toml"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert "town.latitde: no such key" in done.stderr.decode()
