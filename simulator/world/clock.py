"""Where the instants of a town day lie between the nodes of hours and days.

All places are found from the local clock alone, never from a running count, so that 04:00 has exactly
the same place, and so the same weather, as the end of one day and the start of the next.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from park.model import DAY_STARTS_H, GRID_POINTS, GRID_S, Floats, Ints

#: A day's weather needs the calendar days from the one before its date to two after.
DAYS_BEFORE, DAYS_AFTER = 1, 2
DAYS = DAYS_BEFORE + 1 + DAYS_AFTER
#: Hours are counted from midnight of the town day's date; it ends at the fourth hour of the next day.
HOURS = 48


@dataclass(frozen=True, kw_only=True, eq=False)
class Clock:
    """Instants by the local clock, (instants,).

    Attributes:
        hour: of the day, in [0, 24).
        day: column of the instant's calendar day, 0 being the one before the town day's date.
        noon, noon_part: column of the noon before, and the part of the way to the next.
        node, node_part: hour since midnight of the town day's date, and the part of the way to the next.
    """

    hour: Floats
    day: Ints
    noon: Ints
    noon_part: Floats
    node: Ints
    node_part: Floats

    def from_noons(self, series: Floats) -> Floats:
        """Values given at the noons of days (..., days), drawn out linearly to the instants."""
        return _between(series, self.noon, self.noon_part)

    def from_hours(self, series: Floats) -> Floats:
        """Values given at hours (..., HOURS), drawn out linearly to the instants."""
        return _between(series, self.node, self.node_part)


@cache
def grid_clock() -> Clock:
    """The grid of a town day."""
    minutes = DAY_STARTS_H * 60 + np.arange(GRID_POINTS) * (GRID_S // 60)
    return _clock(minutes)


@cache
def hour_clock() -> Clock:
    """The hours from midnight of the town day's date."""
    return _clock(np.arange(HOURS) * 60)


def _clock(minutes: Ints) -> Clock:
    hour = (minutes % 1440) / 60
    day = minutes // 1440 + DAYS_BEFORE
    return Clock(
        hour=hour,
        day=day,
        noon=day - (hour < 12),
        noon_part=((hour - 12) / 24) % 1,
        node=minutes // 60,
        node_part=(minutes % 60) / 60,
    )


def _between(series: Floats, left: Ints, part: Floats) -> Floats:
    return np.asarray(series.take(left, axis=-1) * (1 - part) + series.take(left + 1, axis=-1) * part)
