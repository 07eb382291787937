"""Stored rows as columns: what every store's scan ends with."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ingest.stores.base import Chunk, Measurement, columns_of
from park.catalogue import ValueType

DTYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: np.float64,
    ValueType.INT: np.int64,
    ValueType.BOOL: np.bool_,
    ValueType.TEXT: object,
}
#: What stands where a value is absent.
EMPTY: dict[ValueType, Any] = {ValueType.FLOAT: 0.0, ValueType.INT: 0, ValueType.BOOL: False, ValueType.TEXT: ""}


def chunk(
    measurement: Measurement,
    *,
    device: Sequence[Any],
    site: Sequence[Any],
    ts: Sequence[int],
    seq: Sequence[int | None],
    values: Iterable[Sequence[Any]],
) -> Chunk:
    """N rows as columns; `values` are, for each of `columns_of(measurement)`, N values, None where a row has none."""
    columns = {
        name: _column(value_type, column)
        for (name, value_type), column in zip(columns_of(measurement), values, strict=True)
    }
    return Chunk(
        device=np.array(device, dtype=object),
        site=np.array(site, dtype=object),
        ts=np.array(ts, dtype=np.int64),
        seq=np.array([-1 if value is None else value for value in seq], dtype=np.int64),
        values={name: column for name, (column, _) in columns.items()},
        present={name: present for name, (_, present) in columns.items()},
    )


def _column(value_type: ValueType, column: Sequence[Any]) -> tuple[Any, Any]:
    """The values, and which of them are there."""
    dtype, empty = DTYPES[value_type], EMPTY[value_type]
    if None not in column:
        return np.array(column, dtype=dtype), np.ones(len(column), dtype=np.bool_)
    present = np.array([value is not None for value in column], dtype=np.bool_)
    return np.array([empty if value is None else value for value in column], dtype=dtype), present
