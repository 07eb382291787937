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
_STARTS: Ints = np.arange(GRID_POINTS - 1) * _STEP_MS
_NONE: Ints = np.zeros(0, dtype=np.int64)


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
        row: (K,) of an array of devices, or of cells.
        begin: (K,) milliseconds since 04:00 at which it first is so; `BEFORE` if it was so when the day began.
        end: (K,) at which it first is not; `LATER` if it is still so when the day ends.
    """

    row: Ints
    begin: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.row)

    def take(self, which: Ints | Bools) -> "Spells":
        """Some of them."""
        return Spells(row=self.row[which], begin=self.begin[which], end=self.end[which])

    def of(self, unit: int, per_cell: int) -> "Spells":
        """The same of one device in each cell, where the rows were cells."""
        return replace(self, row=self.row * per_cell + unit)

    def began(self, first_ms: int, since: Ints | None = None) -> Ints:
        """(K,) when each began, Unix milliseconds.

        Args:
            first_ms: when the day does.
            since: (R,) when what lasted at that time had begun; not needed where nothing lasts over 04:00.
        """
        began = first_ms + self.begin
        return began if since is None else np.where(self.begin == BEFORE, since[self.row], began)

    def left(self, first_ms: int, since: Ints) -> Ints:
        """(R,) when what lasts as the day ends began, Unix milliseconds; 0 where nothing does. To be carried."""
        after = np.zeros_like(since)
        if len(self):
            lasting = self.take(self.end == LATER)
            after[lasting.row] = lasting.began(first_ms, since)
        return after


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


def told_since(
    event: EventType,
    spells: Spells,
    per_cell: int,
    first_ms: int,
    began: Ints | None = None,
    *,
    begins: Mapping[str, Floats | Ints] | None = None,
    ends: Mapping[str, Floats | Ints] | None = None,
) -> list[Happenings]:
    """As `told`, numbered by when they began, as of `Spells.began`; an end carries its `DURATION`."""
    number = spells.began(first_ms) if began is None else began
    lasted = {DURATION.name: (first_ms + spells.end - number) / 1000.0}
    return told(event, spells, per_cell, number, begins=begins, ends=lasted | dict(ends or {}))


def within(row: Ints, begin: Floats | Ints, end: Floats | Ints) -> Spells:
    """Spells from milliseconds since 04:00 that may lie in other days, or nowhere."""
    begin, end = (np.rint(ms).astype(np.int64) for ms in (begin, end))
    spells = Spells(row=row, begin=np.where(begin < 0, BEFORE, begin), end=np.minimum(end, LATER))
    return spells.take((begin < DAY_MS) & (end >= 0) & (begin < end))


def above(series: Floats, limit: float, since: Ints | None = None) -> Spells:
    """The spells in which lines on the grid, (R, GRID_POINTS), are at or above a limit.

    Args:
        series: R lines.
        limit: of them.
        since: (R,) of `Spells.began`: it says whether a day begins above, where rounding might say otherwise.
    """
    inside = series >= limit
    if since is not None:
        inside[:, 0] = since > 0
    # A carry asks this of every day, and most have none.
    some = np.flatnonzero(inside.any(axis=1))
    if not len(some):
        return Spells(row=_NONE, begin=_NONE, end=_NONE)
    left, right = series[some, :-1], series[some, 1:]
    rise = np.where(right == left, 1.0, right - left)
    part = np.clip((limit - left) / rise, 0.0, 1.0)
    spells = _spells(inside[some], _STARTS + np.ceil(part * _STEP_MS).astype(np.int64))
    return replace(spells, row=some[spells.row])


def held(inside: Bools, gap: int = 0, shortest: int = 1) -> Spells:
    """The spells within a day of what changes at the instants of the grid, (R, GRID_POINTS), and holds between them.

    Args:
        inside: whether it is so.
        gap: breaks of so many steps are none.
        shortest: steps, breaks included, that make a spell.
    """
    inside = inside.copy()
    inside[:, [0, -1]] = False
    change = np.broadcast_to(_STARTS + _STEP_MS, (len(inside), GRID_POINTS - 1))
    whole = joined(_spells(inside, change), gap * _STEP_MS)
    return whole.take(whole.end - whole.begin >= shortest * _STEP_MS)


def joined(spells: Spells, gap_ms: int = 0) -> Spells:
    """The same, those of a row as one that overlap or lie so close."""
    if not len(spells):
        return spells
    spells = spells.take(np.lexsort((spells.begin, spells.row)))
    # Rows apart by more than a day, so that a running maximum stays within them.
    shift = spells.row * (4 * DAY_MS)
    reached = np.maximum.accumulate(spells.end + shift)
    breaks = spells.begin[1:] + shift[1:] > reached[:-1] + gap_ms
    first, last = np.append(True, breaks), np.append(breaks, True)
    return Spells(row=spells.row[first], begin=spells.begin[first], end=(reached - shift)[last])


def _spells(inside: Bools, change: Ints) -> Spells:
    """Spells whose (R, GRID_POINTS - 1) changes, where there are any, come at these milliseconds.

    What changes at the day's last instant changes a millisecond before it, so that this day tells it.
    """
    edge = np.zeros((len(inside), GRID_POINTS + 1), dtype=np.int8)
    edge[:, 1:-1] = np.diff(inside.astype(np.int8), axis=1)
    edge[:, 0], edge[:, -1] = inside[:, 0], -inside[:, -1].astype(np.int8)
    when = np.full((len(inside), GRID_POINTS + 1), BEFORE, dtype=np.int64)
    when[:, 1:-1] = np.minimum(change, DAY_MS - 1)
    when[:, -1] = LATER
    row, begins = np.nonzero(edge > 0)
    _, ends = np.nonzero(edge < 0)
    return Spells(row=row, begin=when[row, begins], end=when[row, ends])
