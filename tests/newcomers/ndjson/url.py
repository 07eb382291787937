"""`ndjson:///absolute/path`."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote

from ingest.errors import BadStoreUrl

SCHEMES = ("ndjson",)
FORM = "ndjson:///"
SECRET = ""


@dataclass(frozen=True, kw_only=True)
class NdjsonUrl:
    path: Path

    @property
    def scheme(self) -> str:
        return "ndjson"

    @property
    def shareable(self) -> bool:
        return False

    @property
    def file(self) -> Path:
        return self.path

    def __str__(self) -> str:
        return f"ndjson://{self.path}"


def parse(parts: SplitResult) -> NdjsonUrl:
    if parts.netloc or parts.query or not parts.path.strip("/"):
        raise BadStoreUrl("an ndjson store is a local file: ndjson:///absolute/path")
    return NdjsonUrl(path=Path(unquote(parts.path)))
