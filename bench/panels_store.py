"""Stores that `bench.panels` fills: readings go straight in, as columns or as lines."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psutil

from dashboards.sources.base import Source
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from ingest.stores import open_store, parse_store_url
from ingest.stores.base import Chunk, Series, Store
from ingest.stores.duckdb.table import Table
from ingest.stores.duckdb.write import DuckdbStore
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from park.catalogue import ValueType
from park.columns import Columns
from park.rollup import TAGS
from sectors import SECTOR_OF
from simulator.plan import Plan
from simulator.render import Renderer, line_renderers
from tests.servers.influxdb2 import run_influxdb2

_POST_ROWS = 20_000
#: A server that uses a tenth of a processor at most is idle, and one that is so for longer than these is done.
_IDLE = 0.1
_IDLE_S = 25.0
_LONGEST_S = 900.0
#: Files are put together soon after the last write: those of all weeks but the last one are, in a store of some age.
_SOON = (
    *("--storage-cache-snapshot-write-cold-duration", "5s"),
    *("--storage-compact-full-write-cold-duration", "10s"),
)

Put = Callable[[Plan, Sequence[Columns]], None]


async def _at_once() -> None:
    """Nothing is left to be done."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store, a source of its panels, a way to put readings in, and what store and asker have used of processors.

    Attributes:
        url, token: by which `park` finds the store.
        is_server: whether other processes may use it meanwhile.
        settled: waits until it has done what it does of its own after writes.
    """

    name: str
    url: str
    token: str = ""
    is_server: bool = False
    store: Store
    source: Source
    put: Put
    cpu_s: Callable[[], float]
    settled: Callable[[], Awaitable[None]] = _at_once


@asynccontextmanager
async def duckdb_place(folder: Path) -> AsyncIterator[Place]:
    """A file."""
    at = f"duckdb://{folder}/park.duckdb"
    store = open_store(parse_store_url(at), {})
    assert isinstance(store, DuckdbStore)
    connection = store.connection
    tables: set[str] = set()

    def put(plan: Plan, parts: Sequence[Columns]) -> None:
        for part in parts:
            if part.kind.name not in tables:
                tags = tuple((tag, "") for tag in TAGS)
                series = Series(measurement=part.kind.name, tags=tags, fields=part.kind.channels, has_seq=True)
                connection.execute(Table(series).create)
                tables.add(part.kind.name)
            _insert(connection, plan, part)

    try:
        source = DuckSource(connection.cursor)
        yield Place(name="DuckDB", url=at, store=store, source=source, put=put, cpu_s=time.process_time)
    finally:
        await store.close()


def chunk_of(plan: Plan, part: Columns) -> Chunk:
    """The readings of a kind as a store would give them."""
    sites = np.array(list(plan.sites(SECTOR_OF[part.kind.name])), dtype=object)
    devices, which = np.unique(part.device, return_inverse=True)
    names = np.array([part.kind.device(int(device) + 1) for device in devices], dtype=object)
    values: dict[str, Any] = {}
    for channel in part.kind.channels:
        name = channel.name
        if channel.type is ValueType.FLOAT:
            values[name] = part.floats(channel)
        elif channel.type is ValueType.TEXT:
            values[name] = np.array(channel.texts, dtype=object)[part.values[name]]
        else:
            values[name] = part.values[name].astype(bool) if channel.type is ValueType.BOOL else part.values[name]
    everywhere = np.ones(len(part), dtype=bool)
    return Chunk(
        device=names[which],
        site=sites[part.device // part.kind.per_cell % len(sites)],
        ts=part.ts,
        seq=part.seq,
        values=values,
        present={name: part.present.get(name, everywhere) for name in values},
    )


def _insert(connection: duckdb.DuckDBPyConnection, plan: Plan, part: Columns) -> None:
    """The readings of a kind, by numpy arrays; what is absent by a mask."""
    chunk, sector = chunk_of(plan, part), SECTOR_OF[part.kind.name].name
    columns = {"device": chunk.device, "sector": np.full(len(part), sector, dtype=object), "site": chunk.site}
    columns |= {"ts": chunk.ts, "seq": chunk.seq, **chunk.values}
    columns |= {f"has {name}": mask for name, mask in chunk.present.items()}
    selected = [f'CASE WHEN "has {name}" THEN "{name}" END' for name in chunk.values]
    connection.register("batch", columns)
    head = '"device", "sector", "site", "ts", "seq"'
    connection.execute(f'INSERT INTO "{part.kind.name}" SELECT {", ".join([head, *selected])} FROM batch')
    connection.unregister("batch")


@asynccontextmanager
async def influxdb_place(folder: Path) -> AsyncIterator[Place]:
    """The real server, on a port of its own."""
    with run_influxdb2(folder, options=_SOON) as server:
        renders: dict[str, Renderer] = {}

        def put(plan: Plan, parts: Sequence[Columns]) -> None:
            renders.update(line_renderers(plan) if not renders else {})
            for part in parts:
                for first in range(0, len(part), _POST_ROWS):
                    some = part.take(np.arange(first, min(first + _POST_ROWS, len(part))))
                    server.write(renders[part.kind.name](some).join())

        influxd = psutil.Process(server.process.pid)

        def used_s() -> float:
            times = influxd.cpu_times()
            return float(times.user + times.system)

        url = InfluxUrl(endpoint=server.url, bucket=server.bucket, org=server.org)
        store = InfluxStore(url, server.token)
        source = InfluxSource(url=server.url, database=server.bucket, token=server.token, timeout_s=120)
        try:
            yield Place(
                name="InfluxDB",
                url=server.store_url(),
                token=server.token,
                is_server=True,
                store=store,
                source=source,
                put=put,
                cpu_s=lambda: used_s() + time.process_time(),
                settled=lambda: _idle(used_s),
            )
        finally:
            await source.close()
            await store.close()


async def _idle(used_s: Callable[[], float]) -> None:
    """Wait until a process has been idle for a while, but not for ever."""
    began = since = time.monotonic()
    while since - began < _LONGEST_S and time.monotonic() - since < _IDLE_S:
        before = used_s()
        await asyncio.sleep(2)
        if used_s() - before > 2 * _IDLE:
            since = time.monotonic()
