"""Reading stored rows back from a file, as chunks of columns."""

from collections.abc import Iterator

import duckdb

from ingest.errors import StoreError
from ingest.stores.base import Chunk, Measurement, columns_of
from ingest.stores.columns import chunk
from ingest.stores.duckdb.table import columns_in

CHUNK_ROWS = 100_000


def scan(
    where: str, cursor: duckdb.DuckDBPyConnection, measurement: Measurement, start_ms: int, until_ms: int
) -> Iterator[Chunk]:
    """Every stored row of the measurement in the window, by a cursor that is closed afterwards.

    Raises:
        StoreError: the store, named by `where`, did not answer.
    """
    try:
        known = columns_in(cursor, measurement.name)
        cursor.execute(_query(measurement, known), [start_ms, until_ms])
        while rows := cursor.fetchmany(CHUNK_ROWS):
            device, site, ts, seq, *values = zip(*rows, strict=True)
            yield chunk(measurement, device=device, site=site, ts=ts, seq=seq, values=values)
    except duckdb.CatalogException:  # nothing of it was ever written
        return
    except duckdb.Error as error:
        raise StoreError(f"{where}: {measurement.name}: {error}") from None
    finally:
        cursor.close()


def _query(measurement: Measurement, known: set[str]) -> str:
    """A file may be older than a channel; then no row has it. Marks are of no device.

    Rows without `seq` that say nothing of what is asked are none, as they are none where a row is its fields.
    """
    seq = '"seq"' if measurement.has_seq else "NULL"
    columns = [f'"{name}"' if name in known else "NULL" for name, _ in columns_of(measurement)]
    whose = [f'"{name}"' if name in known else "NULL" for name in ("device", "site")]
    names = ", ".join([*whose, '"ts"', seq, *columns])
    where = "ts >= ? AND ts < ?"
    if not measurement.has_seq:
        asked = [f'"{channel.name}" IS NOT NULL' for channel in measurement.channels if channel.name in known]
        where += f" AND ({' OR '.join(asked) or 'FALSE'})"
    return f'SELECT {names} FROM "{measurement.name}" WHERE {where}'  # noqa: S608 - the catalogue's
