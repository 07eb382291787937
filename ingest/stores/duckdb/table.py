"""A measurement's table: how it is made, and how rows become columns of it."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import duckdb
import msgspec

from ingest.errors import Misconfigured
from ingest.log import get_logger
from ingest.stores.base import Series
from park.catalogue import ValueType

log = get_logger("ingest")

Action: TypeAlias = Literal["insert", "upsert"]

_SQL: dict[ValueType, str] = {
    ValueType.FLOAT: "DOUBLE",
    ValueType.INT: "BIGINT",
    ValueType.BOOL: "BOOLEAN",
    ValueType.TEXT: "VARCHAR",
}


class Table:
    """The table of all series of a measurement.

    Attributes:
        create: the statement that makes it.
        columns: in order: tags, `ts`, `seq` if there is one, fields.
        types: of the columns that are no tags.
        rewritten: whether rows are as a rule there already.
    """

    def __init__(self, series: Series) -> None:
        self.measurement = series.measurement
        self.rewritten = series.rewritten
        self._tags = [tag for tag, _ in series.tags]
        self._key = [*self._tags, "ts"]
        numbers = ["ts", *(["seq"] if series.has_seq else [])]
        self.columns = [*self._tags, *numbers, *(channel.name for channel in series.fields)]
        self.types = [ValueType.INT] * len(numbers) + [channel.type for channel in series.fields]
        typed = [f'"{tag}" VARCHAR NOT NULL' for tag in self._tags]
        typed += [f"{column}{' NOT NULL' if column == _quoted('ts') else ''}" for column in self._typed()]
        primary = ", ".join(map(_quoted, self._key))
        self._body = f"({', '.join(typed)}, PRIMARY KEY ({primary}))"
        self.create = f'CREATE TABLE IF NOT EXISTS "{self.measurement}" {self._body}'

    def _typed(self) -> list[str]:
        names = self.columns[len(self._tags) :]
        return [f"{_quoted(name)} {_SQL[value_type]}" for name, value_type in zip(names, self.types, strict=True)]

    def widen(self, known: set[str]) -> list[str]:
        """Statements that add the columns of which a table that was made earlier knows nothing."""
        typed = zip(self.columns[len(self._tags) :], self._typed(), strict=True)
        return [f'ALTER TABLE "{self.measurement}" ADD COLUMN {column}' for name, column in typed if name not in known]

    def upgrade(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Bring a table that an earlier version made to today's columns and key, within the transaction at hand.

        Raises:
            Misconfigured: it lacks a tag, so that its rows cannot be told apart; another file has to be named.
            duckdb.Error: as the statements may.
        """
        known = columns_in(connection, self.measurement)
        if lacking := [tag for tag in self._tags if tag not in known]:
            raise Misconfigured(f"the table {self.measurement!r} has no column {lacking[0]!r}: name another file")
        for statement in self.widen(known):
            connection.execute(statement)
        if set(_key_of(connection, self.measurement)) != set(self._key):
            log.info("a table is made anew, with all tags in its key", table=self.measurement)
            for statement in self._rekey():
                connection.execute(statement)

    def _rekey(self) -> list[str]:
        """A key cannot be changed in place."""
        old, new = _quoted(self.measurement), _quoted(f"{self.measurement} anew")
        return [
            f"CREATE TABLE {new} {self._body}",
            f"INSERT INTO {new} BY NAME SELECT {', '.join(map(_quoted, self.columns))} FROM {old}",  # noqa: S608 - the catalogue's
            f"DROP TABLE {old}",
            f"ALTER TABLE {new} RENAME TO {old}",
        ]

    def appender(self, connection: duckdb.DuckDBPyConnection, action: Action) -> duckdb.Appender:
        """Writes rows of `self.columns`, by a statement that is planned once: `insert`, or `upsert` over equal keys."""
        return connection.appender(self.measurement, columns=self.columns, action=action)

    def batch(self, rows: Sequence["Row"]) -> list[tuple[Any, ...]]:
        """The rows as values of `self.columns`; of those with the same key only the last, for a flush takes one."""
        last = {(tags, values[0]): (tags, values) for _, tags, values in rows}
        return [(*tags, *_present(values)) for tags, values in last.values()]


#: The table, the tags' values in order, and those of the other columns.
Row: TypeAlias = tuple[Table, tuple[str, ...], tuple[Any, ...]]


def tables_in(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables that the file has."""
    return {str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


def columns_in(connection: duckdb.DuckDBPyConnection, measurement: str) -> set[str]:
    """Names of the columns that a table has.

    Raises:
        duckdb.CatalogException: there is no such table.
    """
    described = connection.execute(f'SELECT * FROM "{measurement}" LIMIT 0').description  # noqa: S608 - the catalogue's
    return {str(column[0]) for column in described or ()}


def _key_of(connection: duckdb.DuckDBPyConnection, measurement: str) -> list[str]:
    found = connection.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() "
        "WHERE table_name = ? AND constraint_type = 'PRIMARY KEY'",
        [measurement],
    ).fetchall()
    return [str(name) for (names,) in found for name in names]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _present(values: tuple[Any, ...]) -> Iterable[Any]:
    """The values, None for what the message left out."""
    if msgspec.UNSET not in values:
        return values
    return (None if value is msgspec.UNSET else value for value in values)
