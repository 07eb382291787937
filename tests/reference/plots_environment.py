"""A week of the first district: what drives the air and the waters, and what the stations say of it."""

from functools import cache
from typing import Any

import numpy as np

from park.model import Floats
from tests.reference.environment_samples import Seen, seen
from tests.reference.weeks import PARK, PUBLISHED

_YEAR = 365
_DAYS = np.arange(7 * 24) / 24


class _Week:
    """The summer week with most rain on three days of it at most: storms between hot days."""

    def __init__(self, seed: int, days: int) -> None:
        self.data: Seen = seen(seed, max(days, _YEAR))
        rain = self.data.sky["precipitation"][0].sum(axis=-1)
        fallen = np.convolve(rain, np.ones(7), mode="valid")
        wet = np.convolve(rain > 1.0, np.ones(7), mode="valid")
        self.first = 150 + int(np.where(wet <= 3, fallen, 0.0)[150:240].argmax())

    def __call__(self, series: Floats) -> Floats:
        """Its days of (days, ...) as one line."""
        return np.asarray(series[self.first : self.first + 7].reshape(-1))


_week = cache(_Week)


def _beside(axes: Any, values: Floats, label: str, color: str, *, fill: bool = False) -> None:
    """On an axis of its own at the right."""
    other = axes.twinx()
    at = np.arange(len(values)) * 7 / len(values)
    if fill:
        other.fill_between(at, values, color=color, alpha=0.3, linewidth=0)
        other.set_ylim(0, None)
    else:
        other.plot(at, values, color=color, linewidth=0.9, linestyle="--")
    other.set_ylabel(label, color=color, fontsize="small")
    other.spines["top"].set_visible(False)


def _legend(axes: Any, ylabel: str) -> None:
    axes.set(ylabel=ylabel, xlim=(0, 7))
    axes.set_xticks(range(8))
    axes.legend(fontsize="small", loc="upper left", ncols=4)


def _particles(axes: Any, seed: int, days: int) -> None:
    week = _week(seed, days)
    data = week.data
    for name, label in (("pm10", "PM10"), ("pm25", "PM2.5")):
        axes.plot(_DAYS, week(data.air[name][0, 1]), label=label)
    axes.plot(_DAYS, week(data.sensor["pm25"][0, 1]), linewidth=0.8, color="gray", label="raw sensor beside it")
    axes.set_ylim(0, None)
    _legend(axes, "ug/m3")
    _beside(axes, week(data.sky["precipitation"][0]), "rain, mm/h", "steelblue", fill=True)


def _gases(axes: Any, seed: int, days: int) -> None:
    week = _week(seed, days)
    data = week.data
    axes.plot(_DAYS, week(data.air["no2"][0, 0]), label="NO2 at the kerb")
    axes.plot(_DAYS, week(data.air["no2"][0, 1]), label="NO2 behind")
    axes.plot(_DAYS, week(data.air["o3"][0, 1]), label="O3 behind")
    axes.set_ylim(0, None)
    _legend(axes, "ug/m3")
    _beside(axes, week(data.sky["road_demand"][0]), "roads' demand", "dimgray", fill=True)


def _noise(axes: Any, seed: int, days: int) -> None:
    week = _week(seed, days)
    data = week.data
    at = np.arange(7 * 144) / 144
    for name, label in (("l_10", "L10"), ("l_aeq", "LAeq"), ("l_90", "L90")):
        axes.plot(at, week(data.noise[name][0, 0]), label=label, linewidth=0.8)
    _legend(axes, "dB(A) at the road")


def _bay(axes: Any, seed: int, days: int) -> None:
    week = _week(seed, days)
    data = week.data
    axes.plot(_DAYS, week(data.water["dissolved_oxygen"][0, 0]), label="oxygen, mg/L")
    axes.plot(_DAYS, week(data.water["chlorophyll_a"][0, 0]) / 10, label="chlorophyll a, 10 ug/L")
    axes.plot(_DAYS, week(data.water["turbidity"][0, 0]) / 10, label="turbidity, 10 NTU")
    axes.set_ylim(0, None)
    _legend(axes, "the bay")
    _beside(axes, week(data.sky["wind_speed"][0]), "wind, m/s", "dimgray")


def _river(axes: Any, seed: int, days: int) -> None:
    week = _week(seed, days)
    data = week.data
    axes.plot(_DAYS, week(data.water["turbidity"][0, 1]) / 10, label="turbidity, 10 NTU")
    axes.plot(_DAYS, week(data.water["conductivity"][0, 1]) / 20, label="conductivity, 20 uS/cm")
    axes.set_ylim(0, None)
    _legend(axes, "the river")
    _beside(axes, week(data.water["water_level"][0, 1]), "level, m", "steelblue")


def _stack(axes: Any, seed: int, days: int) -> None:
    week = _week(seed, days)
    data = week.data
    at = np.arange(7 * 144) / 144
    axes.plot(at, week(data.stack["flue_nox_reference"][0, 0]), label="NOx at 11 % oxygen, mg/m3", linewidth=0.8)
    axes.axhline(300, color="firebrick", linewidth=0.8)
    axes.set_ylim(0, None)
    axes.set_xlabel(f"days from day {week.first} of the town, 04:00")
    _legend(axes, "the stack")
    _beside(axes, week(data.stack["load"][0, 0]), "load, %", "dimgray", fill=True)


def _rush(axes: Any, seed: int, days: int) -> None:
    """Mean workday and rest day of NO2 over its noon, and where British roadside stations' rush hours lie."""
    data = _week(seed, days).data
    no2 = np.nan_to_num(data.air["no2"][:, 0])
    noon = no2[:, data.workday][..., 8:11].mean()
    for label, which, style in (("workdays", data.workday, "-"), ("rest days", ~data.workday, "--")):
        mean = no2[:, which].mean(axis=(0, 1)) / noon
        axes.step(4 + np.arange(25), np.append(mean, mean[0]), style, where="post", color=PARK, label=label)
    for first, last, low, high, label in (
        (7, 9, 1.25, 1.9, "roadside stations' rush hours (aqeval, widened)"),
        (18, 21, 1.2, 1.95, ""),
    ):
        axes.fill_between([first, last], low, high, color=PUBLISHED, alpha=0.25, linewidth=0, label=label)
    axes.set(ylabel="of noon's", xlim=(4, 28), ylim=(0, 2.6))
    axes.set_xticks(range(4, 29, 2), [f"{hour % 24:02d}:00" for hour in range(4, 29, 2)])
    axes.legend(fontsize="small", loc="upper left", ncols=3)


PLOTS = {
    "Particles, and rain": _particles,
    "Nitrogen dioxide and ozone, and the roads": _gases,
    "Nitrogen dioxide at the kerb through the mean day": _rush,
    "Noise": _noise,
    "The bay, and wind": _bay,
    "The river, and its level": _river,
    "A stack, and its load": _stack,
}
