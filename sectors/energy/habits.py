"""What households do with appliances, and what stands in their kitchens: data, and how much it is the hour for what.

Habits and sizes after Richardson et al. (2010), Domestic electricity use: a high-resolution energy demand model, Energy
and Buildings 42, and a home metered every minute for years (UCI's individual household): there every load falls by
about 1 W a minute while it is on.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats
from sectors.energy.appliances import SLOT_HOURS


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
        sag: by how much it draws more than its mean at first and less at last, a share.
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
    sag: float = 0.02
    awake: bool = True
    hours: tuple[tuple[float, float, float], ...] = ()
    any_hour: float = 0.0


HEAT = Habit(
    most=8, per_day=3.6, kw=(0.5, 1.35), minutes=(160.0, 0.7), uneven=0.03, restless=0.009, sag=0.05,
    hours=((7.2, 1.0, 1.4), (19.0, 2.5, 1.4)), any_hour=0.4,
)  # fmt: skip
#: Heating or cooling, a boiler, cooking, kettles and microwaves, washing, dryers and towel rails, screens and lights,
#: irons and cleaners.
HABITS = (
    HEAT,
    Habit(most=3, per_day=0.9, kw=(1.0, 2.0), minutes=(38.0, 0.45), restless=0.004, awake=False,
          hours=((5.3, 0.7, 1.0), (13.0, 1.5, 0.8), (22.5, 1.0, 0.4))),
    Habit(most=10, per_day=2.6, kw=(0.9, 3.6), minutes=(40.0, 0.7), cycle=(3.2, 70.0), duty=0.72, uneven=0.3,
          restless=0.035, hours=((7.5, 0.8, 0.6), (12.3, 0.9, 1.1), (18.9, 1.2, 1.6)), any_hour=0.1),
    Habit(most=20, per_day=5.0, kw=(0.3, 2.2), minutes=(4.2, 0.6), hours=((7.4, 1.1, 1.0), (19.5, 2.0, 0.8)),
          any_hour=0.5),
    Habit(most=4, per_day=1.1, kw=(1.8, 2.8), minutes=(90.0, 0.3), cycle=(40.0, 88.0), duty=0.40, uneven=0.05,
          restless=0.012, hours=((10.5, 2.5, 0.9), (20.0, 1.3, 1.1)), any_hour=0.2),
    Habit(most=4, per_day=0.4, kw=(0.3, 1.6), minutes=(210.0, 0.6), cycle=(9.0, 45.0), duty=0.12, awake=False,
          any_hour=1.0),
    Habit(most=14, per_day=6.0, kw=(0.06, 0.5), minutes=(90.0, 0.9), uneven=0.10, restless=0.035, sag=0.05,
          hours=((8.0, 1.0, 0.6), (20.0, 2.3, 1.1)), any_hour=0.4),
    Habit(most=5, per_day=0.8, kw=(0.5, 1.8), minutes=(16.0, 0.6), cycle=(2.2, 20.0), duty=0.7, uneven=0.3,
          restless=0.06, hours=((10.5, 2.0, 1.0), (17.5, 2.0, 0.6)), any_hour=0.4),
)  # fmt: skip
#: Fridge and freezer: kW, minutes of a cycle, share of it on; each differs from home to home and cycle to cycle.
COLD = np.array([[0.085, 38.0, 0.42], [0.077, 54.0, 0.32]])
COLD_SPREAD = np.array([0.5, 0.4, 0.3])
CYCLES = 52  # at most in a day, with what is left from the day before
LATE, LONGER = 0.30, 0.8  # of a cycle by which it begins late; of its length by which it differs
#: By candidate: number of the habit.
KIND = np.repeat(np.arange(len(HABITS)), [habit.most for habit in HABITS])
MOST = np.array([float(habit.most) for habit in HABITS])
PER_DAY = np.array([habit.per_day for habit in HABITS])
AWAKE = np.array([habit.awake for habit in HABITS])
_USUAL_AT_HOME = 0.72  # share of those up who are at home, over a year


def _per_use(name: str) -> Floats:
    """An attribute of the habits, pairs as rows, by candidate."""
    return np.array([getattr(habit, name) for habit in HABITS], dtype=np.float64)[KIND].T


KW, MINUTES, CYCLE = (_per_use(name) for name in ("kw", "minutes", "cycle"))
#: The same of the runs of fridge and freezer after the candidates.
DUTY, UNEVEN, RESTLESS, SAG = (
    np.concatenate([_per_use(name), np.full(CYCLES * len(COLD), cold)])
    for name, cold in (("duty", 1.0), ("uneven", 0.0), ("restless", 0.01), ("sag", 0.10))
)


def awake(hour: Floats) -> Floats:
    """Share of those at home who are up; 0 at 04:00."""
    return np.asarray(np.clip((hour - 5.2) / 2.2, 0, 1) * np.clip((24.6 - hour) / 2.2, 0, 1))


def hours_of(hour: Floats) -> Floats:
    """How much it is the hour for every habit, (..., habits) on hours (...)."""
    weights = [
        sum((weight * np.exp(-0.5 * ((hour - at) / width) ** 2) for at, width, weight in habit.hours), 0 * hour)
        + habit.any_hour
        for habit in HABITS
    ]
    return np.stack(weights, axis=-1)


#: What a usual day has of each habit's hours; rates are over it.
USUAL = (hours_of(SLOT_HOURS) * np.where(AWAKE, _USUAL_AT_HOME * awake(SLOT_HOURS)[:, None], 1.0)).sum(axis=0)
