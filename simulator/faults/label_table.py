"""Labels as a Parquet file, with the columns that their lines of JSON have."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from simulator.faults.delivery.labels import DeliveryLabel
from simulator.faults.labels import Label

#: The types of the columns, in the order of `Label`.
_COLUMNS = {
    **dict.fromkeys(("id", "rule", "fault", "sector", "site", "kind", "device", "channel", "unit"), "VARCHAR"),
    **dict.fromkeys(("start", "end", "first_observable", "readings", "changed"), "BIGINT"),
    **dict.fromkeys(("severity", "amount"), "DOUBLE"),
    "found": "STRUCT(threshold DOUBLE, difference DOUBLE, run_length DOUBLE)",
    "trivial": "BOOLEAN",
}


def write_parquet(labels: Iterable[Label | DeliveryLabel], path: Path) -> None:
    """Write them in their order.

    Raises:
        OSError: the file cannot be written.
    """
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE labels ({columns})")
        places = ", ".join("?" for _ in _COLUMNS)
        for label in labels:
            told = label.as_dict()
            told["found"] = told["found"] or None  # of what is delivered badly there is none
            connection.execute(f"INSERT INTO labels VALUES ({places})", [told[name] for name in _COLUMNS])  # noqa: S608
        try:
            connection.execute("COPY labels TO ? (FORMAT parquet)", [str(path)])
        except duckdb.IOException as error:
            raise OSError(None, str(error)) from error
