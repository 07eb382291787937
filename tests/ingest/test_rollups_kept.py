"""Rollups of a busy hour, of marks that are many or old, and of hours whose readings are gone."""

import asyncio
import json
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.rollups.marks import PAGE_MS, Hour, MarkReader
from ingest.rollups.reduce import Gathering
from ingest.rollups.roll import Pace, Roller
from ingest.rollups.touch import Touches, mark_forgotten
from ingest.stores.base import Chunk, Store
from ingest.stores.columns import DTYPES
from ingest.stores.duckdb.write import DuckdbStore
from ingest.stores.influxdb.write import InfluxStore
from park.catalogue import DeviceKind
from park.rollup import FINE, LOG, mark_of
from sectors import KINDS
from tests.ingest.rolling import (
    BEGIN,
    HOUR_MS,
    KIND_NAMES,
    Readings,
    Writer,
    differences,
    everything,
    holds,
    random_windows,
    readings,
)
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2

MB = 1 << 20


# ---- much ----------------------------------------------------------------------------------------------


def busy_hour(kind: DeviceKind, *, devices: int, every_ms: int, rows: int = 50_000) -> Iterator[Chunk]:
    """An hour as a store gives it, in order of time."""
    count = devices * HOUR_MS // every_ms
    names = np.array([f"{kind.name}-{number:06d}" for number in range(devices)], dtype=object)
    sites = np.array(["site 0", "site 1", "site 2"], dtype=object)
    for first in range(0, count, rows):
        place = np.arange(first, min(first + rows, count))
        yield Chunk(
            device=names[place % devices],
            site=sites[place % 3],
            ts=BEGIN + place // devices * every_ms,
            seq=place,
            values={one.name: (place % 7).astype(DTYPES[one.type]) for one in kind.channels},
            present={one.name: np.ones(len(place), dtype=np.bool_) for one in kind.channels},
        )


def test_an_hour_of_a_thousand_devices_every_second_is_never_in_memory_as_a_whole() -> None:
    """3.6 million readings, of which the numbers alone are more than 150 MB."""
    kind = min(KINDS.values(), key=lambda one: len(one.channels))
    tracemalloc.start()
    try:
        gathering = Gathering(kind, FINE)
        for chunk in busy_hour(kind, devices=999, every_ms=1000):
            gathering.take(chunk)
        buckets = gathering.buckets()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert buckets is not None
    assert gathering.readings > 3_500_000
    assert len(buckets) == 999 * 12
    assert set(buckets.fields[f"{kind.channels[0].name}_count"].tolist()) == {300}
    assert peak < 100 * MB, f"{peak / MB:.0f} MB"


@pytest.mark.parametrize("at_once", [20, 300])
def test_hours_that_are_read_in_slices_come_to_the_same(store: Store, tmp_path: Path, at_once: int) -> None:
    """An hour has some 150 readings of a kind."""
    found = readings(BEGIN, BEGIN + 5 * HOUR_MS)

    async def work() -> list[str]:
        await Writer(store, tmp_path).write(found)
        assert await Roller(store, readings=at_once).once() == 15
        counts = [chunk.values["readings"].sum() for chunk in store.scan(mark_of("readings"), 0, 2**42)]
        assert len(found) - 15 < sum(counts) <= len(found)  # of each hour rounded down
        return await asyncio.to_thread(differences, store, found, [*everything(found), *random_windows(found, 20, 3)])

    assert asyncio.run(work()) == []


# ---- marks ---------------------------------------------------------------------------------------------


def all_pages(reader: MarkReader) -> list[dict[Hour, int | None]]:
    return list(iter(reader.page, None))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_all_marks_are_read_in_pages_of_a_week(store: Store) -> None:
    hours = [BEGIN + HOUR_MS * hour for hour in range(10 * 168)]
    touched = {(kind, hour) for kind in KIND_NAMES for hour in hours}

    async def work() -> None:
        await store.write(Touches(store, "one").rows(touched))
        reader = MarkReader(store)
        assert await asyncio.to_thread(reader.changed, now_ms()) == {}
        pages = await asyncio.to_thread(all_pages, reader)
        assert max(map(len, pages)) <= len(KIND_NAMES) * PAGE_MS // HOUR_MS
        assert {hour for page in pages for hour in page} == touched
        assert min(hour for _, hour in pages[0]) > max(hour for _, hour in pages[-1])  # those of today first
        assert await asyncio.to_thread(reader.changed, now_ms()) == {}

    asyncio.run(work())


def test_many_hours_touched_at_once_are_read_in_pages_too(store: Store) -> None:
    touched = {(kind, BEGIN + HOUR_MS * hour) for kind in KIND_NAMES for hour in range(3 * 168)}

    async def work() -> None:
        reader, touches = MarkReader(store), Touches(store, "one")
        assert await asyncio.to_thread(reader.changed, now_ms()) == {}
        await store.write(touches.rows(touched))
        assert await asyncio.to_thread(reader.changed, now_ms()) == {}
        pages = await asyncio.to_thread(all_pages, reader)
        assert len(pages) > 1
        assert {hour for page in pages for hour in page} == touched

    asyncio.run(work())


def test_what_was_touched_while_nobody_looked_for_days_is_found(store: Store, tmp_path: Path) -> None:
    found = readings(BEGIN, BEGIN + 2 * HOUR_MS)

    async def work() -> set[Hour]:
        reader, writer = MarkReader(store), Writer(store, tmp_path)
        await writer.write(in_hour(found, 0))
        await asyncio.to_thread(reader.changed, now_ms())
        await asyncio.to_thread(all_pages, reader)
        await writer.write(in_hour(found, 1))
        changed = await asyncio.to_thread(reader.changed, now_ms() + 3 * 86_400_000)
        return {hour for page in (changed, *await asyncio.to_thread(all_pages, reader)) for hour in page}

    assert asyncio.run(work()) >= {(kind, BEGIN + HOUR_MS) for kind in KIND_NAMES}


def test_what_a_writer_touched_whose_clock_is_days_behind_is_made_all_the_same(store: Store, tmp_path: Path) -> None:
    found = readings(BEGIN, BEGIN + 2 * HOUR_MS)
    later = readings(BEGIN + 4 * HOUR_MS, BEGIN + 6 * HOUR_MS, seed=4)

    class Behind:
        """A store as that writer sees it: its log is of five days ago."""

        render = staticmethod(store.render)

        @staticmethod
        async def write(rows: list[object]) -> None:
            touches, minute = Touches(store, "behind"), now_ms() - 5 * 86_400_000
            log = touches.row("behind", LOG, minute, logged=minute, first=BEGIN + 4 * HOUR_MS, last=BEGIN + 6 * HOUR_MS)
            await store.write([*rows[:-1], log])

    async def work() -> None:
        stop, pace = asyncio.Event(), Pace(quiet_s=0.1, look_s=0.05, again_s=0.5)
        await Writer(store, tmp_path).write(found)
        running = asyncio.create_task(Roller(store, pace=pace).run(stop))
        await holds(store, found)
        await Writer(Behind(), tmp_path, "behind").write(later, rows=1_000_000)  # type: ignore[arg-type]
        await holds(store, later)
        stop.set()
        await running

    asyncio.run(work())


def test_more_hours_than_wait_at_once_are_made(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.rollups.roll._PENDING", 2)
    weeks: Readings = {}
    for week in range(4):
        weeks |= readings(BEGIN + week * PAGE_MS, BEGIN + week * PAGE_MS + HOUR_MS, seed=week)

    async def work() -> list[str]:
        await Writer(store, tmp_path).write(weeks)
        assert await Roller(store).once() == 12
        return await asyncio.to_thread(differences, store, weeks, everything(weeks))

    assert asyncio.run(work()) == []


# ---- forgotten -----------------------------------------------------------------------------------------


def forget(store: Store, influxdb: InfluxDB2, until: int) -> None:
    """Delete readings, as the manual says for each store."""
    for kind in KIND_NAMES:
        if isinstance(store, DuckdbStore):
            with store.connection.cursor() as cursor:
                cursor.execute(f'DELETE FROM "{kind}" WHERE ts < {until}')
        else:
            assert isinstance(store, InfluxStore)
            stop = np.datetime64(until, "ms").item().isoformat() + "Z"
            body = {"start": "1970-01-01T00:00:00Z", "stop": stop, "predicate": f'_measurement="{kind}"'}
            where = {"org": influxdb.org, "bucket": store._url.bucket}
            http.call(
                f"{influxdb.url}/api/v2/delete",
                method="POST",
                query=where,
                body=json.dumps(body).encode(),
                token=influxdb.token,
            )


def in_hour(found: Readings, hour: int) -> Readings:
    return {key: said for key, said in found.items() if (key[2] - BEGIN) // HOUR_MS == hour}


def moved(found: Readings, device: str | None = None) -> Readings:
    """The readings a moment later, so that they are others; of another device, if one is named."""
    return {(kind, device or of, ts + 1): said for (kind, of, ts), said in found.items()}


def test_no_reading_that_comes_late_makes_less_of_an_hour_that_was_forgotten(
    store: Store, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    found = readings(BEGIN, BEGIN + 4 * HOUR_MS)
    hours = [in_hour(found, hour) for hour in range(4)]
    lost = dict(list(moved(hours[0]).items())[::7])
    kept = [
        moved(hours[0], "d-3"),  # of a device that said nothing then
        readings(BEGIN - 9 * HOUR_MS, BEGIN - 8 * HOUR_MS, seed=6),  # a backfill of an hour that there was not
        hours[1] | moved(hours[1]),  # a replay of all, and more
        dict(list(moved(hours[3]).items())[::7]),  # of an hour that is not forgotten
    ]

    async def work() -> list[str]:
        writer = Writer(store, tmp_path)
        await writer.write(found)
        await Roller(store).once()
        until = await mark_forgotten(store, BEGIN + 3 * HOUR_MS + 1_800_000)
        assert until == BEGIN + 3 * HOUR_MS
        assert await mark_forgotten(store, BEGIN) == BEGIN  # which forgets nothing that was not
        await asyncio.to_thread(forget, store, influxdb, until)
        for some in (lost, *kept):
            await writer.write(some)
        await Roller(store).once()
        must = found | {key: said for some in kept for key, said in some.items()}
        return await asyncio.to_thread(differences, store, must, everything(must))

    assert asyncio.run(work()) == []


def test_what_is_deleted_otherwise_is_not_in_the_rollup_that_is_made_then(
    store: Store, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    """Readings that should not be there: no mark says that they were forgotten."""
    found = readings(BEGIN, BEGIN + HOUR_MS)
    half = BEGIN + HOUR_MS // 2

    async def work() -> list[str]:
        await Writer(store, tmp_path).write(found)
        roller = Roller(store)
        await roller.once()
        await asyncio.to_thread(forget, store, influxdb, half)
        await roller.touch(BEGIN, half)
        await roller.touch(half, BEGIN + HOUR_MS)
        await roller.once()
        left = {key: said for key, said in found.items() if key[2] >= half}
        windows = [one for one in everything(found) if one[1].ms == HOUR_MS]
        return await asyncio.to_thread(differences, store, left, windows)

    assert asyncio.run(work()) == []
