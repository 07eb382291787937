"""Stores, by the type of their URL. A store is one file here and one row below."""

from collections.abc import Callable, Mapping
from typing import Any

from ingest.stores.base import Chunk, Series, Store
from ingest.stores.duckdb import DuckdbStore
from ingest.stores.influx import InfluxStore
from ingest.stores.url import DuckdbUrl, InfluxUrl, StoreUrl, parse_store_url, read_token

STORES: dict[type, Callable[[Any, Mapping[str, str]], Store]] = {
    DuckdbUrl: lambda url, _environ: DuckdbStore(url),
    InfluxUrl: lambda url, environ: InfluxStore(url, read_token(environ)),
}


def open_store(url: StoreUrl, environ: Mapping[str, str]) -> Store:
    """The store at a URL; secrets come from the environment.

    Raises:
        MissingSecret: a file that should hold the token cannot be read.
    """
    return STORES[type(url)](url, environ)


__all__ = ["STORES", "Chunk", "DuckdbUrl", "InfluxUrl", "Series", "Store", "StoreUrl", "open_store", "parse_store_url"]
