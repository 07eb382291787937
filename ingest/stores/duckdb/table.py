"""A measurement's table: how it is made, and how rows become columns of it."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import duckdb
import msgspec
import numpy as np

from ingest.stores.base import Series
from ingest.stores.columns import DTYPES, EMPTY
from park.catalogue import ValueType

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
    """

    def __init__(self, series: Series) -> None:
        self.measurement = series.measurement
        self._tags = [tag for tag, _ in series.tags]
        key = series.key or (self._tags[0],)
        self._key = [*key, "ts"]
        self._key_tags = [self._tags.index(tag) for tag in key]
        numbers = ["ts", *(["seq"] if series.has_seq else [])]
        self.columns = [*self._tags, *numbers, *(channel.name for channel in series.fields)]
        self.types = [ValueType.INT] * len(numbers) + [channel.type for channel in series.fields]
        typed = [f'"{tag}" VARCHAR NOT NULL' for tag in self._tags]
        typed += [f"{column}{' NOT NULL' if column == _quoted('ts') else ''}" for column in self._typed()]
        primary = ", ".join(map(_quoted, self._key))
        self.create = f'CREATE TABLE IF NOT EXISTS "{self.measurement}" ({", ".join(typed)}, PRIMARY KEY ({primary}))'

    def _typed(self) -> list[str]:
        names = self.columns[len(self._tags) :]
        return [f"{_quoted(name)} {_SQL[value_type]}" for name, value_type in zip(names, self.types, strict=True)]

    def widen(self, known: set[str]) -> list[str]:
        """Statements that add the columns of which a table that was made earlier knows nothing."""
        typed = zip(self.columns[len(self._tags) :], self._typed(), strict=True)
        return [f'ALTER TABLE "{self.measurement}" ADD COLUMN {column}' for name, column in typed if name not in known]

    def insert(self) -> str:
        """Writes the columns `batch`; the last of equal keys stays."""
        names = ", ".join(map(_quoted, self.columns))
        rest = [f'"{name}" = excluded."{name}"' for name in self.columns if name not in self._key]
        return (
            f'INSERT INTO "{self.measurement}" ({names}) SELECT * FROM batch '  # noqa: S608 - names are the catalogue's
            f"ON CONFLICT ({', '.join(map(_quoted, self._key))}) DO UPDATE SET {', '.join(rest)}"
        )

    def batch(self, rows: Sequence["Row"]) -> Mapping[str, Any]:
        """The rows as numpy columns; of rows with the same key only the last, as one statement may touch it once."""
        key = itemgetter(*self._key_tags)
        last = {(key(tags), values[0]): (tags, values) for _, tags, values in rows}
        tags = zip(*(tags for tags, _ in last.values()), strict=True)
        values = zip(*(values for _, values in last.values()), strict=True)
        columns: dict[str, Any] = {}
        names = iter(self.columns)
        for column in tags:
            columns[next(names)] = np.array(column, dtype=object)
        for value_type, column in zip(self.types, values, strict=True):
            columns[next(names)] = _column(value_type, column)
        return columns


#: The table, the tags' values in order, and those of the other columns.
Row: TypeAlias = tuple[Table, tuple[str, ...], tuple[Any, ...]]


def columns_in(connection: duckdb.DuckDBPyConnection, measurement: str) -> set[str]:
    """Names of the columns that a table has.

    Raises:
        duckdb.CatalogException: there is no such table.
    """
    described = connection.execute(f'SELECT * FROM "{measurement}" LIMIT 0').description  # noqa: S608 - the catalogue's
    return {str(column[0]) for column in described or ()}


def _quoted(name: str) -> str:
    return f'"{name}"'


def _column(value_type: ValueType, column: tuple[Any, ...]) -> Any:
    missing = [value is msgspec.UNSET for value in column]
    if not any(missing):
        return np.array(column, dtype=DTYPES[value_type])
    if value_type is ValueType.TEXT:
        return np.array(
            [None if absent else value for value, absent in zip(column, missing, strict=True)], dtype=object
        )
    filled = [EMPTY[value_type] if absent else value for value, absent in zip(column, missing, strict=True)]
    return np.ma.masked_array(np.array(filled, dtype=DTYPES[value_type]), mask=missing)
