"""What is known of a town's commands at a start: from the logs on disk, from a file, or from a store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import structlog

from park.command import State
from park.event import COMMAND, EventLog, Log
from park.topics import DeviceTopic
from park.town import Town
from sectors import EVENTS, KINDS, SECTOR_OF
from simulator.commands.log import logs_of, read_log
from simulator.commands.record import Record, can_be_ordered, record_from
from simulator.ledger import Found

log = structlog.get_logger()


class Logged(Protocol):
    """What a store is asked for."""

    def scan(self, measurement: EventLog, start_ms: int, until_ms: int, /) -> Iterator[Found]:
        """Every stored row of the log with start_ms <= ts < until_ms."""


@dataclass(frozen=True, kw_only=True)
class CommandOptions:
    """How gateways take commands.

    Attributes:
        state: the folder of their logs, for all seeds.
        stored: what a store holds of the town's commands, for a start without logs; None if no store was asked.
    """

    state: Path
    stored: tuple[Record, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Past:
    """What is known at a start.

    Attributes:
        known: whether anybody was there to know.
        unkept: whether the records are still to be written to logs, if any.
    """

    records: tuple[Record, ...] = ()
    known: bool
    unkept: bool = False


def past_of(options: CommandOptions, seed: int) -> Past:
    """The past of a town: what the store said, or else its logs.

    Raises:
        BadOrders: a log cannot be read.
    """
    if options.stored is not None:  # there were no logs; another gateway may have begun its own since
        return Past(records=options.stored, known=True, unkept=True)
    logs = logs_of(options.state, seed)
    return Past(records=tuple(record for log in logs for record in read_log(log)), known=bool(logs))


def records_in(path: Path) -> list[Record]:
    """The records of a file of lines, or of all such files in a folder.

    Raises:
        BadOrders: it is not there, or a line is out of form.
    """
    files = sorted(path.rglob("*.ndjson")) if path.is_dir() else [path]
    return [record for file in files for record in read_log(file)]


def stored_records(store: Logged, town: Town, until_ms: int) -> list[Record]:
    """What a store holds of commands before a moment.

    Whoever may write events of one site can have anything stored there. What no gateway of the town writes is passed
    over, and told: it must neither keep a town from its proof, nor command what stands elsewhere.
    """
    found: list[Record] = []
    strange: list[str] = []
    for chunk in store.scan(EVENTS.logs[Log.COMMAND.value], 0, until_ms):
        for where, ts, values in _rows(chunk):
            try:
                found.append(_record(where, ts, values, town))
            except (KeyError, ValueError) as error:
                strange.append(f"{where[1]}, {where[0]}, ts {ts}: {error}")
    if strange:
        log.warning("rows of commands are passed over, for no gateway writes such", rows=len(strange), first=strange[0])
    return found


def _rows(chunk: Found) -> Iterable[tuple[tuple[str, str], int, dict[str, Any]]]:
    """Of each row of a command: device and site, its time, and what it says."""
    columns = {name: (column.tolist(), chunk.present.get(name)) for name, column in chunk.values.items()}
    heads = zip(chunk.device.tolist(), chunk.site.tolist(), chunk.ts.tolist(), strict=True)
    for row, (device, site, ts) in enumerate(heads):
        values = {name: column[row] for name, (column, mask) in columns.items() if mask is None or mask[row]}
        if values.pop("type") == COMMAND.name:
            yield (device, site), ts, values


def _record(of: tuple[str, str], ts: int, values: dict[str, Any], town: Town) -> Record:
    """A row as a record.

    Raises:
        KeyError, ValueError: no gateway of the town writes such.
    """
    where = _where(*of)
    record = record_from(where, ts, values.pop("id"), values)
    sites = town.sites_of(SECTOR_OF[where.kind])
    if sites[record.number // KINDS[where.kind].per_cell % len(sites)].name != where.site:
        raise ValueError("it stands at another site")
    if record.state is State.ACCEPTED and not can_be_ordered(record):
        raise ValueError(f"{record.action or 'nothing'} with the values {record.values} is no order")
    return record


_STEMS: Mapping[str, str] = {kind.device_stem: name for name, kind in KINDS.items()}


def _where(device: str, site: str) -> DeviceTopic:
    kind = _STEMS.get(device.rpartition("-")[0])
    if kind is None:
        raise ValueError("of no kind that there is")
    return DeviceTopic(sector=SECTOR_OF[kind].name, site=site, kind=kind, device=device)
