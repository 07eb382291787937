"""What befallen devices' clean readings are like before each fault: what one-line detectors are told."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from park.columns import Columns
from park.model import DAY_MS, Floats
from simulator.faults.detectors import ONE_LINERS, Marks
from simulator.faults.schedule import Fault

_USUAL_MS = 14 * DAY_MS
_LEAST = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """What detectors have learnt of a channel of a device.

    Attributes:
        last: the last value that was told.
        marks: of each detector, by its name.
    """

    last: float
    marks: Mapping[str, Marks]


class Usual:
    """Detectors that have learnt from the two weeks before each fault, for what is usual changes with the season.

    Of a fault that had begun before the window, or soon after the commissioning: before the window, or from the town's
    first weeks.

    Args:
        faults: of the window.
        window: [start, end), Unix milliseconds.
        commissioned_ms: there are no readings before.

    Attributes:
        span: [start, end), of what readings it has to be given, in order of time; about the window.
    """

    def __init__(self, faults: Sequence[Fault], window: tuple[int, int], commissioned_ms: int) -> None:
        start_ms, until_ms = window
        self._soonest_ms = max(start_ms, commissioned_ms + _USUAL_MS)
        self.span = (self._soonest_ms - _USUAL_MS, max(until_ms, self._soonest_ms))
        self._waiting = deque(sorted(faults, key=lambda fault: fault.start_ms))
        self._kept: deque[tuple[int, list[Columns]]] = deque()
        self._learnt: dict[str, Learnt | None] = {}

    def take(self, clean: list[Columns], until_ms: int) -> None:
        """Clean readings of the devices, up to a moment, from where the last ones ended."""
        self._kept.append((until_ms, clean))
        while self._waiting and (at_ms := max(self._waiting[0].start_ms, self._soonest_ms)) <= until_ms:
            fault = self._waiting.popleft()
            self._learnt[fault.id] = _learnt(self._told(fault, at_ms))
        while self._kept[0][0] <= until_ms - _USUAL_MS:
            self._kept.popleft()

    def of(self, fault: Fault) -> Learnt | None:
        """What is known about a fault's channel; None if that is hardly ever told."""
        return self._learnt[fault.id]

    def _told(self, fault: Fault, until_ms: int) -> Floats:
        """(N,) what a fault's device told of its channel before a moment."""
        found = [np.empty(0)]
        for columns in (one for _, kept in self._kept for one in kept if one.kind is fault.group.kind):
            told = (columns.device == fault.device) & (columns.ts >= until_ms - _USUAL_MS) & (columns.ts < until_ms)
            if (mask := columns.present.get(fault.channel.name)) is not None:
                told &= mask
            found.append(columns.values[fault.channel.name][told] / float(fault.channel.scale))
        return np.concatenate(found)


def _learnt(usual: Floats) -> Learnt | None:
    if len(usual) < _LEAST:
        return None
    return Learnt(last=float(usual[-1]), marks={name: learn(usual) for name, learn in ONE_LINERS.items()})
