"""Rows to a file, in a transaction a batch."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

import duckdb

from ingest.errors import Refused, Retryable, StoreError
from ingest.stores.base import Chunk, Measurement, Render, Series
from ingest.stores.duckdb.file import Database, acquire, release
from ingest.stores.duckdb.scan import scan
from ingest.stores.duckdb.table import Row, Table, columns_in
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
        self._widened: set[str] = set()

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
                self._widened.update(groups)
            except duckdb.Error as error:
                _rollback(connection)
                raise self._error(error) from None

    def _insert(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
        table = rows[0][0]
        connection.execute(table.create)
        if table.measurement not in self._widened:
            for statement in table.widen(columns_in(connection, table.measurement)):
                connection.execute(statement)
        connection.register("batch", table.batch(rows))
        try:
            connection.execute(table.insert())
        finally:
            connection.unregister("batch")

    def _error(self, error: duckdb.Error) -> StoreError:
        message = f"duckdb://{self._path}: {error}"
        if isinstance(error, (duckdb.ConversionException, duckdb.ConstraintException, duckdb.BinderException)):
            return Refused(message)
        return Retryable(message)


def open_url(url: DuckdbUrl, _environ: Mapping[str, str]) -> DuckdbStore:
    """The store at the URL."""
    return DuckdbStore(url)


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        return  # there was no transaction any more
