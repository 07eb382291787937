"""A comparison with the real store: what it tells on the way, and what comes while it waits."""

import asyncio
from collections.abc import Iterator

import pytest

from ingest.stores import Store, open_store, parse_store_url
from ingest.stores.union import Union
from simulator.observed import readings_of
from simulator.verify import verify
from tests.servers.influxdb2 import InfluxDB2
from tests.simulator.conftest import HOUR, START, lines_of, select

SELECTION = select(kinds=("battery", "soil_probe"), devices=40)
WINDOW = (START, START + HOUR)


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return lines_of(SELECTION, *WINDOW, format_="line").splitlines(keepends=True)


class Town:
    """A bucket of its own, and the store over it."""

    def __init__(self, influxdb: InfluxDB2) -> None:
        self._influxdb, self._bucket = influxdb, influxdb.new_bucket()
        url = parse_store_url(influxdb.store_url(self._bucket))
        self.store: Store = open_store(url, {"INFLUXDB_V2_TOKEN": influxdb.token})

    def write(self, lines: list[bytes]) -> None:
        self._influxdb.write(b"".join(lines), bucket=self._bucket)


@pytest.fixture
def town(influxdb: InfluxDB2) -> Iterator[Town]:
    town = Town(influxdb)
    yield town
    asyncio.run(town.store.close())


def test_progress_adds_up_to_what_is_expected(town: Town, lines: list[bytes]) -> None:
    town.write(lines)
    readings = readings_of(SELECTION)
    told: list[int] = []
    summary, findings = verify(readings, town.store, WINDOW, on_progress=told.append)
    assert sum(told) == readings.count(*WINDOW) == summary.expected == summary.found == len(lines)
    assert summary.clean
    assert not findings.examples


def test_what_comes_while_it_waits_is_late_and_not_lost(town: Town, lines: list[bytes]) -> None:
    never, late, soon = lines[:3], lines[3:50], lines[50:]
    town.write(soon)
    readings = readings_of(SELECTION)
    left = readings.count(*WINDOW)

    def arrive(compared: int) -> None:
        nonlocal left
        left -= compared
        if not left:
            town.write(late)

    summary, findings = verify(readings, town.store, WINDOW, wait_s=2.0, on_progress=arrive)
    assert (summary.lost, summary.late, summary.duplicated, summary.altered) == (len(never), len(late), 0, 0)
    assert summary.found == len(lines) - len(never)
    assert [example.verdict for example in findings.examples] == ["lost"] * len(never)


def test_without_waiting_nothing_is_looked_at_again(town: Town, lines: list[bytes]) -> None:
    town.write(lines[10:])
    summary, _ = verify(readings_of(SELECTION), town.store, WINDOW)
    assert (summary.lost, summary.late) == (10, 0)


@pytest.fixture
def other_town(influxdb: InfluxDB2) -> Iterator[Town]:
    town = Town(influxdb)
    yield town
    asyncio.run(town.store.close())


def test_readings_divided_among_stores_are_all_there_and_what_two_hold_alike_is_no_duplicate(
    town: Town, other_town: Town, lines: list[bytes]
) -> None:
    half = len(lines) // 2
    town.write(lines[: half + 40])
    other_town.write(lines[half:])
    summary, _ = verify(readings_of(SELECTION), Union([town.store, other_town.store]), WINDOW)
    assert (summary.found, summary.lost, summary.duplicated, summary.altered) == (len(lines), 0, 0, 0)


def test_of_stores_that_differ_each_row_is_seen_and_what_none_has_is_lost(
    town: Town, other_town: Town, lines: list[bytes]
) -> None:
    changed = [line.replace(b",seq=", b",seq=9") for line in lines[2:5]]
    assert changed != lines[2:5]
    town.write(lines[2:])
    other_town.write(changed)
    summary, _ = verify(readings_of(SELECTION), Union([town.store, other_town.store]), WINDOW)
    assert (summary.lost, summary.duplicated) == (2, len(changed))
