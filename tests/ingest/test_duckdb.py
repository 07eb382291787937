"""DuckDB on a par: all tags in the key, refusals found and set aside, files of earlier versions."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import msgspec
import pytest

from ingest.deadletter import DeadLetterFile, read_dead_letters
from ingest.decode import Decoder
from ingest.errors import Misconfigured, Refused, Retryable, StoreError
from ingest.messages import PlainMessage
from ingest.report import Reporter
from ingest.sequence import Tally
from ingest.status import Status
from ingest.stores.base import Row, Store, device_series
from ingest.stores.duckdb.answer import error_of
from ingest.stores.duckdb.url import DuckdbUrl
from ingest.stores.duckdb.write import DuckdbStore
from ingest.write import BatchWriter, RetryPolicy
from park.topics import parse_telemetry
from sectors import KINDS
from tests.ingest.helpers import T0, ingesting, new_batch, options, payload, publish, readings, topic
from tests.servers.mosquitto import Mosquitto

OLD = (
    "CREATE TABLE soil_probe (device VARCHAR NOT NULL, sector VARCHAR NOT NULL, site VARCHAR NOT NULL, "
    "ts BIGINT NOT NULL, seq {seq}, soil_moisture DOUBLE, PRIMARY KEY (device, ts))"
)


def made(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(path: Path, statement: str) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def settle(folder: Path, messages: list[PlainMessage]) -> Status:
    """Through decoding and writing to the end."""
    status = Status("i", Tally(), {}, {})

    async def main() -> None:
        store = DuckdbStore(DuckdbUrl(path=folder / "park.duckdb"))
        batch = new_batch()
        Decoder(store.render).take(messages, batch)
        retry = RetryPolicy(first_s=0.01, max_s=0.05)
        letters = DeadLetterFile(folder / "dead")
        witness = Reporter(status, store).write
        writer = BatchWriter(store, letters, status, lambda _batch: None, witness=witness, retry=retry)
        writer.submit(batch)
        try:
            async with asyncio.timeout(20):
                await writer.drain()
        finally:
            await writer.cancel()
            await store.close()

    asyncio.run(main())
    return status


def said(count: int, *, site: str = "north", **channels: float) -> list[PlainMessage]:
    return [PlainMessage(topic=topic(site=site), payload=payload(seq, None, **channels)) for seq in range(count)]


def test_devices_of_one_name_at_two_sites_are_two(tmp_path: Path) -> None:
    assert settle(tmp_path, [*said(60), *said(60, site="south")]).stored == 120
    found = rows(tmp_path / "park.duckdb", "SELECT site, count(*) FROM soil_probe GROUP BY site ORDER BY site")
    assert found == [("north", 60), ("south", 60)]


def test_figures_of_gateways_and_events_have_all_tags_in_their_key(tmp_path: Path) -> None:
    figures = b'{"ts": %d, "sent": 1}' % T0
    place = b'{"ts": %d, "id": "1", "type": "place", "phase": "state", "latitude": 1.5}' % T0
    told = [PlainMessage(topic=f"park/gateways/{site}/0/stats", payload=figures) for site in ("north", "south")]
    told += [PlainMessage(topic=topic(site=site).replace("telemetry", "event"), payload=place) for site in ("n", "s")]
    assert settle(tmp_path, told).stored == 4
    for table in ("park_gateway", "park_device"):
        assert rows(tmp_path / "park.duckdb", f"SELECT count(*) FROM {table}") == [(2,)]


def test_a_file_of_an_earlier_version_gets_all_tags_in_its_key_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "park.duckdb"
    old = [f"INSERT INTO soil_probe VALUES ('d', 'agriculture', 'north', {T0 + i}, {i}, 0.5)" for i in range(10)]
    made(path, OLD.format(seq="BIGINT"), *old)
    told = [*said(50), *said(50, site="south", soil_moisture_ec=1.5)]
    status = settle(tmp_path, told)
    assert (status.stored, status.dead_lettered) == (100, 0)
    assert rows(path, "SELECT count(*), count(soil_moisture_ec) FROM soil_probe") == [(110, 50)]
    key = "SELECT constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    assert (["device", "sector", "site", "ts"],) in rows(path, key)
    assert settle(tmp_path, told).stored == 100
    assert rows(path, "SELECT count(*) FROM soil_probe") == [(110,)]


def test_a_table_without_a_tag_is_held_with_a_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "park.duckdb"
    made(path, "CREATE TABLE soil_probe (device VARCHAR, ts BIGINT, PRIMARY KEY (device, ts))")

    async def main() -> None:
        store: Store = DuckdbStore(DuckdbUrl(path=path))
        batch = new_batch()
        Decoder(store.render).take(said(2), batch)
        for _ in range(2):
            with pytest.raises(Misconfigured, match="no column 'sector'"):
                await store.write(batch.rows)
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("seq", ["INTEGER", "TINYINT", "BIGINT CHECK (seq <> 25)"])
def test_one_row_that_does_not_fit_is_one_dead_letter(tmp_path: Path, seq: str) -> None:
    made(tmp_path / "park.duckdb", OLD.format(seq=seq).replace("(device, ts)", "(device, sector, site, ts)"))
    told = said(50)
    number = 25 if "CHECK" in seq else 2**40
    told[25] = PlainMessage(topic=topic(), payload=payload(number, ts=T0 + 25_000))
    status = settle(tmp_path, told)
    assert (status.stored, status.dead_lettered) == (49, 1)
    (letter,) = read_dead_letters(tmp_path / "dead")
    assert letter.rejection.payload == told[25].payload
    assert rows(tmp_path / "park.duckdb", "SELECT count(*) FROM soil_probe") == [(49,)]


def test_whole_numbers_beyond_64_bits_are_dead_letters_and_hold_nothing_up(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    stats = "park/gateways/x/0/stats"
    junk = [(stats, b'{"ts":%d,"sent":%d}' % (T0, 2**63)), (stats, b'{"ts":%d,"offered":%d}' % (T0, 2**70))]
    junk += [(topic("d-2"), payload(2**63)), (topic("d-3"), payload(0, ts=2**64))]
    good = readings(100)
    sent = [*good[:50], *(type(good[0])(topic=where, payload=what) for where, what in junk), *good[50:]]

    async def main() -> None:
        settings = options(mosquitto, tmp_path, "int64", report_every_s=0.2)
        async with ingesting(settings, DuckdbStore(DuckdbUrl(path=tmp_path / "park.duckdb"))) as running:
            await asyncio.to_thread(publish, mosquitto, sent)
            await running.settles(104)
            running.status.tally.duplicates = 2**70  # the ingester's own row is refused, which ends nothing
            await asyncio.sleep(0.5)
            await asyncio.to_thread(publish, mosquitto, readings(1, first=100))
            await running.settles(105)
            running.status.tally.duplicates = 0
        assert running.summary is not None
        assert (running.summary.stored, running.summary.dead_lettered) == (101, 4)

    asyncio.run(main())
    reasons = {letter.rejection.reason.value for letter in read_dead_letters(tmp_path / "dead-letters.ndjson")}
    assert reasons == {"wrong-type", "bad-timestamp"}


class Odd(DuckdbStore):
    """Its library raises an error of its own over one row."""

    async def write(self, rows: Any) -> None:
        if any(values[1] == 7 for _, _, values in rows):
            raise ZeroDivisionError("what nobody foresaw")
        await super().write(rows)


def test_an_exception_that_nobody_foresaw_is_divided_to_its_row(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def main() -> None:
        store = Odd(DuckdbUrl(path=tmp_path / "park.duckdb"))
        async with ingesting(options(mosquitto, tmp_path, "odd"), store) as running:
            await asyncio.to_thread(publish, mosquitto, readings(50))
            await running.settles(50)
            assert (running.status.stored, running.status.dead_lettered) == (49, 1)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (duckdb.ConversionException("x"), Refused),
        (duckdb.ConstraintException("x"), Refused),
        (OverflowError("x"), Refused),
        (duckdb.BinderException("x"), Misconfigured),
        (duckdb.FatalException("x"), Misconfigured),
        (duckdb.IOException("x"), Retryable),
        (duckdb.OutOfMemoryException("x"), Retryable),
        (Misconfigured("x"), Misconfigured),
    ],
)
def test_one_table_sorts_every_exception(error: Exception, meaning: type[StoreError]) -> None:
    found = error_of("duckdb:///x", error)
    assert type(found) is meaning
    assert str(found).startswith("duckdb:///x: ")


def test_repeats_among_new_rows_are_written_over_and_keep_nothing_out(tmp_path: Path) -> None:
    """New rows, rows that are there already, and a refusal between: the last of equal keys stays."""
    path = tmp_path / "park.duckdb"
    series = device_series(KINDS["soil_probe"], parse_telemetry(topic()))

    async def main() -> None:
        store = DuckdbStore(DuckdbUrl(path=path))
        render = store.render(series)

        def row(seq: int, **values: float) -> Row:
            absent = dict.fromkeys((channel.name for channel in series.fields), msgspec.UNSET)
            return render(SimpleNamespace(**{**absent, **values}, ts=T0 + seq, seq=seq))

        await store.write([row(1, soil_moisture=0.1), row(2, soil_moisture=0.2)])
        await store.write([row(2, soil_moisture=0.5), row(3, soil_moisture=0.3), row(3, soil_temperature=9.0)])
        await store.write([row(4, soil_moisture=0.6)])
        with pytest.raises(Refused):
            await store.write([row(5, soil_moisture=0.7), row(2**70, soil_moisture=0.8)])
        await store.write([row(7, soil_moisture=0.9)])
        await store.close()

    asyncio.run(main())
    stored = rows(path, "SELECT seq, soil_moisture, soil_temperature FROM soil_probe ORDER BY ts")
    assert stored == [(1, 0.1, None), (2, 0.5, None), (3, None, 9.0), (4, 0.6, None), (7, 0.9, None)]
