"""From the points of a rule's answer to one number for each series and moment of evaluation."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dashboards.sources.base import Curve, Value, Window
from park.alert import Alert, Reduce
from park.arrays import Floats, Ints


def ticks(alert: Alert, since: int, until: int) -> Ints:
    """The moments of evaluation with since < tick <= until, ms: whole multiples of the rule's interval."""
    every = alert.every_s * 1000
    return np.arange(since // every + 1, until // every + 1, dtype=np.int64) * every


def window(alert: Alert, at: Ints) -> Window:
    """What has to be asked for these moments, at least one."""
    return Window(start=int(at[0]) - alert.over_s * 1000, until=int(at[-1]), interval=alert.every_s * 1000)


def values(alert: Alert, at: Ints, answer: Sequence[Curve]) -> tuple[tuple[Mapping[str, str], ...], Floats]:
    """The labels of N series, and (N, T) what each comes to at T moments; NaN where it has no point to judge.

    Args:
        alert: the rule, whose `over_s` is whole intervals.
        at: (T,) moments, ms, one interval apart.
        answer: the points in `window(alert, at)`.
    """
    asked = window(alert, at)
    labels: dict[tuple[tuple[str, str], ...], int] = {}
    for curve in answer:
        labels.setdefault(tuple(sorted(curve.tags.items())), len(labels))
    points = np.full((len(labels), (asked.until - asked.start) // asked.interval), np.nan)
    for curve in answer:
        row = points[labels[tuple(sorted(curve.tags.items()))]]
        slots = (np.asarray(curve.times, dtype=np.int64) - asked.start) // asked.interval
        inside = (slots >= 0) & (slots < len(row))
        row[slots[inside]] = np.array([_number(alert, value) for value in curve.values])[inside]
    length = alert.over_s // alert.every_s
    found = _REDUCERS[alert.reduce](np.nan_to_num(points) if alert.counts else points, length, len(at))
    if alert.counts:  # as InfluxQL's fill(0): zeros for a series that has any point in the time looked at
        found = np.where(np.isnan(_last(points, length, len(at))), np.nan, found)
    if alert.states:  # Grafana's question finds those alone whose newest state it is
        found = np.where(found > 0, found, np.nan)
    return tuple(dict(one) for one in labels), found


def _number(alert: Alert, value: Value) -> float:
    """A reading as a number; of a state 1 if it is one of the rule's, else 0."""
    if not alert.states:
        return float(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return float(text in alert.states)


def _last(points: Floats, length: int, count: int) -> Floats:
    slots = np.where(np.isnan(points), -1, np.arange(points.shape[1]))
    newest = np.maximum.accumulate(slots, axis=1)[:, length - 1 :]
    within = newest >= np.arange(count)
    return np.where(within, np.take_along_axis(points, np.maximum(newest, 0), axis=1), np.nan)


def _folded(fold: Callable[[Floats, Floats], Floats], nothing: float) -> Callable[[Floats, int, int], Floats]:
    """Folds the points of each window, those that are not there left out."""

    def reduced(points: Floats, length: int, count: int) -> Floats:
        there = ~np.isnan(points)
        filled = np.where(there, points, nothing)
        found, some = np.full((len(points), count), nothing), np.zeros((len(points), count), dtype=np.bool_)
        for first in range(length):
            found = fold(found, filled[:, first : first + count])
            some |= there[:, first : first + count]
        return np.where(some, found, np.nan)

    return reduced


_SUM = _folded(np.add, 0.0)


def _count(points: Floats, length: int, count: int) -> Floats:
    return _SUM(np.where(np.isnan(points), np.nan, 1.0), length, count)


def _mean(points: Floats, length: int, count: int) -> Floats:
    return np.asarray(_SUM(points, length, count) / _count(points, length, count))


_LEAST = _folded(np.minimum, np.inf)


def _rise(points: Floats, length: int, count: int) -> Floats:
    return np.asarray(_last(points, length, count) - _LEAST(points, length, count))


_REDUCERS: Mapping[Reduce, Callable[[Floats, int, int], Floats]] = {
    Reduce.LAST: _last,
    Reduce.MEAN: _mean,
    Reduce.MIN: _LEAST,
    Reduce.MAX: _folded(np.maximum, -np.inf),
    Reduce.SUM: _SUM,
    Reduce.COUNT: _count,
    Reduce.RISE: _rise,
}
