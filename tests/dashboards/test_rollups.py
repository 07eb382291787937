"""Over more than two days rollups answer every panel as readings do, on every store; where they lack, readings do."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboards.definitions import dashboards
from dashboards.resolved import ResolvedPanel, resolve
from dashboards.sources.base import Curve, Source, Window
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.sources.influxql_rollup import which_rollup
from dashboards.sources.influxql_text import expand
from ingest.rollups.roll import Roller
from ingest.rollups.touch import Touches
from ingest.stores import open_store, parse_store_url
from ingest.stores.base import Store
from ingest.stores.duckdb.file import connection_of
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from park.panel import Panel, View
from park.rollup import COARSE, FINE, HOUR_MS, MADE
from tests.dashboards import town
from tests.dashboards.conftest import END
from tests.dashboards.test_sources import assert_same
from tests.servers.influxdb1 import run_influxdb1
from tests.servers.influxdb2 import InfluxDB2

SPAN_MS = 50 * HOUR_MS  # longer than readings are asked for
STEP_MS = 100_000  # three readings a bucket
WINDOW = Window(start=END - SPAN_MS, until=END, interval=1_800_000)


def sort(panel: ResolvedPanel) -> tuple[object, ...]:
    """What panels have in common that are asked in the same words."""
    types = frozenset(panel.channel(field).type for field in panel.fields)
    asked = panel.asked
    return asked.within, asked.across, asked.by, asked.over_time, asked.rate_s, asked.count_true, types


#: One of every sort.
PANELS = list(
    {
        sort(panel): panel
        for page in dashboards()
        for panel in page.panels
        if panel.view is not View.HEADING and panel.asked.rolls
    }.values()
)
ASKED = {panel.stored.name for panel in PANELS}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store with three days of readings, and a source of its own."""

    store: Store
    source: Source
    drop: Callable[[str], object]


def rows() -> Iterator[town.Row]:
    return (row for row in town.rows(END - SPAN_MS, END, step_ms=STEP_MS, devices=2) if row.measurement in ASKED)


@pytest.fixture(scope="module", params=["influxdb2", "influxdb1", "duckdb"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Place]]:
    """Opens the place, within a running event loop."""
    folder: Path = tmp_path_factory.mktemp("rollups")
    if request.param == "duckdb":
        yield _file(folder)
    elif request.param == "influxdb1":
        with run_influxdb1(folder) as old:
            bucket = old.new_bucket()
            old.write(town.lines(rows()), bucket=bucket)
            url = InfluxUrl(endpoint=old.url, bucket=bucket, org="")
            yield lambda: Place(
                store=InfluxStore(url, ""),
                source=InfluxSource(url=old.url, database=bucket),
                drop=lambda name: old.influxql(f'DROP MEASUREMENT "{name}"', bucket=bucket),
            )
    else:
        server: InfluxDB2 = request.getfixturevalue("influxdb")
        bucket = server.new_bucket()
        server.write(town.lines(rows()), bucket=bucket)
        yield lambda: _server(server, bucket)


def _file(folder: Path) -> Callable[[], Place]:
    url = parse_store_url(f"duckdb://{folder}/park.duckdb")

    async def fill() -> None:
        store = open_store(url, {})
        town.fill(connection_of(folder / "park.duckdb"), rows())
        await store.close()

    asyncio.run(fill())

    def opened() -> Place:
        store = open_store(url, {})
        connection = connection_of(folder / "park.duckdb")
        return Place(
            store=store,
            source=DuckSource(connection.cursor),
            drop=lambda name: connection.cursor().execute(f'DROP TABLE "{name}"'),
        )

    return opened


def _server(server: InfluxDB2, bucket: str) -> Place:
    return Place(
        store=InfluxStore(InfluxUrl(endpoint=server.url, bucket=bucket, org=server.org), server.token),
        source=InfluxSource(url=server.url, database=bucket, token=server.token),
        drop=lambda _name: None,  # which takes it minutes
    )


async def answers(source: Source, panels: Sequence[ResolvedPanel]) -> list[list[Curve]]:
    window = WINDOW
    return [await (source.newest if panel.view is View.TABLE else source.over_time)(panel, window) for panel in panels]


def assert_near(ours: Sequence[Curve], theirs: Sequence[Curve]) -> None:
    """Of rates, which rise from a bucket's last reading to the next one's; the first interval lacks what was before."""
    first = min(curve.times[0] for curve in theirs)
    mine, others = (
        {(curve.field, *curve.tags.items(), at): value for curve in answer for at, value in points(curve) if at > first}
        for answer in (ours, theirs)
    )
    assert mine
    assert mine == pytest.approx(others, rel=0.05)


def points(curve: Curve) -> list[tuple[int, object]]:
    return list(zip(curve.times, curve.values, strict=True))


@pytest.mark.deadline(300)
def test_rollups_answer_panels_of_every_sort_as_readings_do(opened: Callable[[], Place]) -> None:
    """Without readings, where the store lets go of them: so it is rollups that answer."""

    async def main() -> None:
        place = opened()
        before = await answers(place.source, PANELS)
        assert not await place.source.rolled()
        assert await Roller(place.store).once() >= len(ASKED) * SPAN_MS // HOUR_MS
        assert await place.source.rolled()
        for kind in ASKED:
            await asyncio.to_thread(place.drop, kind)
        for panel, readings, rollups in zip(PANELS, before, await answers(place.source, PANELS), strict=True):
            assert readings, panel.title
            (assert_near if panel.rate_s else assert_same)(rollups, readings)
        for panel in PANELS:
            answer = await place.source.answer(panel, WINDOW)
            assert {series.field for series in answer} == set(panel.fields), panel.title
        await place.source.close()
        await place.store.close()

    asyncio.run(main())


# ---- which ---------------------------------------------------------------------------------------------

SOIL = Panel(title="Soil", story="", measurement="soil_probe", fields=("soil_moisture",))


def marks(store: Store, kind: str, hours: int, *, made: int, readings: int = 36) -> list[object]:
    """So many hours before END, the first so many of them made, each of 12 buckets."""
    touches = Touches(store, "test")
    begins = [END // HOUR_MS * HOUR_MS - hour * HOUR_MS for hour in range(hours, 0, -1)]
    answered = [
        touches.row(kind, MADE, begin, made=1, readings=readings, buckets=12, fine=FINE.suffix, coarse=COARSE.suffix)
        for begin in begins[:made]
    ]
    return [*touches.rows((kind, begin) for begin in begins), *answered]


@pytest.mark.parametrize(
    ("hours", "made", "readings", "suffix"),
    [
        (0, 0, 36, ""),
        (48, 48, 36, ""),
        (49, 49, 36, FINE.suffix),
        (51, 49, 36, FINE.suffix),
        (52, 49, 36, ""),
        (100, 100, 35, ""),
        (160, 0, 36, ""),
        (180, 180, 36, FINE.suffix),
        (180, 180, 12, ""),
        (181, 181, 36, COARSE.suffix),
        (181, 181, 12, COARSE.suffix),
        (400, 0, 36, ""),
        (500, 400, 36, ""),
    ],
)
def test_a_range_is_asked_of_what_the_store_has_for_it(
    hours: int, made: int, readings: int, suffix: str, influxdb: InfluxDB2
) -> None:
    """More than two days of 5 minutes, where three readings are in one, and more than a week of hours.

    Of readings where more than two hours lack.
    """
    bucket = influxdb.new_bucket()
    window = Window(start=END - 600 * HOUR_MS, until=END, interval=HOUR_MS)

    async def main() -> str:
        place = _server(influxdb, bucket)
        await place.store.write(
            [
                *marks(place.store, "soil_probe", hours, made=made, readings=readings),
                *marks(place.store, "bus", 3, made=3, readings=readings),
            ]
        )
        assert isinstance(place.source, InfluxSource)
        found = await place.source.run(expand(which_rollup(["soil_probe", "bus"]), window))
        await place.source.close()
        await place.store.close()
        assert len(found) <= 1
        assert sum(len(series["values"]) for series in found) <= 1
        return str(found[0]["values"][0][1]) if found else ""

    assert asyncio.run(main()) == suffix


@pytest.mark.parametrize("made", [0, 10])
def test_a_page_is_asked_of_readings_where_one_of_its_kinds_lacks_rollups(made: int, influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()
    window = Window(start=END - 600 * HOUR_MS, until=END)

    async def main() -> list[bool]:
        place = _server(influxdb, bucket)
        await place.store.write(
            [*marks(place.store, "soil_probe", 100, made=100), *marks(place.store, "bus", 100, made=made)]
        )
        assert isinstance(place.source, InfluxSource)
        asked = (["soil_probe"], ["bus"], ["soil_probe", "bus"])
        found = [await place.source.run(expand(which_rollup(kinds), window)) for kinds in asked]
        await place.source.close()
        await place.store.close()
        return list(map(bool, found))

    assert asyncio.run(main()) == [True, False, False]


@pytest.mark.parametrize(
    ("hours", "interval", "readings", "by_rollups"),
    [
        (100, 600_000, 36, True),
        (100, 60_000, 36, False),
        (48, 600_000, 36, False),
        (100, 600_000, 35, False),
    ],
)
def test_intervals_that_cut_through_buckets_are_asked_of_readings(
    hours: int, interval: int, readings: int, by_rollups: bool, tmp_path: Path
) -> None:
    """As are ranges of less than two days, and those of which less than three readings are in a bucket.

    The readings say one thing here, and the rollups another.
    """
    window = Window(start=END - hours * HOUR_MS, until=END, interval=interval)
    columns = "device VARCHAR, sector VARCHAR, site VARCHAR, ts BIGINT, seq BIGINT"
    row = f"'d', 'agriculture', 'north', {END - HOUR_MS}, 1"

    async def main() -> list[Curve]:
        store = open_store(parse_store_url(f"duckdb://{tmp_path}/park.duckdb"), {})
        connection = connection_of(tmp_path / "park.duckdb")
        await store.write(marks(store, "soil_probe", 100, made=100, readings=readings))
        for name, fields, values in (
            ("soil_probe", "soil_moisture DOUBLE", "0.25"),
            (f"soil_probe{FINE.suffix}", "soil_moisture_sum DOUBLE, soil_moisture_count BIGINT", "1.5, 2"),
        ):
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE TABLE "{name}" ({columns}, {fields})')
                cursor.execute(f'INSERT INTO "{name}" VALUES ({row}, {values})')
        answer = await DuckSource(connection.cursor).over_time(resolve(SOIL), window)
        await store.close()
        return answer

    (curve,) = asyncio.run(main())
    assert list(curve.values) == [0.75 if by_rollups else 0.25]
