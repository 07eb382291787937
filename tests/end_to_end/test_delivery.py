"""All delivery faults on real servers: none of them is called true, and what is truly wrong among them is named."""

import datetime as dt
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ingest.metrics import read_page
from park.town import default_town
from park_cli.ingested import counted_of
from sectors import SECTORS
from simulator.faults.delivery.classes import CLASSES
from simulator.faults.delivery.labels import delivery_labels
from simulator.faults.delivery.ledger import Difference, differences, injected
from simulator.faults.rules import read_rules
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.end_to_end.chain import Park
from tests.end_to_end.park import PARK
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import run_mosquitto
from tests.servers.process import Process, free_port, wait_until

START, UNTIL = "2026-01-08T02:00:00+08:00", "2026-01-08T08:00:00+08:00"
_SINCE, _TILL = (round(dt.datetime.fromisoformat(moment).timestamp() * 1000) for moment in (START, UNTIL))
WINDOW = (_SINCE, _TILL)
TOWN = ["--devices", "90", "--sector", "agriculture", "--interval", "3m", "--seed", "7"]
ASKED = [*TOWN, "--faults", "typical,bad.toml", "--start", START, "--until", UNTIL]
SETTLES_S = 100.0

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
    f'[delivery.{name.replace("_", "-")}]\nclass = "{name}"\nper_year = 52\nhours = [8, 24]\n{_SIZES.get(name, "")}'
    for name in CLASSES
)


class Delivering(Park):
    """A park with every delivery fault, whose ingester tells its counters."""

    metrics = ""

    def selection(self, faults: str) -> Selection:
        """What the commands are asked for."""
        town = default_town(SECTORS)
        rules = read_rules(faults)
        return Selection(
            town=town, seed=7, devices=90, sectors=("agriculture",), interval_ms=180_000, events=True, faults=rules
        )

    @cached_property
    def faulty(self) -> Selection:
        """With their faults."""
        return self.selection(f"typical,{self.folder / 'bad.toml'}")

    def lines(self, selection: Selection) -> list[str]:
        """The readings that should be stored, as line protocol."""
        made = make_lines(readings_of(replace(selection, events=False)), FORMATS["line"], *WINDOW)
        return b"".join(lines for _, lines in made).decode().splitlines()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """`park ingest`, which has taken all that was published when the block ends."""
        port = free_port()
        self.metrics = f"http://127.0.0.1:{port}/metrics"
        argv = [*PARK, "ingest", "--broker", self.broker.url, "--store", self.store, "--metrics-port", str(port)]
        argv += ["--dead-letters", str(self.folder / "dead-letters.ndjson")]
        ready = f"http://127.0.0.1:{port}/readyz"
        process = Process(
            argv=argv, log=self.folder / "ingest.log", ready=lambda: http.healthy(ready), env=self.environment
        )
        process.start()
        try:
            yield
        finally:
            process.stop()

    def publish(self, *more: str) -> None:
        """Publish the window, and wait until the ingester has settled all of it."""
        told = ["simulate", "--broker", self.broker.url, "--speed", "max", "--rewind", "0", *more, *ASKED]
        self.simulated = self.summary(*told)
        wanted = self.simulated["acknowledged"] + self.simulated["events"]["acknowledged"]

        def settled() -> bool:
            counted = read_page(http.call(self.metrics).decode())
            return bool(counted["stored"] + counted["dead_lettered"] >= wanted)

        wait_until(settled, deadline=SETTLES_S, what=f"all of {wanted} messages settled")

    def verify(self, *more: str, code: int = 0) -> tuple[dict[str, Any], str]:
        """What `park verify` says, and the tables that it prints."""
        done = self.run("verify", "--store", self.store, *ASKED, *more, "--json", code=code)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found, done.stderr.decode()

    def delete(self, line: str) -> None:
        """Take a row out of InfluxDB."""
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
def park(influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivering]:
    folder = tmp_path_factory.mktemp("delivery")
    (folder / "bad.toml").write_text(RULES, encoding="utf-8")
    with run_mosquitto(folder) as broker:
        park = Delivering(broker, influxdb, folder)
        park.environment["COLUMNS"] = "200"
        with park.at_work():
            park.publish()
            yield park


@pytest.mark.deadline(300)
def test_what_is_injected_is_counted_and_nothing_of_it_is_a_finding(park: Delivering) -> None:
    found, said = park.verify("--ingest", park.metrics, "--dead-letters", "dead-letters.ndjson")
    assert (found["lost"], found["duplicated"], found["altered"], found["late"]) == (0, 0, 0, 0)
    assert found["found"] == found["expected"] == len(park.lines(park.faulty))
    made = found["injected"]
    assert made.keys() == set(CLASSES)
    assert all(count > 0 for count in made.values()), made
    ingest = found["ingest"]
    assert ingest["differences"] == 0
    assert ingest["duplicates"] == ingest["injected"]["duplicates"] == made["duplicated"]
    assert ingest["late"] == ingest["injected"]["late"] > 0
    assert ingest["dead_lettered"] == ingest["injected"]["dead_lettered"] == made["malformed"] + made["oversize"]
    assert "not as it should be" not in said
    # What is lost on purpose is not offered.
    taken = len(park.lines(park.selection("typical")))
    assert park.simulated["offered"] == park.simulated["acknowledged"] == taken - made["lost"] + made["duplicated"]


def _held(park: Delivering, told: dict[str, int], letters: list[str], *, repeats: bool = False) -> list[Difference]:
    """The ingester's counters and dead letters, as they are given, against the run."""
    told_file, letters_file = park.folder / "told.json", park.folder / "letters.ndjson"
    told_file.write_text(json.dumps(told), encoding="utf-8")
    letters_file.write_text("".join(letters), encoding="utf-8")
    counted = counted_of(str(told_file), letters_file, repeats=repeats)
    return differences(injected(readings_of(park.faulty), WINDOW), counted)


@pytest.mark.deadline(300)
def test_every_counter_and_dead_letter_that_differs_is_named(park: Delivering) -> None:
    told = read_page(http.call(park.metrics).decode())
    with (park.folder / "dead-letters.ndjson").open(encoding="utf-8") as file:
        letters = list(file)
    assert not _held(park, told, letters)
    assert [one.what for one in _held(park, told | {"late": told["late"] + 1}, letters)] == ["late"]
    assert not _held(park, told | {"late": told["late"] + 1}, letters, repeats=True)
    fewer = told | {"duplicates": told["duplicates"] - 1}
    assert [one.what for one in _held(park, fewer, letters, repeats=True)] == ["duplicates"]
    (missing,) = _held(park, told, letters[1:])
    assert (missing.injected, missing.counted) == (1, 0)
    assert json.loads(letters[0])["topic"] in missing.detail


@pytest.mark.deadline(300)
def test_true_losses_alterations_and_foreign_rows_among_them_are_named(park: Delivering) -> None:
    """Last of those on InfluxDB, for it changes what is stored; all but the stray are of befallen devices."""
    stored, clean = park.lines(park.faulty), park.lines(park.selection("typical"))
    of = {one.fault: one.device for one in delivery_labels(park.faulty, WINDOW) if one.changed > 5}
    mine = {name: [line for line in stored if key_of(line)[1] == device] for name, device in of.items()}
    deleted = [mine[name][len(mine[name]) // 2] for name in ("lost", "clock_offset", "late")]
    changed = [mine[name][len(mine[name]) // 3] for name in ("duplicated", "sequence_restart", "burst")]
    altered = [re.sub(r"seq=(\d+)i", r"seq=1\1i", line) for line in changed]
    there = {key_of(line) for line in stored}
    absent = [line for line in clean if key_of(line) not in there]
    restored = [next(line for line in absent if key_of(line)[1] == of[name]) for name in ("lost", "malformed")]
    stray = re.sub(r"device=[a-z-]+-\d+", "device=stray-000001", stored[50])
    for line in deleted:
        park.delete(line)
    park.influxdb.write("\n".join([*altered, *restored, stray]).encode(), bucket=park.bucket)
    found, said = park.verify(code=1)
    assert (found["lost"], found["altered"], found["duplicated"]) == (3, 3, 3)
    for line in (*deleted, *altered, *restored, stray):
        _, device, ts = key_of(line)
        assert re.search(rf"{device}\s*│\s*{ts}", said), line
    assert "delivery.lost befell" in said
    assert "delivery.malformed befell" in said


@pytest.mark.deadline(300)
def test_it_is_the_same_on_duckdb_and_by_several_processes(park: Delivering, tmp_path: Path) -> None:
    shutil.copy(park.folder / "bad.toml", tmp_path)
    before = read_page(http.call(park.metrics).decode())
    with run_mosquitto(tmp_path) as broker:
        other = Delivering(broker, park.influxdb, tmp_path)
        other.store = f"duckdb://{tmp_path / 'park.duckdb'}"
        with other.at_work():
            other.publish("--processes", "2", "--shards", "2")
            after = read_page(http.call(other.metrics).decode())
    found, _ = other.verify()
    assert (found["lost"], found["duplicated"], found["altered"]) == (0, 0, 0)
    assert found["found"] == found["expected"] == len(park.lines(park.faulty))
    counted = ("duplicates", "late", "dead_lettered")
    assert {name: before[name] for name in counted} == {name: after[name] for name in counted}
