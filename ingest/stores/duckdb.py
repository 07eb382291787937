"""DuckDB: a file that this process owns; its key makes writing again harmless."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np

from ingest.errors import Misconfigured, Refused, Retryable, StoreError
from ingest.stores.base import Chunk, Render, Series
from ingest.stores.url import DuckdbUrl
from park.catalogue import Channel, DeviceKind, ValueType
from park.codecs import Decoded

CHUNK_ROWS = 100_000
_SQL: dict[ValueType, str] = {
    ValueType.FLOAT: "DOUBLE",
    ValueType.INT: "BIGINT",
    ValueType.BOOL: "BOOLEAN",
    ValueType.TEXT: "VARCHAR",
}
_DTYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: np.float64,
    ValueType.INT: np.int64,
    ValueType.BOOL: np.bool_,
    ValueType.TEXT: object,
}
_EMPTY: dict[ValueType, Any] = {ValueType.FLOAT: 0.0, ValueType.INT: 0, ValueType.BOOL: False, ValueType.TEXT: ""}


class _Database:
    """One open file of this process, shared by all who name it."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = duckdb.connect(str(path))
        except OSError as error:
            raise Misconfigured(f"duckdb://{path}: {error}") from None
        except duckdb.Error as error:
            raise Misconfigured(f"duckdb://{path} {_fault(path, str(error))}") from None
        self.lock = threading.Lock()
        self.users = 0


_OPEN: dict[Path, _Database] = {}
_OPEN_LOCK = threading.Lock()


def _fault(path: Path, said: str) -> str:
    """Why a file cannot be opened, told apart by what lies there and by DuckDB's words."""
    if path.is_dir():
        return "is a folder; name a file in it"
    if "could not set lock" in said.lower():
        return f"cannot be opened: {said}; one process owns the file: stop the other, or use InfluxDB"
    if "not a valid DuckDB database file" in said or "Corrupt database file" in said:
        return "is no DuckDB file, or its beginning is damaged; restore it, or name another"
    if "version" in said:
        return f"was written by another version of DuckDB: {said}"
    return f"cannot be opened: {said}"


def _acquire(path: Path) -> _Database:
    with _OPEN_LOCK:
        if path not in _OPEN:
            _OPEN[path] = _Database(path)
        _OPEN[path].users += 1
        return _OPEN[path]


def _release(path: Path) -> None:
    with _OPEN_LOCK:
        database = _OPEN[path]
        database.users -= 1
        if not database.users:
            del _OPEN[path]
            database.connection.close()


def _table(series: Series) -> tuple[str, list[str]]:
    """The statement that makes the table of a measurement, and its columns in order."""
    key = series.tags[0][0]
    typed = [f'"{tag}" VARCHAR NOT NULL' for tag, _ in series.tags]
    typed.append('"ts" BIGINT NOT NULL')
    if series.has_seq:
        typed.append('"seq" BIGINT')
    typed += [f'"{channel.name}" {_SQL[channel.type]}' for channel in series.fields]
    columns = [column.split('"')[1] for column in typed]
    return (
        f'CREATE TABLE IF NOT EXISTS "{series.measurement}" ({", ".join(typed)}, PRIMARY KEY ("{key}", "ts"))',
        columns,
    )


class _Target:
    """A measurement's table: how rows become columns of it."""

    def __init__(self, series: Series) -> None:
        self.measurement = series.measurement
        self.create, self.columns = _table(series)
        self.tags = len(series.tags)
        types = [ValueType.INT] * (1 + series.has_seq) + [channel.type for channel in series.fields]
        self.types = types
        self.key = series.tags[0][0]

    def insert(self) -> str:
        """Writes a batch; the last of equal keys stays."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        rest = [f'"{name}" = excluded."{name}"' for name in self.columns if name not in {self.key, "ts"}]
        return (
            f'INSERT INTO "{self.measurement}" ({names}) SELECT * FROM batch '  # noqa: S608 - names are the catalogue's
            f'ON CONFLICT ("{self.key}", "ts") DO UPDATE SET {", ".join(rest)}'
        )


Row = tuple[_Target, tuple[str, ...], tuple[Any, ...]]


class DuckdbStore:
    """A DuckDB file with one table a measurement.

    Args:
        url: where the file is; it is made if absent.
    """

    def __init__(self, url: DuckdbUrl) -> None:
        self._path = url.path.absolute()
        self._database: _Database | None = _acquire(self._path)
        self._targets: dict[str, _Target] = {}

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The open file, for readers in this process; take a `cursor()` of it for each thread."""
        return self._open().connection

    def render(self, series: Series) -> Render:
        """A function that picks the values of one row."""
        target = self._targets.get(series.measurement)
        if target is None:
            target = self._targets[series.measurement] = _Target(series)
        names = [*(["seq"] if series.has_seq else []), *(channel.name for channel in series.fields)]
        values = attrgetter("ts", *names)
        tags = tuple(value for _, value in series.tags)

        def render(decoded: Decoded) -> Row:
            return target, tags, values(decoded)

        return render

    async def write(self, rows: Sequence[Row]) -> None:
        """Insert the rows in one transaction, from a thread.

        Raises:
            StoreError: the disk is full or the file damaged.
        """
        await asyncio.to_thread(self._write, rows)

    def scan(self, kind: DeviceKind, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the kind in the window."""
        columns = ["device", "site", "ts", "seq", *(channel.name for channel in kind.channels)]
        names = ", ".join(f'"{name}"' for name in columns)
        with self._open().lock:
            cursor = self.connection.cursor()
        try:
            cursor.execute(f'SELECT {names} FROM "{kind.name}" WHERE ts >= ? AND ts < ?', [start_ms, until_ms])  # noqa: S608
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield _chunk(kind, rows)
        except duckdb.CatalogException:  # nothing of this kind was ever written
            return
        except duckdb.Error as error:
            raise StoreError(f"duckdb://{self._path}: {kind.name}: {error}") from None
        finally:
            cursor.close()

    async def close(self) -> None:
        """Close the file once nobody in this process uses it."""
        if self._database is not None:
            self._database = None
            await asyncio.to_thread(_release, self._path)

    def _open(self) -> _Database:
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
            except duckdb.Error as error:
                _rollback(connection)
                raise self._error(error) from None

    def _insert(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
        target = rows[0][0]
        connection.execute(target.create)
        connection.register("batch", _columns(target, rows))
        try:
            connection.execute(target.insert())
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


def connection_of(path: Path) -> duckdb.DuckDBPyConnection:
    """The connection of a file that a store of this process holds open.

    Raises:
        StoreError: no store holds it open.
    """
    with _OPEN_LOCK:
        database = _OPEN.get(path.absolute())
    if database is None:
        raise StoreError(f"duckdb://{path} is not open in this process")
    return database.connection


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        return  # there was no transaction any more


def _columns(target: _Target, rows: Sequence[Row]) -> Mapping[str, Any]:
    """The batch as numpy columns; of rows with the same key only the last, as one statement may touch it once."""
    last = {(tags[0], values[0]): (tags, values) for _, tags, values in rows}
    tags = zip(*(tags for tags, _ in last.values()), strict=True)
    values = zip(*(values for _, values in last.values()), strict=True)
    columns: dict[str, Any] = {}
    names = iter(target.columns)
    for column in tags:
        columns[next(names)] = np.array(column, dtype=object)
    for value_type, column in zip(target.types, values, strict=True):
        columns[next(names)] = _column(value_type, column)
    return columns


def _column(value_type: ValueType, column: tuple[Any, ...]) -> Any:
    missing = [value is msgspec.UNSET for value in column]
    if not any(missing):
        return np.array(column, dtype=_DTYPES[value_type])
    filled = [_EMPTY[value_type] if absent else value for value, absent in zip(column, missing, strict=True)]
    if value_type is ValueType.TEXT:
        return np.array(
            [None if absent else value for value, absent in zip(column, missing, strict=True)], dtype=object
        )
    return np.ma.masked_array(np.array(filled, dtype=_DTYPES[value_type]), mask=missing)


def _chunk(kind: DeviceKind, rows: Sequence[tuple[Any, ...]]) -> Chunk:
    device, site, ts, seq, *columns = zip(*rows, strict=True)
    values: dict[str, Any] = {}
    present: dict[str, Any] = {}
    for channel, column in zip(kind.channels, columns, strict=True):
        values[channel.name], present[channel.name] = _read_column(channel, column)
    return Chunk(
        device=np.array(device, dtype=object),
        site=np.array(site, dtype=object),
        ts=np.array(ts, dtype=np.int64),
        seq=np.array([-1 if value is None else value for value in seq], dtype=np.int64),
        values=values,
        present=present,
    )


def _read_column(channel: Channel, column: tuple[Any, ...]) -> tuple[Any, Any]:
    present = np.array([value is not None for value in column], dtype=np.bool_)
    empty = _EMPTY[channel.type]
    return np.array([empty if value is None else value for value in column], dtype=_DTYPES[channel.type]), present
