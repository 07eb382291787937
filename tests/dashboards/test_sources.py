"""Every panel of every dashboard, asked of the real stores: it has rows, and all stores agree."""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.definitions import dashboards
from dashboards.errors import PanelError, SourceError
from dashboards.resolved import ResolvedPanel, resolve
from dashboards.sources import influxql_text
from dashboards.sources.base import Curve, Window
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from park.catalogue import Sector
from park.panel import Aggregate, Panel, View
from sectors import KINDS, SECTORS
from tests.dashboards import town
from tests.dashboards.conftest import END, MADE_UP, SPAN_MS
from tests.servers.influxdb1 import InfluxDB1, run_influxdb1
from tests.servers.influxdb2 import InfluxDB2

PANELS = [
    pytest.param(panel, id=f"{page.slug}: {panel.title}")
    for page in dashboards()
    for panel in page.panels
    if panel.view is not View.HEADING
]
WINDOW = Window(start=END - SPAN_MS, until=END, interval=300_000)

Ask = Callable[[InfluxSource], Awaitable[list[Curve]]]


def of_influx(server: InfluxDB2, bucket: str, ask: Ask) -> list[Curve]:
    async def answer() -> list[Curve]:
        async with InfluxSource(url=server.url, database=bucket, token=server.token) as source:
            return await ask(source)

    return asyncio.run(answer())


def numbers(answer: Sequence[Curve], *, zeros: bool = True) -> dict[tuple[object, ...], object]:
    """Every point by its field, group and time."""
    return {
        (series.field, *sorted(series.tags.items()), time): value
        for series in answer
        for time, value in zip(series.times, series.values, strict=True)
        if zeros or value
    }


def assert_same(ours: Sequence[Curve], theirs: Sequence[Curve], *, zeros: bool = True) -> None:
    mine, others = numbers(ours, zeros=zeros), numbers(theirs, zeros=zeros)
    assert mine.keys() == others.keys()
    for key, value in mine.items():
        other = others[key]
        if isinstance(value, str | bool) or isinstance(other, str | bool):
            assert value == other, key
        else:
            assert value == pytest.approx(other, rel=1e-9, abs=1e-9), key


@pytest.mark.parametrize("panel", PANELS)
def test_what_grafana_asks_has_rows(panel: ResolvedPanel, influxdb: InfluxDB2, bucket: str) -> None:
    answer = of_influx(influxdb, bucket, lambda source: source.answer(panel, WINDOW))
    assert {series.field for series in answer} == set(panel.columns)
    assert all(len(series.values) == len(series.times) > 0 for series in answer)


@pytest.mark.parametrize("panel", PANELS)
def test_both_stores_give_the_same_answer(
    panel: ResolvedPanel, influxdb: InfluxDB2, bucket: str, tables: duckdb.DuckDBPyConnection
) -> None:
    duck = DuckSource(tables.cursor)
    if panel.view is not View.TABLE:
        ours = asyncio.run(duck.over_time(panel, WINDOW))
        assert ours
        assert_same(ours, of_influx(influxdb, bucket, lambda source: source.over_time(panel, WINDOW)))
    newest = Window(start=END - 180_000, until=END, interval=180_000)
    ours = asyncio.run(duck.newest(panel, newest))
    assert ours
    theirs = of_influx(influxdb, bucket, lambda source: source.newest(panel, newest))
    assert_same(ours, theirs, zeros=not panel.newest.count_true)


@pytest.fixture(scope="module")
def influxdb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    with run_influxdb1(tmp_path_factory.mktemp("influxdb1")) as server:
        server.write(town.lines(town.rows(END - SPAN_MS // 6, END)))
        yield server


def test_influxdb_1_answers_every_panel(influxdb1: InfluxDB1) -> None:
    window = Window(start=END - SPAN_MS // 6, until=END, interval=300_000)

    async def answers() -> dict[str, list[Curve]]:
        async with InfluxSource(url=influxdb1.url, database=influxdb1.bucket) as source:
            panels = [panel for page in dashboards() for panel in page.panels if panel.view is not View.HEADING]
            kinds = [await source.spacing(panel.stored, window) for panel in panels if panel.stored.is_kind]
            assert set(kinds) == {60.0}
            return {panel.title: await source.answer(panel, window) for panel in panels}

    assert [title for title, answer in asyncio.run(answers()).items() if not answer] == []


# ---- any panel, any holes in the data -----------------------------------------------------------------


def patchy_rows() -> list[town.Row]:
    """Readings of five devices with missing channels, missing readings and a register that is reset."""
    dice = random.Random(7)
    rows = []
    for number in range(5):
        tags = {"device": MADE_UP.device(number + 1), "sector": "made-up", "site": town.SITES[number % 2]}
        energy = 100.0 * number
        for slot in range(90):
            energy = 0.0 if (number, slot) == (2, 40) else round(energy + dice.random(), 3)
            values = {channel.name: town.value(channel, END + slot * 700_000, number) for channel in MADE_UP.channels}
            values |= {"energy": energy, "level": round(dice.uniform(-5, 5), 3)}
            kept = {name: value for name, value in values.items() if dice.random() < 0.9}
            if kept and dice.random() < 0.9:
                ts = END - SPAN_MS // 2 + slot * 60_000 + number * 7_000
                rows.append(town.Row(measurement=MADE_UP.name, tags=tags, ts=ts, values=kept))
    return rows


@st.composite
def any_panel(draw: st.DrawFn) -> Panel:
    field = draw(st.sampled_from([channel.name for channel in MADE_UP.channels]))
    across = st.sampled_from([None, Aggregate.MEAN, Aggregate.MIN, Aggregate.MAX, Aggregate.SUM, Aggregate.COUNT])
    rate_s = draw(st.sampled_from([None, 1.0, 3600.0])) if field == "energy" else None
    of_status = {"Idle": ("idle",), "Not well": ("busy", "broken")}
    cases = draw(st.sampled_from([{}, of_status])) if field in {"level", "visits", "energy"} else {}
    return Panel(
        title="Any",
        story="",
        measurement=MADE_UP.name,
        fields=(field,),
        aggregate=draw(st.sampled_from(Aggregate)),
        across=draw(across),
        by=draw(st.sampled_from([(), ("site",), ("device",), ("site", "device")])),
        unit=MADE_UP.channel[field].unit,
        rate_s=rate_s,
        split="status" if cases else "",
        cases=cases,
        view=draw(st.sampled_from([View.TIME_SERIES, View.TABLE, View.STAT])),
        limit=draw(st.sampled_from([None, 1, 3])),
    )


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    panel=any_panel(),
    interval=st.sampled_from([60_000, 300_000, 1_200_000]),
    sites=st.sampled_from([(), ("north",), ("north", "south"), ("nowhere",)]),
    over_time=st.booleans(),
)
def test_stores_agree_on_any_panel_over_patchy_readings(
    *,
    panel: Panel,
    interval: int,
    sites: tuple[str, ...],
    over_time: bool,
    made_up: Sector,
    influxdb: InfluxDB2,
    patchy: tuple[str, duckdb.DuckDBPyConnection],
) -> None:
    bucket, connection = patchy
    window = Window(start=END - SPAN_MS // 2, until=END, interval=interval, sites=sites)
    duck = DuckSource(connection.cursor)
    try:
        asked = resolve(panel)
    except PanelError:
        return
    method = "over_time" if over_time else "newest"
    ours = asyncio.run(getattr(duck, method)(asked, window))
    theirs = of_influx(influxdb, bucket, lambda source: getattr(source, method)(asked, window))
    assert_same(ours, theirs, zeros=not asked.asked.count_true)


@pytest.fixture(scope="module")
def patchy(influxdb: InfluxDB2) -> Iterator[tuple[str, duckdb.DuckDBPyConnection]]:
    bucket = influxdb.new_bucket()
    influxdb.write(town.lines(iter(patchy_rows())), bucket=bucket)
    with duckdb.connect() as connection:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(KINDS, MADE_UP.name, MADE_UP)
            town.fill(connection, iter(patchy_rows()))
        yield bucket, connection


# ---- single facts --------------------------------------------------------------------------------------


def test_a_new_sector_has_rows_in_every_panel(made_up: Sector, influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()
    influxdb.write(town.lines(iter(patchy_rows())), bucket=bucket)
    (page,) = [page for page in dashboards() if page.slug == made_up.name]
    for panel in page.panels:
        if panel.view is not View.HEADING:
            answer = of_influx(influxdb, bucket, lambda source, panel=panel: source.answer(panel, WINDOW))  # type: ignore[misc]
            assert answer, panel.title


def test_a_sum_of_booleans_counts_the_true_ones(made_up: Sector, influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()
    states = [True, True, False]
    lines = [
        f"made_up,device=made-up-{i},sector=made-up,site=north open={str(state).lower()} {END - 1000 * i - 1}"
        for i, state in enumerate(states)
    ]
    influxdb.write("\n".join(lines).encode(), bucket=bucket)
    panel = Panel(title="Open", story="", measurement="made_up", fields=("open",), across=Aggregate.SUM)
    window = Window(start=END - 60_000, until=END, interval=60_000)
    (series,) = of_influx(influxdb, bucket, lambda source: source.newest(resolve(panel), window))
    assert list(series.values) == [2]


def test_sites_are_those_that_have_readings(
    influxdb: InfluxDB2, bucket: str, tables: duckdb.DuckDBPyConnection
) -> None:
    for sector in (None, next(iter(SECTORS))):

        async def ask(source: InfluxSource, sector: str | None = sector) -> list[str]:
            return await source.sites(sector)

        assert asyncio.run(DuckSource(tables.cursor).sites(sector)) == ["north", "south"]
        assert of_influx(influxdb, bucket, ask) == ["north", "south"]  # type: ignore[arg-type, comparison-overlap]


def test_a_store_without_readings_answers_with_nothing(influxdb: InfluxDB2) -> None:
    panel = dashboards()[-1].panels[1]
    empty = influxdb.new_bucket()
    assert of_influx(influxdb, empty, lambda source: source.over_time(panel, WINDOW)) == []
    with duckdb.connect() as connection:
        assert asyncio.run(DuckSource(connection.cursor).over_time(panel, WINDOW)) == []


def test_a_store_that_refuses_or_is_away_is_a_source_error(influxdb: InfluxDB2, tmp_path: Path) -> None:
    panel = dashboards()[-1].panels[1]

    async def ask(url: str, token: str) -> None:
        async with InfluxSource(url=url, database="park", token=token) as source:
            await source.over_time(panel, WINDOW)

    with pytest.raises(SourceError, match=r"(?i)unauthorized"):
        asyncio.run(ask(influxdb.url, "wrong"))
    with pytest.raises(SourceError, match="does not answer"):
        asyncio.run(ask("http://127.0.0.1:9", ""))


def test_chosen_sites_are_matched_whole_and_as_they_are_written() -> None:
    window = Window(start=0, until=1, sites=("a.b", "c"))
    assert influxql_text.expand("=~ /^$site$/", window) == r"=~ /^(a\.b|c)$/"
    assert influxql_text.expand("=~ /^$site$/", Window(start=0, until=1)) == "=~ /^(.*)$/"


class _Foreign(BaseHTTPRequestHandler):
    """Answers whatever its server holds, and logs nothing."""

    def do_GET(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Log in</html>",
        b"[]",
        b'"yes"',
        b"5",
        b"null",
        b'{"results": []}',
        b'{"results": {}}',
        b'{"results": [7]}',
        b'{"results": [{"series": 7}]}',
        b"[" * 100_000,
        b'{"error": "' + b"x" * 100_000 + b'"}',
    ],
    ids=lambda body: body[:20],
)
def test_what_is_no_store_is_told_in_few_words(status: int, body: bytes) -> None:
    if status == 200 and body.startswith(b'{"error"'):
        status = 400

    async def ask(url: str) -> None:
        async with InfluxSource(url=url, database="park") as source:
            await source.sites()

    with HTTPServer(("127.0.0.1", 0), _Foreign) as server:
        server.answer = status, body  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            with pytest.raises(SourceError) as caught:
                asyncio.run(ask(f"http://127.0.0.1:{server.server_port}"))
        finally:
            server.shutdown()
    assert len(str(caught.value)) < 1000
