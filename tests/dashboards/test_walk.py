"""Every panel of every page, as Grafana and as the viewer ask it, of both stores, after days on which things go wrong.

None is empty, and none lacks its unit or its description. Mutants show that each of these would be noticed.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import re
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboards import grafana
from dashboards.check import lacks
from dashboards.definitions import dashboards
from dashboards.errors import SourceError
from dashboards.grafana.units import unit_id
from dashboards.resolved import Page, ResolvedPanel
from dashboards.sources.base import Curve, Source, Window
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.viewer import boards, charts, heat, pictures, table, timeline
from dashboards.viewer.windows import Moment, Reader
from park.model import DAY_MS
from park.panel import PAIRS, View
from park.town import default_town, parse_town
from sectors import SECTORS
from simulator.faults.rules import read_rules
from simulator.generate import FORMATS, make_lines
from simulator.observed import Readings, readings_of
from simulator.plan import Selection
from tests.dashboards import stored, town
from tests.dashboards.test_intervals import interval
from tests.servers.influxdb2 import InfluxDB2

PAGES = {page.slug: page for page in dashboards()}
DEVICES = 120
INTERVAL_MS = 1_800_000
HOUR_MS = 3_600_000
SETTINGS = Path(__file__).parents[2] / "park" / "park.toml"


@dataclass(frozen=True, kw_only=True)
class Days:
    """Days in a row: until the evening of `last`, so many."""

    last: str
    many: int


DAYS = {"a week of summer": Days(last="2026-07-19", many=7), "a winter day": Days(last="2026-01-21", many=1)}


@dataclass(frozen=True, kw_only=True)
class Town:
    """The town in both stores, up to a moment."""

    days: int
    now: int
    server: InfluxDB2
    bucket: str
    connection: duckdb.DuckDBPyConnection

    def influxql(self) -> InfluxSource:
        return InfluxSource(url=self.server.url, database=self.bucket, token=self.server.token)

    def at(self, measurement: str, site: str) -> bool:
        """Whether a kind has readings at a site."""
        rows = self.connection.execute(f'SELECT count(*) FROM "{measurement}" WHERE site = ?', [site]).fetchall()
        return bool(rows[0][0])


def simulated(days: Days) -> tuple[Readings, int]:
    """A few devices of every kind, with faults; commissioned of late, so that no year has to be gone through."""
    last = dt.date.fromisoformat(days.last)
    text = SETTINGS.read_text("utf-8")
    begun = last - dt.timedelta(days=days.many + 1)
    own = re.sub(r"^commissioned = \S+", f"commissioned = {begun}", text, flags=re.MULTILINE)
    made = parse_town(own, "test", SECTORS)
    selection = Selection(
        town=made, seed=42, devices=DEVICES, interval_ms=INTERVAL_MS, events=True, faults=read_rules("typical")
    )
    until = made.settings.commissioned_ms + (days.many + 1) * DAY_MS + 19 * HOUR_MS
    return readings_of(selection), until


@pytest.fixture(scope="module", params=list(DAYS))
def walked(request: pytest.FixtureRequest, influxdb: InfluxDB2) -> Iterator[Town]:
    days = DAYS[request.param]
    readings, now = simulated(days)
    start, bucket = now - days.many * DAY_MS, influxdb.new_bucket()
    for _, lines in make_lines(readings, FORMATS["line"], start, now):
        influxdb.write(lines, bucket=bucket)
    own = list(town.rows(now - 2 * HOUR_MS, now, devices=0))  # the pipeline's own, and commands
    influxdb.write(town.lines(iter(own)), bucket=bucket)
    with duckdb.connect() as connection:
        stored.fill(connection, readings, start, now)
        town.fill(connection, iter(own))
        yield Town(days=days.many, now=now, server=influxdb, bucket=bucket, connection=connection)


# ---- the viewer -------------------------------------------------------------------------------------------

Draw = Callable[[ResolvedPanel, Window, list[Curve]], Any]
NEWEST = {View.TABLE, View.BARS, View.BOARD, View.CROWD}
DRAWN: dict[View, Draw] = {
    View.TIME_SERIES: charts.lines,
    View.STATES: timeline.timeline,
    View.HEAT: heat.heat,
    View.SCATTER: pictures.scatter,
    View.ROSE: pictures.rose,
    View.STAT: lambda panel, window, answer: charts.sparkline(panel, window, answer, "red"),
    View.GAUGE: lambda panel, _, answer: charts.gauge(panel, answer[0].values[-1]),
    View.TABLE: lambda panel, _, answer: table.rows(panel, answer),
    View.BARS: lambda panel, _, answer: pictures.bars(panel, answer),
    View.BOARD: lambda panel, _, answer: boards.board(panel, answer),
    View.CROWD: lambda panel, _, answer: boards.crowd(panel, answer),
}


async def seen(source: Source, page: Page, moment: Moment) -> list[str]:
    """What is wrong with a page in the viewer."""
    reader, found = Reader(source, clock=time.monotonic, keep_s=3), []
    for panel in page.panels:
        found += [f"{panel.title}: {lack}" for lack in lacks(panel)]
        if panel.view is not View.HEADING:
            found += [f"{panel.title}: {trouble}" for trouble in await missing(reader, panel, moment)]
    return found


async def missing(reader: Reader, panel: ResolvedPanel, moment: Moment) -> list[str]:
    """What a panel does not show: itself, or one of its columns."""
    window = Window(start=moment.now - moment.span, until=moment.now)
    try:
        answer = await reader.newest(panel, moment)
        if panel.view not in NEWEST:
            window, answer = await reader.over_time(panel, moment)
    except SourceError as error:
        return [str(error)]
    if not answer:  # of a count of the true ones, no row is a zero, and is shown as one
        return [] if panel.newest.count_true else ["nothing to show"]
    shown = {series.field for series in answer if any(value is not None for value in series.values)}
    assert DRAWN[panel.view](panel, window, answer)
    return [f"nothing of {column}" for column in panel.columns if column not in shown]


@pytest.mark.parametrize("store", ["influxdb", "duckdb"])
def test_the_viewer_has_something_to_show_in_every_panel(store: str, walked: Town) -> None:
    moment = Moment(now=walked.now, span=walked.days * DAY_MS)

    async def walk() -> dict[str, list[str]]:
        if store == "duckdb":
            duck = DuckSource(walked.connection.cursor)
            return {slug: await seen(duck, page, moment) for slug, page in PAGES.items()}
        async with walked.influxql() as source:
            return {slug: await seen(source, page, moment) for slug, page in PAGES.items()}

    assert {slug: troubles for slug, troubles in asyncio.run(walk()).items() if troubles} == {}


# ---- Grafana ----------------------------------------------------------------------------------------------


def drawn(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(grafana.render(page))
    return found


def written(page: Page, whole: dict[str, Any]) -> list[str]:
    """What the JSON of a page leaves out, or says otherwise than the definition."""
    found, panels = [], {panel.title: panel for panel in page.panels if panel.view is not View.HEADING}
    for one in whole["panels"]:
        if one["type"] == "row":
            continue
        if not one.get("description", "").strip():
            found.append(f"{one['title']}: no description")
        if not one["targets"]:
            found.append(f"{one['title']}: asks nothing")
        if (panel := panels.get(one["title"])) is not None:
            found += [f"{panel.title}: {trouble}" for trouble in units(panel, one["fieldConfig"])]
    return found


def units(panel: ResolvedPanel, config: dict[str, Any]) -> list[str]:
    """Numbers whose unit is not that of their channel; a table's columns have theirs in their names."""
    if panel.view is View.TABLE or not panel.is_number(panel.columns[0]):
        return []
    if panel.view in PAIRS:
        said = [value["value"] for one in config["overrides"] for value in one["properties"] if value["id"] == "unit"]
        numbers = filter(panel.is_number, panel.columns)
        wanted = [unit_id(panel.channel(column).unit) for column in numbers]
        return [] if said == wanted else [f"units {said}, and they are in {wanted}"]
    unit = config["defaults"].get("unit")
    return [] if unit == unit_id(panel.unit) else [f"unit {unit}, and it is in {unit_id(panel.unit)}"]


def filled(query: str, town_: Town, values: dict[str, str], every: str = "") -> str:
    """A query whose variables have these values, over all days."""
    span = f"time >= {town_.now - town_.days * DAY_MS}ms and time <= {town_.now}ms"
    query = query.replace("$timeFilter", span).replace("$__interval", every)
    return query.replace("$site", f"({values['site']})").replace("$rollup", values["rollup"])


async def variables(source: InfluxSource, whole: dict[str, Any], town_: Town) -> tuple[dict[str, str], list[str]]:
    """Every variable's value by its own query, and the sites that there are to choose."""
    values, sites = {"site": ".*", "rollup": ""}, []
    for variable in sorted(whole["templating"]["list"], key=lambda one: one["name"] != "rollup"):
        answer = await source.run(filled(variable["query"], town_, values))
        found = [str(row[1]) for series in answer for row in series["values"]]
        if variable["name"] == "site":
            sites = found
        else:
            values[variable["name"]] = found[0] if found else variable["current"]["value"]
    return values, sites


async def unanswered(
    source: InfluxSource,
    whole: dict[str, Any],
    town_: Town,
    values: dict[str, str],
    wanted: AbstractSet[str] | None = None,
) -> list[str]:
    """Panels of which no target finds a value; of these titles, or all."""
    found = []
    for one in whole["panels"]:
        if one["type"] == "row" or (wanted is not None and one["title"] not in wanted):
            continue
        least = values.get(one["interval"].removeprefix("$"), "60") if "interval" in one else "60"
        every = interval(least.removesuffix("s"), town_.days * 86_400)
        rows = [
            value
            for target in one["targets"]
            for series in await source.run(filled(target["query"], town_, values, every))
            for row in series["values"]
            for value in row[1:]
        ]
        zero = one.get("fieldConfig", {}).get("defaults", {}).get("noValue") == "0"
        if all(value is None for value in rows) and not (zero and "= true" in one["targets"][0]["query"]):
            found.append(f"{one['title']}: no rows")
    return found


async def asked(source: InfluxSource, page: Page, whole: dict[str, Any], town_: Town) -> list[str]:
    """What is wrong with a page in Grafana, at all sites and at one that is chosen."""
    values, sites = await variables(source, whole, town_)
    found = await unanswered(source, whole, town_, values)
    for site in sites[:1]:
        there = {panel.title for panel in page.panels if panel.stored.is_kind and town_.at(panel.measurement, site)}
        own = await unanswered(source, whole, town_, {**values, "site": site}, there)
        found += [f"at {site}: {trouble}" for trouble in own]
    if not sites and any("site" in panel.stored.tags for panel in page.panels):
        found.append("no site to choose")
    return found


def test_grafana_finds_rows_for_every_panel_at_all_sites_and_at_one(walked: Town) -> None:
    wholes = {slug: drawn(page) for slug, page in PAGES.items()}

    async def walk() -> dict[str, list[str]]:
        async with walked.influxql() as source:
            return {
                slug: [*written(page, wholes[slug]), *await asked(source, page, wholes[slug], walked)]
                for slug, page in PAGES.items()
            }

    assert {slug: troubles for slug, troubles in asyncio.run(walk()).items() if troubles} == {}


# ---- mutants ----------------------------------------------------------------------------------------------


def a_number(page: Page) -> ResolvedPanel:
    """A chart of one number in a unit."""
    charted = (panel for panel in page.panels if panel.view is View.TIME_SERIES and len(panel.fields) == 1)
    return next(panel for panel in charted if panel.unit != "1" and panel.rate_s is None)


@pytest.mark.parametrize("slug", [slug for slug, page in PAGES.items() if page.sector is not None])
def test_a_channel_that_is_renamed_is_noticed_on_both_stores(slug: str, walked: Town) -> None:
    page = PAGES[slug]
    panel, moment = a_number(page), Moment(now=walked.now, span=walked.days * DAY_MS)
    (field,) = panel.fields
    whole = json.loads(grafana.render(dataclasses.replace(page, panels=(panel,))).replace(f'\\"{field}', '\\"renamed'))

    async def walk() -> tuple[list[str], list[str]]:
        async with walked.influxql() as source:
            values, _ = await variables(source, whole, walked)
            ours = await unanswered(source, whole, walked, values, {panel.title})
        duck = DuckSource(walked.connection.cursor)
        return ours, await seen(duck, dataclasses.replace(page, panels=(panel,)), moment)

    old, new = (
        f'ALTER TABLE "{panel.measurement}" RENAME COLUMN "{one}" TO "{other}"'
        for one, other in ((field, "renamed"), ("renamed", field))
    )
    walked.connection.execute(old)
    try:
        ours, theirs = asyncio.run(walk())
    finally:
        walked.connection.execute(new)
    assert ours == [f"{panel.title}: no rows"]
    assert [trouble.startswith(f"{panel.title}: ") and field in trouble for trouble in theirs] == [True]
    assert asyncio.run(walk())[1] == []


@pytest.mark.parametrize("slug", list(PAGES))
def test_a_wrong_unit_or_none_is_noticed(slug: str) -> None:
    panel = a_number(PAGES[slug])
    for unit in ("1", "hPa" if panel.unit != "hPa" else "Cel"):
        assert len(lacks(dataclasses.replace(panel, unit=unit))) == 1
    assert lacks(dataclasses.replace(panel, story=" ")) == ["no description"]
    page = dataclasses.replace(PAGES[slug], panels=(panel,))
    whole = drawn(page)
    (one,) = [one for one in whole["panels"] if one["title"] == panel.title]
    assert written(page, whole) == []
    one["fieldConfig"]["defaults"]["unit"] = "short"
    one["description"] = ""
    first, second = (trouble.removeprefix(f"{panel.title}: ") for trouble in written(page, whole))
    assert first == "no description"
    assert second == f"unit short, and it is in {unit_id(panel.unit)}"
    one["targets"] = []
    assert f"{panel.title}: asks nothing" in written(page, whole)


def test_an_empty_panel_is_noticed_on_both_stores(walked: Town) -> None:
    """Of a kind none of which stands at the site that is chosen."""
    page = next(page for page in PAGES.values() if page.sector is not None)
    panel = a_number(page)
    town_sites = [site.name for site in default_town(SECTORS).sites]
    site = next(site for site in town_sites if not walked.at(panel.measurement, site))
    alone = dataclasses.replace(page, panels=(panel,))
    whole = drawn(alone)

    async def walk() -> tuple[list[str], list[str]]:
        moment = Moment(now=walked.now, span=walked.days * DAY_MS, sites=(site,))
        async with walked.influxql() as source:
            values, _ = await variables(source, whole, walked)
            everything = await unanswered(source, whole, walked, {**values, "site": site}, {panel.title})
        return everything, await seen(DuckSource(walked.connection.cursor), alone, moment)

    assert asyncio.run(walk()) == ([f"{panel.title}: no rows"], [f"{panel.title}: nothing to show"])
