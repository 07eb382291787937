"""A week of a record and a week of the park, to be drawn side by side: from a Monday on, from midnight."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.reference.records import Days
from tests.reference.walk import walk

Floats = npt.NDArray[np.float64]

NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Number of a Monday in March and of one in May, weeks without a holiday; day 0 is Wednesday 31 December, from 04:00.
MARCH, MAY = 61, 131
#: Colours of what is real, what is simulated, and what is published.
REAL, PARK, PUBLISHED = "black", "tab:orange", "seagreen"
_TO_MIDNIGHT_S = 20 * 3600


def real_week(days: Days, after: str, *, length: int = 7) -> Floats:
    """(length, samples) of the first whole week of a record from a Monday on after a date.

    Args:
        days: the record.
        after: date, YYYY-MM-DD.
        length: 6 for a record that has no Sundays.

    Raises:
        ValueError: there is no whole week.
    """
    number = days.date.astype("datetime64[D]").astype(np.int64)
    for place in np.flatnonzero((days.date >= np.datetime64(after)) & ((number + 3) % 7 == 0)).tolist():
        week = number[place : place + length]
        if len(week) == length and week[-1] - week[0] == length - 1:
            return days.values[place : place + length]
    raise ValueError(f"no whole week after {after}")


def park_week(
    sector: str, seed: int, kind: str, every_s: float, *, cells: int, monday: int = MARCH
) -> dict[str, npt.NDArray[Any]]:
    """Channel to (cells, units, readings) of a week of the park, from midnight to midnight, both included.

    Args:
        sector, seed: of the town.
        kind: of device.
        every_s: seconds between readings.
        cells: how many, from cell 0.
        monday: number of the week's first day.
    """
    seen = [day.observe(kind, every_s) for day in walk(sector, seed, 8, cells, first=monday - 1)]
    first, week = round(_TO_MIDNIGHT_S / every_s), round(7 * 86_400 / every_s)
    return {
        name: np.concatenate([one[name] for one in seen], axis=-1)[..., first : first + week + 1] for name in seen[0]
    }


def middle(series: Floats, by: Callable[[Floats], Floats] = lambda rows: rows.mean(axis=-1)) -> Floats:
    """Of (series, readings) the one whose figure is the middle one: neither the best nor the worst is shown."""
    return np.asarray(series[np.argsort(by(series))[len(series) // 2]])


def at(values: npt.NDArray[Any], days: float = 7.0) -> Floats:
    """Days at which values stand that divide them evenly."""
    return np.arange(len(values), dtype=np.float64) * (days / len(values))


def weekly(axes: Any, ylabel: str) -> None:
    """Names of the days."""
    axes.set(ylabel=ylabel, xlim=(0, 7))
    axes.set_xticks(range(7), [f"{name} 00:00" for name in NAMES])


def daily(axes: Any, ylabel: str, *, first: int = 0) -> None:
    """Hours of a day from `first` on."""
    axes.set(ylabel=ylabel, xlim=(first, first + 24))
    axes.set_xticks(range(first, first + 25, 2), [f"{hour % 24:02d}:00" for hour in range(first, first + 25, 2)])
