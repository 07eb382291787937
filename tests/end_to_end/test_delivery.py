"""All delivery faults on real servers: none of them is called true, and what is truly wrong among them is named."""

import datetime as dt
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.faults.delivery.classes import CLASSES
from tests.end_to_end.chain import Park
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import run_mosquitto

START = "2026-01-20T02:00:00+08:00"
UNTIL = "2026-01-20T08:00:00+08:00"
TOWN = ["--devices", "120", "--interval", "2m"]
WINDOW = ["--start", START, "--until", UNTIL]
FAULTS = ["--faults", "typical,bad.toml"]

_SIZES = {
    "lost": "share = 0.3",
    "duplicated": "share = 0.3\nminutes = [1, 20]",
    "late": "share = 0.3\nminutes = [1, 60]",
    "out_of_order": "share = 0.3\nplaces = [1, 3]",
    "clock_offset": "seconds = [-1500, 1500]",
    "clock_drift": "seconds_per_day = [-1000, 1000]",
    "malformed": "share = 0.3",
    "oversize": "share = 0.05",
}
RULES = "\n".join(
    f'[delivery.{name.replace("_", "-")}]\nclass = "{name}"\nper_year = 52\nhours = [2, 12]\n{_SIZES.get(name, "")}'
    for name in CLASSES
)


class DeliveredPark(Park):
    """A park after a run with every delivery fault."""

    def verify(self, *more: str, bucket: str | None = None, code: int = 0) -> tuple[dict[str, Any], str]:
        """What `park verify` says, and the tables that it prints."""
        store = self.influxdb.store_url(bucket or self.bucket)
        done = self.run("verify", "--store", store, *TOWN, *FAULTS, *WINDOW, *more, "--json", code=code)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found, done.stderr.decode()

    def lines(self, *faults: str) -> list[str]:
        """Line protocol of the readings that `park generate` prints."""
        printed = self.run("generate", "--format", "line", *TOWN, *faults, *WINDOW, "--no-events")
        return printed.stdout.decode().splitlines()

    def delete(self, line: str) -> None:
        """Take a row out of the store."""
        measurement, device, ts = key_of(line)
        moment = dt.datetime.fromtimestamp(ts / 1000, dt.UTC)
        body = {
            "start": moment.isoformat(timespec="milliseconds"),
            "stop": (moment + dt.timedelta(milliseconds=1)).isoformat(timespec="milliseconds"),
            "predicate": f'_measurement="{measurement}" AND device="{device}"',
        }
        http.call(
            f"{self.influxdb.url}/api/v2/delete",
            method="POST",
            query={"org": self.influxdb.org, "bucket": self.bucket},
            body=json.dumps(body).encode(),
            token=self.influxdb.token,
        )


def key_of(line: str) -> tuple[str, str, int]:
    """Measurement, device and time of a line."""
    match = re.fullmatch(r"(\w+),device=([^,]+),.* (\d+)", line)
    assert match is not None
    return match[1], match[2], int(match[3])


@pytest.fixture(scope="module")
def park(influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeliveredPark]:
    folder = tmp_path_factory.mktemp("delivery")
    (folder / "bad.toml").write_text(RULES, encoding="utf-8")
    with run_mosquitto(folder) as broker:
        park = DeliveredPark(broker, influxdb, folder)
        with park.ingesting():
            park.simulated = park.summary(
                *("simulate", "--broker", broker.url, "--speed", "max", "--rewind", "0", *TOWN, *FAULTS, *WINDOW)
            )
        (folder / "ingested.json").write_text(json.dumps(park.ingested), encoding="utf-8")
        yield park


INGESTED = ["--ingest", "ingested.json", "--dead-letters", "dead-letters.ndjson"]


@pytest.mark.deadline(240)
def test_what_is_injected_is_counted_and_nothing_of_it_is_a_finding(park: DeliveredPark) -> None:
    found, said = park.verify(*INGESTED)
    assert (found["lost"], found["duplicated"], found["altered"], found["late"]) == (0, 0, 0, 0)
    assert found["found"] == found["expected"] == len(park.lines(*FAULTS))
    assert found["injected"].keys() == set(CLASSES)
    assert all(count > 0 for count in found["injected"].values()), found["injected"]
    ingest = found["ingest"]
    assert ingest["differences"] == 0
    assert ingest["duplicates"] == ingest["injected"]["duplicates"] == found["injected"]["duplicated"]
    assert ingest["late"] == ingest["injected"]["late"] > 0
    assert ingest["dead_lettered"] == ingest["injected"]["dead_lettered"]
    assert ingest["dead_lettered"] == found["injected"]["malformed"] + found["injected"]["oversize"]
    assert "what is not as it should be" not in said


@pytest.mark.deadline(240)
def test_what_is_lost_on_purpose_is_not_offered(park: DeliveredPark) -> None:
    taken, injected = len(park.lines()), park.verify()[0]["injected"]
    messages = taken - injected["lost"] + injected["duplicated"]
    assert park.simulated["offered"] == park.simulated["acknowledged"] == messages


@pytest.mark.deadline(240)
def test_without_the_faults_what_they_did_is_called_wrong(park: DeliveredPark) -> None:
    store = park.influxdb.store_url(park.bucket)
    found = park.summary("verify", "--store", store, *TOWN, *WINDOW, "--faults", "typical", code=1)
    assert found["lost"] > 100
    assert found["duplicated"] > 100


@pytest.mark.deadline(240)
def test_every_counter_and_dead_letter_that_differs_is_named(park: DeliveredPark) -> None:
    told = park.ingested
    (park.folder / "more.json").write_text(json.dumps(told | {"late": told["late"] + 1}), encoding="utf-8")
    _, said = park.verify("--ingest", "more.json", code=1)
    assert re.search(rf"late\s*│\s*{told['late']}\s*│\s*{told['late'] + 1}", said)
    assert park.verify("--ingest", "more.json", "--reconnected")[0]["ingest"]["differences"] == 0
    (park.folder / "less.json").write_text(json.dumps(told | {"duplicates": told["duplicates"] - 1}), encoding="utf-8")
    assert "duplicates" in park.verify("--ingest", "less.json", "--reconnected", code=1)[1]
    letters = (park.folder / "dead-letters.ndjson").read_text(encoding="utf-8").splitlines()
    (park.folder / "few.ndjson").write_text("\n".join(letters[1:]) + "\n", encoding="utf-8")
    found, said = park.verify("--ingest", "ingested.json", "--dead-letters", "few.ndjson", code=1)
    assert found["ingest"]["differences"] == 1
    assert "injected, and no dead letter" in re.sub(r"\s*│?\n│?\s*│?", " ", said)


@pytest.mark.deadline(240)
def test_true_losses_alterations_and_foreign_rows_among_them_are_named(park: DeliveredPark) -> None:
    """Last, for it changes the store: all nine are of devices whose readings are befallen."""
    stored, clean = park.lines(*FAULTS), park.lines("--faults", "typical")
    labels = [json.loads(line) for line in park.run("labels", *TOWN, *FAULTS, *WINDOW).stdout.splitlines()]
    of = {one["fault"]: one["device"] for one in labels if one["channel"] is None and one["changed"] > 5}
    mine = {name: [line for line in stored if key_of(line)[1] == device] for name, device in of.items()}
    deleted = [mine[name][len(mine[name]) // 2] for name in ("lost", "clock_offset", "late")]
    changed = [mine[name][len(mine[name]) // 3] for name in ("duplicated", "sequence_restart", "burst")]
    for line in deleted:
        park.delete(line)
    altered = [re.sub(r"seq=(\d+)i", r"seq=1\1i", line) for line in changed]
    there = {key_of(line) for line in stored}
    back = [line for line in clean if key_of(line) not in there]
    restored = [next(line for line in back if key_of(line)[1] == of[name]) for name in ("lost", "malformed")]
    stray = re.sub(r"device=[a-z-]+-\d+", "device=stray-000001", stored[50])
    park.influxdb.write("\n".join([*altered, *restored, stray]).encode(), bucket=park.bucket)
    found, said = park.verify(code=1)
    assert (found["lost"], found["altered"], found["duplicated"]) == (3, 3, 3)
    for line in (*deleted, *altered, *restored, stray):
        _, device, ts = key_of(line)
        assert re.search(rf"{device}\s*│\s*{ts}", said), line
    assert "delivery.lost befell" in said


@pytest.mark.deadline(240)
def test_it_is_the_same_on_duckdb_and_by_several_processes(park: DeliveredPark, tmp_path: Path) -> None:
    shutil.copy(park.folder / "bad.toml", tmp_path)
    store = f"duckdb://{tmp_path / 'park.duckdb'}"
    other = Park(park.broker, park.influxdb, tmp_path)
    other.store = store
    with other.ingesting():
        other.summary(
            *("simulate", "--broker", park.broker.url, "--speed", "max", "--rewind", "0", "--processes", "2"),
            *("--shards", "2", *TOWN, *FAULTS, *WINDOW),
        )
    found = other.summary("verify", "--store", store, *TOWN, *FAULTS, *WINDOW)
    assert (found["lost"], found["duplicated"], found["altered"]) == (0, 0, 0)
    assert found["found"] == found["expected"] == len(park.lines(*FAULTS))
    counted = ("duplicates", "late", "dead_lettered")
    assert {name: other.ingested[name] for name in counted} == {name: park.ingested[name] for name in counted}
