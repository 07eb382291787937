"""A square: its day, its week, and an evening when it is full."""

from typing import Any

import numpy as np

from park.grid import STEPS
from park.model import Floats
from sectors.public_safety.catalogue import ZONE_CAMERA
from sectors.public_safety.crowd import FRUIN_M2, speed
from tests.reference.bars_people import auckland
from tests.reference.plots_people import plain_week
from tests.reference.public_safety_season import Season, season
from tests.reference.walk import Walked, walk
from tests.reference.weeks import PARK, REAL
from tests.reference.weeks import at as at_days

#: The days of the week that is shown: from a Monday in March.
_FIRST_MONDAY = 55
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _week_of(seed: int, days: int) -> tuple[Season, slice]:
    """The season, and seven days of it from its last Monday on that has a whole week after it."""
    data = season(seed, max(days, 60))
    first = int(np.flatnonzero(data.kind[:-6] == 0)[-1])
    return data, slice(first, first + 7)


def _legend(axes: Any, ylabel: str) -> None:
    axes.set_ylabel(ylabel)
    axes.legend(fontsize="small", loc="upper left", ncols=4)


def _week(axes: Any, seed: int, days: int) -> None:
    data, week = _week_of(seed, days)
    at = np.arange(7 * STEPS) / STEPS
    axes.plot(at, data.inside[0, week].reshape(-1), linewidth=1.6, label="inside: entered less left")
    seen = data.count[0, :, week].sum(axis=0).reshape(-1)
    axes.plot(at, seen, linewidth=0.5, label="seen by the cameras")
    axes.set(xlim=(0, 7), ylim=(0, None))
    axes.set_xticks(range(7), [f"{name} 04:00" for name in _NAMES])
    _legend(axes, "people")
    other = axes.twinx()
    other.fill_between(np.arange(7 * 24) / 24, data.wet[0, week].reshape(-1), color="steelblue", alpha=0.3, linewidth=0)
    other.set_ylim(0, 1)
    other.set_ylabel("how wet", color="steelblue", fontsize="small")


def _day(axes: Any, seed: int, days: int) -> None:
    data, _ = _week_of(seed, days)
    hours = np.arange(24)
    for name, which in (("working days", data.kind < 5), ("weekends", np.isin(data.kind, (5, 6)))):
        for square in range(2):
            mean = data.hourly[square, which].mean(axis=0)
            style = "-" if square == 0 else "--"
            axes.plot(4.5 + hours, mean, style, linewidth=1, label=f"square {square + 1}, {name}")
    axes.set(xlim=(4, 28), ylim=(0, 1.25 * axes.get_ylim()[1]))
    axes.set_xticks(range(4, 29, 2), [f"{hour % 24:02d}" for hour in range(4, 29, 2)])
    _legend(axes, "people in, an hour")


def _beside(axes: Any, seed: int, days: int) -> None:
    """Squares and streets through a week, each over its own mean."""
    data, week = _week_of(seed, days)
    real = plain_week(auckland(), 50)
    for label, weeks, color in (
        ("21 streets of Auckland, March 2024", real, REAL),
        ("squares of the park: people who enter", data.hourly[:, week].reshape(len(data.hourly), -1), PARK),
    ):
        low, middle, high = np.quantile(weeks / weeks.mean(axis=1, keepdims=True), [0.1, 0.5, 0.9], axis=0)
        axes.fill_between(at_days(middle), low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(at_days(middle), middle, color=color, linewidth=1.0, label=label)
    axes.set(xlim=(0, 7), ylim=(0, 4))
    axes.set_xticks(range(7), [f"{name} 04:00" for name in _NAMES])
    _legend(axes, "of a place's mean")


def _gathering(seed: int) -> tuple[Walked, int] | None:
    """A day on which one of some squares is full in the evening, and which."""
    for day in walk("public-safety", seed, 30, 8, first=_FIRST_MONDAY):
        held = np.flatnonzero(day.state.gatherings.people)
        if len(held):
            return day, int(held[0])
    return None


def _evening(axes: Any, seed: int, days: int) -> None:  # it is one evening
    found = _gathering(seed)
    if found is None:
        return
    day, square = found
    density = day.observe(ZONE_CAMERA.name, 300.0)["crowd_density"][square]
    at = 4 + np.arange(STEPS) / 12
    for zone, values in enumerate(density):
        axes.plot(at, values, linewidth=0.9, label=f"zone {zone + 1}")
    for level, m2 in zip("BCDEF", FRUIN_M2, strict=True):
        axes.axhline(1 / m2, color="gray", linewidth=0.5, linestyle=":")
        axes.text(27.9, 1 / m2, level, fontsize="small", va="bottom", ha="right")
    axes.set(xlim=(14, 28), ylim=(0, None))
    axes.set_xticks(range(14, 29, 2), [f"{hour % 24:02d}" for hour in range(14, 29, 2)])
    _legend(axes, "people a m2")


def _flow(axes: Any, seed: int, days: int) -> None:
    data, _ = _week_of(seed, days)
    moving = np.isfinite(data.walk) & (data.density > 0)
    density, walked = data.density[moving], data.walk[moving]
    some = np.random.default_rng(1).permutation(len(density))[:8000]
    some = np.concatenate([some, np.flatnonzero(density > 1.0)])
    axes.plot(density[some], walked[some] * density[some], ".", markersize=1.5, alpha=0.5, label="readings")
    line: Floats = np.linspace(0.01, max(4.0, float(density.max())), 200)
    axes.plot(line, line * speed(line), color="black", linewidth=0.8, label="Weidmann 1993")
    axes.set_xlabel("people a m2")
    _legend(axes, "flow, /(m s)")


PLOTS = {
    "A week of a square, its cameras, and the rain": _week,
    "Squares through a week, beside real streets": _beside,
    "A square's day": _day,
    "An evening when people gather, and Fruin's levels": _evening,
    "Flow over density": _flow,
}
