"""Street bins: people throw things in, a round in the morning takes them out.

Waste comes in throws of different size, as many as the people about make; how many there are, and how much they bring,
before the round and after it, is drawn first, and only a reading asks for the instants. Hundredths of a percent.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.chance import reached_ms
from park.grid import Sampler, integral, rows
from park.happenings import BEFORE, LATER
from park.model import DAY_MS, GRID_S, Bools, Carry, Floats, Ints, Moments, Observation, WorldDay
from sectors.municipal.catalogue import WASTE_BIN
from sectors.municipal.span import Span

_FULL, _LID_OPEN = 10_000, 9_700
_NEVER = 2 * DAY_MS
_STEP_MS = GRID_S * 1000
_THROWS, _USUAL = 62.0, 2.3  # of a bin's day, at a day's integral of `_about`
_THROW, _THROW_SPREAD = 78.0, 0.8
_SIZE = 0.15
_TAKEN_FROM = 3_500  # a bin with less is passed over
_MISSED = 0.05
_BURNS_MIN = 35
_ROUND_MS = 6_300_000  # 5:45
OK, LID_OPEN, BURNING = range(3)


def _about(world: WorldDay) -> Floats:
    """Who passes: people out and under way, and some from their doors."""
    return np.asarray(world.out + 0.35 * world.under_way + 0.02 * world.at_home)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bins:
    """Bins of a span's rows, before and after the round.

    Attributes:
        span: the days.
    """

    span: Span

    @cached_property
    def round_ms(self) -> Ints:
        """(rows,) when the round comes to each bin."""
        late = np.repeat(self.span.uniform("municipal.round"), self.span.per_cell(WASTE_BIN.name))
        unit = np.tile(np.arange(self.span.per_cell(WASTE_BIN.name)), len(late) // self.span.per_cell(WASTE_BIN.name))
        return np.asarray(_ROUND_MS + np.rint(5_400_000 * late).astype(np.int64) + 120_000 * unit)

    @cached_property
    def course(self) -> Floats:
        """(rows, GRID_POINTS) integral of the people who pass."""
        return integral(self.span.series(_about, self.span.per_cell(WASTE_BIN.name)))

    @cached_property
    def parts(self) -> tuple[Floats, Floats]:
        """(rows,) integral of the people before the round and after it."""
        all_rows = np.arange(len(self.round_ms))
        before = Sampler(all_rows, self.round_ms / _STEP_MS).line(self.course)
        return before, self.course[:, -1] - before

    @cached_property
    def throws(self) -> tuple[Ints, Ints]:
        """(rows,) how many before the round and after it."""
        name, streams = WASTE_BIN.name, self.span.setting.streams
        own = np.exp(0.45 * streams.normal("municipal.bin.own", self.span.number(name)))
        size = own * np.exp(_SIZE * self.span.normal("municipal.bin.size", name)) * (_THROWS / _USUAL)
        counts = []
        for part, people in zip(("early", "late"), self.parts, strict=True):
            mean = size * people
            drawn = mean + np.sqrt(mean) * self.span.normal(f"municipal.bin.{part}", name)
            counts.append(np.maximum(np.rint(drawn), 0.0).astype(np.int64))
        return counts[0], counts[1]

    @cached_property
    def brought(self) -> tuple[Ints, Ints]:
        """(rows,) hundredths of a percent that they bring."""
        sums = []
        for part, count in zip(("early", "late"), self.throws, strict=True):
            stray = np.sqrt(count) * _THROW_SPREAD * self.span.normal(f"municipal.bin.{part}.brought", WASTE_BIN.name)
            sums.append(np.maximum(np.rint(_THROW * (count + stray)), 5.0 * count).astype(np.int64))
        return sums[0], sums[1]

    @cached_property
    def left(self) -> tuple[Ints, Ints]:
        """(rows,) whether the round forgets a bin, and what sticks to its walls when emptied."""
        missed = self.span.uniform("municipal.bin.missed", WASTE_BIN.name) < _MISSED
        sticks = np.rint(100 + 300 * self.span.uniform("municipal.bin.sticks", WASTE_BIN.name)).astype(np.int64)
        return missed.astype(np.int64), sticks

    def emptied(self, level: Ints, some: slice = slice(None)) -> Bools:
        """Whether the round of a day, whose rows are `some`, empties bins of those levels in the morning."""
        full = level + self.brought[0][some]
        return np.asarray((full >= _TAKEN_FROM) & (self.left[0][some] == 0))

    def after_round(self, level: Ints, some: slice) -> Ints:
        """Levels after the round of a day, whose rows are `some`."""
        full = np.minimum(level + self.brought[0][some], _FULL)
        return np.asarray(np.where(self.emptied(level, some), self.left[1][some], full))

    def end(self, level: Ints, day: int) -> Ints:
        """Levels at the end of the day-th of the span, of those at its beginning."""
        some = slice(day * len(level), (day + 1) * len(level))
        return np.asarray(np.minimum(self.after_round(level, some) + self.brought[1][some], _FULL))

    def _thrown(self, part: int) -> tuple[Ints, Ints]:
        """(rows, n) ascending milliseconds, and (rows, n + 1) what the first 0 to n brought, of a part of the day."""
        label = ("early", "late")[part]
        number, day = self.span.number(WASTE_BIN.name)[:, None], self.span.day(WASTE_BIN.name)[:, None]
        count, place = self.throws[part], np.arange(max(int(self.throws[part].max(initial=0)), 1))
        streams = self.span.setting.streams
        drawn = streams.uniform(f"municipal.bin.{label}.at", number, day, place)
        before, people = self.parts[0], self.parts[part]
        sought = (drawn * people[:, None] + (before[:, None] if part else 0.0)) / self.course[:, -1:]
        ms = reached_ms(self.course / self.course[:, -1:], np.arange(len(sought))[:, None], sought)
        begin, end = (self.round_ms, DAY_MS - 1) if part else (np.zeros_like(self.round_ms), self.round_ms - 1)
        ms = np.clip(ms, np.reshape(begin, (-1, 1)), np.reshape(end, (-1, 1)))
        here = place < count[:, None]
        weight = np.exp(0.7 * streams.normal(f"municipal.bin.{label}.weight", number, day, place)) * here
        running = np.cumsum(weight, axis=1)
        share = running / np.maximum(running[np.arange(len(count)), np.maximum(count, 1) - 1], 1e-9)[:, None]
        sums = np.zeros((len(count), len(place) + 1), dtype=np.int64)
        sums[:, 1:] = np.floor(np.minimum(share, 1.0) * self.brought[part][:, None] + 1e-6)
        return np.sort(np.where(here, ms, _NEVER), axis=1), sums

    @cached_property
    def thrown(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """`_thrown` of both parts."""
        return self._thrown(0), self._thrown(1)

    def level(self, morning: Ints, row: Ints, ms: Ints) -> Ints:
        """(N,) levels of bins at milliseconds of their day, of those in the morning, (rows,)."""
        early, late = (_so_far(*thrown, row, ms) for thrown in self.thrown)
        first = np.minimum(morning[row] + early, _FULL)
        second = np.minimum(self.after_round(morning, slice(None))[row] + late, _FULL)
        return np.asarray(np.where(ms < self.round_ms[row], first, second))

    def overfull(self, morning: Ints) -> tuple[Ints, Ints, Ints]:
        """Rows, begins and ends of when lids do not shut, as of `Spells`, of bins of those levels in the morning."""
        emptied = self.emptied(morning)
        found = []
        for part, level in enumerate((morning, self.after_round(morning, slice(None)))):
            when, sums = self.thrown[part]
            over = level[:, None] + sums >= _LID_OPEN
            first = over.argmax(axis=1)
            # Over from the part's beginning on, or from a throw on.
            begin = np.where(
                first > 0, np.take_along_axis(when, np.maximum(first - 1, 0)[:, None], axis=1)[:, 0], BEFORE
            )
            found.append(np.where(over.any(axis=1), begin, _NEVER))
        early, late = found
        # What was over before a round that came in vain goes on.
        late = np.where((early < _NEVER) & ~emptied, early, late)
        before, after = np.flatnonzero((early < _NEVER) & emptied), np.flatnonzero(late < _NEVER)
        row = np.concatenate([before, after])
        begin = np.concatenate([early[before], late[after]])
        end = np.concatenate([self.round_ms[before], np.full(len(after), LATER)])
        return row, begin, end

    @cached_property
    def fires(self) -> tuple[Ints, Ints, Bools]:
        """(rows,) begins and ends, milliseconds, and whether they come: once in two years, where people smoke."""
        name = WASTE_BIN.name
        comes = self.span.uniform("municipal.fire", name) < 1.0 / 700.0
        begin = np.rint((5.0 + 16.0 * self.span.uniform("municipal.fire.at", name)) * 3_600_000).astype(np.int64)
        return begin, begin + 60_000 * _BURNS_MIN, comes

    def burning(self, row: Ints, ms: Ints) -> Floats:
        """(N,) 0 to 1: how far a fire has come."""
        begin, _, comes = self.fires
        minutes = (ms - begin[row]) / 60_000.0
        rises, falls = np.clip(minutes / 4.0, 0.0, 1.0), np.clip((_BURNS_MIN - minutes) / 15.0, 0.0, 1.0)
        return np.asarray(np.where(comes[row], np.minimum(rises, falls), 0.0))


def _so_far(when: Ints, sums: Ints, row: Ints, ms: Ints) -> Ints:
    """(N,) what was thrown in until then."""
    # Whole numbers, so that what stands in the rows beside cannot round a comparison.
    keys = when + 2 * _NEVER * np.arange(len(when))[:, None]
    found = np.searchsorted(keys.reshape(-1), row * 2 * _NEVER + ms, side="right")
    return np.asarray(sums.reshape(-1)[found + row])


def begin(cells: int, per_cell: int) -> Carry:
    """Empty bins."""
    return {name: np.zeros((cells, per_cell), dtype=np.int64) for name in ("bin_level", "bin_emptied")}


def after(span: Span, carry: Carry) -> Carry:
    """What is carried after a span."""
    bins, level, emptied = Bins(span=span), carry["bin_level"].reshape(-1), carry["bin_emptied"].reshape(-1)
    for day in range(len(span.worlds)):
        emptied = emptied + bins.emptied(level, slice(day * len(level), (day + 1) * len(level)))
        level = bins.end(level, day)
    shape = carry["bin_level"].shape
    return {"bin_level": level.reshape(shape), "bin_emptied": emptied.reshape(shape)}


def observe(bins: Bins, morning: Ints, at: Moments) -> Observation:
    """Waste bins; `morning`, (rows,), are the levels at the day's beginning."""
    span, row, ms = bins.span, rows(at, bins.span.per_cell(WASTE_BIN.name)), at.ms
    level = bins.level(morning, row, ms) / 100.0
    fire = bins.burning(row, ms)
    here, world = Sampler(span.setting.site_of(span.cells)[at.row], at.x), span.worlds[0]
    air = here.line(world.temperature)
    rot = 0.03 * level * np.clip(air / 25.0, 0.0, 1.3)
    stray = span.setting.streams.normal("municipal.bin.noise", at.device, at.ts)
    age = (world.index + 61 * at.device) % 900
    return {
        "filling_level": level,
        "temperature": air + 0.009 * here.line(world.ghi) + rot + 240.0 * fire + 0.4 * stray,
        "status": np.where(fire > 0, BURNING, np.where(level >= _LID_OPEN / 100.0, LID_OPEN, OK)),
        "battery_level": 100.0 - 0.09 * age,
    }
