"""Labels as events, for those who want the truth beside the readings: pure functions of time, as all events are.

A fault, of a sensor or of delivery, is told when it begins, at each 04:00 while it lasts, and when it ends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from park.event import LABEL, Phase
from simulator.event_columns import Column, Told
from simulator.events import Events
from simulator.faults.schedule import Fault, FaultSchedule
from simulator.fleet import Fleet
from simulator.happened import DaysTold, DayTold, between
from simulator.plan import Group


@dataclass(frozen=True, kw_only=True)
class Tellable:
    """What a label says of one fault.

    Attributes:
        device: number in the kind, from 0.
        channel: None where all of the device is befallen.
        start_ms, end_ms: it lasts [start, end), Unix milliseconds.
        severity, amount: None where they have no meaning.
    """

    id: str
    rule: str
    fault: str
    device: int
    channel: str | None
    start_ms: int
    end_ms: int
    severity: float | None
    amount: float | None


#: The faults of a group's devices that lie in [start, until) in part.
Tellables = Callable[[Group, int, int], Iterable[Tellable]]

#: A fault that is told: when, whether it begins, lasts or ends, and until when this holds.
_Telling = tuple[int, Phase, int, Tellable]

#: What a label says beside what fault it is.
_CHANNELS: dict[str, Callable[[_Telling], bytes | int]] = {
    "rule": lambda told: told[3].rule.encode(),
    "fault": lambda told: told[3].fault.encode(),
    "start": lambda told: told[3].start_ms,
    "end": lambda told: told[3].end_ms,
    "until": lambda told: told[2],
}


def of_sensors(schedule: FaultSchedule) -> Tellables:
    """The truth about sensors' faults."""
    return lambda group, start_ms, until_ms: map(_of_sensor, schedule.of(group, start_ms, until_ms))


def _of_sensor(fault: Fault) -> Tellable:
    return Tellable(
        id=fault.id,
        rule=fault.rule,
        fault=fault.class_.name,
        device=fault.device,
        channel=fault.channel.name,
        start_ms=fault.start_ms,
        end_ms=fault.end_ms,
        severity=fault.size.severity,
        amount=round(fault.size.amount, fault.channel.decimals + 2) if fault.class_.measured else None,
    )


class WithLabels:
    """The events of a fleet, and beside them the labels of its faults.

    Args:
        fleet: the clean readings' devices.
        truths: about their faults; all at once, for a device tells one thing at a time.
    """

    def __init__(self, fleet: Fleet, truths: Sequence[Tellables]) -> None:
        self._events: Events = fleet.events
        self._fleet, self._truths = fleet, truths
        self._days = DaysTold()

    def since(self, start_ms: int) -> int:
        """From where a window that begins at `start_ms` is told; labels that last are told there."""
        return self._events.since(start_ms)

    def commanded(self, start_ms: int, until_ms: int) -> list[Told]:
        """What became of commands, with start <= ts < until."""
        return self._events.commanded(start_ms, until_ms)

    def told(self, start_ms: int, until_ms: int) -> list[Told]:
        """The events with start <= ts < until, and the labels."""
        told = self._events.told(start_ms, until_ms)
        if until_ms <= start_ms:
            return told
        first, last = (max(0, self._fleet.day_of(ms)) for ms in (start_ms, until_ms - 1))
        days = (self._of(day) for day in range(first, last + 1))
        return told + [part for day in days for part in between(day, start_ms, until_ms)]

    def _of(self, day: int) -> DayTold:
        """The labels of one day of the town."""
        groups = self._fleet.plan.groups
        return self._days.of(day, lambda: (one for group in groups for one in self._of_group(group, day)))

    def _of_group(self, group: Group, day: int) -> list[Told]:
        first, last = (self._fleet.world.day_start_ms(number) for number in (day, day + 1))
        first = max(first, self._fleet.commissioned_ms)
        by_device: dict[int, list[_Telling]] = defaultdict(list)
        for of in self._truths:
            for fault in of(group, first - 1, last):
                by_device[fault.device] += _tellings(fault, first, last)
        alike: dict[tuple[Phase, bool, bool, bool], list[_Telling]] = defaultdict(list)
        for tellings in by_device.values():
            for one in _apart(tellings):
                fault = one[3]
                has = (fault.channel is not None, fault.severity is not None, fault.amount is not None)
                alike[one[1], *has].append(one)
        return [_columns(group, phase, some) for (phase, *_), some in sorted(alike.items())]


def _tellings(fault: Tellable, first_ms: int, last_ms: int) -> list[_Telling]:
    """What is told of a fault in a day [first, last)."""
    until_ms = min(fault.end_ms, last_ms)
    found: list[_Telling] = []
    if fault.start_ms >= first_ms:
        found.append((fault.start_ms, Phase.BEGIN, until_ms, fault))
    elif fault.end_ms > first_ms:
        found.append((first_ms, Phase.STATE, until_ms, fault))
    if first_ms <= fault.end_ms < last_ms:
        found.append((fault.end_ms, Phase.END, fault.end_ms, fault))
    return found


def _apart(tellings: Iterable[_Telling]) -> list[_Telling]:
    """One device's, in order, each at a moment of its own: a millisecond later where two would be told at once."""
    found: list[_Telling] = []
    for ts, phase, until_ms, fault in sorted(tellings, key=lambda one: (one[0], one[3].id, one[1])):
        found.append((max(ts, found[-1][0] + 1) if found else ts, phase, until_ms, fault))
    return found


def _columns(group: Group, phase: Phase, some: Sequence[_Telling]) -> Told:
    """Labels of one phase that have the same channels, as columns."""
    some = sorted(some, key=lambda one: (one[0], one[3].device))
    values: dict[str, Column] = {name: np.array([of(one) for one in some]) for name, of in _CHANNELS.items()}
    faults = [one[3] for one in some]
    if channels := [fault.channel.encode() for fault in faults if fault.channel is not None]:
        values["channel"] = np.array(channels)
    if severities := [fault.severity for fault in faults if fault.severity is not None]:
        values["severity"] = _whole("severity", severities)
    if amounts := [fault.amount for fault in faults if fault.amount is not None]:
        values["amount"] = _whole("amount", amounts)
    return Told(
        kind=group.kind,
        type=LABEL,
        phase=phase,
        device=np.array([fault.device for fault in faults]),
        ts=np.array([one[0] for one in some]),
        id=np.array([fault.id.encode() for fault in faults]),
        values=values,
    )


def _whole(name: str, figures: Sequence[float]) -> Column:
    """Figures of a channel as whole numbers, within its range."""
    channel = next(one for one in LABEL.channels if one.name == name)
    clipped = np.clip(figures, channel.low, channel.high)
    return np.asarray(np.rint(clipped * channel.scale), dtype=np.int64)
