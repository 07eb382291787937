"""Evaporation beside a real year's, soil by depth under its rain, and stations that stand near one another."""

from typing import Any

import numpy as np

from tests.reference.bars_agriculture import air_in, air_of, daily_et0, ground_of
from tests.reference.bars_farm import depths_of, neighbours_of
from tests.reference.records import greensboro
from tests.reference.weeks import PARK, REAL

_YEAR, _SEASON = 365, 210
_PER_DAY = 48
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIRST_OF_MONTH = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])


def _evaporation(axes: Any, seed: int, _days: int) -> None:
    """Daily reference evapotranspiration through a year."""
    real = air_in(greensboro(), latitude=36.1, elevation_m=273.0)
    for label, air, color in (
        ("Greensboro, typical year", real, REAL),
        ("the park, Wuxi", air_of(seed, _YEAR), PARK),
    ):
        axes.plot(daily_et0(air), linewidth=0.8, color=color, label=label)
    _months(axes, "ET0, mm a day")


def _field(axes: Any, seed: int, _days: int) -> None:
    """Moisture at the probes of one field, and the rain on it."""
    ground = ground_of(seed, _SEASON)
    time = np.arange(ground.moisture.shape[1]) / _PER_DAY
    for probe, moisture in enumerate(ground.moisture[:6]):
        axes.plot(time, moisture, linewidth=0.7, label=f"probe {probe + 1}")
    axes.set_ylim(0, 0.5)
    _months(axes, "soil, m3/m3", until=_SEASON)
    rain = np.diff(ground.rain[0][::_PER_DAY])
    other = axes.twinx()
    other.bar(np.arange(len(rain)) + 0.5, rain, width=1.0, color="steelblue", alpha=0.4)
    other.set_ylim(0, 2.5 * rain.max())
    other.set_ylabel("rain, mm a day", color="steelblue", fontsize="small")


def _depths(axes: Any, seed: int, _days: int) -> None:
    """The shallowest and the deepest probe of some zones, from 31 January on."""
    soil = depths_of(seed, _YEAR)
    time = 30 + np.arange(soil.shallow.shape[1]) / 24
    for zone, color in ((0, "tab:blue"), (1, "tab:orange")):
        axes.plot(time, soil.shallow[zone], color=color, linewidth=0.6, label=f"zone {zone + 1}, shallow")
        axes.plot(time, soil.deep[zone], color=color, linewidth=1.6, label=f"zone {zone + 1}, deep")
    _months(axes, "soil, m3/m3")


def _stations(axes: Any, seed: int, _days: int) -> None:
    """Three stations on some days, every sixth of a summer."""
    three = neighbours_of(seed, _YEAR).temperature
    first = 30 * 144
    for row, label, style in ((0, "a station", "-"), (1, "another of its site", "-"), (2, "one of another site", "--")):
        # The days are not neighbours: no line joins them.
        days = three[row, first : first + 4 * 144].reshape(4, 144)
        line = np.concatenate([days, np.full((4, 1), np.nan)], axis=1)
        place = np.arange(4)[:, None] + np.append(np.arange(144), 143) / 144
        axes.plot(place.ravel(), line.ravel(), style, linewidth=0.8, label=label)
    axes.set(ylabel="Cel", xlim=(0, 4), xlabel="four days of summer, six apart, each from 04:00")
    axes.set_xticks(range(5))


def _months(axes: Any, ylabel: str, *, until: int = _YEAR) -> None:
    shown = until > _FIRST_OF_MONTH
    axes.set(ylabel=ylabel, xlim=(0, until))
    axes.set_xticks(_FIRST_OF_MONTH[shown], _MONTHS[: int(shown.sum())])


PLOTS = {
    "Reference evapotranspiration, beside a real year's": _evaporation,
    "Soil moisture of a field, and its rain": _field,
    "Soil near the surface and at depth": _depths,
    "Stations of a site are near, not one": _stations,
}
