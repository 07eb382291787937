"""What the bars of finance measure of a year of days: the week, the month, paydays and the festival."""

from dataclasses import replace

import numpy as np

from park.model import Bools, Floats
from tests.reference.finance_samples import Calendar


def year(data: Calendar) -> dict[str, float]:
    """The week and the month of branches, paydays and the festival of machines."""
    work, day = data.workday, data.month_day
    monday, early = data.weekday == 0, (day <= 4) | (day == 31)
    payday = np.isin(day, (10, 15))
    ahead, plain = (data.festival >= 1) & (data.festival <= 5), (data.festival > 5) | (data.festival < -6)
    return {
        "monday/others": _ratio(data.tickets, work & monday, work & ~monday),
        "first and last days/others": _ratio(data.tickets, work & early, work & ~early),
        "withdrawals, payday/others": _ratio(data.withdrawals, plain & payday, plain & (day >= 19) & (day <= 28)),
        "withdrawals, before the festival/others": _ratio(data.withdrawals, ahead, plain & ~payday),
    }


def _ratio(values: Floats, some: Bools, others: Bools) -> float:
    return float(values[:, some].mean() / values[:, others].mean())


def _other_dates(data: Calendar, kept: Floats) -> Calendar:
    """Days in another order, within those that are alike in what is kept."""
    order = np.arange(len(kept))
    for one in np.unique(kept):
        alike = np.flatnonzero(kept == one)
        order[alike] = np.random.default_rng(1).permutation(alike)
    return replace(data, tickets=data.tickets[:, order], withdrawals=data.withdrawals[:, order])


def month_blind(data: Calendar) -> Calendar:
    return _other_dates(data, data.weekday + 10 * data.workday)


def week_blind(data: Calendar) -> Calendar:
    return _other_dates(data, np.asarray(data.workday, dtype=np.float64))
