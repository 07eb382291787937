"""What a household does with its appliances: uses that begin at any second and last as long as they last.

Every habit has so many candidates a day, each of which happens or not; when it happens it begins where the home's
people are up and it is the hour for it. In a use the appliance draws its power for a share of every cycle, and more in
one five minutes than in the next. A fridge's compressor is a use in every cycle, sooner or later, longer or shorter.
All is closed form: what a use draws between two instants is a difference.

What there is to do, how often and how long, is in habits.py.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.model import Floats, Ints, Streams
from sectors.energy import habits
from sectors.energy.appliances import SLOT_HOURS

_SLOT_MIN = 30.0
_DAY_MIN = 1440.0
_AT_ONCE = 128  # rows
_LAST_MIN = 1410.0  # 03:30, so that days meet without a use
_FIVE = 5
_TO_BED = 22.6, 2.0  # first hour at which a household goes to bed, and how much later it may be
_LAST_THING = 5.0  # minutes of what is begun later than that
_DIGITS = 4096.0  # of a uniform, free of its size


@dataclass(frozen=True, kw_only=True, eq=False)
class Uses:
    """The uses of homes on days, one after the other, (uses,) each unless said otherwise; minutes since 04:00.

    Attributes:
        streams: randomness of the sector.
        device, day: of the rows, (rows,).
        row: whose it is.
        which: number among the home's candidates, those of fridges last.
        start, length: minutes; a fridge's may reach over either end of the day.
        power: kW.
        cycle: minutes.
    """

    streams: Streams
    device: Ints
    day: Ints
    row: Ints
    which: Ints
    start: Floats
    length: Floats
    power: Floats
    cycle: Floats

    def drawn(self, every: int) -> tuple[Floats, Floats]:
        """Energy of every so many minutes, and how much of it is restless, kWh; (rows, 1 + 1440 / every) both.

        `every` is 1 or 5. The first is that of the step before 04:00.
        """
        total, restless = (np.empty((len(self.device), 1 + 1440 // every)) for _ in range(2))
        for first in range(0, len(total), _AT_ONCE):  # so that what is needed on the way stays small
            last = min(first + _AT_ONCE, len(total))
            total[first:last], restless[first:last] = self._between(first, last).drawn_at_once(every)
        return total, restless

    def _between(self, first: int, last: int) -> "Uses":
        """The uses of some of the rows."""
        mine = np.flatnonzero((self.row >= first) & (self.row < last))
        return Uses(
            streams=self.streams,
            device=self.device[first:last],
            day=self.day[first:last],
            row=self.row[mine] - first,
            which=self.which[mine],
            start=self.start[mine],
            length=self.length[mine],
            power=self.power[mine],
            cycle=self.cycle[mine],
        )

    def drawn_at_once(self, every: int) -> tuple[Floats, Floats]:
        """As `drawn`, for few rows."""
        rows, steps = len(self.device), 1 + 1440 // every
        first = np.maximum(self.start // every, -1).astype(np.int64)
        last = np.ceil(np.minimum(self.start + self.length, _DAY_MIN) / every).astype(np.int64)
        many = np.maximum(last - first, 0)
        # One entry more than a use has steps: energies are differences between their ends.
        use = np.repeat(np.arange(len(first)), many + 1)
        before = np.cumsum(many + 1) - many - 1
        step = np.arange(len(use)) - np.repeat(before - first, many + 1)
        inner = np.ones(len(use), dtype=np.bool_)
        inner[before + many] = False
        until = self._energy(use, every * step)
        kwh = (until[1:] - until[:-1])[inner[:-1]]
        use, step = use[inner], step[inner]
        kind = self.which.take(use)
        uneven = np.flatnonzero(habits.UNEVEN.take(kind))
        some = use[uneven]
        row, five = self.row.take(some), step[uneven] // (_FIVE // every)
        level = self.streams.uniform("energy.uses.level", self.device[row], self.day[row], kind[uneven] * 512 + five)
        kwh[uneven] *= 1.0 + habits.UNEVEN.take(kind[uneven]) * (2.0 * level - 1.0)
        at = self.row.take(use) * steps + step + 1
        restless = kwh * habits.RESTLESS.take(kind)
        total, unsteady = (np.bincount(at, each, rows * steps).reshape(rows, steps) for each in (kwh, restless))
        return np.asarray(total, dtype=np.float64), np.asarray(unsteady, dtype=np.float64)

    @cached_property
    def _course(self) -> tuple[Floats, Floats]:
        """Factors of the minutes that a use has been on, and of their square, that give kWh: it draws less and less."""
        sag, kw = habits.SAG[self.which], self.power / 60.0
        on = np.maximum(self.length * habits.DUTY[self.which], 1e-9)
        return kw * (1.0 + sag), kw * sag / on

    def _energy(self, use: Ints, minutes: Ints) -> Floats:
        """What uses have drawn until some minutes since 04:00, kWh, were all five minutes alike."""
        cycle = self.cycle.take(use)
        on = cycle * habits.DUTY.take(self.which).take(use)
        since = np.clip(minutes - self.start.take(use), 0.0, self.length.take(use))
        whole = np.floor(since / cycle)
        since -= whole * cycle
        np.minimum(since, on, out=since)
        whole *= on
        whole += since
        first, less = (part.take(use) for part in self._course)
        less *= whole
        first -= less
        whole *= first
        return np.asarray(whole)


def uses(streams: Streams, device: Ints, day: Ints, *, up: Floats, doing: Floats, hour: Floats, heat: Floats) -> Uses:
    """The uses of homes, (rows,), on days.

    Args:
        streams: of the sector.
        device: number of the home.
        day: its day.
        up: share of the home's people who are at home and up, by half hours, (rows, SLOTS).
        doing: how much the household does on the day, 1 on average, 0 when away, (rows,).
        hour: of the household's own clock in the middle of half hours, (rows, SLOTS).
        heat: how often it heats or cools, over the usual, (rows,).
    """
    rate, cumulated = _rates(streams, device, up=up, doing=doing, hour=hour, heat=heat)
    chance = streams.uniform("energy.uses.happens", device[:, None], day[:, None], np.arange(len(habits.KIND)))
    row, which = np.nonzero(chance < (rate / habits.MOST)[:, habits.KIND])
    at, kind = (device[row], day[row], which), habits.KIND[which]
    place = streams.uniform("energy.uses.start", *at)
    course = cumulated[row, kind]
    slot = (course <= (place * (1 - 1e-9) * course[:, -1])[:, None]).sum(axis=1)
    start = np.minimum((slot + (place * _DIGITS) % 1.0) * _SLOT_MIN, _LAST_MIN - 1.0)
    length = habits.MINUTES[0][which] * np.exp(habits.MINUTES[1][which] * streams.normal("energy.uses.length", *at))
    # What somebody must be up for ends when the last goes to bed.
    late = SLOT_HOURS[0] - hour[:, 0]
    bed = (_TO_BED[0] + _TO_BED[1] * streams.uniform("energy.uses.bed", device, day) + late - 4.0) * 60.0
    up_yet = np.maximum(bed[row] - start, _LAST_THING)
    length = np.minimum(length, np.where(habits.AWAKE[kind], up_yet, np.inf))
    # A home has one kettle and one boiler: their powers are its own; what is cooked and lit differs from use to use.
    own = streams.uniform("energy.uses.home", device[row], kind)
    size = 0.5 * own + 0.5 * streams.uniform("energy.uses.kw", *at)
    low, high = habits.KW[:, which]
    shortest, longest = habits.CYCLE[:, which]
    parts = {
        "row": row,
        "which": which,
        "start": start,
        "length": np.minimum(length, _LAST_MIN - start),
        "power": low * (high / low) ** size,
        "cycle": shortest * (longest / shortest) ** streams.uniform("energy.uses.cycle", *at),
    }
    cold = [_cold(streams, device, day, which) for which in range(len(habits.COLD))]
    joined = {name: np.concatenate([part, *(one[name] for one in cold)]) for name, part in parts.items()}
    return Uses(streams=streams, device=device, day=day, **joined)


def _cold(streams: Streams, device: Ints, day: Ints, which: int) -> dict[str, Floats | Ints]:
    """The runs of a home's fridge, or its freezer, on days: the parts of `Uses`."""
    own = streams.uniform("energy.cold.home", device[:, None], 3 * which + np.arange(3))
    kw, period, duty = (habits.COLD[which] * (1.0 + habits.COLD_SPREAD * (own - 0.5))).T
    # Cycles are numbered through from the commissioning: one that lasts over 04:00 is the same on both days.
    first = np.floor(day * _DAY_MIN / period).astype(np.int64) - 1
    row, number = np.nonzero(np.arange(habits.CYCLES) < np.ceil(_DAY_MIN / period + 2.0)[:, None])
    cycle, period = first[row] + number, period[row]
    late, longer = (streams.uniform(f"energy.cold.{name}", device[row], which, cycle) for name in ("late", "long"))
    start = (cycle + habits.LATE * late) * period - day[row] * _DAY_MIN
    length = period * duty[row] * (1.0 + habits.LONGER * (longer - 0.5))
    runs = np.flatnonzero((start + length > -_FIVE) & (start < _DAY_MIN))
    number = len(habits.KIND) + which * habits.CYCLES + number
    parts = {
        "row": row,
        "which": number,
        "start": start,
        "length": length,
        "power": kw[row],
        "cycle": 0 * start + 3000.0,
    }
    return {name: part[runs] for name, part in parts.items()}


def _rates(
    streams: Streams, device: Ints, *, up: Floats, doing: Floats, hour: Floats, heat: Floats
) -> tuple[Floats, Floats]:
    """How often each habit occurs on the day, (rows, habits), and the share of it until each half hour's end."""
    there = np.where(habits.AWAKE, up[..., None], (doing > 0)[:, None, None])
    cumulated = np.cumsum(habits.hours_of(hour) * there, axis=1).transpose(0, 2, 1)
    taste = np.exp(0.35 * streams.normal("energy.uses.taste", device[:, None], np.arange(len(habits.HABITS))))
    rate = habits.PER_DAY * taste * np.minimum(doing, 3.0)[:, None] * cumulated[..., -1] / habits.USUAL
    rate[:, habits.HABITS.index(habits.HEAT)] *= heat
    return np.minimum(rate, 0.95 * habits.MOST), cumulated
