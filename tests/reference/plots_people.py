"""The town's people beside those whom street counters count, through a week and over a year of days."""

from typing import Any

import numpy as np

from tests.reference.bars_people import Streets, auckland, roads_of, streets_of
from tests.reference.weeks import NAMES, PARK, REAL, Floats, at

_YEAR = 365


def plain_week(streets: Streets, after: int) -> Floats:
    """(places, 168) from Monday at 04:00, of the first plain week from some day on, over each place's year."""
    for first in range(after, len(streets.kind) - 6):
        if streets.kind[first : first + 7].tolist() == [*range(7)]:
            week = streets.people[first : first + 7].swapaxes(0, 1).reshape(streets.people.shape[1], -1)
            return np.asarray(week / streets.people.mean(axis=(0, 2))[:, None])
    raise ValueError(f"no plain week after day {after}")


def _week(axes: Any, seed: int, _days: int) -> None:
    """The median place, and the middle four fifths of places."""
    for label, week, color in (
        ("21 streets of Auckland, March 2024", plain_week(auckland(), 50), REAL),
        ("the park's sites: people who are out", plain_week(streets_of(seed, _YEAR), 60), PARK),
    ):
        low, middle, high = np.quantile(week, [0.1, 0.5, 0.9], axis=0)
        axes.fill_between(at(middle), low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(at(middle), middle, color=color, linewidth=1.0, label=label)
    axes.set(ylabel="of a place's mean", xlim=(0, 7), ylim=(0, 5))
    axes.set_xticks(range(7), [f"{name} 04:00" for name in NAMES])


def _rhythm(axes: Any, seed: int, _days: int) -> None:
    """Roads and streets of the mean workday and rest day."""
    for name, sample, color in (("roads", roads_of, "tab:blue"), ("out", streets_of, PARK)):
        streets = sample(seed, _YEAR)
        for workday, style in ((True, "-"), (False, "--")):
            mean = np.roll(streets.people[streets.workday == workday].mean(axis=(0, 1)), 4)
            label = f"{name}, {'workdays' if workday else 'rest days'}"
            axes.plot(mean / streets.people.mean(), style, color=color, label=label)
    axes.set(ylabel="of the mean", xlim=(0, 23), ylim=(0, None))
    axes.set_xticks(range(0, 24, 2), [f"{hour:02d}:00" for hour in range(0, 24, 2)])


def _sizes(axes: Any, seed: int, _days: int) -> None:
    """Days' totals over what is usual for the weekday."""
    edges = np.linspace(-0.5, 0.5, 41)
    for label, streets, color in (("Auckland", auckland(), REAL), ("the park", streets_of(seed, _YEAR), PARK)):
        logs = np.log(streets.people.sum(axis=2))
        for one in np.unique(streets.kind):
            logs[streets.kind == one] -= np.median(logs[streets.kind == one], axis=0)
        axes.hist(logs.ravel(), edges, histtype="step", density=True, color=color, label=label)
    axes.set(xlabel="logarithm of a day's people over the weekday's median", ylabel="density", xlim=(-0.5, 0.5))


PLOTS = {
    "A week of streets, beside real ones": _week,
    "The town's rhythm": _rhythm,
    "How much days differ": _sizes,
}
