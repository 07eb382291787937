"""How the calendar moves cash and queues, beside the people of `WorldDay`.

References:
    Branch: bank_calls (R package fpp3), calls per five minutes to a North American bank, 2003: hours, weekdays, days of
    the month. The shape alone is taken.
    Withdrawals: salaries are paid on the 10th and 15th here, an assumption; before Spring Festival cash is given as
    presents, then nobody needs any.
"""

import datetime as dt

import numpy as np

from park.grid import HOURS
from park.model import DAY_STARTS_H, Floats, WorldDay

#: Spring Festival, first day of the lunar year; the calendar of `WorldDay` does not look ahead.
_SPRING = (
    dt.date(2024, 2, 10),
    dt.date(2025, 1, 29),
    dt.date(2026, 2, 17),
    dt.date(2027, 2, 6),
    dt.date(2028, 1, 26),
    dt.date(2029, 2, 13),
    dt.date(2030, 2, 3),
    dt.date(2031, 1, 23),
    dt.date(2032, 2, 11),
    dt.date(2033, 1, 31),
)
_WEEKDAY = (1.12, 1.00, 0.95, 0.95, 0.98, 0.98, 0.98)
_SALARY = {10: 1.40, 11: 1.30, 12: 1.15, 15: 1.35, 16: 1.25, 17: 1.10}
#: Share of a day's calls by hour, from 9 to 17 h.
CALLS = (0.099, 0.105, 0.101, 0.096, 0.092, 0.089, 0.086, 0.076)
CLOCK: Floats = (HOURS + DAY_STARTS_H) % 24.0
OPENS_H, CLOSES_H = 9.0, 17.0
_LAST_TICKET_H = 16.9


def withdrawals(date: dt.date) -> float:
    """Withdrawals of a date, relative to a usual day."""
    ahead = min(((day - date).days for day in _SPRING), key=abs)
    if 1 <= ahead <= 5:
        return 1.9
    if -6 <= ahead <= 0:
        return 0.6
    return _SALARY.get(date.day, 0.95)


def branch(world: WorldDay) -> float:
    """Customers of a branch on a date, relative to a usual working day; none on a rest day."""
    if not world.workday:
        return 0.0
    day = world.date.day
    month = 1.15 if day == 31 else 1.08 if day <= 4 else 1.05 if day >= 29 else 0.98
    return month * _WEEKDAY[world.weekday]


def branch_course() -> Floats:
    """(GRID_POINTS,) how many customers come to an open branch, 0 outside its hours."""
    open_now = (CLOCK > OPENS_H) & (CLOCK < _LAST_TICKET_H)
    middles = np.arange(OPENS_H, CLOSES_H) + 0.5
    return np.where(open_now, np.interp(CLOCK, middles, CALLS), 0.0)
