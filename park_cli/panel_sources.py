"""Where dashboards read from: the source that a store names for its panels."""

import importlib
from collections.abc import Mapping

from dashboards.sources.base import Source
from ingest.stores import StoreUrl, panels_of


def open_source(url: StoreUrl, environ: Mapping[str, str]) -> Source:
    """The source over a store; a DuckDB file must be open in this process.

    Raises:
        BadStoreUrl: the store answers no panels.
        MissingSecret: a file that should hold the token cannot be read.
    """
    name, reach = panels_of(url, environ)
    source: Source = importlib.import_module(f"dashboards.sources.{name}").open_source(**reach)
    return source
