"""Where panels on a bucket are answered: by InfluxQL."""

from collections.abc import Mapping
from typing import Any

from ingest.stores.influxdb.url import InfluxUrl, read_token

SOURCE = "influxql"


def reach(url: InfluxUrl, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """What the source is opened with."""
    return {"url": url.endpoint, "database": url.bucket, "token": read_token(environ)}
