"""Every store: rows come back exactly, writing twice changes nothing, refusals are told apart."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest import stores
from ingest.batch import Batch
from ingest.deadletter import DeadLetterFile, read_dead_letters
from ingest.decode import Decoder
from ingest.errors import (
    BadStoreUrl,
    Misconfigured,
    PartialWrite,
    Refused,
    Retryable,
    StoreError,
    TooLarge,
    Unauthorized,
)
from ingest.events import Events
from ingest.handler import MessageKind
from ingest.messages import PlainMessage
from ingest.receive import SessionOptions
from ingest.run import IngestOptions, run
from ingest.sequence import Tally
from ingest.status import Status
from ingest.stores import STORES, open_store, parse_store_url
from ingest.stores.base import Row, Store
from ingest.stores.duckdb.file import connection_of
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from ingest.write import BatchWriter
from mqttlink import parse_broker_url
from park.catalogue import ValueType
from park.event import RAIN_SPELL, EventCatalogue, EventType, event_catalogue
from park.topics import EVENT_FILTER
from sectors import EVENTS, KINDS, SECTOR_OF
from tests.ingest.helpers import T0, influx_store, new_batch
from tests.servers.influxdb1 import InfluxDB1, run_influxdb1
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import free_port
from tests.servers.victoria import run_victoria

OpenStore = Callable[[], Store]


@pytest.fixture(scope="module")
def influxdb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    with run_influxdb1(tmp_path_factory.mktemp("influxdb1")) as server:
        yield server


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


def write_error(store: Store, rows: Sequence[Row]) -> StoreError:
    async def main() -> StoreError:
        try:
            await store.write(rows)
        except StoreError as error:
            return error
        finally:
            await store.close()
        pytest.fail("the store took it")

    return asyncio.run(main())


LINE = b"soil_probe,device=d soil_moisture=0.5,seq=1i 1767225600000\n"


def test_influxdb_refuses_what_is_no_line(influxdb: InfluxDB2) -> None:
    error = write_error(influx_store(influxdb, influxdb.new_bucket()), [LINE, b"rubbish\n"])
    assert isinstance(error, Refused)


def test_influxdb_says_how_many_it_dropped(influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()
    influxdb.write(LINE, bucket=bucket)
    conflict = [b'soil_probe,device=d soil_moisture="wet",seq=1i 17672256%05d\n' % i for i in range(3)]
    error = write_error(influx_store(influxdb, bucket), [LINE, *conflict])
    assert isinstance(error, PartialWrite)
    assert error.dropped == 3


def conflicts(server: InfluxDB2 | InfluxDB1, bucket: str) -> list[Row]:
    """Lines of which the last is of another type than the field that is there, and all others right."""
    server.write(b"soil_probe,device=d odd\\ field=1,soil_moisture=0.5,seq=1i 1767225600000\n", bucket=bucket)
    right = [b"soil_probe,device=d soil_moisture=0.5,seq=%di %d\n" % (i, T0 + i) for i in range(50)]
    return [*right, b'soil_probe,device=d seq=50i,odd\\ field="wet" %d\n' % T0]


def test_influxdb_points_at_a_conflicting_field(influxdb: InfluxDB2, influxdb1: InfluxDB1) -> None:
    for server, org, token in ((influxdb, influxdb.org, influxdb.token), (influxdb1, "", "")):
        bucket = server.new_bucket()
        rows = conflicts(server, bucket)
        error = write_error(InfluxStore(InfluxUrl(endpoint=server.url, bucket=bucket, org=org), token), rows)
        assert isinstance(error, PartialWrite)
        assert error.suspects is not None
        assert [row for row in rows if error.suspects(row)] == rows[-1:]


def test_influxdb_points_at_what_is_older_than_its_retention(influxdb: InfluxDB2) -> None:
    now = time.time_ns() // 1_000_000
    rows = [b"soil_probe,device=d soil_moisture=0.5,seq=%di %d\n" % (i, now - 60_000 * i) for i in range(120)]
    error = write_error(influx_store(influxdb, influxdb.new_bucket(retention_s=3600)), rows)
    assert isinstance(error, PartialWrite)
    assert error.suspects is not None
    assert [row for row in rows if error.suspects(row)] == rows[60:]
    assert error.dropped is not None
    assert 0 < error.dropped <= 60  # it keeps what still has a shard


class Counting(InfluxStore):
    """Counts its requests."""

    requests = 0

    async def write(self, rows: Sequence[Row]) -> None:
        self.requests += 1
        await super().write(rows)


WEEK_MS = 7 * 86_400_000


@pytest.mark.parametrize("other", ["none", "same shard", "other shard", "beyond the retention"])
def test_rows_that_are_refused_are_found(influxdb: InfluxDB2, tmp_path: Path, other: str) -> None:
    """The store tells of one conflict, also where it has dropped another row for another reason."""
    bucket = influxdb.new_bucket(retention_s=10 * 365 * 86_400)
    rows = conflicts(influxdb, bucket)
    second = T0 + WEEK_MS * (other == "other shard")
    if "shard" in other:
        influxdb.write(b'weather_station,device=d wind_speed="calm" %d\n' % second, bucket=bucket)
        rows.insert(20, b"weather_station,device=d wind_speed=0.5,seq=1i %d\n" % second)
    elif other != "none":
        rows.insert(20, b"weather_station,device=d wind_speed=0.5,seq=1i 1000\n")

    async def main() -> None:
        store = Counting(InfluxUrl(endpoint=influxdb.url, bucket=bucket, org=influxdb.org), influxdb.token)
        batch = new_batch()
        batch.rows += rows
        batch.payloads += rows
        batch.origins += [PlainMessage(topic="t", payload=b"")] * len(rows)
        status = Status("i", Tally(), {}, {})
        writer = BatchWriter(store, DeadLetterFile(tmp_path / "dead"), status, lambda _batch: None)
        writer.submit(batch)
        await writer.drain()
        assert store.requests == 3 or other != "none"
        await store.close()

    asyncio.run(main())
    letters = [letter.rejection.payload for letter in read_dead_letters(tmp_path / "dead")]
    assert letters == ([rows[-1]] if other == "none" else [rows[20], rows[-1]])
    (row,) = influxdb.influxql("SELECT count(soil_moisture) FROM soil_probe", bucket=bucket)
    assert row["count"] == 50


def test_a_message_of_several_rows_is_stored_or_a_dead_letter_once(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """What counts as a message is settled as one, whichever of its rows the store refuses."""
    bucket = influxdb.new_bucket()
    *right, wrong = conflicts(influxdb, bucket)
    messages = {b"good": right[:2], b"one": right[2:3], b"bad": [right[3], wrong, wrong], b"last": right[4:6]}
    handlers = {"several": MessageKind(open=lambda _context: lambda message, _batch: messages[message.payload])}
    status = Status("i", Tally(), {}, {})

    async def main() -> None:
        store = influx_store(influxdb, bucket)
        batch = new_batch()
        told = [PlainMessage(topic="several", payload=payload) for payload in messages]
        Decoder(store.render, handlers=handlers).take([*told, PlainMessage(topic="other", payload=b"x")], batch)
        writer = BatchWriter(store, DeadLetterFile(tmp_path / "dead"), status, lambda _batch: None)
        writer.submit(batch)
        await writer.drain()
        await store.close()

    asyncio.run(main())
    assert (status.stored, status.dead_lettered, status.rows, status.batches) == (3, 2, 6, 1)
    letters = [letter.rejection for letter in read_dead_letters(tmp_path / "dead")]
    assert sorted((letter.payload, letter.reason.value) for letter in letters) == [
        (b"bad", "store-refused"),
        (b"x", "bad-topic"),
    ]


def test_a_wrong_token_or_bucket_says_what_to_fix(influxdb: InfluxDB2) -> None:
    error = write_error(influx_store(influxdb, influxdb.bucket, token="wrong"), [LINE])
    assert isinstance(error, Unauthorized)
    assert "INFLUXDB_V2_TOKEN" in str(error)
    assert "wrong" not in str(error)
    error = write_error(influx_store(influxdb, "nowhere"), [LINE])
    assert isinstance(error, Misconfigured)
    assert "nowhere" in str(error)


def test_nobody_listening_is_worth_another_try(influxdb: InfluxDB2) -> None:
    error = write_error(
        InfluxStore(InfluxUrl(endpoint=f"http://127.0.0.1:{free_port()}", bucket="b", org="o"), ""), [LINE]
    )
    assert isinstance(error, Retryable)


def test_influxdb_1_says_how_many_it_dropped(influxdb1: InfluxDB1) -> None:
    bucket = influxdb1.new_bucket()
    influxdb1.write(LINE, bucket=bucket)
    store = InfluxStore(InfluxUrl(endpoint=influxdb1.url, bucket=bucket, org=""), "")
    error = write_error(store, [LINE, b'soil_probe,device=d soil_moisture="wet" 1767225600001\n'])
    assert isinstance(error, PartialWrite)
    assert error.dropped == 1


def test_a_request_too_large_for_the_server_is_split(tmp_path: Path) -> None:
    """A row that alone is too large is refused; all others find their way, in smaller requests."""
    with run_influxdb1(tmp_path, http_config=["  max-body-size = 2000"]) as server:
        bucket = server.new_bucket()
        url = InfluxUrl(endpoint=server.url, bucket=bucket, org="")
        small = [b"soil_probe,device=d soil_moisture=0.5,seq=%di %d\n" % (i, T0 + i) for i in range(200)]
        big = b'soil_probe,device=d note="%s" %d\n' % (b"x" * 3000, T0)
        assert isinstance(write_error(InfluxStore(url, ""), small), TooLarge)
        settled: list[Batch] = []

        async def main() -> None:
            store = InfluxStore(url, "")
            batch = new_batch()
            batch.rows += [*small[:77], big, *small[77:]]
            batch.payloads += [b"%d" % i for i in range(201)]
            batch.origins += [PlainMessage(topic="t", payload=b"")] * 201
            status = Status("i", Tally(), {}, {})
            writer = BatchWriter(store, DeadLetterFile(tmp_path / "dead"), status, settled.append)
            writer.submit(batch)
            await writer.drain()
            assert (status.stored, status.dead_lettered) == (200, 1)
            await store.close()

        asyncio.run(main())
        (letter,) = read_dead_letters(tmp_path / "dead")
        assert letter.rejection.payload == b"77"
        assert "413" in letter.rejection.detail
        assert len(settled) == 1
        (row,) = server.influxql("SELECT count(seq) FROM soil_probe", bucket=bucket)
        assert row["count"] == 200


def test_a_server_that_refuses_before_it_has_read_all_is_understood(tmp_path: Path) -> None:
    with run_influxdb1(tmp_path, http_config=["  max-body-size = 2000"]) as server:
        url = InfluxUrl(endpoint=server.url, bucket=server.new_bucket(), org="")
        assert isinstance(write_error(InfluxStore(url, ""), [LINE * 500_000]), TooLarge)


def test_a_scan_with_a_wrong_token_is_refused(influxdb: InfluxDB2) -> None:
    store = influx_store(influxdb, influxdb.bucket, token="wrong")
    with pytest.raises(Unauthorized, match="INFLUXDB_V2_TOKEN"):
        list(store.scan(KINDS["soil_probe"], 0, 1))


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
