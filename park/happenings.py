"""What a model tells between readings: the beginnings and ends of what happens in a day.

As readings, they are a pure function of (seed, cell, day), and of the orders: a day tells what begins or ends in it,
whatever is asked of which devices. What lasts over 04:00 begins on one day and ends on a later one, and both days know
the number that joins the two. A day goes from its 04:00 up to the next one's; what ends it belongs to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from park.arrays import Bools, Floats, Ints
from park.event import DURATION, EventType, Phase
from park.model import DAY_MS, GRID_POINTS, GRID_S

_STEP_MS = GRID_S * 1000
#: The begin of what has begun on an earlier day, and the end of what ends on a later one.
BEFORE, LATER = -1, DAY_MS


@dataclass(frozen=True, kw_only=True, eq=False)
class Happenings:
    """N beginnings, ends or states, of one type, of devices of one kind.

    Attributes:
        type: one of the sector's `events`.
        row: (N,) of the device's cell in the day's state.
        unit: (N,) number of the device within its cell and kind.
        ms: (N,) milliseconds since 04:00, 0 <= ms < DAY_MS; of a device and type no two are alike.
        number: (N,) not negative; the same in all phases of one happening, and in no other of the device and type.
        values: channels of the type to (N,) finite numbers in the channels' units.
    """

    type: EventType
    phase: Phase
    row: Ints
    unit: Ints
    ms: Ints
    number: Ints
    values: Mapping[str, Floats | Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ms)

    def take(self, which: Ints | Bools) -> "Happenings":
        """Some of them."""
        return replace(
            self,
            row=self.row[which],
            unit=self.unit[which],
            ms=self.ms[which],
            number=self.number[which],
            values={name: value[which] for name, value in self.values.items()},
        )


@runtime_checkable
class Tells(Protocol):
    """What a model may have besides: events of its own, declared in the sector's catalogue."""

    def tell(self, kind: str, state: Any) -> Sequence[Happenings]:
        """What the devices of `kind` tell of a day, given what `park.model.Model.day` made of it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spells:
    """K times at which something lasts.

    Attributes:
        row: (K,) of an array of devices.
        begin: (K,) milliseconds since 04:00 at which it first is so; `BEFORE` if it was so when the day began.
        end: (K,) at which it first is not; `LATER` if it is still so when the day ends.
    """

    row: Ints
    begin: Ints
    end: Ints

    @property
    def duration(self) -> Mapping[str, Floats]:
        """The channel `duration`, s, of those that begin in the day."""
        return {DURATION.name: (self.end - self.begin) / 1000.0}

    def take(self, which: Ints | Bools) -> "Spells":
        """Some of them."""
        return Spells(row=self.row[which], begin=self.begin[which], end=self.end[which])


def told(
    event: EventType,
    spells: Spells,
    per_cell: int,
    number: Ints,
    *,
    begins: Mapping[str, Floats | Ints] | None = None,
    ends: Mapping[str, Floats | Ints] | None = None,
) -> list[Happenings]:
    """The beginnings and ends of spells of devices that stand by cell, then unit.

    Args:
        event: what they are spells of.
        spells: K of them.
        per_cell: devices in a cell.
        number: (K,) of `Happenings`.
        begins: channel to (K,) what a beginning carries.
        ends: what an end does.
    """
    found = []
    for phase, ms, values in ((Phase.BEGIN, spells.begin, begins), (Phase.END, spells.end, ends)):
        here = np.flatnonzero((ms >= 0) & (ms < DAY_MS) & (spells.end > spells.begin))
        found.append(
            Happenings(
                type=event,
                phase=phase,
                row=spells.row[here] // per_cell,
                unit=spells.row[here] % per_cell,
                ms=ms[here],
                number=number[here],
                values={name: value[here] for name, value in (values or {}).items()},
            )
        )
    return found


def held(inside: Bools) -> Spells:
    """The spells of what changes at the instants of the grid and holds between them; `inside` is (R, GRID_POINTS).

    What changes at the day's last instant, which is the next one's first, changes a millisecond before it, so that this
    day tells it.
    """
    return _spells(inside, np.broadcast_to(np.arange(1, GRID_POINTS) * _STEP_MS, (len(inside), GRID_POINTS - 1)))


def above(series: Floats, limit: float) -> Spells:
    """The spells in which lines on the grid, (R, GRID_POINTS), are at or above a limit."""
    left, right = series[:, :-1], series[:, 1:]
    rise = np.where(right == left, 1.0, right - left)
    part = np.clip((limit - left) / rise, 0.0, 1.0)
    ms = np.arange(GRID_POINTS - 1) * _STEP_MS + np.ceil(part * _STEP_MS).astype(np.int64)
    return _spells(series >= limit, ms)


def _spells(inside: Bools, change: Ints) -> Spells:
    """Spells whose (R, GRID_POINTS - 1) changes, where there are any, come at these milliseconds."""
    edge = np.zeros((len(inside), GRID_POINTS + 1), dtype=np.int8)
    edge[:, 1:-1] = np.diff(inside.astype(np.int8), axis=1)
    edge[:, 0], edge[:, -1] = inside[:, 0], -inside[:, -1].astype(np.int8)
    when = np.concatenate(
        [np.full((len(inside), 1), BEFORE), np.minimum(change, DAY_MS - 1), np.full((len(inside), 1), LATER)], axis=1
    )
    row, begins = np.nonzero(edge > 0)
    _, ends = np.nonzero(edge < 0)
    return Spells(row=row, begin=when[row, begins], end=when[row, ends])
