"""Simulated readings and events as the DuckDB store keeps them, written by whole columns."""

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from park.catalogue import Channel, ValueType
from park.columns import Columns
from park.model import DAY_MS
from sectors import EVENTS, SECTOR_OF
from simulator.event_columns import Told
from simulator.observed import Readings
from simulator.plan import Plan

_TYPES = {ValueType.FLOAT: "DOUBLE", ValueType.INT: "BIGINT", ValueType.BOOL: "BOOLEAN", ValueType.TEXT: "VARCHAR"}
Column = npt.NDArray[Any]


def fill(connection: duckdb.DuckDBPyConnection, readings: Readings, start: int, until: int) -> None:
    """Everything that the devices have in [start, until), a day at a time."""
    for first in range(start, until, DAY_MS):
        last = min(first + DAY_MS, until)
        for columns in readings.columns(first, last):
            _append(connection, readings.plan, columns)
        for told in readings.events.told(first, last):
            _append_told(connection, readings.plan, told)


def _append(connection: duckdb.DuckDBPyConnection, plan: Plan, columns: Columns) -> None:
    kind = columns.kind
    table = ['"device" VARCHAR', '"sector" VARCHAR', '"site" VARCHAR', '"ts" BIGINT', '"seq" BIGINT']
    table += [f'"{one.name}" {_TYPES[one.type]}' for one in kind.channels]
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{kind.name}" ({", ".join(table)})')
    batch = {**_tags(plan, kind.name, columns.device), "ts": columns.ts, "seq": columns.seq}
    for channel in kind.channels:
        batch[channel.name] = _values(columns, channel)
    _insert(connection, kind.name, batch)


def _values(columns: Columns, channel: Channel) -> Column:
    whole = columns.values[channel.name]
    found: Column
    if channel.type is ValueType.FLOAT:
        found = columns.floats(channel)
    elif channel.type is ValueType.TEXT:
        found = np.array(channel.texts, dtype=object)[whole]
    else:
        found = whole.astype(np.bool_) if channel.type is ValueType.BOOL else whole
    mask = columns.present.get(channel.name)
    if mask is None:
        return found
    gaps = found.astype(object)
    gaps[~mask] = None
    return gaps


def _append_told(connection: duckdb.DuckDBPyConnection, plan: Plan, told: Told) -> None:
    log = EVENTS.logs[told.type.log.value]
    table = [f'"{tag}" VARCHAR' for tag in log.tags] + ['"ts" BIGINT']
    table += [f'"{one.name}" {_TYPES[one.type]}' for one in log.channels]
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{log.name}" ({", ".join(table)})')
    rows = [told.row(row) for row in range(len(told))]
    text = {"type": told.type.name, "phase": told.phase.value}
    batch: dict[str, Column] = {**_tags(plan, told.kind.name, told.device), "ts": told.ts}
    batch |= {name: np.full(len(told), value, dtype=object) for name, value in text.items()}
    batch["id"] = np.array(told.ids(), dtype=object)
    for channel in log.channels[2:]:
        batch[channel.name] = np.array([row.get(channel.name) for row in rows], dtype=object)
    _insert(connection, log.name, batch)


def _tags(plan: Plan, kind: str, device: Column) -> dict[str, Column]:
    group = next(one for one in plan.groups if one.kind.name == kind)
    sites = np.array(plan.sites(group.sector), dtype=object)[plan.site_rows(group)]
    row = np.searchsorted(group.device, device)
    names = np.array([group.kind.device(int(number) + 1) for number in group.device], dtype=object)
    sector = np.full(len(device), SECTOR_OF[kind].name, dtype=object)
    return {"device": names[row], "sector": sector, "site": sites[row]}


def _insert(connection: duckdb.DuckDBPyConnection, name: str, batch: dict[str, Column]) -> None:
    connection.register("batch", batch)
    columns = ", ".join(f'"{column}"' for column in batch)
    connection.execute(f'INSERT INTO "{name}" ({columns}) SELECT {columns} FROM batch')
    connection.unregister("batch")
