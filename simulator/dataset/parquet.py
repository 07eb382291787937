"""Tables that grow on disk and end as Parquet, through DuckDB.

The bytes depend on the rows and on DuckDB's version alone: one thread, and rows that go in by a fixed number at a time,
however they came.
"""

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from park.model import Ints
from simulator.errors import DatasetError

#: Of which a row group is a multiple.
ROWS_AT_ONCE = 30_720
#: Stands for what is not told; no whole number of a channel comes near it.
MISSING = -(2**63)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
VERSION = duckdb.__version__


@dataclass(kw_only=True)
class _Pile:
    """Rows of a table that wait until they are enough."""

    columns: tuple[str, ...]
    parts: list[Mapping[str, Ints]] = field(default_factory=list)
    waiting: int = 0
    rows: int = 0


class Tables:
    """Tables of whole numbers, in a file of their own.

    Args:
        folder: where the file may be, and what no longer fits in memory.

    Raises:
        DatasetError: by all that is done, where there is no room.
    """

    def __init__(self, folder: Path) -> None:
        with _told():
            self._connection = duckdb.connect(str(folder / "work.duckdb"), config=_CONFIG)
            self._connection.execute("SET TimeZone = 'UTC'")
            self._connection.execute("SET wal_autocheckpoint = '1GB'")
        self._piles: dict[str, _Pile] = {}

    def rows(self, table: str) -> int:
        """How many rows a table has; none if nothing was ever added."""
        pile = self._piles.get(table)
        return 0 if pile is None else pile.rows

    def add(self, table: str, rows: Mapping[str, Ints]) -> None:
        """More rows, by column, each (N,); `MISSING` is no value. The first ones say which columns there are."""
        if table not in self._piles:
            self._piles[table] = _Pile(columns=tuple(rows))
            typed = ", ".join(f"{quoted(name)} BIGINT" for name in rows)
            with _told():
                self._connection.execute(f"CREATE TABLE {quoted(table)} ({typed})")
        pile = self._piles[table]
        count = len(next(iter(rows.values())))
        pile.parts.append(rows)
        pile.waiting += count
        pile.rows += count
        if pile.waiting >= ROWS_AT_ONCE:
            with _told():
                self._put(table, pile, pile.waiting - pile.waiting % ROWS_AT_ONCE)

    def write(self, path: Path, select: str, about: Mapping[str, str], *, of: str) -> None:
        """What a query gives of a table, as a file.

        Args:
            path: of the file.
            select: the query.
            about: texts that are kept with the file, by name.
            of: the table.
        """
        pile = self._piles[of]
        with _told():
            self._put(of, pile, pile.waiting)
            self._copy(path, select, about)
            self._connection.execute(f"DROP TABLE {quoted(of)}")

    def write_lines(self, path: Path, lines: Path, types: Mapping[str, str], times: Sequence[str], order: str) -> None:
        """A file of lines of JSON as Parquet.

        Args:
            path: of the Parquet file.
            lines: of the file of lines.
            types: of the columns, by name.
            times: those that are Unix milliseconds, and become moments in UTC.
            order: of the rows, in SQL.
        """
        columns = ", ".join(f"{quoted(name)}: {_literal(type_)}" for name, type_ in types.items())
        chosen = ", ".join(moment(name) if name in times else quoted(name) for name in types)
        name = glob.escape(str(lines))  # which is read as a pattern
        source = f"read_json({_literal(name)}, format = 'newline_delimited', columns = {{{columns}}})"
        with _told():
            self._copy(path, f"SELECT {chosen} FROM {source} ORDER BY {order}", {})  # noqa: S608 - our own names

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _put(self, table: str, pile: _Pile, count: int) -> None:
        """Moves the first rows from a pile into its table, a fixed number at a time."""
        joined = {name: np.concatenate([part[name] for part in pile.parts]) for name in pile.columns}
        for first in range(0, count, ROWS_AT_ONCE):
            last = min(first + ROWS_AT_ONCE, count)
            self._connection.register("chunk", {name: column[first:last] for name, column in joined.items()})
            chosen = ", ".join(f"nullif({quoted(name)}, {MISSING})" for name in pile.columns)
            self._connection.execute(f"INSERT INTO {quoted(table)} SELECT {chosen} FROM chunk")  # noqa: S608 - as above
            self._connection.unregister("chunk")
        pile.parts = [{name: column[count:] for name, column in joined.items()}]
        pile.waiting -= count

    def _copy(self, path: Path, select: str, about: Mapping[str, str]) -> None:
        kept = ", ".join(f"{quoted(name)}: {_literal(text)}" for name, text in about.items())
        options = f"FORMAT parquet, COMPRESSION zstd{f', KV_METADATA {{{kept}}}' if kept else ''}"
        self._connection.execute(f"COPY ({select}) TO {_literal(str(path))} ({options})")


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except duckdb.Error as error:
        raise DatasetError(str(error)) from error


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def texts(values: Sequence[str]) -> str:
    """A list of texts in SQL."""
    return f"[{', '.join(map(_literal, values))}]"


def moment(name: str) -> str:
    """A column of Unix milliseconds as moments in UTC, under its own name, in SQL."""
    return f"epoch_ms({quoted(name)})::TIMESTAMPTZ AS {quoted(name)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
