# ruff: noqa: S608  (names come from the catalogue, and every text from our own code)
"""Panels as InfluxQL, and a source that asks an InfluxDB 1.x, 2.x or 3.x over HTTP.

The texts use `$timeFilter`, `$__interval` and `=~ /^$site$/`, which Grafana expands by itself, and `$rollup`, which is
empty for readings and the end of a measurement's name for rollups. A panel is
asked in both forms, of one and the same measurement: the form that does not fit it finds no field, and answers nothing.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from dashboards.annotations import Annotation, Row
from dashboards.errors import SourceError
from dashboards.measured import Measured
from dashboards.resolved import ResolvedPanel
from dashboards.sources import notes, rollup
from dashboards.sources.base import Curve, Window
from dashboards.sources.influxql_answer import series_of
from dashboards.sources.influxql_devices import sites, spacing
from dashboards.sources.influxql_rollup import ROLLUP, progress, which_rollup
from dashboards.sources.shape import Shape
from park.panel import Aggregate
from park.rollup import MARKS, Step

EPOCH_BUCKETS = "time($__interval)"

# Buckets that end now are whole, so that nothing bends at the chart's right edge, where an epoch-aligned bucket
# holds only those readings that have come since it began.
NOW_BUCKETS = "time($__interval, now())"

_SELECT: dict[Aggregate, Callable[[str], str]] = {
    Aggregate.MEAN: lambda field: f'mean("{field}")',
    Aggregate.MIN: lambda field: f'min("{field}")',
    Aggregate.MAX: lambda field: f'max("{field}")',
    Aggregate.MEDIAN: lambda field: f'percentile("{field}", 50)',
    Aggregate.P95: lambda field: f'percentile("{field}", 95)',
    Aggregate.SUM: lambda field: f'sum("{field}")',
    Aggregate.LAST: lambda field: f'last("{field}")',
    Aggregate.COUNT: lambda field: f'count("{field}")',
    Aggregate.SPREAD: lambda field: f'spread("{field}")',
}
_ROLLED: dict[Aggregate, Callable[[str], str]] = {
    **rollup.WITHIN,
    Aggregate.LAST: lambda field: f'last("{field}_last")',
}


def compile(panel: ResolvedPanel) -> list[str]:  # noqa: A001  (the word for it)
    """The panel's InfluxQL statements as Grafana runs them; none for a heading."""
    asked = panel.asked
    if not asked.fields:
        return []
    bucket = EPOCH_BUCKETS if asked.is_state else NOW_BUCKETS
    if not asked.rolls:
        return statements(asked, bucket)
    suffix = f"${ROLLUP}"
    return [*statements(asked, bucket, suffix=suffix), *statements(asked, bucket, suffix=suffix, rolled=True)]


def statements(
    asked: Shape, bucket: str = EPOCH_BUCKETS, *, suffix: str = "", rolled: bool = False, coarse: bool = False
) -> list[str]:
    """InfluxQL of a question.

    Counting the true ones filters rows by a field, so each field has a statement of its own; and so has each case.

    Args:
        asked: what is asked.
        bucket: the GROUP BY term of an interval.
        suffix: of the measurement.
        rolled: in the form for rollups.
        coarse: an interval is many buckets, of which a mean rate needs the last alone.
    """
    pairs = list(zip(asked.fields, asked.labels, strict=True))
    if asked.cases:
        return [
            _statement(asked, [(asked.of, label)], bucket, _Origin(among=_among(asked, case))) for case, label in pairs
        ]
    groups = [[pair] for pair in pairs] if asked.count_true else [pairs]
    coarse = coarse and asked.over_time and asked.within is Aggregate.MEAN
    origin = _Origin(suffix=suffix, rolled=rolled, step=f"{bucket}, " if coarse else "")
    return [_statement(asked, group, bucket, origin) for group in groups]


@dataclass(frozen=True, kw_only=True)
class _Origin:
    """What a statement asks: readings or rollups, in the measurement of this name's end; and a further condition.

    Attributes:
        step: the term of the intervals from one to the next of which a register rises; from row to row unless given.
    """

    suffix: str = ""
    rolled: bool = False
    among: str = ""
    step: str = ""


def _among(asked: Shape, case: str) -> str:
    """The condition that rows are of a case."""
    values = " OR ".join(f"\"{asked.split}\" = '{value}'" for value in asked.cases[case])
    return f" AND ({values})"


def _statement(asked: Shape, pairs: list[tuple[str, str]], bucket: str, origin: _Origin) -> str:
    terms = [bucket] if asked.over_time else []
    inner, group = _readings(asked, pairs, origin)
    # Of rates, what is asked for is made of them already.
    within = (_ROLLED if origin.rolled and asked.rate_s is None else _SELECT)[asked.within]
    if asked.across is None:
        select = _select(within, pairs)
        return f"SELECT {select} FROM {inner} WHERE {group}{_by(asked, asked.by, terms, last=True)}"
    select = _select(within, [(field, field) for field, _ in pairs])
    devices = f"SELECT {select} FROM {inner} WHERE {group}{_by(asked, asked.source_tags, terms)}"
    if asked.count_true:
        select, true = _select(_SELECT[Aggregate.COUNT], pairs), f' AND "{pairs[0][0]}" = true'
    else:
        select, true = _select(_SELECT[asked.across], pairs), ""
    return f"SELECT {select} FROM ({devices}) WHERE $timeFilter{true}{_by(asked, asked.by, terms, last=True)}"


def _readings(asked: Shape, pairs: list[tuple[str, str]], origin: _Origin) -> tuple[str, str]:
    """Where readings come from, and the condition under which they count."""
    times = "$earlierFilter" if origin.step else "$timeFilter"
    condition = times + (' AND "site" =~ /^$site$/' if asked.site_filter else "") + origin.among
    source = f'"{asked.measurement}{origin.suffix}"'
    if asked.rate_s is None:
        return source, condition
    span, end = f"{asked.rate_s:g}s", "_last" if origin.rolled else ""
    register = 'last("{}")' if origin.step else '"{}"'
    select = ", ".join(
        f'non_negative_derivative({register.format(field + end)}, {span}) AS "{field}"' for field, _ in pairs
    )
    tags = ", ".join(f'"{tag}"' for tag in asked.source_tags)
    fill = " fill(none)" if origin.step else ""
    return f"(SELECT {select} FROM {source} WHERE {condition} GROUP BY {origin.step}{tags}{fill})", "$timeFilter"


def _select(function: Callable[[str], str], pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f'{function(field)} AS "{quoted(name)}"' for field, name in pairs)


def _by(asked: Shape, tags: tuple[str, ...], terms: list[str], *, last: bool = False) -> str:
    names = [*terms, *(f'"{tag}"' for tag in tags)]
    text = f" GROUP BY {', '.join(names)}" if names else ""
    if terms:
        text += " fill(0)" if last and asked.count_true else " fill(none)"
    if last and asked.limit is not None:
        text += f" SLIMIT {asked.limit}"
    return text


def quoted(text: str) -> str:
    """A field's label as the name of its column in the answer."""
    return text.replace("\\", "").replace('"', "")


def expand(statement: str, window: Window, suffix: str = "") -> str:
    """The statement with its variables replaced, as Grafana would do it."""
    chosen = "|".join(re.escape(site).replace("/", r"\/") for site in window.sites) or ".*"
    until = f"AND time < {window.until}ms"
    return (
        statement.replace("$timeFilter", f"time >= {window.start}ms {until}")
        .replace("$earlierFilter", f"time >= {window.start - window.interval}ms {until}")
        .replace("$__interval", f"{window.interval}ms")
        .replace("$site", f"({chosen})")
        .replace(f"${ROLLUP}", suffix)
    )


class InfluxSource:
    """Answers panels from an InfluxDB through its `/query` address.

    Args:
        url: `http://host:port`.
        database: the bucket; InfluxDB 2 maps a database of that name to it, and DATABASE/POLICY to itself.
        token: sent as `Authorization: Token`; empty sends none.
    """

    def __init__(self, *, url: str, database: str, token: str = "", timeout_s: float = 30.0) -> None:
        headers = {"Authorization": f"Token {token}"} if token else {}
        self._database = database
        # The environment's proxies are for the internet; the store is named by its address.
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def over_time(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's series over the window."""
        return await self._ask(panel.course, window)

    async def newest(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """One value per series: the newest in the window, for a table that of the whole window."""
        answer = await self._ask(panel.newest, window)
        # A lone selector such as max() comes with the time of its point, everything else with the window's.
        return [dataclasses.replace(series, times=[window.start]) for series in answer]

    async def spacing(self, stored: Measured, window: Window) -> float | None:
        """Seconds between two readings of a device; None if none has two."""
        found = await self.run(expand(spacing(stored), window))
        return float(found[0]["values"][0][1]) if found else None

    async def notes(self, asked: Annotation, sector: str | None, window: Window) -> list[Row]:
        """Rows that explain charts."""
        found = await self.run(expand(notes.influxql(asked, sector), window))
        return [
            (
                int(row[0]),
                {name: str(value) for name, value in zip(one["columns"], row, strict=True) if value is not None},
            )
            for one in found
            for row in one["values"]
        ]

    async def sites(self, sector: str | None = None) -> list[str]:
        """Names of the sites that have readings."""
        found = await self.run(sites(sector))
        return sorted({row[1] for series in found for row in series["values"]})

    async def rolled(self) -> bool:
        """Whether any rollups are made."""
        found = await self.run(f'SELECT count("made") FROM "{MARKS.name}"')
        return bool(found and found[0]["values"][0][1])

    async def answer(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's rows by exactly the statements that Grafana runs."""
        suffix = ""
        if panel.asked.rolls:
            chosen = await self.run(expand(which_rollup([panel.stored.name]), window))
            suffix = str(chosen[0]["values"][0][1]) if chosen else ""
        return await self._run_all(panel.asked, compile(panel), window, suffix)

    async def run(self, statement: str) -> list[dict[str, Any]]:
        """The answer's series of one expanded statement.

        Raises:
            SourceError: the store cannot be reached or refuses the statement.
        """
        database, _, policy = self._database.partition("/")
        query = {"db": database, **({"rp": policy} if policy else {}), "q": statement, "epoch": "ms"}
        try:
            response = await self._http.get("/query", params=query)
        except httpx.HTTPError as error:
            raise SourceError(f"{self._http.base_url} does not answer InfluxQL: {error!r}") from error
        return series_of(statement, response)

    async def _ask(self, asked: Shape, window: Window) -> list[Curve]:
        step = await self._step(asked, window)
        if step is None:
            return await self._run_all(asked, statements(asked), window)
        coarse = window.interval >= rollup.MANY * step.ms
        texts = statements(asked, suffix=step.suffix, rolled=True, coarse=coarse)
        return await self._run_all(asked, texts, window)

    async def _step(self, asked: Shape, window: Window) -> Step | None:
        """The buckets that answer, if any do."""
        if not rollup.may_roll(asked, window):
            return None
        found = await self.run(expand(progress(asked.measurement), window))
        return rollup.step_for(asked, window, rollup.progress_of(found[0]["values"][0][1:] if found else ()))

    async def _run_all(self, asked: Shape, texts: list[str], window: Window, suffix: str = "") -> list[Curve]:
        apart = asked.count_true or asked.cases
        fields = [(field,) for field in asked.fields] if apart else [asked.fields]
        found: list[Curve] = []
        for text, names in zip(texts, fields * (len(texts) // len(fields)), strict=True):
            for series in await self.run(expand(text, window, suffix)):
                found += _series(series, names)
        return found


open_source = InfluxSource


def _series(series: dict[str, Any], fields: tuple[str, ...]) -> list[Curve]:
    rows = series["values"]
    found = []
    for column, field in enumerate(fields, start=1):
        points = [(row[0], row[column]) for row in rows if row[column] is not None]
        if points:
            times, values = zip(*points, strict=True)
            found.append(Curve(field=field, tags=series.get("tags", {}), times=list(times), values=list(values)))
    return found
