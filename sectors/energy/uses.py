"""What a household does with its appliances: uses that begin at any second and last as long as they last.

Every habit has so many candidates a day, each of which happens or not; when it happens it begins where the home's
people are up and it is the hour for it. In a use the appliance draws its power for a share of every cycle, and more in
one five minutes than in the next. A fridge's compressor is a use in every cycle, sooner or later, longer or shorter.
All is closed form: what a use draws between two instants is a difference.

Habits and sizes after Richardson et al. (2010), Domestic electricity use: a high-resolution energy demand model, Energy
and Buildings 42, and a home metered every minute for years (UCI's individual household).
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats, Ints, Streams
from sectors.energy.appliances import SLOT_HOURS

_SLOT_MIN = 30.0
_DAY_MIN = 1440.0
_AT_ONCE = 128  # rows
_LAST_MIN = 1410.0  # 03:30, so that days meet without a use
_FIVE = 5
_DIGITS = 4096.0  # of a uniform, free of its size


@dataclass(frozen=True, kw_only=True)
class Habit:
    """A sort of use.

    Attributes:
        most: candidates a day.
        per_day: how often on average.
        kw: least and greatest power.
        minutes: median length, and the spread of its logarithm.
        cycle: least and greatest minutes of a cycle.
        duty: share of it that is on.
        uneven: by how much five minutes differ from the mean, at most; a share.
        restless: by how much a minute does, a share.
        awake: whether somebody must be up.
        hours: middles, widths and weights of the times of day, and a weight of any.
    """

    most: int
    per_day: float
    kw: tuple[float, float]
    minutes: tuple[float, float]
    cycle: tuple[float, float] = (3000.0, 3000.0)
    duty: float = 1.0
    uneven: float = 0.0
    restless: float = 0.0
    awake: bool = True
    hours: tuple[tuple[float, float, float], ...] = ()
    any_hour: float = 0.0


HEAT = Habit(
    most=7, per_day=3.6, kw=(0.5, 1.35), minutes=(160.0, 0.7), uneven=0.03, restless=0.009,
    hours=((7.0, 1.0, 1.2), (19.5, 2.2, 1.8)), any_hour=0.25,
)  # fmt: skip
#: Heating or cooling, a boiler, cooking, kettles and microwaves, washing, dryers and towel rails, screens and lights,
#: irons and cleaners.
HABITS = (
    HEAT,
    Habit(most=2, per_day=0.9, kw=(1.0, 2.0), minutes=(38.0, 0.45), restless=0.004, awake=False,
          hours=((5.3, 0.7, 1.0), (13.0, 1.5, 0.8), (22.5, 1.0, 0.6))),
    Habit(most=6, per_day=2.6, kw=(0.9, 3.6), minutes=(40.0, 0.7), cycle=(3.2, 70.0), duty=0.72, uneven=0.3,
          restless=0.035, hours=((7.3, 0.8, 0.6), (12.3, 0.8, 1.0), (18.9, 1.2, 1.8)), any_hour=0.06),
    Habit(most=16, per_day=5.0, kw=(0.3, 2.1), minutes=(4.2, 0.6), hours=((7.4, 1.1, 1.0), (19.5, 2.0, 0.8)),
          any_hour=0.5),
    Habit(most=3, per_day=1.1, kw=(1.8, 2.8), minutes=(90.0, 0.3), cycle=(40.0, 90.0), duty=0.40, uneven=0.05,
          restless=0.012, hours=((10.5, 2.5, 0.8), (20.0, 1.3, 1.3)), any_hour=0.2),
    Habit(most=2, per_day=0.4, kw=(0.3, 1.6), minutes=(210.0, 0.6), cycle=(9.0, 45.0), duty=0.12, awake=False,
          any_hour=1.0),
    Habit(most=10, per_day=6.0, kw=(0.06, 0.5), minutes=(90.0, 0.9), uneven=0.10, restless=0.035,
          hours=((8.0, 1.0, 0.4), (20.3, 2.0, 1.4)), any_hour=0.3),
    Habit(most=3, per_day=0.8, kw=(0.5, 1.8), minutes=(16.0, 0.6), cycle=(2.2, 20.0), duty=0.7, uneven=0.3,
          restless=0.06, hours=((10.5, 2.0, 1.0), (17.5, 2.0, 0.6)), any_hour=0.4),
)  # fmt: skip
#: Fridge and freezer: kW, minutes of a cycle, share of it on; each differs from home to home and cycle to cycle.
_COLD = np.array([[0.09, 42.0, 0.42], [0.08, 60.0, 0.32]])
_COLD_SPREAD = np.array([0.5, 0.4, 0.3])
_CYCLES = 48  # at most in a day, with what is left from the day before
_LATE, _LONGER = 0.25, 0.9  # of a cycle by which it begins late; of its length by which it differs
_KIND = np.repeat(np.arange(len(HABITS)), [habit.most for habit in HABITS])
_MOST = np.array([float(habit.most) for habit in HABITS])
_PER_DAY = np.array([habit.per_day for habit in HABITS])
_AWAKE = np.array([habit.awake for habit in HABITS])
_USUAL_AT_HOME = 0.72  # share of those up who are at home, over a year


def _per_use(name: str) -> Floats:
    """An attribute of the habits, pairs as rows, by candidate."""
    return np.array([getattr(habit, name) for habit in HABITS], dtype=np.float64)[_KIND].T


_KW, _MINUTES, _CYCLE = (_per_use(name) for name in ("kw", "minutes", "cycle"))
_DUTY, _UNEVEN, _RESTLESS = (
    np.concatenate([_per_use(name), np.full(_CYCLES * len(_COLD), cold)])
    for name, cold in (("duty", 1.0), ("uneven", 0.0), ("restless", 0.01))
)


def awake(hour: Floats) -> Floats:
    """Share of those at home who are up; 0 at 04:00."""
    return np.asarray(np.clip((hour - 5.2) / 2.2, 0, 1) * np.clip((25.0 - hour) / 2.2, 0, 1))


def hours_of(hour: Floats) -> Floats:
    """How much it is the hour for every habit, (..., habits) on hours (...)."""
    weights = [
        sum((weight * np.exp(-0.5 * ((hour - at) / width) ** 2) for at, width, weight in habit.hours), 0 * hour)
        + habit.any_hour
        for habit in HABITS
    ]
    return np.stack(weights, axis=-1)


#: What a usual day has of each habit's hours; rates are over it.
_USUAL = (hours_of(SLOT_HOURS) * np.where(_AWAKE, _USUAL_AT_HOME * awake(SLOT_HOURS)[:, None], 1.0)).sum(axis=0)


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
        uneven = np.flatnonzero(_UNEVEN.take(kind))
        some = use[uneven]
        row, five = self.row.take(some), step[uneven] // (_FIVE // every)
        level = self.streams.uniform("energy.uses.level", self.device[row], self.day[row], kind[uneven] * 512 + five)
        kwh[uneven] *= 1.0 + _UNEVEN.take(kind[uneven]) * (2.0 * level - 1.0)
        at = self.row.take(use) * steps + step + 1
        restless = kwh * _RESTLESS.take(kind)
        total, unsteady = (np.bincount(at, each, rows * steps).reshape(rows, steps) for each in (kwh, restless))
        return np.asarray(total, dtype=np.float64), np.asarray(unsteady, dtype=np.float64)

    def _energy(self, use: Ints, minutes: Ints) -> Floats:
        """What uses have drawn until some minutes since 04:00, kWh, were all five minutes alike."""
        cycle = self.cycle.take(use)
        on = cycle * _DUTY.take(self.which).take(use)
        since = np.clip(minutes - self.start.take(use), 0.0, self.length.take(use))
        whole = np.floor(since / cycle)
        since -= whole * cycle
        np.minimum(since, on, out=since)
        whole *= on
        whole += since
        whole *= (self.power / 60.0).take(use)
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
    chance = streams.uniform("energy.uses.happens", device[:, None], day[:, None], np.arange(len(_KIND)))
    row, which = np.nonzero(chance < (rate / _MOST)[:, _KIND])
    at, kind = (device[row], day[row], which), _KIND[which]
    place = streams.uniform("energy.uses.start", *at)
    course = cumulated[row, kind]
    slot = (course <= (place * (1 - 1e-9) * course[:, -1])[:, None]).sum(axis=1)
    start = np.minimum((slot + (place * _DIGITS) % 1.0) * _SLOT_MIN, _LAST_MIN - 1.0)
    length = _MINUTES[0][which] * np.exp(_MINUTES[1][which] * streams.normal("energy.uses.length", *at))
    # A home has one kettle and one boiler: their powers are its own; what is cooked and lit differs from use to use.
    own = streams.uniform("energy.uses.home", device[row], kind)
    size = 0.5 * own + 0.5 * streams.uniform("energy.uses.kw", *at)
    low, high = _KW[:, which]
    shortest, longest = _CYCLE[:, which]
    parts = {
        "row": row,
        "which": which,
        "start": start,
        "length": np.minimum(length, _LAST_MIN - start),
        "power": low * (high / low) ** size,
        "cycle": shortest * (longest / shortest) ** streams.uniform("energy.uses.cycle", *at),
    }
    cold = [_cold(streams, device, day, which) for which in range(len(_COLD))]
    joined = {name: np.concatenate([part, *(one[name] for one in cold)]) for name, part in parts.items()}
    return Uses(streams=streams, device=device, day=day, **joined)


def _cold(streams: Streams, device: Ints, day: Ints, which: int) -> dict[str, Floats | Ints]:
    """The runs of a home's fridge, or its freezer, on days: the parts of `Uses`."""
    own = streams.uniform("energy.cold.home", device[:, None], 3 * which + np.arange(3))
    kw, period, duty = (_COLD[which] * (1.0 + _COLD_SPREAD * (own - 0.5))).T
    # Cycles are numbered through from the commissioning: one that lasts over 04:00 is the same on both days.
    first = np.floor(day * _DAY_MIN / period).astype(np.int64) - 1
    row, number = np.nonzero(np.arange(_CYCLES) < np.ceil(_DAY_MIN / period + 2.0)[:, None])
    cycle, period = first[row] + number, period[row]
    late, longer = (streams.uniform(f"energy.cold.{name}", device[row], which, cycle) for name in ("late", "long"))
    start = (cycle + _LATE * late) * period - day[row] * _DAY_MIN
    length = period * duty[row] * (1.0 + _LONGER * (longer - 0.5))
    runs = np.flatnonzero((start + length > -_FIVE) & (start < _DAY_MIN))
    number = len(_KIND) + which * _CYCLES + number
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
    there = np.where(_AWAKE, up[..., None], (doing > 0)[:, None, None])
    cumulated = np.cumsum(hours_of(hour) * there, axis=1).transpose(0, 2, 1)
    taste = np.exp(0.35 * streams.normal("energy.uses.taste", device[:, None], np.arange(len(HABITS))))
    rate = _PER_DAY * taste * np.minimum(doing, 3.0)[:, None] * cumulated[..., -1] / _USUAL
    rate[:, HABITS.index(HEAT)] *= heat
    return np.minimum(rate, 0.95 * _MOST), cumulated
