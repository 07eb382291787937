# ruff: noqa: S608  (names come from the catalogue, and sites are quoted)
"""Panels as SQL, and a source that asks the DuckDB in which the store keeps a table per measurement.

A table has the measurement's tags, `ts` in Unix milliseconds, and its channels; those of rollups, what `park.rollup`
says. The source is handed cursors of the connection that owns the file, since no second process can open it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import duckdb

from dashboards.annotations import Annotation, Row
from dashboards.errors import SourceError
from dashboards.measured import Measured
from dashboards.resolved import ResolvedPanel
from dashboards.sources import notes, rollup
from dashboards.sources.base import Curve, Value, Window
from dashboards.sources.shape import Shape
from park.panel import Aggregate
from park.rollup import MARKS, Step
from sectors import KINDS, SECTOR_OF

#: So often it is looked whether there are more tables, while one that is asked for is missing.
_LOOK_S = 0.2


def _ranked(field: str, share: float) -> str:
    """The value at a share of all, in their order, by the rule of InfluxQL's `percentile`."""
    place = f"CAST(floor(count({field}) * {share} + 0.5) AS BIGINT)"
    return f"list_extract(list_sort(list({field}) FILTER (WHERE {field} IS NOT NULL)), {place})"


_WITHIN: dict[Aggregate, Callable[[str], str]] = {
    Aggregate.MEAN: lambda field: f'avg("{field}")',
    Aggregate.MIN: lambda field: f'min("{field}")',
    Aggregate.MAX: lambda field: f'max("{field}")',
    Aggregate.MEDIAN: lambda field: _ranked(_quoted(field), 0.5),
    Aggregate.P95: lambda field: _ranked(_quoted(field), 0.95),
    Aggregate.SUM: lambda field: f'sum("{field}")',
    Aggregate.LAST: lambda field: f'arg_max("{field}", ts)',
    Aggregate.COUNT: lambda field: f'nullif(count("{field}"), 0)',
    Aggregate.SPREAD: lambda field: f'max("{field}") - min("{field}")',
}
_ROLLED: dict[Aggregate, Callable[[str], str]] = {Aggregate.LAST: lambda field: f'arg_max("{field}_last", ts)'}


def sql(asked: Shape, window: Window, step: Step | None = None) -> str:
    """The question as one SELECT of a time, the tags in `asked.by`, and the fields.

    Names come from the catalogue and sites are quoted, so the text holds nothing foreign.

    Args:
        asked: what is asked.
        window: of which time.
        step: of buckets of this length; of readings unless given.
    """
    inner, within = _rows(asked, window, step), _WITHIN[asked.within]
    if asked.rate_s is not None:
        inner = _rates(asked, inner)
    elif step is not None:
        within = _ROLLED.get(asked.within) or rollup.WITHIN[asked.within]
    time = f"ts - ts % {window.interval}" if asked.over_time else f"{window.start}"
    if asked.across is None:
        return _grouped(asked, inner, time, asked.by, within)
    devices = _grouped(asked, inner, time, asked.source_tags, within)
    across = (lambda field: f'count_if("{field}")') if asked.count_true else _WITHIN[asked.across]
    return _grouped(asked, devices, "ts", asked.by, across)


def spacing(stored: Measured, window: Window) -> str:
    """The seconds between two readings of a device, as `Source.spacing` defines them."""
    tags = _columns(stored.tags)
    readings = (
        f'SELECT {tags}, ts - lag(ts) OVER (PARTITION BY {tags} ORDER BY ts) AS "every", '
        f'row_number() OVER (PARTITION BY {tags} ORDER BY ts DESC) AS "back" '
        f'FROM "{stored.name}" WHERE ts >= {window.start} AND ts < {window.until}'
    )
    usual = f'SELECT {tags}, median("every") AS "every" FROM ({readings}) WHERE "back" <= 3 GROUP BY {tags}'
    return f'SELECT ceil(quantile_disc("every", 0.9) / 1000) FROM ({usual})'


def _rows(asked: Shape, window: Window, step: Step | None) -> str:
    """The readings, or the buckets; of those a register's last values, where its rate is asked for."""
    tags = _columns((*asked.source_tags, "ts"))
    if step is None:
        fields = [_quoted(field) for field in asked.fields if not asked.cases]
        columns = ", ".join([tags, *fields, *(_case(asked, case) for case in asked.cases)])
    elif asked.rate_s is None:
        columns = "*"
    else:
        columns = ", ".join([tags, *(f'"{field}_last" AS "{field}"' for field in asked.fields)])
    where = f"ts >= {window.start} AND ts < {window.until}"
    if asked.site_filter and window.sites:
        chosen = ", ".join("'" + site.replace("'", "''") + "'" for site in window.sites)
        where += f" AND site IN ({chosen})"
    suffix = "" if step is None else step.suffix
    return f'SELECT {columns} FROM "{asked.measurement}{suffix}" WHERE {where}'


def _case(asked: Shape, case: str) -> str:
    """The field where a row is of the case."""
    values = ", ".join(f"'{value}'" for value in asked.cases[case])
    return f"CASE WHEN {_quoted(asked.split)} IN ({values}) THEN {_quoted(asked.of)} END AS {_quoted(case)}"


def _rates(asked: Shape, readings: str) -> str:
    """Increase since the reading before, per `rate_s`; a register that was reset counts for nothing."""
    rates = []
    for field in map(_quoted, asked.fields):
        rise = f"({field} - lag({field} IGNORE NULLS) OVER w)"
        since = f"(ts - lag(CASE WHEN {field} IS NOT NULL THEN ts END IGNORE NULLS) OVER w)"
        per_span = f"{rise} / {since} * {asked.rate_s!r} * 1000"
        rates.append(f"CASE WHEN {rise} >= 0 THEN {per_span} END AS {field}")
    columns = _columns((*asked.source_tags, "ts"))
    window = f"WINDOW w AS (PARTITION BY {_columns(asked.source_tags)} ORDER BY ts)"
    return f"SELECT {columns}, {', '.join(rates)} FROM ({readings}) {window}"


def _grouped(asked: Shape, rows: str, time: str, tags: tuple[str, ...], aggregate: Callable[[str], str]) -> str:
    keys = ", ".join([f"{time} AS slot", *map(_quoted, tags)])
    fields = ", ".join(f"{aggregate(field)} AS {_quoted(field)}" for field in asked.fields)
    grouped = f"SELECT {keys}, {fields} FROM ({rows}) GROUP BY ALL"
    renamed = _columns((*tags, *asked.fields))
    return f"SELECT slot AS ts, {renamed} FROM ({grouped})"


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return f'"{name}"'


class DuckSource:
    """Answers panels from DuckDB.

    Args:
        cursor: gives a cursor that nobody else uses; it is closed after the query.
    """

    def __init__(self, cursor: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._cursor = cursor
        self._tables: set[str] = set()
        self._sized = False
        self._look: asyncio.Task[None] | None = None
        self._look_again = 0.0

    async def close(self) -> None:
        """Nothing is kept open between queries."""

    async def over_time(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's series over the window."""
        return await self._ask(panel.course, window)

    async def newest(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """One value per series: the newest in the window, for a table that of the whole window."""
        return await self._ask(panel.newest, window)

    async def answer(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's answer in its own view."""
        return await self._ask(panel.asked, window)

    async def spacing(self, stored: Measured, window: Window) -> float | None:
        """Seconds between two readings of a device; None if none has two."""
        if not await self._has(stored.name):
            return None
        rows = await asyncio.to_thread(self._fetch, spacing(stored, window))
        return None if not rows or rows[0][0] is None else float(rows[0][0])

    async def notes(self, asked: Annotation, sector: str | None, window: Window) -> list[Row]:
        """Rows that explain charts."""
        if not await self._has(asked.measurement):
            return []
        rows = await asyncio.to_thread(self._fetch, notes.sql(asked, sector, window))
        return [(int(row[0]), _texts(asked.columns, row[1:])) for row in rows]

    async def sites(self, sector: str | None = None) -> list[str]:
        """Names of the sites that have readings."""
        kinds = [name for name in KINDS if sector in {None, SECTOR_OF[name].name} and await self._has(name)]
        return await asyncio.to_thread(self._sites, kinds)

    async def rolled(self) -> bool:
        """Whether any rollups are made."""
        if not await self._has(MARKS.name):
            return False
        return bool((await asyncio.to_thread(self._fetch, f'SELECT count(made) FROM "{MARKS.name}"'))[0][0])

    async def _has(self, measurement: str) -> bool:
        """Whether there is a table; one that comes is found a moment later, so that a new page costs little."""
        if measurement not in self._tables:
            if self._look is None or (self._look.done() and time.monotonic() >= self._look_again):
                self._look_again = time.monotonic() + _LOOK_S
                self._look = asyncio.create_task(asyncio.to_thread(self._list))
            await asyncio.shield(self._look)
        return measurement in self._tables

    def _list(self) -> None:
        self._tables.update(str(name) for (name,) in self._fetch("SELECT table_name FROM duckdb_tables()"))

    async def _ask(self, asked: Shape, window: Window) -> list[Curve]:
        if not await self._has(asked.measurement):
            return []
        step = await self._step(asked, window)
        rows = await asyncio.to_thread(self._fetch, f"{sql(asked, window, step)} ORDER BY ALL")
        return _series(asked, rows)

    async def _step(self, asked: Shape, window: Window) -> Step | None:
        """The buckets that answer, if any do."""
        if not rollup.may_roll(asked, window) or not await self._has(MARKS.name):
            return None
        where = f"kind = '{asked.measurement}' AND ts >= {window.start} AND ts < {window.until}"
        self._sized = self._sized or await asyncio.to_thread(self._tells_sizes)
        counts = "sum(readings), sum(buckets)" if self._sized else "0, 0"
        (figures,) = await asyncio.to_thread(
            self._fetch, f'SELECT count(touched), count(made), {counts} FROM "{MARKS.name}" WHERE {where}'
        )
        return rollup.step_for(asked, window, rollup.progress_of(figures))

    def _tells_sizes(self) -> bool:
        """Whether marks tell how many readings an hour has: a file of before they did has no such columns."""
        columns = f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{MARKS.name}'"
        return {"readings", "buckets"} <= {name for (name,) in self._fetch(columns)}

    def _sites(self, kinds: list[str]) -> list[str]:
        found = {str(row[0]) for kind in kinds for row in self._fetch(f'SELECT DISTINCT site FROM "{kind}"')}
        return sorted(found)

    def _fetch(self, text: str) -> list[tuple[Value, ...]]:
        try:
            with self._cursor() as cursor:
                rows: list[tuple[Value, ...]] = cursor.execute(text).fetchall()
        except duckdb.CatalogException:
            return []  # A table that is gone; the store makes a kind's with its first reading.
        except duckdb.Error as error:
            raise SourceError(f"{text}: {error}") from error
        return rows


open_source = DuckSource


def _texts(names: Sequence[str], values: Sequence[Value | None]) -> dict[str, str]:
    return {name: str(value) for name, value in zip(names, values, strict=True) if value is not None}


def _series(asked: Shape, rows: list[tuple[Value, ...]]) -> list[Curve]:
    groups: dict[tuple[str, ...], list[tuple[Value, ...]]] = {}
    for row in rows:
        groups.setdefault(tuple(str(tag) for tag in row[1 : 1 + len(asked.by)]), []).append(row)
    found = []
    for group in sorted(groups, key=lambda group: sorted(zip(asked.by, group, strict=True)))[: asked.limit]:
        tags = dict(zip(asked.by, group, strict=True))
        for column, field in enumerate(asked.fields, start=1 + len(asked.by)):
            points = [(int(row[0]), row[column]) for row in groups[group] if row[column] is not None]
            if points:
                times, values = zip(*points, strict=True)
                found.append(Curve(field=field, tags=tags, times=list(times), values=list(values)))
    return found
