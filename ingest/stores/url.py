"""The store's address as a URL: `influxdb+http://host:8086/bucket?org=name` or `duckdb:///path`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from ingest.errors import BadStoreUrl, MissingSecret

TOKEN_VARIABLE = "INFLUXDB_V2_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True, kw_only=True)
class InfluxUrl:
    """A bucket of an InfluxDB, or of anything that takes its line protocol."""

    endpoint: str
    bucket: str
    org: str

    def __str__(self) -> str:
        return f"influxdb+{self.endpoint}/{self.bucket}"


@dataclass(frozen=True, kw_only=True)
class DuckdbUrl:
    """A DuckDB file."""

    path: Path

    def __str__(self) -> str:
        return f"duckdb://{self.path}"


StoreUrl: TypeAlias = InfluxUrl | DuckdbUrl


def parse_store_url(url: str) -> StoreUrl:
    """Read a store's URL.

    Args:
        url: `influxdb+http://host[:port]/bucket[?org=name]`, `influxdb+https://...` or `duckdb:///path`.

    Raises:
        BadStoreUrl: what is wrong; the message never repeats a password or token.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadStoreUrl(f"the store URL cannot be read: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise BadStoreUrl(f"the store URL holds a login; give the token by {TOKEN_VARIABLE} or {TOKEN_VARIABLE}_FILE")
    if parts.scheme == "duckdb":
        return _duckdb(parts.netloc, parts.path, parts.query)
    if parts.scheme not in {"influxdb+http", "influxdb+https"}:
        raise BadStoreUrl(
            f"the store URL must begin with influxdb+http://, influxdb+https:// or duckdb:///, not {url!r}"
        )
    if not parts.hostname:
        raise BadStoreUrl(f"the store URL {url!r} names no host")
    bucket = unquote(parts.path.strip("/"))
    if not bucket:
        raise BadStoreUrl(f"the store URL {url!r} names no bucket: influxdb+http://host:8086/BUCKET?org=ORG")
    query = parse_qs(parts.query, keep_blank_values=True)
    if unknown := sorted(set(query) - {"org"}):
        raise BadStoreUrl(f"the store URL has the unknown parameter {unknown[0]!r}; only org is known")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    endpoint = f"{parts.scheme.removeprefix('influxdb+')}://{host}:{port or 8086}"
    return InfluxUrl(endpoint=endpoint, bucket=bucket, org=query.get("org", [""])[-1])


def _duckdb(netloc: str, path: str, query: str) -> DuckdbUrl:
    if netloc or query or not path.strip("/"):
        raise BadStoreUrl("a DuckDB store is a local file: duckdb:///absolute/path/park.duckdb")
    return DuckdbUrl(path=Path(unquote(path)))


def read_token(environ: Mapping[str, str]) -> str:
    """The InfluxDB token from the environment or the file that it names; empty if neither is set.

    Raises:
        MissingSecret: the named file cannot be read or is empty, or what it holds is no token.
    """
    if token := environ.get(TOKEN_VARIABLE):
        return _checked(token.strip(), TOKEN_VARIABLE)
    name = environ.get(f"{TOKEN_VARIABLE}_FILE")
    if not name:
        return ""
    try:
        token = Path(name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MissingSecret(f"{TOKEN_VARIABLE}_FILE: {error}") from None
    except UnicodeDecodeError:
        raise MissingSecret(f"{TOKEN_VARIABLE}_FILE: {name} is no text") from None
    if not token:
        raise MissingSecret(f"{TOKEN_VARIABLE}_FILE: {name} is empty")
    return _checked(token, f"{TOKEN_VARIABLE}_FILE: {name}")


def _checked(token: str, where: str) -> str:
    """The token, if a header can carry it; what is wrong is told without it."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise MissingSecret(f"{where} holds no token: blanks, line breaks or letters beyond ASCII are in it")
    return token
