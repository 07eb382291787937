"""Today's ingester on a store that 0.1 has written: nothing is lost or altered, and all kinds go on.

`written_by_0_1` holds what that version's own code wrote of a few readings of all its kinds, and its own figures.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pytest

from ingest.stores.base import Store
from ingest.stores.duckdb.url import DuckdbUrl
from ingest.stores.duckdb.write import DuckdbStore
from park.catalogue import DeviceKind
from sectors import KINDS
from tests.ingest.helpers import Sent, influx_store, ingesting, options, publish
from tests.ingest.line_protocol import Point, parse_line
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto

WRITTEN = Path(__file__).with_name("written_by_0_1")
POINTS = [parse_line(line) for line in (WRITTEN / "influxdb.lp").read_bytes().splitlines(keepends=True)]
READINGS = [point for point in POINTS if point.measurement in KINDS]
LATER_MS = 3_600_000

Open: TypeAlias = Callable[[], Store]
Key: TypeAlias = tuple[str, str, str, int]


@contextmanager
def old_duckdb(folder: Path, _server: InfluxDB2) -> Iterator[Open]:
    path = folder / "park.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute((WRITTEN / "duckdb.sql").read_text(encoding="utf-8"))
    yield lambda: DuckdbStore(DuckdbUrl(path=path))


@contextmanager
def old_influxdb(_folder: Path, server: InfluxDB2) -> Iterator[Open]:
    bucket = server.new_bucket()
    server.write((WRITTEN / "influxdb.lp").read_bytes(), bucket=bucket)
    yield partial(influx_store, server, bucket)


def message(point: Point, *, later: int) -> Sent:
    """The reading as its device published it, or one of the same values that many intervals later."""
    tags, fields = dict(point.tags), dict(point.fields)
    seq = int(fields.pop("seq")) + later
    body = {"ts": point.time + later * LATER_MS, "seq": seq, **fields}
    topic = f"park/{tags['sector']}/{tags['site']}/{point.measurement}/{tags['device']}/telemetry"
    return Sent(topic=topic, payload=json.dumps(body).encode())


def expected(later: int) -> dict[Key, dict[str, Any]]:
    found = {}
    for point in READINGS:
        tags, fields = dict(point.tags), dict(point.fields)
        fields["seq"] = int(fields["seq"]) + later
        found[point.measurement, tags["device"], tags["site"], point.time + later * LATER_MS] = fields
    return found


async def stored(store: Store, kinds: list[DeviceKind]) -> dict[Key, dict[str, Any]]:
    def scanned() -> dict[Key, dict[str, Any]]:
        found = {}
        for kind in kinds:
            for chunk in store.scan(kind, 0, 4_102_444_800_000):
                for row in range(len(chunk)):
                    channels = {name: chunk.values[name][row] for name in chunk.values if chunk.present[name][row]}
                    key = (kind.name, chunk.device[row], chunk.site[row], int(chunk.ts[row]))
                    assert key not in found
                    found[key] = {**channels, "seq": int(chunk.seq[row])}
        return found

    return await asyncio.to_thread(scanned)


@pytest.mark.parametrize("old", [old_duckdb, old_influxdb])
def test_what_0_1_wrote_is_read_repeated_and_gone_on_with(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path, old: Callable[..., Any]
) -> None:
    kinds = [KINDS[name] for name in sorted({point.measurement for point in READINGS})]
    assert len(kinds) == 14
    settings = replace(options(mosquitto, tmp_path, f"upgrade-{old.__name__}"), report_every_s=0.2)

    async def main(reopened: Open) -> None:
        store = reopened()
        assert await stored(store, kinds) == expected(0)  # read before anything is written
        async with ingesting(settings, store) as running:
            repeated, gone_on = [[message(point, later=later) for point in READINGS] for later in (0, 1)]
            await asyncio.to_thread(publish, mosquitto, [*repeated, *gone_on])
            await running.settles(2 * len(READINGS))
            assert running.status.dead_lettered == 0
            assert running.status.troubles() == []
        store = reopened()
        assert await stored(store, kinds) == {**expected(0), **expected(1)}
        await store.close()

    with old(tmp_path, influxdb) as reopened:
        asyncio.run(main(reopened))
    assert not (tmp_path / "dead-letters.ndjson").exists()
