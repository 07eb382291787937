"""Labels as events, for those who want the truth beside the readings: pure functions of time, as all events are.

A fault is told when it begins, at each 04:00 while it lasts, and when it ends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from park.event import LABEL, Phase
from simulator.event_columns import Column, Told
from simulator.events import Events
from simulator.faults.schedule import Fault, FaultSchedule
from simulator.fleet import Fleet
from simulator.happened import DaysTold, DayTold, between
from simulator.plan import Group

#: A fault that is told: when, whether it begins, lasts or ends, and until when this holds.
_Telling = tuple[int, Phase, int, Fault]

#: What a label says beside what fault it is.
_CHANNELS: dict[str, Callable[[_Telling], bytes | int]] = {
    "rule": lambda told: told[3].rule.encode(),
    "fault": lambda told: told[3].class_.name.encode(),
    "channel": lambda told: told[3].channel.name.encode(),
    "start": lambda told: told[3].start_ms,
    "end": lambda told: told[3].end_ms,
    "until": lambda told: told[2],
}


class WithLabels:
    """The events of a fleet, and beside them the labels of its faults.

    Args:
        fleet: the clean readings' devices.
        schedule: their faults.
    """

    def __init__(self, fleet: Fleet, schedule: FaultSchedule) -> None:
        self._events: Events = fleet.events
        self._fleet, self._schedule = fleet, schedule
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
        for fault in self._schedule.of(group, first - 1, last):
            by_device[fault.device] += _tellings(fault, first, last)
        alike: dict[tuple[Phase, bool, bool], list[_Telling]] = defaultdict(list)
        for tellings in by_device.values():
            for one in _apart(tellings):
                alike[one[1], one[3].severity is not None, one[3].class_.measured].append(one)
        return [_columns(group, key, some) for key, some in sorted(alike.items())]


def _tellings(fault: Fault, first_ms: int, last_ms: int) -> list[_Telling]:
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


def _columns(group: Group, alike: tuple[Phase, bool, bool], some: Sequence[_Telling]) -> Told:
    """Labels that say the same of themselves, as columns."""
    phase, graded, measured = alike
    some = sorted(some, key=lambda one: (one[0], one[3].device))
    values: dict[str, Column] = {name: np.array([of(one) for one in some]) for name, of in _CHANNELS.items()}
    faults = [one[3] for one in some]
    if graded:
        values["severity"] = _whole("severity", [fault.severity or 0.0 for fault in faults])
    if measured:
        values["amount"] = _whole("amount", [round(one.amount, one.channel.decimals + 2) for one in faults])
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
