"""The files that stores of this process hold open; all who name one share its connection."""

import threading
from pathlib import Path

import duckdb

from ingest.errors import Misconfigured, StoreError


class Database:
    """One open file of this process, shared by all who name it."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = duckdb.connect(str(path))
        except OSError as error:
            raise Misconfigured(f"duckdb://{path}: {error}") from None
        except duckdb.Error as error:
            hint = "one process owns the file; stop the other, or use InfluxDB"
            raise Misconfigured(f"duckdb://{path} cannot be opened: {error}; {hint}") from None
        self.lock = threading.Lock()
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
