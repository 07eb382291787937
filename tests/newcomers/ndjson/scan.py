"""Lines as columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ingest.stores.base import Chunk, Measurement, columns_of
from ingest.stores.columns import chunk


def scan(path: Path, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in path.read_bytes().splitlines() if path.exists() else []:
        key, row = msgspec.json.decode(line)
        if key[0] == measurement.name and start_ms <= row["ts"] < until_ms:
            rows[*key, row["ts"]] = row
    if rows:
        found = list(rows.values())
        columns = {name: [row.get(name) for row in found] for name in ("device", "site", "seq")}
        values = [[row.get(name) for row in found] for name, _ in columns_of(measurement)]
        yield chunk(measurement, **columns, ts=[row["ts"] for row in found], values=values)
