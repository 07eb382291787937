"""Air quality index by HJ 633-2026, in whole numbers throughout.

Concentrations are rounded to whole ug/m3 (CO to 0.1 mg/m3) first, by GB/T 8170: half to even. An individual index is
rounded up, the index is the largest, and a primary pollutant is named above 50. In floating point the ceiling of a
whole result is sometimes one too many (55 becomes 56 at CO 2.2 mg/m3), so no division of floats is made.

References:
    HJ 633-2026, Technical regulation on ambient air quality index, table 3.
"""

from collections.abc import Mapping

import numpy as np

from park.model import Floats, Ints

INDEX = (0, 50, 100, 150, 200, 300, 400, 500)
PRIMARY_ABOVE = 50

#: Upper ends of the index's steps, ug/m3, CO in tenths of mg/m3. A shorter row says that the index stays above it.
_PM25 = (0, 35, 60, 115, 150, 250, 350, 500)
_PM10 = (0, 50, 120, 250, 350, 420, 500, 600)
DAILY: Mapping[str, tuple[int, ...]] = {
    "pm25": _PM25,
    "pm10": _PM10,
    "so2": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "no2": (0, 40, 80, 180, 280, 565, 750, 940),
    "o3": (0, 100, 160, 215, 265, 800),  # the day's highest mean of eight hours
    "co": (0, 20, 40, 140, 240, 360, 480, 600),
}
HOURLY: Mapping[str, tuple[int, ...]] = {
    "pm25": _PM25,  # of the hour, on the day's steps
    "pm10": _PM10,
    "so2": (0, 150, 500, 650, 800),
    "no2": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "o3": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "co": (0, 50, 100, 350, 600, 900, 1200, 1500),
}


def whole(pollutant: str, concentration: Floats) -> Ints:
    """Rounded as the rule asks: ug/m3, or tenths of mg/m3 of CO; never below zero.

    Args:
        pollutant: a key of the tables.
        concentration: ug/m3, or mg/m3 of CO.
    """
    scaled = concentration * 10 if pollutant == "co" else concentration
    return np.maximum(np.rint(scaled), 0).astype(np.int64)


def individual(concentration: Ints, steps: tuple[int, ...]) -> Ints:
    """Individual index of rounded concentrations, rounded up; above a table's end it stays."""
    ends, index = np.array(steps), np.array(INDEX[: len(steps)])
    held = np.clip(concentration, 0, ends[-1])
    above = np.clip(np.searchsorted(ends, held), 1, len(steps) - 1)
    below = above - 1
    rise = (index[above] - index[below]) * (held - ends[below])
    return np.asarray(index[below] - (-rise // (ends[above] - ends[below])))


def index_of(concentrations: Mapping[str, Floats], tables: Mapping[str, tuple[int, ...]]) -> tuple[Ints, Ints]:
    """The index, and which pollutant leads: its place among `tables` plus one, 0 where the index is 50 or less.

    Args:
        concentrations: of every pollutant of the tables: ug/m3, CO in mg/m3.
        tables: `HOURLY` or `DAILY`.
    """
    parts = np.stack([individual(whole(name, concentrations[name]), steps) for name, steps in tables.items()])
    index = parts.max(axis=0)
    return index, np.where(index > PRIMARY_ABOVE, parts.argmax(axis=0) + 1, 0)


def level(index: Ints) -> Ints:
    """0 excellent to 5 severe: the steps end at 50, 100, 150, 200 and 300."""
    return np.searchsorted(np.array((50, 100, 150, 200, 300)), index).astype(np.int64)
