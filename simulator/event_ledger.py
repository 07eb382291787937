"""What the logs of events should hold, and what a store holds instead: the arithmetic of `verify` for events.

Events are rare beside readings, so a window's are compared one by one.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from park.event import PARK_EVENTS, PLACE, EventLog, Log
from sectors import EVENTS, KINDS
from simulator.event_columns import Told
from simulator.ledger import EXAMPLES, Example, Findings, Found
from simulator.observed import Readings
from simulator.plan import device_names

#: Device, type and time: what tells one event from another.
_Key: TypeAlias = tuple[str, str, int]
_Event: TypeAlias = dict[str, Any]


class EventLedger:
    """Makes events again and compares them with what a store's logs hold.

    A log holds the events of all kinds of devices. Compared are those of the selected kinds, whose names begin with
    the kind's; events of other kinds in it are no fault.

    Attributes:
        logs: what has to be asked for; that of labels only where the selection tells them.
    """

    def __init__(self, readings: Readings, *, ignore_unselected: bool = False) -> None:
        self._readings = readings
        self._ignore_unselected = ignore_unselected
        groups = readings.plan.groups
        self._sites = {
            name: sites[row]
            for group in groups
            for sites in (readings.plan.sites(group.sector),)
            for name, row in zip(
                device_names(group.kind, group.device.tolist()), readings.plan.site_rows(group).tolist(), strict=True
            )
        }
        selected = {group.kind.device_stem for group in groups}
        self._foreign = {kind.device_stem for kind in KINDS.values()} - selected
        asked = readings.plan.selection
        logs = [one.log for one in PARK_EVENTS if (asked.labels if one.log is Log.LABEL else asked.events)]
        self.logs = tuple(EVENTS.logs[log.value] for log in dict.fromkeys(logs))

    def expected(self, start_ms: int, until_ms: int) -> dict[str, dict[_Key, _Event]]:
        """The events that a store should hold in [start, until), by log."""
        found: dict[str, dict[_Key, _Event]] = {log.name: {} for log in self.logs}
        for told in self._readings.events.told(start_ms, until_ms):
            if (of_log := found.get(told.type.log.value)) is not None:
                of_log.update(self._rows(told))
        return found

    def _rows(self, told: Told) -> Iterator[tuple[_Key, _Event]]:
        names = device_names(told.kind, told.device.tolist())
        for row, (name, ts, number) in enumerate(zip(names, told.ts.tolist(), told.ids(), strict=True)):
            head = {"site": self._sites[name], "id": number, "phase": told.phase.value}
            yield (name, told.type.name, ts), head | told.row(row)

    def compare(self, log: EventLog, expected: dict[_Key, _Event], chunks: Iterable[Found]) -> Findings:
        """Compares one log in one window of time; the terms are those of `simulator.ledger.Ledger.compare`."""
        tally = Findings(expected=len(expected))
        seen: set[_Key] = set()
        for key, event in _stored(chunks):
            if not self._is_ours(key[0]):
                continue
            tally.found += 1
            wanted = expected.get(key)
            if wanted is None or wanted["site"] != event["site"] or key in seen:
                tally.duplicated += 1
                _note(tally, "duplicated", log, key)
                continue
            seen.add(key)
            if event != wanted:
                tally.altered += 1
                _note(tally, "altered", log, key, _difference(event, wanted))
        for key in expected.keys() - seen:
            tally.lost += 1
            _note(tally, "lost", log, key)
        return tally

    def versions(self, chunks: Iterable[Found]) -> set[int]:
        """The versions of the models that places of these devices name, in chunks of the log of places.

        Every site that tells of any has to name them: one site's word must not keep the whole town from its proof.
        """
        told: dict[str, set[int]] = {}
        for (device, event_type, _), event in _stored(chunks):
            if event_type == PLACE.name and "models" in event and self._sites.get(device) == event["site"]:
                told.setdefault(event["site"], set()).add(event["models"])
        return set.intersection(*told.values()) if told else set()

    def _is_ours(self, device: str) -> bool:
        if device in self._sites:
            return True
        return not self._ignore_unselected and device.rpartition("-")[0] not in self._foreign


def _stored(chunks: Iterable[Found]) -> Iterator[tuple[_Key, _Event]]:
    for chunk in chunks:
        columns = {name: (column.tolist(), chunk.present.get(name)) for name, column in chunk.values.items()}
        types, _ = columns.pop("type")
        for row, (device, site, ts) in enumerate(
            zip(chunk.device.tolist(), chunk.site.tolist(), chunk.ts.tolist(), strict=True)
        ):
            values = {name: column[row] for name, (column, mask) in columns.items() if mask is None or mask[row]}
            yield (device, types[row], ts), {"site": site} | values


def _difference(event: _Event, wanted: _Event) -> str:
    names = [name for name in wanted | event if event.get(name) != wanted.get(name)]
    return ", ".join(f"{name}: {event.get(name, 'absent')} instead of {wanted.get(name, 'absent')}" for name in names)


def _note(tally: Findings, verdict: str, log: EventLog, key: _Key, detail: str = "") -> None:
    if sum(example.verdict == verdict for example in tally.examples) < EXAMPLES:
        device, event_type, ts = key
        words = f"{event_type} {detail}".strip()
        tally.examples.append(Example(verdict=verdict, kind=log.name, device=device, ts=ts, detail=words))
