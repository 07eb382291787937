"""Where dashboards read from: the reading side of each store, by the type of its URL."""

from collections.abc import Callable, Mapping
from typing import Any

from dashboards.sources.base import Source
from ingest.stores.url import DuckdbUrl, InfluxUrl, StoreUrl, read_token


def _influx(url: InfluxUrl, environ: Mapping[str, str]) -> Source:
    from dashboards.sources.influxql import InfluxSource  # noqa: PLC0415 - each brings the library of its database

    return InfluxSource(url=url.endpoint, database=url.bucket, token=read_token(environ))


def _duckdb(url: DuckdbUrl, _environ: Mapping[str, str]) -> Source:
    from dashboards.sources.duckdb import DuckSource  # noqa: PLC0415 - as above
    from ingest.stores.duckdb import connection_of  # noqa: PLC0415 - as above

    return DuckSource(lambda: connection_of(url.path).cursor())


SOURCES: dict[type, Callable[[Any, Mapping[str, str]], Source]] = {InfluxUrl: _influx, DuckdbUrl: _duckdb}


def open_source(url: StoreUrl, environ: Mapping[str, str]) -> Source:
    """The source over a store; a DuckDB file must be open in this process."""
    return SOURCES[type(url)](url, environ)
