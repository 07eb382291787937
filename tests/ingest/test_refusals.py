"""What a store refuses is told apart: what it is about, which rows, and what to do."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.batch import Batch
from ingest.deadletter import DeadLetterFile, read_dead_letters
from ingest.decode import Decoder
from ingest.errors import (
    Misconfigured,
    PartialWrite,
    Refused,
    Retryable,
    StoreError,
    TooLarge,
    Unauthorized,
)
from ingest.handler import MessageKind
from ingest.messages import PlainMessage
from ingest.sequence import Tally
from ingest.status import Status
from ingest.stores.base import Row, Store
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from ingest.write import BatchWriter
from sectors import KINDS
from tests.ingest.helpers import T0, influx_store, new_batch
from tests.servers.influxdb1 import InfluxDB1, run_influxdb1
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import free_port


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
