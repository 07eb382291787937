# ruff: noqa: S608  (names come from our own definitions, and sites are quoted)
"""What explains charts, as queries of either store: rows of a log, or rises of a register."""

from dashboards.annotations import MOST_ROWS, Annotation
from dashboards.sources.base import Window


def influxql(asked: Annotation, sector: str | None) -> str:
    """The InfluxQL that Grafana and the viewer run, with `$timeFilter` and `$site` as everywhere."""
    where = "$timeFilter" + ("" if asked.whole_town else ' AND "site" =~ /^$site$/') + _sector(asked, sector)
    if asked.rises:
        rise = f'SELECT difference("{asked.rises}") AS "rise" FROM "{asked.measurement}"'
        inner = f'{rise} WHERE {where} GROUP BY "{asked.whose}", "site"'
        return f'SELECT "rise", {_names(asked)} FROM ({inner}) WHERE "rise" > 0 LIMIT {MOST_ROWS}'
    phases = " OR ".join(f"\"phase\" = '{phase.value}'" for phase in asked.phases)
    types = " OR ".join(f"\"type\" = '{name}'" for name in asked.types)
    where += (f" AND ({types})" if types else "") + "".join(f" AND \"type\" != '{name}'" for name in asked.but)
    chosen = f'SELECT {_names(asked)} FROM "{asked.measurement}" WHERE {where} AND ({phases})'
    if asked.whole_town:  # what one device tells of it is enough
        return f'{chosen} GROUP BY "device" ORDER BY time DESC LIMIT {MOST_ROWS} SLIMIT 1'
    return f"{chosen} ORDER BY time DESC LIMIT {MOST_ROWS}"


def sql(asked: Annotation, sector: str | None, window: Window) -> str:
    """The same of DuckDB: a time, then `columns`."""
    where = f"ts >= {window.start} AND ts < {window.until}{_sector(asked, sector)}"
    if window.sites and not asked.whole_town:
        chosen = ", ".join("'" + site.replace("'", "''") + "'" for site in window.sites)
        where += f" AND site IN ({chosen})"
    rows = f'SELECT * FROM "{asked.measurement}" WHERE {where}'
    if asked.rises:
        rise = f'"{asked.rises}" - lag("{asked.rises}") OVER (PARTITION BY "{asked.whose}" ORDER BY ts)'
        rows = f"SELECT *, {rise} AS rise FROM ({rows})"
        true = "rise > 0"
    else:
        true = f"phase IN ({', '.join(repr(phase.value) for phase in asked.phases)})"
        true += f" AND type IN ({', '.join(map(repr, asked.types))})" if asked.types else ""
        true += f" AND type NOT IN ({', '.join(map(repr, asked.but))})" if asked.but else ""
    once = " QUALIFY row_number() OVER (PARTITION BY ts, type ORDER BY device) = 1" if asked.whole_town else ""
    return f"SELECT ts, {_names(asked)} FROM ({rows}) WHERE {true}{once} ORDER BY ts DESC LIMIT {MOST_ROWS}"


def _names(asked: Annotation) -> str:
    return ", ".join(f'"{name}"' for name in asked.columns)


def _sector(asked: Annotation, sector: str | None) -> str:
    return f" AND \"sector\" = '{sector}'" if sector is not None and asked.by_sector else ""
