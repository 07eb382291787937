"""What explains charts: rows of either store become the same marks, and both renderers have them."""

import asyncio
import json
from typing import Any

import duckdb
import pytest

from dashboards import grafana
from dashboards.annotations import (
    ANNOTATIONS,
    COMMANDS,
    EVENTS,
    HOLIDAYS,
    LABELS,
    MOST,
    OUTAGES,
    Annotation,
    Mark,
    Row,
    marks,
)
from dashboards.definitions import dashboards
from dashboards.sources.base import Window
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.viewer.marks import overlay
from dashboards.viewer.windows import Moment, Reader
from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores import open_store, parse_store_url
from park.safe_text import printable
from tests.dashboards.conftest import END
from tests.servers.influxdb2 import InfluxDB2

HOUR = 3_600_000
START = END - 3 * HOUR
WINDOW = Window(start=START, until=END)


def event(
    kind: str, device: str, type_: str, phase: str, ts: int, *, site: str = "north", **values: Any
) -> PlainMessage:
    sector = {"soil_probe": "agriculture", "traffic_detector": "transport", "weather_station": "agriculture"}[kind]
    leaf = "label" if type_ == "label" else "event"
    told = {"ts": ts, "id": values.pop("id", "1"), "type": type_, "phase": phase, **values}
    topic = f"park/{sector}/{site}/{kind}/{device}/{leaf}"
    return PlainMessage(topic=topic, payload=json.dumps(told).encode(), packet_id=1)


def label(phase: str, ts: int, until: int) -> PlainMessage:
    said: dict[str, Any] = {"fault": "stuck", "channel": "soil_moisture", "rule": "a", "until": until}
    return event("soil_probe", "soil-probe-000001", "label", phase, ts, **said)


def stats(ts: int, reconnects: int) -> PlainMessage:
    told = json.dumps({"ts": ts, "reconnects": reconnects}).encode()
    return PlainMessage(topic="park/gateways/north/0/stats", payload=told, packet_id=1)


MESSAGES = [
    label("begin", START + HOUR, START + 2 * HOUR),
    label("state", START + 2 * HOUR, END + HOUR),
    label("end", END - HOUR // 2, END),
    event("traffic_detector", "traffic-detector-000001", "jam", "begin", START + HOUR, id="7"),
    event("traffic_detector", "traffic-detector-000002", "jam", "begin", START + HOUR + 5, id="7"),
    event("traffic_detector", "traffic-detector-000001", "jam", "end", START + 2 * HOUR, id="7"),
    event("traffic_detector", "traffic-detector-000002", "jam", "end", START + 2 * HOUR, id="7"),
    event(
        "soil_probe", "soil-probe-000001", "command", "begin", START + HOUR, action="do", actor="me", state="accepted"
    ),
    event("soil_probe", "soil-probe-000001", "command", "end", START + HOUR + 9, action="do", actor="me"),
    *(
        event("weather_station", f"weather-station-00000{number}", type_, "state", ts, site=site, until=until)
        for number, site in ((1, "north"), (2, "south"))
        for type_, ts, until in (
            ("public_holiday", START - 22 * HOUR, START + HOUR),
            ("public_holiday", START + HOUR, END + 9 * HOUR),
            ("made_up_workday", START + 2 * HOUR, END + 9 * HOUR),
        )
    ),
    *(stats(START + number * 100_000, reconnects) for number, reconnects in enumerate((0, 0, 1, 1, 0, 2))),
]


async def _noted(source: Any, asked: Annotation, sector: str | None, window: Window) -> list[Row]:
    try:
        found: list[Row] = await source.notes(asked, sector, window)
        return found
    finally:
        await source.close()


@pytest.fixture(scope="module")
def stores(influxdb: InfluxDB2, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Both stores with the same rows, and how each is asked."""
    bucket = influxdb.new_bucket()
    path = tmp_path_factory.mktemp("notes") / "park.duckdb"
    for url, environ in (
        (influxdb.store_url(bucket), {"INFLUXDB_V2_TOKEN": influxdb.token}),
        (f"duckdb://{path}", dict[str, str]()),
    ):
        store = open_store(parse_store_url(url), environ)
        batch = Batch(generation=1, opened=0.0, opened_ms=END)
        Decoder(store.render).take(MESSAGES, batch)
        assert not batch.rejections

        async def write(store: Any = store, batch: Batch = batch) -> None:
            await store.write(batch.rows)
            await store.close()

        asyncio.run(write())
    connection = duckdb.connect(str(path))
    yield {
        "influxdb": lambda: InfluxSource(url=influxdb.url, database=bucket, token=influxdb.token),
        "duckdb": lambda: DuckSource(connection.cursor),
    }
    connection.close()


def marked(stores: Any, name: str, asked: Annotation, sector: str | None = None, **changes: Any) -> list[Mark]:
    window = Window(**({"start": START, "until": END} | changes))
    return marks(asked, asyncio.run(_noted(stores[name](), asked, sector, window)), END)


both = pytest.mark.parametrize("name", ["influxdb", "duckdb"])


@both
def test_a_label_that_is_told_in_parts_is_one_stretch(stores: Any, name: str) -> None:
    (one,) = marked(stores, name, LABELS)
    assert (one.start, one.end) == (START + HOUR, END)
    assert one.text == "stuck · soil moisture · soil-probe-000001"


@both
def test_what_several_devices_tell_at_once_is_one_mark(stores: Any, name: str) -> None:
    (one,) = marked(stores, name, EVENTS)
    assert (one.start, one.end, one.text) == (START + HOUR, START + 2 * HOUR, "jam · 2 devices")


@both
@pytest.mark.parametrize("sector", [None, "energy", "agriculture"])
def test_a_holiday_is_the_whole_towns_and_one_stretch_however_many_tell_it(
    stores: Any, name: str, sector: str | None
) -> None:
    found = marked(stores, name, HOLIDAYS, sector, sites=("elsewhere",), start=START - HOLIDAYS.told_ms)
    assert [(one.start, one.end, one.text) for one in found] == [
        (START - 22 * HOUR, END, "public holiday"),
        (START + 2 * HOUR, END, "made up workday"),
    ]
    assert "holiday" not in " ".join(one.text for one in marked(stores, name, EVENTS, start=START - 24 * HOUR))


@both
def test_commands_that_were_accepted_and_outages_are_moments(stores: Any, name: str) -> None:
    (one,) = marked(stores, name, COMMANDS)
    assert (one.start, one.end, one.what) == (START + HOUR, None, "do · me")
    assert [(one.start, one.end, one.who) for one in marked(stores, name, OUTAGES)] == [
        (START + 200_000, None, ("gw-north-0",)),
        (START + 500_000, None, ("gw-north-0",)),
    ]


@both
def test_a_page_marks_what_is_of_its_sector_its_sites_and_its_time(stores: Any, name: str) -> None:
    assert marked(stores, name, EVENTS, "transport")
    assert not marked(stores, name, EVENTS, "agriculture")
    assert marked(stores, name, LABELS, "agriculture", sites=("north", "south"))
    assert not marked(stores, name, LABELS, "agriculture", sites=("south",))
    assert not marked(stores, name, LABELS, start=START - HOUR, until=START)


@both
def test_what_has_begun_before_the_page_and_lasts_is_on_it_and_what_has_ended_is_not(stores: Any, name: str) -> None:
    async def looked_at(now: int, span: int) -> list[Mark]:
        source = stores[name]()
        reader = Reader(source, clock=lambda: 0.0, keep_s=3)
        try:
            return await reader.marks(HOLIDAYS, "energy", Moment(now=now, span=span, sites=()))
        finally:
            await source.close()

    (one,) = asyncio.run(looked_at(START + HOUR // 2, HOUR // 4))
    assert (one.start, one.end, one.what) == (START - 22 * HOUR, START + HOUR // 2, "public holiday")
    assert asyncio.run(looked_at(START - 22 * HOUR - 1, HOUR)) == []


@both
@pytest.mark.parametrize("asked", ANNOTATIONS, ids=lambda one: one.slug)
def test_nothing_stored_is_no_error(name: str, asked: Annotation, influxdb: InfluxDB2) -> None:
    with duckdb.connect() as connection:
        source = (
            DuckSource(connection.cursor)
            if name == "duckdb"
            else InfluxSource(url=influxdb.url, database=influxdb.new_bucket(), token=influxdb.token)
        )
        assert asyncio.run(_noted(source, asked, None, WINDOW)) == []


def test_what_has_not_ended_lasts_until_now_and_a_lone_end_is_a_moment() -> None:
    rows: list[Row] = [
        (START, {"type": "jam", "device": "a", "id": "1", "phase": "begin"}),
        (START + 5, {"type": "frost", "device": "b", "id": "2", "phase": "end"}),
    ]
    assert [(one.what, one.start, one.end) for one in marks(EVENTS, rows, END)] == [
        ("jam", START, END),
        ("frost", START + 5, None),
    ]


def test_no_more_are_drawn_than_can_be_seen() -> None:
    rows: list[Row] = [(START + number * 120_000, {"action": str(number), "device": "a"}) for number in range(500)]
    found = marks(COMMANDS, rows, END)
    assert len(found) == MOST
    assert found[-1].what == "499"


def test_marks_leave_axes_as_they_are_and_end_with_the_chart() -> None:
    mark = Mark(start=START - HOUR, end=END + HOUR, what="stuck", who=("a",))
    moment = Mark(start=START + 1, end=None, what="do", who=("a",))
    drawn = overlay("#fff", [mark, moment, Mark(start=END + 1, end=None, what="later", who=("a",))], WINDOW)
    assert drawn is not None
    assert drawn["data"] == []
    ((first, last),) = drawn["markArea"]["data"]
    assert (first["xAxis"], last["xAxis"]) == (START, END)
    assert drawn["markLine"]["data"] == [{"xAxis": START + 1}]
    assert overlay("#fff", [Mark(start=END + 1, end=None, what="later", who=("a",))], WINDOW) is None


def test_texts_of_strangers_are_shown_without_their_controls() -> None:
    mark = Mark(start=START, end=END, what="a\u202eb", who=("a",))
    drawn = overlay("#fff", [mark], WINDOW)
    assert drawn is not None
    assert drawn["markArea"]["data"][0][0]["label"]["formatter"] == printable("a\u202eb")


@pytest.mark.parametrize("page", dashboards(), ids=lambda page: page.slug)
def test_grafana_has_them_with_switches(page: Any, stores: Any) -> None:
    listed = json.loads(grafana.render(page))["annotations"]["list"]
    assert [one["name"] for one in listed][-1] == OUTAGES.title
    assert len(listed) == (1 if page.slug == "pipeline" else len(ANNOTATIONS))
    for one in listed:
        assert not one["hide"]
        target = one["target"]
        assert target["fromAnnotations"] is True
        assert target["query"].count("$timeFilter") == 1
        assert target["textColumn"] in target["query"]
        assert all(f'"{name}"' in target["query"] for name in target["tagsColumn"].split(","))
