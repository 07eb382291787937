"""Every rule asked of the real stores: both give the same course, and Grafana's own question the same numbers."""

import asyncio
import dataclasses

import duckdb
import numpy as np
import pytest

from dashboards.alerting.course import follow
from dashboards.alerting.reduce import ticks, values, window
from dashboards.alerting.rules import Rule, rules
from dashboards.alerting.states import breached
from dashboards.definitions import dashboards
from dashboards.grafana.alerts import question
from dashboards.sources.base import Window
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.sources.influxql_text import expand
from tests.dashboards.conftest import END, SPAN_MS
from tests.servers.influxdb2 import InfluxDB2

RULES = rules(dashboards())


def test_both_stores_give_every_rule_the_same_course(
    influxdb: InfluxDB2, bucket: str, tables: duckdb.DuckDBPyConnection
) -> None:
    async def both() -> None:
        duck = DuckSource(tables.cursor)
        async with InfluxSource(url=influxdb.url, database=bucket, token=influxdb.token) as influx:
            for rule in RULES:
                span = (END - SPAN_MS, END)
                ours = await follow(duck.over_time, rule, *span, spacing_s=60.0)
                theirs = await follow(influx.over_time, rule, *span, spacing_s=60.0)
                mine = _by_labels(ours.labels, ours.values)
                others = _by_labels(theirs.labels, theirs.values)
                assert mine.keys() == others.keys(), rule.alert.name
                for labels, found in mine.items():
                    assert found == pytest.approx(others[labels], rel=1e-9, nan_ok=True), (rule.alert.name, labels)

    asyncio.run(both())


def _by_labels(
    labels: tuple[object, ...], found: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> dict[str, list[float]]:
    return {str(sorted(one.items())): row.tolist() for one, row in zip(labels, found, strict=True)}  # type: ignore[attr-defined]


def test_what_grafana_asks_comes_to_the_same(influxdb: InfluxDB2, bucket: str) -> None:
    async def all_rules() -> None:
        async with InfluxSource(url=influxdb.url, database=bucket, token=influxdb.token) as influx:
            for rule in RULES:
                await _compare(rule, influx)

    asyncio.run(all_rules())


async def _compare(rule: Rule, influx: InfluxSource) -> None:
    """Grafana's points of one evaluation, reduced and judged, beside the evaluator's own."""
    alert = rule.fitted(60.0)
    at = ticks(alert, END - 1000 * alert.every_s, END)[-1:]
    asked = window(alert, at)
    labels, ours = values(alert, at, await influx.over_time(rule.question, asked))
    # Where Grafana's buckets end now, ours end at whole intervals; at such a moment they are the same.
    text = question(rule, alert).replace(", now())", ")")
    answer = await influx.run(expand(text, Window(start=asked.start, until=asked.until)))
    theirs: dict[str, float] = {}
    for series in answer:
        points = [row[1] for row in series["values"] if row[1] is not None]
        theirs[str(sorted(series["tags"].items()))] = _reduced(alert.reduce.value, points)
    mine = {
        str(sorted(one.items())): float(row[0]) for one, row in zip(labels, ours, strict=True) if not np.isnan(row[0])
    }
    assert mine.keys() == theirs.keys(), rule.alert.name
    none = np.zeros(1, dtype=np.bool_)
    for key, value in mine.items():
        assert theirs[key] == pytest.approx(value, rel=1e-9), (rule.alert.name, key)
        assert breached(alert, np.array([value]), none) == breached(alert, np.array([theirs[key]]), none)


def _reduced(reducer: str, points: list[float]) -> float:
    plain = {"last": lambda: points[-1], "mean": lambda: float(np.mean(points)), "min": lambda: min(points)}
    return plain.get(reducer, lambda: max(points))()


def test_a_device_that_stops_is_silent_and_comes_back(tables: duckdb.DuckDBPyConnection) -> None:
    rule = next(one for one in RULES if one.alert.name == "silent-bus")
    with tables.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS FROM bus")
        gone = END - 100 * 60_000
        cursor.execute(f"DELETE FROM bus WHERE device = 'bus-000002' AND ts >= {gone} AND ts < {gone + 40 * 60_000}")
    try:
        course = asyncio.run(follow(DuckSource(tables.cursor).over_time, rule, END - SPAN_MS, END, spacing_s=60.0))
    finally:
        with tables.cursor() as cursor:
            cursor.execute("CREATE OR REPLACE TABLE bus AS FROM kept")
            cursor.execute("DROP TABLE kept")
    (one,) = course.fired()
    assert one.labels["device"] == "bus-000002"
    assert 0 <= one.since - gone <= 2 * 1000 * course.alert.every_s
    assert one.until is not None
    assert 0 <= one.until - (gone + 40 * 60_000) <= 2 * 1000 * course.alert.every_s


def test_who_has_been_silent_for_long_is_forgotten(tables: duckdb.DuckDBPyConnection) -> None:
    rule = next(one for one in RULES if one.alert.name == "silent-bus")
    short = dataclasses.replace(rule, alert=dataclasses.replace(rule.alert, over_s=3600))
    course = asyncio.run(follow(DuckSource(tables.cursor).over_time, short, END, END + 4 * SPAN_MS, spacing_s=1.0))
    fired = course.fired()
    assert len(fired) == 3
    assert all(one.until is not None and one.until <= END + 3 * 3_600_000 for one in fired)
