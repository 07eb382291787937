"""Every store: rows come back exactly, writing twice changes nothing."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest import stores
from ingest.decode import Decoder
from ingest.errors import (
    BadStoreUrl,
    Misconfigured,
    StoreError,
)
from ingest.events import Events
from ingest.handler import MessageKind
from ingest.messages import PlainMessage
from ingest.receive import SessionOptions
from ingest.run import IngestOptions, run
from ingest.stores import STORES, open_store, parse_store_url
from ingest.stores.base import Row, Store
from ingest.stores.duckdb.file import connection_of
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from mqttlink import parse_broker_url
from park.catalogue import ValueType
from park.event import RAIN_SPELL, EventCatalogue, EventType, event_catalogue
from park.topics import EVENT_FILTER
from sectors import EVENTS, KINDS, SECTOR_OF
from tests.ingest.helpers import T0, influx_store, new_batch
from tests.servers.influxdb1 import InfluxDB1
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.victoria import run_victoria

OpenStore = Callable[[], Store]


def _influxdb2(request: pytest.FixtureRequest) -> OpenStore:
    server: InfluxDB2 = request.getfixturevalue("influxdb")
    bucket = server.new_bucket()
    return lambda: influx_store(server, bucket)


def _influxdb1(request: pytest.FixtureRequest) -> OpenStore:
    server: InfluxDB1 = request.getfixturevalue("influxdb1")
    url = InfluxUrl(endpoint=server.url, bucket=server.new_bucket(), org="")
    return lambda: InfluxStore(url, "")


#: The servers of the stores that are one. Any other store is a file.
SERVERS = {"influxdb": [_influxdb2, _influxdb1]}


def _file(scheme: str) -> Callable[[pytest.FixtureRequest], OpenStore]:
    def place(request: pytest.FixtureRequest) -> OpenStore:
        folder: Path = request.getfixturevalue("tmp_path")
        return lambda: open_store(parse_store_url(f"{scheme}://{folder}/new/park.{scheme}"), {})

    return place


def places() -> Iterator[Any]:
    """Where every store that is found can be tried."""
    schemes = {package.rpartition(".")[2]: scheme for scheme, package in STORES.items()}
    for name, scheme in schemes.items():
        for place in SERVERS.get(name, [_file(scheme)]):
            yield pytest.param(place, id=place.__name__.strip("_") if name in SERVERS else name)


def test_a_store_names_a_source_that_answers_its_panels() -> None:
    answered = {scheme for scheme, package in STORES.items() if find_spec(f"{package}.panels")}
    assert {"duckdb", "influxdb+http", "influxdb+https"} <= answered
    for scheme in answered:
        source = import_module(f"{STORES[scheme]}.panels").SOURCE
        assert callable(import_module(f"dashboards.sources.{source}").open_source)


@pytest.fixture(params=list(places()))
def open_any(request: pytest.FixtureRequest) -> OpenStore:
    place: Callable[[pytest.FixtureRequest], OpenStore] = request.param
    return place(request)


def test_every_store_is_found_and_says_how_its_urls_begin() -> None:
    folders = {path.parent.name for path in Path(stores.__file__).parent.glob("*/url.py")}
    assert {package.rpartition(".")[2] for package in STORES.values()} == folders
    with pytest.raises(BadStoreUrl) as caught:
        parse_store_url("nowhere:///park")
    assert all(f"{scheme}://" in str(caught.value) for scheme in STORES)


def random_payloads(count: int, kind: str, seed: int = 1) -> list[dict[str, object]]:
    random_ = random.Random(seed)
    draw: dict[ValueType, Callable[[], object]] = {
        ValueType.FLOAT: lambda: random_.choice(
            [21, 0.1 + 0.2, -0.0, 1e300, 5e-324, random_.random(), float(random_.randrange(10**15)), 1e21, 1e-7]
        ),
        ValueType.INT: lambda: random_.choice([0, -1, 2**53 + 1, 2**63 - 1]),
        ValueType.BOOL: lambda: random_.random() < 0.5,
        ValueType.TEXT: lambda: random_.choice(["a", "UNSET", "x.y-z_9"]),
    }
    return [
        {"ts": T0 + 1000 * i, "seq": 2**62 + i}
        | {channel.name: draw[channel.type]() for channel in KINDS[kind].channels if random_.random() < 0.8}
        for i in range(count)
    ]


def rows_of(store: Store, kind: str, payloads: Sequence[dict[str, object]]) -> list[Row]:
    decoder = Decoder(store.render)
    where = f"park/{SECTOR_OF[kind].name}/north/{kind}/d-1/telemetry"
    batch = new_batch()
    messages = [PlainMessage(topic=where, payload=json.dumps(payload).encode()) for payload in payloads]
    decoder.take(messages, batch)
    assert not batch.rejections
    return batch.rows


def stored(store: Store, kind: str, start: int = 0, until: int = 2**52) -> list[dict[str, object]]:
    """Rows as payloads, in order of time."""
    found: list[dict[str, object]] = []
    for chunk in store.scan(KINDS[kind], start, until):
        assert chunk.ts.dtype == chunk.seq.dtype == np.int64
        for i in range(len(chunk)):
            assert (chunk.device[i], chunk.site[i]) == ("d-1", "north")
            values = {name: chunk.values[name][i] for name in chunk.values if chunk.present[name][i]}
            found.append({"ts": chunk.ts[i], "seq": chunk.seq[i], **values})
    return sorted(found, key=lambda row: int(row["ts"]))  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_comes_back_exactly_and_once(open_any: OpenStore, kind: str) -> None:
    payloads = random_payloads(200, kind)

    async def main() -> list[dict[str, object]]:
        store = open_any()
        try:
            rows = rows_of(store, kind, payloads)
            await store.write(rows)
            await store.write(rows[50:150] + rows[50:60])
            return await asyncio.to_thread(stored, store, kind)
        finally:
            await store.close()

    assert asyncio.run(main()) == payloads


def an_event(device: str, name: str, ts: int, phase: str = "state", **values: object) -> PlainMessage:
    payload = {"ts": ts, "id": f"{device}-{ts}", "type": name, "phase": phase, **values}
    where = f"park/agriculture/north/weather_station/{device}/event"
    return PlainMessage(topic=where, payload=json.dumps(payload).encode())


def stored_events(store: Store, log: str) -> list[dict[str, object]]:
    """The events of a log, in order of time."""
    found: list[dict[str, object]] = []
    for chunk in store.scan(EVENTS.logs[log], 0, 2**52):
        assert (chunk.seq == -1).all()
        for i in range(len(chunk)):
            values = {name: chunk.values[name][i] for name in chunk.values if chunk.present[name][i]}
            found.append({"device": chunk.device[i], "site": chunk.site[i], "ts": chunk.ts[i], **values})
    return sorted(found, key=lambda row: (int(row["ts"]), str(row["device"])))  # type: ignore[call-overload]


def test_events_come_back_from_the_log_of_their_type_and_once(open_any: OpenStore) -> None:
    messages = [
        an_event("s-1", "place", T0, latitude=31.491169, longitude=120),
        an_event("s-2", "place", T0, latitude=-0.5),
        an_event("s-1", "rain_spell", T0, "begin"),
        an_event("s-1", "rain_spell", T0 + 1, "end", precipitation=2.5, duration=600),
    ]

    async def main() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        store = open_any()
        batch = new_batch()
        Decoder(store.render).take([*messages, *messages[:2]], batch)
        assert not batch.rejections
        try:
            assert [list(store.scan(log, 0, 2**52)) for log in EVENTS.logs.values()] == [[] for _ in EVENTS.logs]
            await store.write(batch.rows)
            await store.write(batch.rows)
            return await asyncio.to_thread(
                lambda: (stored_events(store, "park_device"), stored_events(store, "park_event"))
            )
        finally:
            await store.close()

    places, spells = asyncio.run(main())
    at, state = {"site": "north", "ts": T0}, {"type": "place", "phase": "state"}
    assert places == [
        {**at, "device": "s-1", **state, "id": f"s-1-{T0}", "latitude": 31.491169, "longitude": 120.0},
        {**at, "device": "s-2", **state, "id": f"s-2-{T0}", "latitude": -0.5},
    ]
    rain = {"site": "north", "device": "s-1", "type": "rain_spell"}
    assert spells == [
        {**rain, "ts": T0, "phase": "begin", "id": f"s-1-{T0}"},
        {**rain, "ts": T0 + 1, "phase": "end", "id": f"s-1-{T0 + 1}", "precipitation": 2.5, "duration": 600.0},
    ]


def test_two_types_may_have_an_event_of_one_device_at_one_time(open_any: OpenStore) -> None:
    squall = EventType(name="squall", title="", description="", channels=RAIN_SPELL.channels)
    catalogue = event_catalogue([], [RAIN_SPELL, squall])
    handlers = {EVENT_FILTER: MessageKind(open=lambda context: Events(context, catalogue))}
    messages = [an_event("s-1", "squall", T0, precipitation=1), an_event("s-1", "rain_spell", T0, "begin")]

    async def main() -> list[dict[str, object]]:
        store = open_any()
        batch = new_batch()
        Decoder(store.render, handlers=handlers).take(messages, batch)
        try:
            await store.write(batch.rows)
            return await asyncio.to_thread(stored_events, store, "park_event")
        finally:
            await store.close()

    assert {(row["type"], row["phase"]) for row in asyncio.run(main())} == {
        ("squall", "state"),
        ("rain_spell", "begin"),
    }


def test_a_file_made_before_a_channel_was_known_takes_it(tmp_path: Path) -> None:
    """Events are kept for ever, and their types grow."""

    async def write(catalogue: EventCatalogue, message: PlainMessage) -> list[dict[str, object]]:
        store = open_store(parse_store_url(f"duckdb://{tmp_path}/park.duckdb"), {})
        handlers = {EVENT_FILTER: MessageKind(open=lambda context: Events(context, catalogue))}
        batch = new_batch()
        Decoder(store.render, handlers=handlers).take([message], batch)
        try:
            await store.write(batch.rows)
            return await asyncio.to_thread(stored_events, store, "park_event")
        finally:
            await store.close()

    squall = EventType(name="squall", title="", description="")
    asyncio.run(write(event_catalogue([], [squall]), an_event("s-1", "squall", T0)))
    grown = event_catalogue([], [RAIN_SPELL, squall])
    rows = asyncio.run(write(grown, an_event("s-1", "rain_spell", T0 + 1, "end", precipitation=2.5)))
    assert [(row["type"], row.get("precipitation")) for row in rows] == [("squall", None), ("rain_spell", 2.5)]


def test_the_window_is_half_open_and_an_unknown_kind_is_empty(open_any: OpenStore) -> None:
    async def main() -> None:
        store = open_any()
        try:
            assert list(store.scan(KINDS["soil_probe"], 0, 2**52)) == []
            await store.write(rows_of(store, "soil_probe", random_payloads(10, "soil_probe")))
            window = await asyncio.to_thread(stored, store, "soil_probe", T0 + 2000, T0 + 5000)
            assert [row["ts"] for row in window] == [T0 + 2000, T0 + 3000, T0 + 4000]
        finally:
            await store.close()

    asyncio.run(main())


def test_many_rows_come_in_chunks(open_any: OpenStore) -> None:
    async def main() -> None:
        store = open_any()
        try:
            rows = rows_of(store, "soil_probe", random_payloads(25_000, "soil_probe"))
            for i in range(0, len(rows), 5000):
                await store.write(rows[i : i + 5000])
            sizes = await asyncio.to_thread(lambda: [len(chunk) for chunk in store.scan(KINDS["soil_probe"], 0, 2**52)])
            assert sum(sizes) == 25_000
            assert max(sizes) <= 100_000
        finally:
            await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("version", [1, 2])
def test_a_bucket_with_a_slash_is_read_as_it_is_written(
    influxdb: InfluxDB2, influxdb1: InfluxDB1, version: int
) -> None:
    """A database and its policy to InfluxDB 1; InfluxDB 2 takes a bucket's name for both."""
    if version == 1:
        url = InfluxUrl(endpoint=influxdb1.url, bucket=f"{influxdb1.new_bucket()}/autogen", org="")
        store = InfluxStore(url, "")
    else:
        store = influx_store(influxdb, influxdb.new_bucket(suffix="/b"))
    payloads = random_payloads(10, "soil_probe")

    async def main() -> list[dict[str, object]]:
        await store.write(rows_of(store, "soil_probe", payloads))
        found = await asyncio.to_thread(stored, store, "soil_probe")
        await store.close()
        return found

    assert asyncio.run(main()) == payloads


def test_victoriametrics_takes_the_same_rows(tmp_path: Path) -> None:
    with run_victoria(tmp_path) as server:
        store = InfluxStore(InfluxUrl(endpoint=server.url, bucket="park", org=""), "")

        async def main() -> None:
            await store.write(rows_of(store, "soil_probe", [{"ts": T0, "seq": 1, "soil_moisture": 0.312}]))
            await store.close()

        asyncio.run(main())
        (series,) = server.export('{__name__="soil_probe_soil_moisture"}')
        assert (series["values"], series["timestamps"]) == ([0.312], [T0])


def test_a_duckdb_file_cannot_be_shared_among_workers(tmp_path: Path) -> None:
    session = SessionOptions(address=parse_broker_url("mqtt://127.0.0.1:1"))
    url = parse_store_url(f"duckdb://{tmp_path}/park.duckdb")
    with pytest.raises(BadStoreUrl, match="--processes 1"):
        asyncio.run(run(IngestOptions(broker=session, store=url, processes=2), asyncio.Event()))


def test_a_viewer_in_the_same_process_reads_the_open_file(tmp_path: Path) -> None:
    path = tmp_path / "park.duckdb"

    async def main() -> None:
        store = open_store(parse_store_url(f"duckdb://{path}"), {})
        await store.write(rows_of(store, "soil_probe", random_payloads(5, "soil_probe")))
        cursor = connection_of(path).cursor()
        assert cursor.execute("SELECT count(*) FROM soil_probe").fetchall() == [(5,)]
        cursor.close()
        await store.close()
        with pytest.raises(StoreError, match="not open"):
            connection_of(path)

    asyncio.run(main())


def test_a_duckdb_file_of_another_process_is_named(tmp_path: Path) -> None:
    (tmp_path / "park.duckdb").write_bytes(b"this is no database" * 1000)
    with pytest.raises(Misconfigured, match=r"park\.duckdb"):
        open_store(parse_store_url(f"duckdb://{tmp_path}/park.duckdb"), {})
