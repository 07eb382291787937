"""Readings of a kind as a table: its columns, what each is made of, and the rows of the clean twin."""

import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from park.catalogue import Channel, ValueType
from park.columns import Columns
from park.model import Bools, Ints
from simulator.dataset.parquet import MISSING, moment, quoted, texts
from simulator.faults.faulty import Trace
from simulator.plan import Group, Plan

#: What stands before the channels of every kind.
KEYS = ("device", "sector", "site", "ts", "seq")


def whole_numbers(columns: Columns) -> dict[str, Ints]:
    """N readings by column, (N,) each; `MISSING` where a channel is not told."""
    found = {"device": columns.device, "ts": columns.ts, "seq": columns.seq, **columns.values}
    for name, mask in columns.present.items():
        found[name] = np.where(mask, found[name], MISSING)
    return found


def clean_rows(columns: Columns, traces: Sequence[Trace]) -> Columns | None:
    """Those readings that any fault lasts over, as they would be without; None if there are none."""
    if not traces:
        return None
    values = dict(columns.values)
    present: dict[str, Bools] = dict(columns.present)
    for trace in traces:
        name = trace.fault.channel.name
        if values[name] is columns.values[name]:
            values[name] = values[name].copy()
            present[name] = present.get(name, np.ones(len(columns), dtype=np.bool_)).copy()
        values[name][trace.rows] = trace.before
        present[name][trace.rows] = trace.was_there
    clean = Columns(
        kind=columns.kind, device=columns.device, ts=columns.ts, seq=columns.seq, values=values, present=present
    )
    return clean.take(np.unique(np.concatenate([trace.rows for trace in traces])))


def selecting(plan: Plan, group: Group, table: str) -> str:
    """The query that turns a table of whole numbers into what is read: names, moments, values in their units."""
    kind, sites = group.kind, plan.sites(group.sector)
    site = f"{texts(sites)}[({quoted('device')} // {kind.per_cell}) % {len(sites)} + 1]"
    keys = (
        f"printf('{kind.device_stem}-%06d', {quoted('device')} + 1) AS device",
        f"'{group.sector.name}' AS sector",
        f"{site} AS site",
        moment("ts"),
        quoted("seq"),
    )
    return f"SELECT {', '.join([*keys, *map(_value, kind.channels)])} FROM {quoted(table)}"  # noqa: S608 - the catalogue's


def described(plan: Plan, group: Group) -> Mapping[str, str]:
    """What is kept with a kind's file: its name, how far its readings are apart, the channels and their units."""
    kind = group.kind
    return {
        "kind": kind.name,
        "interval_ms": str(plan.selection.interval_of(kind)),
        "units": json.dumps({channel.name: channel.unit for channel in kind.channels}),
        "descriptions": json.dumps({channel.name: channel.description for channel in kind.channels}),
    }


def _value(channel: Channel) -> str:
    name = quoted(channel.name)
    return f"{_SQL[channel.type](name, channel)} AS {name}"


# A division of doubles, as `Columns.floats`: what a parser reads of the published text, to the bit.
_SQL: Mapping[ValueType, Callable[[str, Channel], str]] = {
    ValueType.FLOAT: lambda name, channel: f"{name}::DOUBLE / {channel.scale}::DOUBLE",
    ValueType.INT: lambda name, _: name,
    ValueType.BOOL: lambda name, _: f"{name} <> 0",
    ValueType.TEXT: lambda name, channel: f"{texts(channel.texts)}[{name} + 1]",
}
