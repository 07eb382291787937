"""From points to one number a series and evaluation, against a plain loop over each window."""

import math
import statistics
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.alerting.reduce import ticks, values, window
from dashboards.sources.base import Curve, Value
from park.alert import Alert, Reduce
from park.panel import Aggregate
from tests.dashboards.alerting.made import MINUTE, alert

PLAIN: dict[Reduce, Callable[[list[float]], float]] = {
    Reduce.LAST: lambda points: points[-1],
    Reduce.MEAN: statistics.fmean,
    Reduce.MIN: min,
    Reduce.MAX: max,
    Reduce.SUM: math.fsum,
    Reduce.COUNT: lambda points: float(len(points)),
    Reduce.RISE: lambda points: points[-1] - min(points),
}
NOW = 1_000 * MINUTE


def test_evaluations_fall_on_whole_intervals() -> None:
    found = ticks(alert(every_s=300), 10 * MINUTE, 21 * MINUTE)
    assert found.tolist() == [15 * MINUTE, 20 * MINUTE]


def test_what_is_asked_reaches_back_from_the_first_evaluation() -> None:
    rule = alert(every_s=300, over_s=900)
    asked = window(rule, np.array([30 * MINUTE, 35 * MINUTE]))
    assert (asked.start, asked.until, asked.interval) == (15 * MINUTE, 35 * MINUTE, 5 * MINUTE)


def _answer(rule: Alert, at: np.ndarray[tuple[int], np.dtype[np.int64]], points: list[Value | None]) -> Curve:
    start = window(rule, at).start
    there = [(start + slot * MINUTE, one) for slot, one in enumerate(points) if one is not None]
    return Curve(
        field="level", tags={"device": "a"}, times=[time for time, _ in there], values=[one for _, one in there]
    )


@settings(max_examples=200, deadline=None)
@given(
    reduce=st.sampled_from(Reduce),
    length=st.integers(1, 5),
    counts=st.booleans(),
    points=st.lists(st.none() | st.integers(1, 9), min_size=10, max_size=10),
)
def test_as_a_loop_over_each_window(reduce: Reduce, length: int, counts: bool, points: list[int | None]) -> None:
    aggregate = Aggregate.COUNT if counts else Aggregate.MEAN
    rule = alert(reduce=reduce, over_s=60 * length, aggregate=aggregate)
    count = 10 - length + 1
    at = NOW + np.arange(count) * MINUTE
    labels, found = values(rule, at, [_answer(rule, at, list(points))])
    assert labels == ({"device": "a"},)
    for column in range(count):
        seen = points[column : column + length]
        there = [float(one) for one in seen if one is not None]
        if counts and there:
            there = [float(one or 0) for one in seen]
        expected = PLAIN[reduce](there) if there else math.nan
        assert found[0, column] == pytest.approx(expected, nan_ok=True)


def test_a_state_counts_only_while_it_is_the_newest() -> None:
    rule = alert(above=None, states=("bad", "worse"), over_s=120)
    at = NOW + np.arange(4) * MINUTE
    _, found = values(rule, at, [_answer(rule, at, ["good", "bad", None, "worse", "good"])])
    assert found[0].tolist() == pytest.approx([1.0, 1.0, 1.0, math.nan], nan_ok=True)


def test_a_boolean_is_a_state() -> None:
    rule = alert(above=None, states=("true",), over_s=60)
    at = NOW + np.arange(3) * MINUTE
    _, found = values(rule, at, [_answer(rule, at, [True, False, True])])
    assert found[0].tolist() == pytest.approx([1.0, math.nan, 1.0], nan_ok=True)


def test_nothing_is_no_series() -> None:
    rule = alert()
    labels, found = values(rule, np.array([NOW]), [])
    assert labels == ()
    assert found.shape == (0, 1)
