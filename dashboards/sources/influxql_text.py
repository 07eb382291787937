# ruff: noqa: S608  (names come from the catalogue, and every text from our own code)
"""Panels as InfluxQL.

The texts use `$timeFilter`, `$__interval` and `=~ /^$site$/`, which Grafana expands by itself, and `$rollup`, which is
empty for readings and the end of a measurement's name for rollups. A panel is
asked in both forms, of one and the same measurement: the form that does not fit it finds no field, and answers nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dashboards.resolved import ResolvedPanel
from dashboards.sources import rollup
from dashboards.sources.base import Window
from dashboards.sources.influxql_rollup import ROLLUP
from dashboards.sources.shape import Shape
from park.panel import Aggregate

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
    coarse = coarse and asked.over_time and asked.rate_s is not None and asked.within is Aggregate.MEAN
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
