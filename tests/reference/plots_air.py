"""The district's air: a week of winter and one of summer, its hours and its months beside published ranges."""

from typing import Any

import numpy as np

from tests.reference.bars_air import District, district_of
from tests.reference.statistics import Floats
from tests.reference.weeks import MARCH, NAMES, at

_YEAR = 365
#: Places in the sample, whose first is day 1, of a Monday in January and of one in July.
_WINTER, _SUMMER = MARCH - 1 - 7 * 7, MARCH - 1 + 20 * 7
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _winter(axes: Any, seed: int, _days: int) -> None:
    _week(axes, district_of(seed, _YEAR), _WINTER, ("pm25", "no2"))


def _summer(axes: Any, seed: int, _days: int) -> None:
    _week(axes, district_of(seed, _YEAR), _SUMMER, ("o3", "no2"))


_LABELS = {"pm25": ("PM2.5", "dimgray"), "no2": ("NO2", "tab:orange"), "o3": ("O3", "tab:blue")}


def _week(axes: Any, air: District, first: int, names: tuple[str, ...]) -> None:
    """Two gases or particles, and the wind that takes them."""
    for name in names:
        label, color = _LABELS[name]
        values = getattr(air, name)[first : first + 7].ravel()
        axes.plot(at(values), values, color=color, linewidth=1.1, label=label)
    axes.set(ylabel="ug/m3", xlim=(0, 7), ylim=(0, None))
    axes.set_xticks(range(7), [f"{name} 04:00" for name in NAMES])
    wind = air.wind_speed[first : first + 7].ravel()
    other = axes.twinx()
    other.fill_between(at(wind), wind, color="seagreen", alpha=0.15, linewidth=0)
    other.set_ylim(0, 3 * wind.max())
    other.set_ylabel("wind, m/s", color="seagreen", fontsize="small")


def _hours(axes: Any, seed: int, _days: int) -> None:
    """The mean workday and rest day."""
    air = district_of(seed, _YEAR)
    for name in ("no2", "o3"):
        label, color = _LABELS[name]
        for workday, style in ((True, "-"), (False, "--")):
            mean = np.roll(getattr(air, name)[air.workday == workday].mean(axis=0), 4)
            axes.plot(mean, style, color=color, label=f"{label}, {'workdays' if workday else 'rest days'}")
    axes.set(ylabel="ug/m3", xlim=(0, 23), ylim=(0, None))
    axes.set_xticks(range(0, 24, 2), [f"{hour:02d}:00" for hour in range(0, 24, 2)])


def _months(axes: Any, seed: int, _days: int) -> None:
    """Means of months, and between which means of years lie."""
    air = district_of(seed, _YEAR)
    for name, low, high, place in (("pm25", 25, 40, 11.8), ("no2", 18, 29, 12.2)):
        label, color = _LABELS[name]
        axes.plot(_by_month(air, name), "o-", color=color, markersize=3, label=label)
        axes.plot([place, place], [low, high], color=color, linewidth=6, alpha=0.5, solid_capstyle="butt")
    axes.set(ylabel="ug/m3", xlim=(-0.5, 12.5), ylim=(0, None))
    axes.set_xticks(range(13), [*_MONTHS, "cities"])


def _by_month(air: District, name: str) -> Floats:
    return np.array([getattr(air, name)[air.month == month].mean() for month in range(1, 13)])


PLOTS = {
    "Particles and nitrogen dioxide through a week of January, and wind": _winter,
    "Ozone and nitrogen dioxide through a week of July, and wind": _summer,
    "The mean day": _hours,
    "Months; at the right between which years of the Yangtze delta's cities lie": _months,
}
