"""Rows to a file, in a transaction a batch."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter

import duckdb

from ingest.errors import StoreError
from ingest.stores.base import Chunk, Measurement, Render, Series
from ingest.stores.duckdb.answer import error_of
from ingest.stores.duckdb.file import Database, acquire, release
from ingest.stores.duckdb.scan import scan
from ingest.stores.duckdb.table import Row, Table
from ingest.stores.duckdb.url import DuckdbUrl
from park.reading import Timed


class DuckdbStore:
    """A DuckDB file with one table a measurement.

    Args:
        url: where the file is; it is made if absent.
    """

    def __init__(self, url: DuckdbUrl) -> None:
        self._path = url.path.absolute()
        self._database: Database | None = acquire(self._path)
        self._tables: dict[str, Table] = {}
        self._upgraded: set[str] = set()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The open file, for readers in this process; take a `cursor()` of it for each thread."""
        return self._open().connection

    def render(self, series: Series) -> Render:
        """A function that picks the values of one row."""
        table = self._tables.get(series.measurement)
        if table is None:
            table = self._tables[series.measurement] = Table(series)
        names = [*(["seq"] if series.has_seq else []), *(channel.name for channel in series.fields)]
        values = attrgetter("ts", *names)
        tags = tuple(value for _, value in series.tags)

        def render(decoded: Timed) -> Row:
            return table, tags, values(decoded)

        return render

    async def write(self, rows: Sequence[Row]) -> None:
        """Insert the rows in one transaction, from a thread.

        Raises:
            StoreError: the disk is full or the file damaged.
        """
        await asyncio.to_thread(self._write, rows)

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the measurement in the window."""
        database = self._open()
        with database.lock:
            cursor = database.connection.cursor()
        return scan(f"duckdb://{self._path}", cursor, measurement, start_ms, until_ms)

    async def close(self) -> None:
        """Close the file once nobody in this process uses it."""
        if self._database is not None:
            self._database = None
            await asyncio.to_thread(release, self._path)

    def _open(self) -> Database:
        if self._database is None:
            raise StoreError(f"duckdb://{self._path} is closed")
        return self._database

    def _write(self, rows: Sequence[Row]) -> None:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row[0].measurement, []).append(row)
        database = self._open()
        with database.lock:
            connection = database.connection
            try:
                connection.begin()
                for group in groups.values():
                    self._insert(connection, group)
                connection.commit()
            except BaseException as error:  # noqa: BLE001 - raised again, as what it means
                _rollback(connection)
                raise error_of(f"duckdb://{self._path}", error) from None
            self._upgraded.update(groups)

    def _insert(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
        table = rows[0][0]
        if table.measurement not in self._upgraded:
            connection.execute(table.create)
            table.upgrade(connection)
        connection.register("batch", table.batch(rows))
        connection.execute(table.insert())
        connection.unregister("batch")


def open_url(url: DuckdbUrl, _environ: Mapping[str, str]) -> DuckdbStore:
    """The store at the URL."""
    return DuckdbStore(url)


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    """End the transaction, if there still is one; only then may the rows be forgotten."""
    for end in (connection.rollback, lambda: connection.unregister("batch")):
        with suppress(duckdb.Error):
            end()
