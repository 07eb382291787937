"""A summer day and a winter day of the whole town: what is stored, what is proven, and what every page shows of it."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from sectors import KINDS, SECTORS
from tests.end_to_end.chain import Park
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import run_mosquitto

DEVICES = ["--devices", "300", "--events"]
SUMMER = ["--start", "2026-07-15T04:00:00+08:00", "--until", "2026-07-16T04:00:00+08:00"]
WINTER = ["--start", "2027-01-20T04:00:00+08:00", "--until", "2027-01-21T04:00:00+08:00"]
LINES = 20_000


@pytest.fixture(scope="module")
def park(influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    """A summer day that went through broker and ingester at full speed, and a winter day that was written as it is."""
    folder = tmp_path_factory.mktemp("days")
    with run_mosquitto(folder) as broker:
        park = Park(broker, influxdb, folder)
        with park.ingesting():
            park.simulated = park.summary(
                "simulate", "--broker", broker.url, "--speed", "max", "--rewind", "0", *DEVICES, *SUMMER
            )
        lines = park.run("generate", "--format", "line", *DEVICES, *WINTER).stdout.splitlines()
        for first in range(0, len(lines), LINES):
            influxdb.write(b"\n".join(lines[first : first + LINES]), bucket=park.bucket)
        yield park


@pytest.mark.deadline(300)
def test_the_store_holds_what_generate_prints_of_a_day(park: Park) -> None:
    printed = map(json.loads, park.run("generate", *DEVICES, *SUMMER).stdout.splitlines())
    told = Counter(message["topic"].rpartition("/")[2] for message in printed)
    assert told["telemetry"] > 100_000
    assert park.simulated["offered"] == park.simulated["acknowledged"] == told["telemetry"]
    assert park.simulated["events"] == {"offered": told["event"], "acknowledged": told["event"]}
    assert park.ingested["dead_lettered"] == park.ingested["gaps"] == 0


@pytest.mark.deadline(300)
@pytest.mark.parametrize("day", [SUMMER, WINTER], ids=["summer", "winter"])
def test_every_reading_and_event_of_a_day_is_proven(park: Park, day: list[str]) -> None:
    found = park.summary("verify", "--store", park.store, *DEVICES, *day)
    for one in (found, found.pop("events")):
        count = one["expected"]
        assert one == {"expected": count, "found": count, "lost": 0, "duplicated": 0, "altered": 0, "late": 0}
        assert count > 200


@pytest.mark.deadline(300)
@pytest.mark.parametrize("day", [SUMMER, WINTER], ids=["summer", "winter"])
def test_every_panel_of_every_sector_shows_a_day(park: Park, day: list[str]) -> None:
    pages = [word for sector in SECTORS for word in ("--page", sector)]
    park.run("dashboards", "check", "--store", park.store, "--page", "park", *pages, "--until", day[3], "--last", "24h")


def test_every_kind_is_in_it(park: Park) -> None:
    stored = {row["name"] for row in park.influxdb.influxql("SHOW MEASUREMENTS", bucket=park.bucket)}
    assert stored >= KINDS.keys()
