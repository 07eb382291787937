"""The weather's hours, days and year beside a real year's of a like climate."""

from functools import cache, partial
from typing import Any

import numpy as np

from tests.reference.bars_weather import daily_clearness
from tests.reference.records import Record, daily_of, greensboro, record_of
from tests.reference.weeks import PARK, REAL, Floats, at

_YEAR, _FIRST, _DAYS = 365, 59, 14
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIRST_OF_MONTH = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
#: Quarters of the year and how they are drawn.
_SEASONS = (("Jan to Mar", slice(0, 91), "--"), ("Jul to Sep", slice(182, 273), "-"))


@cache
def _both(seed: int) -> dict[str, tuple[Record, str]]:
    """Label to a year and its colour."""
    return {"Greensboro, typical year": (greensboro(), REAL), "the park, Wuxi": (record_of(seed, _YEAR), PARK)}


def _fortnight(name: str, ylabel: str, axes: Any, seed: int, _days: int) -> None:
    for label, (record, color) in _both(seed).items():
        hours: Floats = getattr(record, name)[_FIRST * 24 : (_FIRST + _DAYS) * 24]
        axes.plot(
            at(hours, _DAYS), hours - (name == "pressure") * hours.mean(), color=color, linewidth=0.9, label=label
        )
    axes.set(ylabel=ylabel, xlim=(0, _DAYS))
    axes.set_xticks(range(0, _DAYS, 2), [f"{day + 1} March" for day in range(0, _DAYS, 2)])


def _mean_days(axes: Any, seed: int, _days: int) -> None:
    """The mean day of a cold and a warm quarter."""
    for label, (record, color) in _both(seed).items():
        by_day = record.temperature.reshape(-1, 24)
        for name, quarter, style in _SEASONS:
            axes.plot(by_day[quarter].mean(axis=0), style, color=color, label=f"{label.split(',')[0]}, {name}")
    axes.set(ylabel="Cel", xlim=(0, 23), ylim=(0, 45))
    axes.set_xticks(range(0, 24, 2), [f"{hour:02d}:00" for hour in range(0, 24, 2)])


def _rain(axes: Any, seed: int, _days: int) -> None:
    """Rain of each day of a year, and its sum."""
    rain = daily_of(seed, _YEAR).rain
    axes.bar(np.arange(len(rain)), rain, width=1.0, color="steelblue")
    axes.set(ylabel="mm a day", xlim=(0, _YEAR))
    axes.set_xticks(_FIRST_OF_MONTH, _MONTHS)
    other = axes.twinx()
    other.plot(rain.cumsum(), color="black", linewidth=1)
    other.set_ylim(0, None)
    other.set_ylabel("since January, mm", fontsize="small")


def _share(axes: Any, seed: int, *, of: Any, limits: Floats, xlabel: str) -> None:
    """Distribution of a quantity in both."""
    for label, (record, color) in _both(seed).items():
        axes.hist(of(record), limits, histtype="step", density=True, color=color, label=label)
    axes.set(xlabel=xlabel, ylabel="density", xlim=(limits[0], limits[-1]))


def _clearness(axes: Any, seed: int, _days: int) -> None:
    _share(axes, seed, of=daily_clearness, limits=np.linspace(0, 0.8, 33), xlabel="daily clearness index, 1")


def _wind(axes: Any, seed: int, _days: int) -> None:
    _share(axes, seed, of=lambda record: record.wind, limits=np.arange(0, 14, 0.5), xlabel="hourly wind, m/s")


PLOTS = {
    "Temperature, hour by hour": partial(_fortnight, "temperature", "Cel"),
    "Humidity": partial(_fortnight, "humidity", "%"),
    "Wind": partial(_fortnight, "wind", "m/s"),
    "Pressure": partial(_fortnight, "pressure", "hPa above the mean"),
    "Mean days of a cold and a warm quarter": _mean_days,
    "Rain of a year, and its sum": _rain,
    "Distribution of the days' clearness": _clearness,
    "Distribution of the wind": _wind,
}
