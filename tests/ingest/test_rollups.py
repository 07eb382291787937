"""Rollups are what plain arithmetic makes of the readings, after backfills, replays and kills; on every store."""

import asyncio
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import Misconfigured, Refused, Retryable
from ingest.rollups.roll import Pace, Roller
from ingest.rollups.touch import Touches
from ingest.stores import open_store, parse_store_url
from ingest.stores.base import Row, Store
from ingest.stores.influxdb.url import TOKEN_VARIABLE, InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from park.rollup import FINE, MARKS
from tests.ingest.command import PARK, ROOT
from tests.ingest.helpers import influx_store
from tests.ingest.rolling import (
    BEGIN,
    HOUR_MS,
    Readings,
    Writer,
    differences,
    holds,
    random_windows,
    readings,
    with_store,
    wrong,
)
from tests.servers.influxdb1 import InfluxDB1, run_influxdb1
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import wait_until

OpenStore = Callable[[], Store]


@pytest.fixture(scope="module")
def influxdb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    with run_influxdb1(tmp_path_factory.mktemp("influxdb1")) as server:
        yield server


@pytest.fixture(params=["influxdb2", "influxdb1", "duckdb"])
def open_any(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    if request.param == "duckdb":
        return lambda: open_store(parse_store_url(f"duckdb://{tmp_path}/park.duckdb"), {})
    if request.param == "influxdb1":
        server: InfluxDB1 = request.getfixturevalue("influxdb1")
        url = InfluxUrl(endpoint=server.url, bucket=server.new_bucket(), org="")
        return lambda: InfluxStore(url, "")
    influx: InfluxDB2 = request.getfixturevalue("influxdb")
    bucket = influx.new_bucket()
    return lambda: influx_store(influx, bucket)


def test_they_are_what_the_readings_come_to_in_any_window(open_any: OpenStore, tmp_path: Path) -> None:
    found = readings(BEGIN, BEGIN + 8 * HOUR_MS)

    async def work(store: Store) -> list[str]:
        await Writer(store, tmp_path).write(found)
        assert await Roller(store).once() == 24
        return await asyncio.to_thread(differences, store, found, random_windows(found, 200, seed=3))

    assert with_store(open_any, work) == []


def test_what_comes_later_for_an_hour_that_was_made_is_in_it(open_any: OpenStore, tmp_path: Path) -> None:
    """A backfill, a replay of half of it with other values, readings of before and after, by two writers."""
    first = readings(BEGIN, BEGIN + 6 * HOUR_MS)
    dice = random.Random(5)
    replayed = {key: dict(said) for key, said in first.items() if dice.random() < 0.5}
    late = readings(BEGIN - 2 * HOUR_MS, BEGIN + HOUR_MS, seed=9)

    async def work(store: Store) -> list[str]:
        writer, other = Writer(store, tmp_path), Writer(store, tmp_path, "other")
        found: Readings = {}
        for some, who in ((first, writer), (replayed, other), (late, writer), (late, other)):
            await who.write(some)
            found |= some
            await Roller(store).once()
            assert await wrong(store, found) == []
        return []

    assert with_store(open_any, work) == []


def test_only_what_was_written_to_is_made_again(open_any: OpenStore, tmp_path: Path) -> None:
    found = readings(BEGIN, BEGIN + 5 * HOUR_MS)
    again = {key: said for key, said in found.items() if key[2] // HOUR_MS == BEGIN // HOUR_MS + 2}

    async def work(store: Store) -> tuple[int, int, int]:
        writer, roller = Writer(store, tmp_path), Roller(store)
        await writer.write(found)
        first = await roller.once()
        await writer.write(again)
        second = await roller.once()
        return first, second - first, await Roller(store).once()

    assert with_store(open_any, work) == (15, 3, 0)


def test_readings_of_before_there_were_marks_are_found_at_the_first_run(open_any: OpenStore, tmp_path: Path) -> None:
    found = readings(BEGIN, BEGIN + 3 * HOUR_MS)

    class Forgetful:
        """A writer of another version, which marks nothing."""

        def __init__(self, store: Store) -> None:
            self.render = store.render
            self._store = store

        async def write(self, rows: list[Row]) -> None:
            await self._store.write([row for row in rows if not is_mark(row)])

    async def work(store: Store) -> list[str]:
        await Writer(Forgetful(store), tmp_path).write(found)  # type: ignore[arg-type]
        assert list(store.scan(MARKS, 0, 2**42)) == []
        await Roller(store).once()
        return await wrong(store, found)

    assert with_store(open_any, work) == []


def is_mark(row: Row) -> bool:
    return row.startswith(b"park_rollup") if isinstance(row, bytes) else row[0].measurement == "park_rollup"


def test_a_running_process_makes_what_is_quiet_and_sooner_or_later_what_never_is(
    open_any: OpenStore, tmp_path: Path
) -> None:
    found = readings(BEGIN, BEGIN + 2 * HOUR_MS)
    busy = readings(BEGIN + 5 * HOUR_MS, BEGIN + 6 * HOUR_MS, seed=2)

    async def work(store: Store) -> None:
        writer, stop = Writer(store, tmp_path), asyncio.Event()
        roller = Roller(store, pace=Pace(quiet_s=0.5, latest_s=0.6, look_s=0.05))
        running = asyncio.create_task(roller.run(stop))
        await writer.write(found)
        await holds(store, found)
        written = False
        while not written or await wrong(store, busy):
            await writer.write(busy)  # never half a second without
            written = True
        stop.set()
        assert await running >= 6

    with_store(open_any, work)


# ---- the process ---------------------------------------------------------------------------------------


def rolling(url: str, token: str, *options: str) -> "subprocess.Popen[bytes]":
    argv = [*PARK, "store", "rollup", "--store", url, "--json", *options]
    return subprocess.Popen(argv, cwd=ROOT, env={**os.environ, TOKEN_VARIABLE: token}, stdout=subprocess.PIPE)


def test_a_replay_of_yesterday_is_in_the_rollups_within_a_minute_though_their_maker_is_killed(
    influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    url = f"influxdb+{influxdb.url}/{bucket}?org={influxdb.org}"
    found = readings(BEGIN, BEGIN + 24 * HOUR_MS, step_ms=300_000)
    replay = readings(BEGIN, BEGIN + 24 * HOUR_MS, seed=8, step_ms=300_000)

    def fine_rows() -> int:
        rows = influxdb.influxql(f"SELECT count(seq) FROM soil_probe{FINE.suffix}", bucket=bucket)
        return int(str(rows[0]["count"])) if rows else 0

    async def work(store: Store) -> None:
        writer = Writer(store, tmp_path)
        await writer.write(found)
        process = rolling(url, influxdb.token, "--quiet", "1s")
        await asyncio.to_thread(wait_until, lambda: fine_rows() > 0, deadline=60, what="the first buckets")
        await writer.write(replay)
        process.kill()
        process.communicate()
        process = rolling(url, influxdb.token, "--quiet", "1s")
        try:
            await holds(store, found | replay)
        finally:
            process.terminate()
            process.communicate(timeout=30)
        assert process.returncode == 0

    with_store(lambda: influx_store(influxdb, bucket), work)


def test_a_file_is_whole_whenever_the_process_that_makes_its_rollups_is_killed(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/park.duckdb"
    found = readings(BEGIN, BEGIN + 24 * HOUR_MS, step_ms=300_000)

    def opened() -> Store:
        return open_store(parse_store_url(url), {})

    with_store(opened, lambda store: Writer(store, tmp_path).write(found))
    for delay in (0.8, 1.2, 1.6):
        process = rolling(url, "", "--once")
        time.sleep(delay)  # any moment will do
        process.kill()
        process.communicate()
    process = rolling(url, "", "--once")
    process.communicate(timeout=60)
    assert process.returncode == 0

    assert with_store(opened, lambda store: wrong(store, found)) == []


def test_a_file_is_not_watched_from_another_process(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/park.duckdb"
    with_store(lambda: open_store(parse_store_url(url), {}), lambda _store: asyncio.sleep(0))
    done = subprocess.run([*PARK, "store", "rollup", "--store", url], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"--once" in done.stderr


# ---- marks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Refused, Misconfigured, Retryable])
def test_marks_that_a_store_does_not_take_cost_no_reading(error: type[Exception], tmp_path: Path) -> None:
    """A store with a measurement of that name, or with a schema of its own."""
    found = readings(BEGIN, BEGIN + HOUR_MS)
    url = f"duckdb://{tmp_path}/park.duckdb"

    async def work(store: Store) -> int:
        failures = iter([error("of the marks"), error("again")])

        class Picky:
            render = staticmethod(store.render)

            async def write(self, rows: list[Row]) -> None:
                if any(map(is_mark, rows)) and (failure := next(failures, None)):
                    raise failure
                await store.write(rows)

        await Writer(Picky(), tmp_path).write(found)  # type: ignore[arg-type]
        return len(list(store.scan(MARKS, 0, 2**42)))

    marked = with_store(lambda: open_store(parse_store_url(url), {}), work)
    assert marked or error is Refused
    assert not list(tmp_path.glob("*.ndjson")) or (tmp_path / "writer.ndjson").stat().st_size == 0


def test_each_mark_differs_from_the_one_before(tmp_path: Path) -> None:
    async def work(store: Store) -> list[Any]:
        touches = Touches(store, "one")
        return [touches.rows([("bus", BEGIN)])[0][2] for _ in range(100)]

    marks = with_store(lambda: open_store(parse_store_url(f"duckdb://{tmp_path}/park.duckdb"), {}), work)
    assert len({values[1] for values in marks}) == 100
