"""Readings as Arrow tables in memory: `from simulator import readings`. Needs the extra `sensing-park[arrow]`."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from park.catalogue import Channel, ValueType
from park.columns import Columns
from park.model import DAY_MS
from park.town import Town, default_town
from sectors import SECTORS
from simulator.errors import SelectionError
from simulator.faults.rules import read_rules
from simulator.observed import readings_of
from simulator.plan import Group, Plan, Selection, device_names

if TYPE_CHECKING:
    import pyarrow as pa

#: With Z or an offset, as text or as a datetime.
Moment = dt.datetime | str


def readings(
    *,
    devices: int | None = None,
    start: Moment | None = None,
    until: Moment | None = None,
    kind: str | Sequence[str] = (),
    sector: str | Sequence[str] = (),
    seed: int | None = None,
    first_device: int = 0,
    interval: dt.timedelta | None = None,
    faults: str = "none",
    town: Town | None = None,
) -> "dict[str, pa.Table]":
    """The readings of a window as an Arrow table for each kind: what `park generate` writes of the same selection.

    A table has `device`, `sector`, `site`, `ts` (milliseconds, UTC), `seq` and the kind's channels; a field's metadata
    has its unit. `table.to_pandas()` and `polars.from_arrow(table)` make frames of it. All of it is held in memory:
    for long windows there is `park dataset`.

    Args:
        devices: how many in all, over the selected kinds; the town's number if left out.
        start: first moment; the commissioning if left out.
        until: end, itself left out; a day later if left out.
        kind: only this kind of device, or these.
        sector: only this sector, or these.
        seed: of the town; its own if left out.
        first_device: how many devices to leave out first.
        interval: overrides every kind's own.
        faults: none, typical, or a file.
        town: the package's own if left out.

    Raises:
        SelectionError: an argument is wrong; names it as the command line does.
        FaultsError: the faults cannot be read.
        ImportError: pyarrow is not installed.
    """
    town = default_town(SECTORS) if town is None else town
    selection = Selection(
        town=town,
        seed=town.settings.seed if seed is None else seed,
        devices=town.devices if devices is None else devices,
        first_device=first_device,
        kinds=_names(kind),
        sectors=_names(sector),
        interval_ms=None if interval is None else round(interval / dt.timedelta(milliseconds=1)),
        faults=read_rules(faults),
    )
    start_ms = town.settings.commissioned_ms if start is None else _ms("start", start)
    until_ms = start_ms + DAY_MS if until is None else _ms("until", until)
    if not town.settings.commissioned_ms <= start_ms < until_ms:
        raise SelectionError(f"start: must not lie before {town.settings.commissioned}, nor at or after until")
    return _tables(selection, start_ms, until_ms)


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _ms(name: str, moment: Moment) -> int:
    try:
        at = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        raise SelectionError(f"{name} {moment}: not a moment such as 2026-06-01T00:00:00Z") from None
    if at.tzinfo is None:
        raise SelectionError(f"{name} {moment}: say which time it is: with Z or an offset such as +08:00")
    return round(at.timestamp() * 1000)


def _tables(selection: Selection, start_ms: int, until_ms: int) -> "dict[str, pa.Table]":
    made = readings_of(selection)
    sheets = {group.kind.name: _Sheet(made.plan, group) for group in made.plan.groups}
    parts: dict[str, list[Any]] = {name: [] for name in sheets}
    for first, last in made.windows(start_ms, until_ms):
        for columns in made.columns(first, last):
            parts[columns.kind.name].append(sheets[columns.kind.name].batch(columns))
    return {name: sheet.table(parts[name]) for name, sheet in sheets.items()}


class _Sheet:
    """How the readings of a kind become a table."""

    def __init__(self, plan: Plan, group: Group) -> None:
        self._pa = _pyarrow()
        self._group = group
        self._first = int(group.device[0])
        self._names = self._pa.array(device_names(group.kind, group.device.tolist()))
        self._sites = self._pa.array(plan.sites(group.sector))
        self._sector = self._pa.array([group.sector.name])
        keys: Mapping[str, Any] = {
            "device": self._text(),
            "sector": self._text(),
            "site": self._text(),
            "ts": self._pa.timestamp("ms", tz="UTC"),
            "seq": self._pa.int64(),
        }
        fields = [self._pa.field(name, type_) for name, type_ in keys.items()]
        fields += [self._field(channel) for channel in group.kind.channels]
        self._schema = self._pa.schema(fields, metadata={"kind": group.kind.name})

    def table(self, batches: Sequence[Any]) -> "pa.Table":
        """The batches as one table."""
        return self._pa.Table.from_batches(batches, schema=self._schema)

    def batch(self, columns: Columns) -> Any:
        """N readings."""
        pa, group = self._pa, self._group
        cell = columns.device // group.kind.per_cell
        arrays = [
            self._chosen(columns.device - self._first, self._names),
            self._chosen(np.zeros(len(columns), dtype=np.int64), self._sector),
            self._chosen(cell % len(self._sites), self._sites),
            pa.array(columns.ts, type=pa.timestamp("ms", tz="UTC")),
            pa.array(columns.seq),
            *(self._values(channel, columns) for channel in group.kind.channels),
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _text(self) -> Any:
        return self._pa.dictionary(self._pa.int32(), self._pa.string())

    def _field(self, channel: Channel) -> Any:
        types = {
            ValueType.FLOAT: self._pa.float64(),
            ValueType.INT: self._pa.int64(),
            ValueType.BOOL: self._pa.bool_(),
            ValueType.TEXT: self._text(),
        }
        about = {"unit": channel.unit, "description": channel.description}
        return self._pa.field(channel.name, types[channel.type], metadata=about)

    def _values(self, channel: Channel, columns: Columns) -> Any:
        whole, mask = columns.values[channel.name], columns.present.get(channel.name)
        absent = None if mask is None else ~mask
        if channel.type is ValueType.TEXT:
            return self._chosen(whole, self._pa.array(channel.texts))
        if channel.type is ValueType.BOOL:
            return self._pa.array(whole != 0, mask=absent)
        return self._pa.array(columns.floats(channel) if channel.type is ValueType.FLOAT else whole, mask=absent)

    def _chosen(self, at: Any, among: Any) -> Any:
        return self._pa.DictionaryArray.from_arrays(self._pa.array(at.astype(np.int32)), among)


def _pyarrow() -> Any:
    try:
        import pyarrow  # noqa: ICN001, PLC0415 - an extra, and 50 MB
    except ImportError as error:
        raise ImportError("readings as Arrow tables need pyarrow: pip install 'sensing-park[arrow]'") from error
    return pyarrow
