"""A DuckDB file's address: `duckdb:///absolute/path/park.duckdb`."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote

from ingest.errors import BadStoreUrl

SCHEMES = ("duckdb",)
FORM = "duckdb:///"
SECRET = ""


@dataclass(frozen=True, kw_only=True)
class DuckdbUrl:
    """A DuckDB file."""

    path: Path

    @property
    def scheme(self) -> str:
        """Finds the store's folder."""
        return SCHEMES[0]

    @property
    def shareable(self) -> bool:
        """One process owns the file."""
        return False

    @property
    def file(self) -> Path:
        """The file."""
        return self.path

    def __str__(self) -> str:
        return f"duckdb://{self.path}"


def parse(parts: SplitResult) -> DuckdbUrl:
    """The file that a URL names.

    Raises:
        BadStoreUrl: it is no absolute path, or one that DuckDB cannot use.
    """
    if parts.netloc or parts.query or not parts.path.strip("/"):
        raise BadStoreUrl("a DuckDB store is a local file: duckdb:///absolute/path/park.duckdb")
    path = unquote(parts.path)
    if why := unusable(path):
        raise BadStoreUrl(f"duckdb://{path}: {why}")
    return DuckdbUrl(path=Path(path))


def unusable(path: str) -> str:
    """Why DuckDB cannot use a path, of a file or above one; empty if it can."""
    odd = {"?", "\\"} & set(path)  # its log would get another name, and another folder
    return f"DuckDB knows no name with {min(odd)} in it" if odd else ""
