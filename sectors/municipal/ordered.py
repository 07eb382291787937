"""Lamps that were ordered something: the instants of their day, the program's and the orders', one after another.

What follows an order is worked out from the instant before it. So an order at the end costs what the program says
after it, however many came before, and the lamps that were told nothing cost nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np

from park.model import Floats, Ints, Orders
from sectors.municipal.catalogue import SET_LEVEL, STREET_LAMP
from sectors.municipal.chain import NEVER
from sectors.municipal.fade import Draw
from sectors.municipal.instants import Instants
from sectors.municipal.program import FADE_S, FOLLOW, Told
from sectors.municipal.span import Span

#: What a lamp is told at one instant: milliseconds of the day, the program's last instant, level, ramp.
_Telling: TypeAlias = tuple[int, int, float, float]
_SPARE = 4096


class Table:
    """Rows of `Instants`, to which more are added; none that is there ever changes."""

    def __init__(self, rows: Floats) -> None:
        self._rows, self._used = rows, len(rows)

    def __len__(self) -> int:
        return self._used

    def add(self, rows: Floats) -> int:
        """Add some; the place of the first."""
        first, self._used = self._used, self._used + len(rows)
        if self._used > len(self._rows):
            self._rows = np.concatenate([self._rows[:first], np.empty((self._used, self._rows.shape[1]))])
        self._rows[first : self._used] = rows
        return first

    def take(self, places: Ints) -> Floats:
        """Those at places."""
        return self._rows[places]


class Line(NamedTuple):
    """A lamp's instants in a day: milliseconds, ascending, and places in the table."""

    ms: Sequence[int]
    place: Sequence[int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ordered:
    """The lamps of a day that were ordered something.

    Attributes:
        told: all L lamps by their program, at K instants.
        draw: what they draw.
        table: first (L * K,) all lamps by their program, then what came of orders.
        orders: all of the day to these lamps.
        lines: of each lamp that got one.
    """

    told: Told
    draw: Draw
    table: Table
    orders: Orders = field(default_factory=Orders.of)
    lines: Mapping[int, Line] = field(default_factory=dict)

    def instants(self, lamp: Ints, ms: Ints, place: Ints) -> Instants:
        """(N,) the last instants at or before moments, whose places by the program are given."""
        for at, (one, when) in enumerate(zip(lamp.tolist(), ms.tolist(), strict=True)):
            line = self.lines.get(one)
            if line is not None:
                place[at] = line.place[bisect_right(line.ms, when) - 1]
        return Instants.of(self.table.take(place))

    def obeying(self, orders: Orders, span: Span) -> "Ordered":
        """What these make of the lamps, being all of the day; only what they change is worked out."""
        first = _alike(self.orders, orders)
        begins: dict[int, int] = {}
        tellings: dict[int, list[_Telling]] = {}
        new = _tail(orders, first, span)
        for lamp, ms, *_ in [*_tail(self.orders, first, span), *new]:
            begins[lamp] = min(ms, begins.get(lamp, NEVER))
        for lamp, ms, level, ramp in new:
            tellings.setdefault(lamp, []).append((ms, -1, level, ramp))
        lines = {**self.lines}
        if begins:
            changes = [self._change(lamp, ms, tellings.get(lamp, [])) for lamp, ms in begins.items()]
            lines |= dict(zip(begins, self._follow([*begins], changes), strict=True))
        return self._tidy(orders, lines)

    def _change(self, lamp: int, begin_ms: int, orders: list[_Telling]) -> tuple[Line, list[_Telling]]:
        """What stays of a lamp's line, and what it is told from a moment on; the program first where both speak."""
        program = [ms for ms in self.told.ms[lamp].tolist() if ms < NEVER]
        place = lamp * self.told.ms.shape[1]
        line = self.lines.get(lamp) or Line(program, range(place, place + len(program)))
        at = bisect_right(program, begin_ms)
        kept = bisect_left(line.ms, begin_ms) + at - bisect_left(program, begin_ms)
        said: list[_Telling] = []
        for ms, _, level, ramp in orders:
            while at < len(program) and program[at] <= ms:
                said.append((program[at], at, np.nan, FADE_S))
                at += 1
            said.append((ms, at - 1, level, ramp))
        said += [(program[k], k, np.nan, FADE_S) for k in range(at, len(program))]
        return Line(line.ms[:kept], line.place[:kept]), said

    def _follow(self, lamps: list[int], changes: list[tuple[Line, list[_Telling]]]) -> list[Line]:
        """The lines, given what stays of them and what is told then."""
        many = np.array([len(said) for _, said in changes])
        number, longest = np.array(lamps), int(many.max())
        ms, last = np.full((len(many), longest), NEVER), np.zeros((len(many), longest), dtype=np.int64)
        level, ramp = np.full(ms.shape, np.nan), np.full(ms.shape, FADE_S)
        for row, (_, said) in enumerate(changes):
            if said:
                ms[row, : len(said)], last[row, : len(said)], level[row, : len(said)], ramp[row, : len(said)] = zip(
                    *said, strict=True
                )
        here = number[:, None]
        told = Told(ms=ms, program=self.told.program[here, last], least=self.told.least[here, last],
                    level=level, ramp=ramp)  # fmt: skip
        one = Instants.of(self.table.take(np.array([kept.place[-1] for kept, _ in changes])))
        draw, steps = self.draw.take(number), []
        for k in range(longest):
            one = one.next(told, k, None, draw)
            steps.append(one.rows)
        real = np.arange(longest) < many[:, None]
        first = self.table.add(np.stack(steps, axis=1)[real]) if steps else 0
        ends = np.cumsum(many).tolist()
        return [
            Line([*kept.ms, *(when for when, *_ in said)], [*kept.place, *range(first + end - len(said), first + end)])
            for (kept, said), end in zip(changes, ends, strict=True)
        ]

    def _tidy(self, orders: Orders, lines: dict[int, Line]) -> "Ordered":
        """With these; a table of which half is of no use any more is made anew."""
        programs = self.told.ms.size
        table, live = self.table, programs + sum(len(line.ms) for line in lines.values())
        if len(table) > 2 * live + _SPARE:
            places = np.concatenate([np.arange(programs), *(np.array(line.place) for line in lines.values())])
            table, first = Table(table.take(places)), programs
            for lamp, line in lines.items():
                lines[lamp] = Line(line.ms, range(first, first + len(line.ms)))
                first += len(line.ms)
        return Ordered(told=self.told, draw=self.draw, table=table, orders=orders, lines=lines)


def _alike(one: Orders, other: Orders) -> int:
    """How many of the first orders are the same, and take effect before any that are not."""
    count = min(len(one), len(other))
    same = np.ones(count, dtype=np.bool_)
    for a, b in ((one.cell, other.cell), (one.unit, other.unit), (one.action, other.action)):
        same &= a[:count] == b[:count]
    same &= one.effective[:count] == other.effective[:count]
    same &= (one.value[:count].view(np.int64) == other.value[:count].view(np.int64)).all(axis=1)
    first = count if same.all() else int(same.argmin())
    begins = [int(orders.effective[first]) for orders in (one, other) if first < len(orders)]
    return int(np.searchsorted(other.effective[:first], min(begins))) if begins else first


def _tail(orders: Orders, first: int, span: Span) -> list[tuple[int, int, float, float]]:
    """The orders from one on: lamp, milliseconds of the day, level and ramp."""
    some = slice(first, None)
    lamp = np.searchsorted(span.cells, orders.cell[some]) * span.per_cell(STREET_LAMP.name) + orders.unit[some]
    tells = orders.action[some] == SET_LEVEL
    level = np.where(tells, orders.value[some, 0] / 100.0, FOLLOW)
    ramp = np.where(tells, orders.value[some, 1], FADE_S)
    ms = orders.effective[some] - span.worlds[0].times[0]
    return list(zip(lamp.tolist(), ms.tolist(), level.tolist(), ramp.tolist(), strict=True))
