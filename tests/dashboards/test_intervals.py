"""Whatever the devices' interval is, what is shown is of all of them: in the viewer, and by what Grafana asks."""

import asyncio
import dataclasses
import datetime as dt
import itertools
import json
import math
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from dashboards import grafana
from dashboards.definitions import dashboards
from dashboards.measured import measured
from dashboards.resolved import ResolvedPanel, resolve
from dashboards.sources.base import Curve, Source, Window
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.viewer.windows import Moment, Reader
from park.panel import Aggregate, Panel, View
from tests.dashboards import town
from tests.servers.influxdb2 import InfluxDB2

HOUR_MS = 3_600_000

# Readings go on while the tests run: Grafana's queries are about the server's own now.
AHEAD_MS = 600_000
DEVICES = {"site_meter": 5, "ev_charger": 15}
SPANS_S = (900, 21_600, 604_800)


@dataclass(frozen=True, kw_only=True)
class Told:
    """How a town is told to report: options, how long it has been doing so, and the seconds between two readings."""

    options: tuple[str, ...]
    back_ms: int
    every_s: int
    settings: str = ""


TOLD = {
    "1s": Told(options=("--interval", "1s"), back_ms=180_000, every_s=1),
    "its own": Told(options=(), back_ms=2 * HOUR_MS, every_s=60),
    "5m": Told(options=("--interval", "5m"), back_ms=12 * HOUR_MS, every_s=300),
    "park.toml": Told(
        options=(),
        back_ms=48 * HOUR_MS,
        every_s=2700,
        settings="[kinds.site_meter]\ninterval_s = 2700\n[kinds.ev_charger]\ninterval_s = 2700\n",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A town in both stores, up to the moment `now` in which it was made, and further."""

    told: Told
    now: int
    rows: list[town.Row]
    server: InfluxDB2
    bucket: str
    connection: duckdb.DuckDBPyConnection

    @asynccontextmanager
    async def open(self, store: str) -> AsyncIterator[Source]:
        if store == "duckdb":
            yield DuckSource(self.connection.cursor)
        else:
            async with self.influxql() as source:
                yield source

    def influxql(self) -> InfluxSource:
        return InfluxSource(url=self.server.url, database=self.bucket, token=self.server.token)

    def last(self, panel: ResolvedPanel, at: int) -> list[float]:
        """The last reading of every device of the panel's field."""
        (field,) = panel.fields
        mine = [row for row in self.rows if row.measurement == panel.measurement and row.ts <= at]
        newest = {row.tags["device"]: float(row.values[field]) for row in sorted(mine, key=lambda row: row.ts)}
        return list(newest.values())


def generated(told: Told, now: int, folder: Path) -> list[town.Row]:
    """What `park generate` writes for the town."""
    start, until = (
        dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat().replace("+00:00", "Z")
        for at in (now - told.back_ms, now + AHEAD_MS)
    )
    argv = [
        str(Path(sys.executable).with_name("park")),
        "generate",
        "--devices",
        "60",
        "--start",
        start,
        "--until",
        until,
    ]
    for kind in DEVICES:
        argv += ["--kind", kind]
    # Commissioned of late, so that no year of weather has to be gone through.
    settings = (Path(__file__).parents[2] / "park" / "park.toml").read_text("utf-8").partition("\n# Per kind")[0] + "\n"
    begun = dt.datetime.fromtimestamp(now / 1000 - 4 * 86_400, dt.UTC).date()
    settings = re.sub(r"^commissioned = \S+", f"commissioned = {begun}", settings, flags=re.MULTILINE)
    file = folder / "park.toml"
    file.write_text(settings + told.settings, "utf-8")
    argv += ["--config", str(file)]
    run = subprocess.run([*argv, *told.options], check=True, capture_output=True, text=True)
    return [_row(json.loads(line)) for line in run.stdout.splitlines()]


def _row(message: dict[str, object]) -> town.Row:
    _, sector, site, kind, device, _ = str(message["topic"]).split("/")
    payload = message["payload"]
    assert isinstance(payload, dict)
    values = {name: value for name, value in payload.items() if name not in {"ts", "seq"}}
    return town.Row(
        measurement=kind, tags={"device": device, "sector": sector, "site": site}, ts=payload["ts"], values=values
    )


@pytest.fixture(scope="module", params=list(TOLD))
def stored(
    request: pytest.FixtureRequest, influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    told = TOLD[request.param]
    now = int(time.time() * 1000)
    rows = generated(told, now, tmp_path_factory.mktemp("town"))
    bucket = influxdb.new_bucket()
    influxdb.write(town.lines(iter(rows)), bucket=bucket)
    with duckdb.connect() as connection:
        town.fill(connection, iter(rows))
        yield Stored(told=told, now=now, rows=rows, server=influxdb, bucket=bucket, connection=connection)


def reader(source: Source) -> Reader:
    return Reader(source, clock=time.monotonic, keep_s=3)


def sums() -> list[ResolvedPanel]:
    """Figures that are sums of the last readings of the kinds that are stored."""
    panels = [panel for page in dashboards() for panel in page.panels]
    found = [panel for panel in panels if panel.measurement in DEVICES and panel.across is Aggregate.SUM]
    return [panel for panel in found if panel.view is View.STAT and panel.newest.within is Aggregate.LAST]


@pytest.mark.parametrize("store", ["influxdb", "duckdb"])
def test_the_interval_is_learnt_from_the_readings(store: str, stored: Stored) -> None:
    window = Window(start=stored.now - stored.told.back_ms, until=stored.now + 1)

    async def ask() -> float | None:
        async with stored.open(store) as source:
            return await source.spacing(measured("site_meter"), window)

    assert asyncio.run(ask()) == stored.told.every_s


@pytest.mark.parametrize("store", ["influxdb", "duckdb"])
def test_a_figure_is_the_sum_of_the_last_readings_of_all_devices(store: str, stored: Stored) -> None:
    async def ask() -> list[list[Curve]]:
        async with stored.open(store) as source:
            asking = reader(source)
            return [await asking.newest(panel, Moment(now=stored.now, span=86_400_000)) for panel in sums()]

    answers = asyncio.run(ask())
    assert len(answers) >= 2
    for panel, answer in zip(sums(), answers, strict=True):
        wanted = stored.last(panel, stored.now)
        (series,) = answer
        assert list(series.values) == [pytest.approx(sum(wanted))]


def count(measurement: str, within: Aggregate) -> ResolvedPanel:
    """How many devices a chart over all devices is made of, at each of its points."""
    field = {"site_meter": "consumption_power", "ev_charger": "active_power"}[measurement]
    panel = Panel(
        title="", story="", measurement=measurement, fields=(field,), aggregate=within, across=Aggregate.COUNT
    )
    return resolve(panel)


@pytest.mark.parametrize("store", ["influxdb", "duckdb"])
@pytest.mark.parametrize("within", [Aggregate.MEAN, Aggregate.LAST])
def test_every_point_of_a_chart_is_of_all_devices(store: str, within: Aggregate, stored: Stored) -> None:
    for measurement, span_s in itertools.product(DEVICES, SPANS_S):
        panel = count(measurement, within)

        async def ask(panel: ResolvedPanel = panel, span_s: int = span_s) -> tuple[Window, list[Curve]]:
            async with stored.open(store) as source:
                return await reader(source).over_time(panel, Moment(now=stored.now, span=span_s * 1000))

        window, answer = asyncio.run(ask())
        devices = len({row.tags["device"] for row in stored.rows if row.measurement == measurement})
        begun = stored.now - stored.told.back_ms + window.interval  # the first interval with readings is cut off
        whole = range(window.start, window.until, window.interval)
        expected = {start: devices for start in whole if start >= begun}
        found = {t: v for series in answer for t, v in zip(series.times, series.values, strict=True) if t >= begun}
        assert found == expected, (measurement, span_s)
        assert window.until <= stored.now


def test_a_town_that_changes_its_interval_is_followed(influxdb: InfluxDB2) -> None:
    """Of a device's last readings, the majority tells; a single gap or repetition does not."""
    now = int(time.time() * 1000)
    tags = {"device": "site-meter-000001", "sector": "energy", "site": "north"}

    def rows(*ages_s: int) -> Iterator[town.Row]:
        for age in ages_s:
            yield town.Row(measurement="site_meter", tags=tags, ts=now - age * 1000, values={"frequency": 50.0})

    for ages, every in [((960, 900, 600, 300), 300), ((4180, 4120, 60, 0), 60), ((121, 120, 60, 0), 60), ((60,), None)]:
        bucket = influxdb.new_bucket()
        influxdb.write(town.lines(rows(*ages)), bucket=bucket)
        window = Window(start=now - HOUR_MS * 2, until=now + 1)

        async def ask(bucket: str = bucket, window: Window = window) -> float | None:
            async with InfluxSource(url=influxdb.url, database=bucket, token=influxdb.token) as source:
                return await source.spacing(measured("site_meter"), window)

        assert asyncio.run(ask()) == every, ages
        with duckdb.connect() as connection:
            town.fill(connection, rows(*ages))
            assert asyncio.run(DuckSource(connection.cursor).spacing(measured("site_meter"), window)) == every


# ---- Grafana ------------------------------------------------------------------------------------------

_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def interval(least: str, span_s: int, points: int = 1000) -> str:
    """`$__interval` as Grafana writes it: whole units, the rest cut off; a limit without unit is in seconds."""
    seconds = max(int(least or 0), math.ceil(span_s / points), 1)
    return next(f"{seconds // length}{unit}" for length, unit in _UNITS if seconds >= length)


def expanded(text: str, span_s: int, now: int, every: str = "") -> str:
    text = text.replace("$timeFilter", f"time >= {now - span_s * 1000}ms and time <= {now}ms")
    return text.replace("$__interval", every).replace("$site", "(.*)").replace("$rollup", "")


async def shown_by_grafana(
    source: InfluxSource, page_json: dict[str, object], title: str, span_s: int, now: int
) -> list[float]:
    """The values of a panel's only line, by the JSON alone: its hidden variable asked, then its target."""
    (panel,) = [panel for panel in page_json["panels"] if panel["title"] == title]  # type: ignore[attr-defined]
    variables = {one["name"]: one for one in page_json["templating"]["list"]}  # type: ignore[index]
    name = re.fullmatch(r"\$(\w+)", panel["interval"])
    assert name
    answer = await source.run(expanded(variables[name[1]]["query"], span_s, now))
    assert len(answer) <= 1
    least = f"{answer[0]['values'][0][1]}" if answer else ""
    target, _ = panel["targets"]  # the form for readings, and that for rollups
    series = await source.run(expanded(target["query"], span_s, now, interval(least, span_s)))
    return [row[1] for row in series[0]["values"] if row[1] is not None]


def test_grafana_shows_the_sum_of_the_last_readings_of_all_devices(stored: Stored) -> None:
    (page,) = [page for page in dashboards() if page.slug == "energy"]
    drawn = json.loads(grafana.render(page))

    async def ask(title: str, span_s: int, now: int) -> list[float]:
        async with stored.influxql() as source:
            return await shown_by_grafana(source, drawn, title, span_s, now)

    mine = [panel for panel in sums() if panel.title in {own.title for own in page.panels}]
    spans = [span_s for span_s in (3600, 21_600, 86_400) if span_s >= 2 * stored.told.every_s]
    assert mine
    assert spans
    for panel, span_s in itertools.product(mine, spans):
        now = int(time.time() * 1000)
        values = asyncio.run(ask(panel.title, span_s, now))
        assert values[-1] == pytest.approx(sum(stored.last(panel, now))), panel.title


def test_what_grafana_draws_ends_with_a_whole_interval(stored: Stored) -> None:
    """Every point but the first, whose interval the range cuts, is of all devices."""
    panel = dataclasses.replace(count("site_meter", Aggregate.MEAN), title="Count")
    (page,) = [page for page in dashboards() if page.slug == "energy"]
    drawn = json.loads(grafana.render(dataclasses.replace(page, panels=(panel,))))
    span_s = min(stored.told.back_ms // 1000, 86_400)

    async def ask() -> list[float]:
        async with stored.influxql() as source:
            return await shown_by_grafana(source, drawn, "Count", span_s, int(time.time() * 1000))

    devices = len({row.tags["device"] for row in stored.rows if row.measurement == "site_meter"})
    values = asyncio.run(ask())
    assert len(values) > 2
    assert set(values[1:]) == {devices}
