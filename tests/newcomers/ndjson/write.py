"""Rows as lines; of those with the same key the last counts."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ingest.stores.base import Chunk, Measurement, Render, Series
from park.reading import Timed

from .scan import scan
from .url import NdjsonUrl


class NdjsonStore:
    def __init__(self, url: NdjsonUrl) -> None:
        self._path = url.path
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def render(self, series: Series) -> Render:
        names = ["ts", *(["seq"] if series.has_seq else []), *(channel.name for channel in series.fields)]
        tags = dict(series.tags)
        key = [series.measurement, *tags.values()]

        def render(decoded: Timed) -> bytes:
            values = {name: getattr(decoded, name) for name in names}
            present = {name: value for name, value in values.items() if value is not msgspec.UNSET}
            return msgspec.json.encode([key, tags | present]) + b"\n"

        return render

    async def write(self, rows: Sequence[bytes]) -> None:
        with self._path.open("ab") as file:
            file.writelines(rows)

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        return scan(self._path, measurement, start_ms, until_ms)

    async def close(self) -> None:
        return


def open_url(url: NdjsonUrl, _environ: Mapping[str, str]) -> NdjsonStore:
    return NdjsonStore(url)
