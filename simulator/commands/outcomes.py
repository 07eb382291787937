"""All that is known of commands, in memory: as orders for the models, and as events to tell."""

import bisect
from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import groupby

import numpy as np

from park.arrays import Ints
from park.catalogue import PARAMETERS
from park.command import State
from park.event import COMMAND
from park.model import Orders
from sectors import KINDS, SECTOR_OF
from simulator.commands.record import Record
from simulator.event_columns import Told


class Outcomes:
    """The records of some gateways' commands.

    Args:
        records: in any order; a record that comes twice counts once.

    Attributes:
        since: by the name of a sector and number of a cell, from when on devices of it have been commanded, Unix
            milliseconds.
        moved: how often any of that has changed.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: list[Record] = []
        self._known: set[tuple[str, str, int]] = set()
        self._orders: dict[str, list[Orders]] = {}
        self.since: dict[str, dict[int, int]] = {}
        self.moved = 0
        self.add(records)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def records(self) -> list[Record]:
        """All of them, by time and device."""
        return self._records

    @property
    def orders(self) -> Mapping[str, Orders]:
        """What devices of a sector, by its name, have been commanded; put in order when asked for."""
        for name, parts in self._orders.items():
            self._orders[name] = [reduce(Orders.merged, parts)]
        return {name: parts[0] for name, parts in self._orders.items()}

    def add(self, records: Iterable[Record]) -> Mapping[str, Orders]:
        """Take more records; the orders that they are, to devices of a sector, by its name."""
        fresh = []
        for record in records:
            key = (record.where.kind, record.where.device, record.ts)
            if key not in self._known:
                self._known.add(key)
                fresh.append(record)
        for record in fresh:
            bisect.insort(self._records, record, key=_when)
        ordered: dict[str, list[Record]] = {}
        for record in fresh:
            if record.state is State.ACCEPTED:
                ordered.setdefault(record.where.sector, []).append(record)
                self._begin(record)
        more = {name: _orders(some) for name, some in ordered.items()}
        for name, orders in more.items():
            self._orders.setdefault(name, []).append(orders)
        return more

    def _begin(self, order: Record) -> None:
        cells = self.since.setdefault(order.where.sector, {})
        cell = order.number // KINDS[order.where.kind].per_cell
        if order.ts < cells.get(cell, order.ts + 1):
            cells[cell] = order.ts
            self.moved += 1

    def between(self, start_ms: int, until_ms: int) -> list[Record]:
        """Those with start <= ts < until, by time and device."""
        first = bisect.bisect_left(self._records, start_ms, key=_ts)
        return self._records[first : bisect.bisect_left(self._records, until_ms, key=_ts)]

    def told(self, devices: Mapping[str, Ints], start_ms: int, until_ms: int) -> list[Told]:
        """The events of these devices, ascending numbers by kind, with start <= ts < until."""
        if not self._records:
            return []
        mine = [one for one in self.between(start_ms, until_ms) if _among(devices.get(one.where.kind), one.number)]
        mine.sort(key=_form)  # stable, so each form stays in order of time and device
        return [_told(list(alike)) for _, alike in groupby(mine, _form)]


def _when(record: Record) -> tuple[int, str, int]:
    return record.ts, record.where.kind, record.number


def _ts(record: Record) -> int:
    return record.ts


def _among(devices: Ints | None, number: int) -> bool:
    if devices is None or not len(devices):
        return False
    at = int(np.searchsorted(devices, number))
    return at < len(devices) and int(devices[at]) == number


def _form(record: Record) -> tuple[str, str, bool, bool, int]:
    """Records of one form have the same phase and the same channels."""
    return record.where.kind, record.state.value, bool(record.action), bool(record.reason), len(record.values)


def _told(records: list[Record]) -> Told:
    first = records[0]
    events = [record.event for record in records]
    carried = [channel for channel in COMMAND.channels if channel.name in events[0].values]
    return Told(
        kind=KINDS[first.where.kind],
        type=COMMAND,
        phase=first.phase,
        device=np.array([record.number for record in records]),
        ts=np.array([record.ts for record in records]),
        id=np.array([record.id.encode() for record in records]),
        values={
            channel.name: np.array(
                [str(value).encode() if isinstance(value, str) else round(value * channel.scale) for value in column]
            )
            for channel in carried
            for column in [[event.values[channel.name] for event in events]]
        },
    )


def _orders(records: list[Record]) -> Orders:
    sector = SECTOR_OF[records[0].where.kind]
    per_cell = np.array([KINDS[one.where.kind].per_cell for one in records])
    number = np.array([one.number for one in records])
    return Orders.of(
        cell=number // per_cell,
        unit=number % per_cell,
        action=[sector.actions.get((one.where.kind, one.action), -1) for one in records],
        effective=[one.ts for one in records],
        value=[[*one.values, *[np.nan] * (PARAMETERS - len(one.values))] for one in records],
    )
