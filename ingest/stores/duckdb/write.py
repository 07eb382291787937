"""Rows to a file, in a transaction a batch."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any

import duckdb

from ingest.errors import StoreError
from ingest.stores.base import Chunk, Measurement, Render, Series
from ingest.stores.duckdb.answer import error_of
from ingest.stores.duckdb.file import Database, acquire, release
from ingest.stores.duckdb.scan import scan
from ingest.stores.duckdb.table import Action, Row, Table, tables_in
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
        self._appenders: dict[tuple[str, Action], duckdb.Appender] = {}
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
        await self._open().thread.run(self._write, rows)

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
            self._appenders.clear()
            await asyncio.to_thread(release, self._path)

    def _open(self) -> Database:
        if self._database is None:
            raise StoreError(f"duckdb://{self._path} is closed")
        return self._database

    def _write(self, rows: Sequence[Row]) -> None:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row[0].measurement, []).append(row)
        batches = {name: (group[0][0], group[0][0].batch(group)) for name, group in groups.items()}
        database = self._open()
        with database.lock:
            connection = database.connection
            try:
                self._upgrade(connection, [table for table, _ in batches.values()])
                self._store(connection, list(batches.values()))
            except BaseException as error:  # noqa: BLE001 - raised again, as what it means
                self._forget(connection)
                raise error_of(f"duckdb://{self._path}", error) from None

    def _upgrade(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
        """Make the tables that this store has not written to yet, or bring them to today's form."""
        new = [table for table in tables if table.measurement not in self._upgraded]
        if not new:
            return
        there = tables_in(connection)
        connection.begin()
        for table in new:
            connection.execute(table.create)
            if table.measurement in there:
                table.upgrade(connection)
        connection.commit()
        self._upgraded.update(table.measurement for table in new)

    def _store(self, connection: duckdb.DuckDBPyConnection, batches: Sequence[tuple[Table, list[Any]]]) -> None:
        """As new rows, which costs a quarter; as rows that may be there already where one of them is."""
        try:
            self._append(connection, batches, "insert")
        except duckdb.ConstraintException:
            self._forget(connection)
            self._append(connection, batches, "upsert")

    def _append(
        self, connection: duckdb.DuckDBPyConnection, batches: Sequence[tuple[Table, list[Any]]], action: Action
    ) -> None:
        """All in one transaction."""
        connection.begin()
        for table, values in batches:
            how: Action = "upsert" if table.rewritten else action
            key: tuple[str, Action] = (table.measurement, how)
            appender = self._appenders.get(key)
            if appender is None:
                appender = self._appenders[key] = table.appender(connection, how)
            appender.append_rows(values)
            appender.flush()
        connection.commit()

    def _forget(self, connection: duckdb.DuckDBPyConnection) -> None:
        """End the transaction, if there still is one, and what appenders hold; only then may rows be forgotten."""
        with suppress(duckdb.Error):
            connection.rollback()
        for appender in self._appenders.values():
            with suppress(duckdb.Error):
                appender.clear()


def open_url(url: DuckdbUrl, _environ: Mapping[str, str]) -> DuckdbStore:
    """The store at the URL."""
    return DuckdbStore(url)
