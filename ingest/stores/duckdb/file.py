"""The files that stores of this process hold open; all who name one share its connection."""

import threading
from pathlib import Path

import duckdb

from ingest.errors import Misconfigured, StoreError
from ingest.thread import OwnThread

_BLOCK_BYTES = 16384
"""Of a new file; one that is there keeps its own. A commit fills a block for each column of each table, however few the
rows are: with DuckDB's default of 256 KiB, 42 kinds cost it 66 ms of CPU a batch, and so 13."""


class Database:
    """One open file of this process, shared by all who name it.

    Attributes:
        lock: held while its connection is used.
        thread: writes, in turn.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = duckdb.connect(str(path), config={"default_block_size": _BLOCK_BYTES})
        except OSError as error:
            raise Misconfigured(f"duckdb://{path}: {error}") from None
        except duckdb.Error as error:
            raise Misconfigured(f"duckdb://{path} {_fault(path, str(error))}") from None
        self.lock = threading.Lock()
        self.thread = OwnThread("duckdb")
        self.users = 0


_OPEN: dict[Path, Database] = {}
_OPEN_LOCK = threading.Lock()


def acquire(path: Path) -> Database:
    """The open file, to be released as often.

    Raises:
        Misconfigured: it cannot be opened.
    """
    with _OPEN_LOCK:
        if path not in _OPEN:
            _OPEN[path] = Database(path)
        _OPEN[path].users += 1
        return _OPEN[path]


def release(path: Path) -> None:
    """Close the file once nobody in this process uses it."""
    with _OPEN_LOCK:
        database = _OPEN[path]
        database.users -= 1
        if not database.users:
            del _OPEN[path]
            database.connection.close()


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
