"""Buses through the day and by day, and a car park's week and nights."""

from typing import Any

import numpy as np

from tests.reference.transport_season import Season, season
from tests.reference.weeks import NAMES, PARK, PUBLISHED, at

_DAY = 1440
_ON_TIME_MIN = (-1.0, 5.0)
_HOURS = 24
#: Kinds of days from which on people do not work; holidays are 7, made-up workdays 8.
_REST = (5, 6, 7)


def _seen(seed: int, days: int) -> Season:
    return season(seed, max(days, 60))


def _delays(axes: Any, seed: int, days: int) -> None:
    """Between which four fifths of the buses are, hour by hour."""
    delay = _seen(seed, days).lines.delay / 60
    hours = delay.reshape(*delay.shape[:-1], _HOURS, -1)
    low, middle, high = (
        np.array([_quantile(hours[..., hour, :], q) for hour in range(_HOURS)]) for q in (0.1, 0.5, 0.9)
    )
    place = 4.5 + np.arange(_HOURS)
    axes.axhspan(*_ON_TIME_MIN, color=PUBLISHED, alpha=0.15, label="on time (TCRP 165)")
    axes.fill_between(place, low, high, color=PARK, alpha=0.25, linewidth=0, label="four fifths of the buses")
    axes.plot(place, middle, color=PARK, label="the middle one")
    axes.set(ylabel="delay, min", xlim=(4, 28), ylim=(-3, 8))
    axes.set_xticks(range(4, 29, 2), [f"{hour % 24:02d}:00" for hour in range(4, 29, 2)])


def _quantile(delay: Any, q: float) -> float:
    known = delay[np.isfinite(delay)]
    return float(np.quantile(known, q)) if known.size else float("nan")


def _kilometres(axes: Any, seed: int, days: int) -> None:
    """What buses drive in a day."""
    seen = _seen(seed, days)
    rest = np.isin(seen.minutely.kind, _REST)
    edges = np.arange(0, 321, 8)
    for label, which, color in (("workdays", ~rest, "tab:blue"), ("rest days", rest, PARK)):
        km = seen.lines.km[..., which].ravel()
        axes.hist(km, edges, histtype="step", linewidth=1.4, density=True, color=color, label=label)
    axes.set(xlabel="km a day of a bus", ylabel="density, /km", xlim=(0, 320))


def _headways(axes: Any, seed: int, days: int) -> None:
    """Gaps at one stop of each line on the way back, over the day's mean, and how far they spread."""
    gaps = np.concatenate([gap / gap.mean() for gap in _seen(seed, days).lines.headways if len(gap) > 1])
    edges = np.arange(0, 3.05, 0.1)
    axes.hist(gaps, edges, color=PARK, density=True, label=f"the park: they spread by {gaps.std():.2f} of the mean")
    axes.plot(edges, np.exp(-edges), color=PUBLISHED, label="buses by chance: by 1")
    axes.set(xlabel="gap between buses, of the day's mean", ylabel="density", xlim=(0, 3))


def _lot(axes: Any, seed: int, days: int) -> None:
    """A week of two car parks, by minutes, from a Monday on."""
    seen = _seen(seed, days)
    first = int(np.flatnonzero(seen.minutely.kind[:-6] == 0)[-1])
    for row, color in ((0, PARK), (1, "tab:blue")):
        share = seen.gates.occupied[row, first * _DAY : (first + 7) * _DAY] / seen.gates.spaces[row, 0]
        axes.plot(at(share), share, color=color, linewidth=0.9, label=f"car park {row + 1}")
    axes.set(ylabel="share of spaces taken", xlim=(0, 7), ylim=(0, 1))
    axes.set_xticks(range(7), [f"{name} 04:00" for name in NAMES])


def _nights(axes: Any, seed: int, days: int) -> None:
    """Cars that stand there at 04:00."""
    occupied = _seen(seed, days).gates.occupied
    for row, color in ((0, PARK), (1, "tab:blue")):
        night = occupied[row, ::_DAY]
        axes.plot(night, "o-", color=color, markersize=3, linewidth=0.6, label=f"car park {row + 1}")
    axes.set(xlabel="day", ylabel="cars at 04:00", ylim=(0, None))


PLOTS = {
    "How late buses are through the day": _delays,
    "What buses drive in a day": _kilometres,
    "Gaps between buses": _headways,
    "Two car parks through a week": _lot,
    "The same on every night": _nights,
}
