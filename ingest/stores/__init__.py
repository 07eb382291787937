"""Stores, by the type of their URL. A store is one file here and one row below.

A store's client library is imported when the store is opened: each costs as much as all the rest.
"""

import importlib
from collections.abc import Mapping

from ingest.stores.base import Chunk, Series, Store
from ingest.stores.url import DuckdbUrl, InfluxUrl, StoreUrl, parse_store_url

#: Modules with an `open_url(url, environ)`.
STORES: dict[type, str] = {DuckdbUrl: "ingest.stores.duckdb", InfluxUrl: "ingest.stores.influx"}


def open_store(url: StoreUrl, environ: Mapping[str, str]) -> Store:
    """The store at a URL; secrets come from the environment.

    Raises:
        MissingSecret: a file that should hold the token cannot be read.
        Misconfigured: the store's file cannot be opened.
    """
    store: Store = importlib.import_module(STORES[type(url)]).open_url(url, environ)
    return store


__all__ = ["STORES", "Chunk", "DuckdbUrl", "InfluxUrl", "Series", "Store", "StoreUrl", "open_store", "parse_store_url"]
