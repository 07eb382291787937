"""Where panels on a file are answered: by SQL, on the connection of the store that holds it open here."""

from collections.abc import Mapping
from typing import Any

from ingest.stores.duckdb.file import connection_of
from ingest.stores.duckdb.url import DuckdbUrl

SOURCE = "duckdb"


def reach(url: DuckdbUrl, _environ: Mapping[str, str]) -> Mapping[str, Any]:
    """What the source is opened with."""
    return {"cursor": lambda: connection_of(url.path).cursor()}
