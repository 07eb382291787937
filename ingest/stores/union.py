"""Several stores read as one: each member of a group of ingesters may have a store of its own."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.stores.base import Chunk, Measurement, Store


class Union:
    """What any of some stores holds.

    A row that lies in several, the same in every value, is there once: a message that one member stored and did not
    live to acknowledge comes to another. Rows that differ are all there, for whoever compares to see.
    """

    def __init__(self, stores: Sequence[Store]) -> None:
        self._stores = stores

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every row of any store with start_ms <= ts < until_ms, in chunks of bounded size.

        What was told is remembered while the scan lasts, so that it takes memory for the rows of the window.

        Raises:
            StoreError: a store did not answer.
        """
        seen: set[tuple[Any, ...]] = set()
        for store in self._stores:
            told: list[tuple[Any, ...]] = []
            for chunk in store.scan(measurement, start_ms, until_ms):
                rows = _rows(chunk)
                fresh = np.array([row not in seen for row in rows], dtype=np.bool_)
                told += rows
                yield chunk if fresh.all() else _part(chunk, fresh)
            seen.update(told)


def _rows(chunk: Chunk) -> list[tuple[Any, ...]]:
    """Each row with all its values; None for one that it has not."""
    columns: list[list[Any]] = [column.tolist() for column in (chunk.device, chunk.site, chunk.ts, chunk.seq)]
    for name, column in chunk.values.items():
        present = chunk.present.get(name)
        columns.append(column.tolist() if present is None else _some(column.tolist(), present.tolist()))
    return list(zip(*columns, strict=True))


def _some(values: list[Any], present: list[bool]) -> list[Any]:
    return [value if there else None for value, there in zip(values, present, strict=True)]


def _part(chunk: Chunk, rows: npt.NDArray[np.bool_]) -> Chunk:
    return Chunk(
        device=chunk.device[rows],
        site=chunk.site[rows],
        ts=chunk.ts[rows],
        seq=chunk.seq[rows],
        values={name: column[rows] for name, column in chunk.values.items()},
        present={name: mask[rows] for name, mask in chunk.present.items()},
    )
