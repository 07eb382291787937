"""The latency histogram agrees with exact percentiles."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.latency import BOUNDS_MS, Latencies

latencies = st.lists(st.floats(0.01, 1e7), min_size=1, max_size=300)


def of(values: list[float]) -> Latencies:
    made = Latencies()
    for value in values:
        made.add(value)
    return made


@given(latencies, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_within_three_per_cent(values: list[float], share: float) -> None:
    exact = float(np.quantile(values, share, method="inverted_cdf"))
    found = of(values).percentile(share)
    assert found is not None
    assert abs(found / exact - 1) < 0.03
    assert found <= max(values)


@given(latencies)
def test_every_latency_is_counted_below_its_bound(values: list[float]) -> None:
    counts = np.cumsum(of(values).counts)
    for bound, count in zip(BOUNDS_MS[::24], counts[::24], strict=True):
        assert sum(value < bound * (1 - 1e-9) for value in values) <= count
        assert count <= sum(value < bound * (1 + 1e-9) for value in values)


@given(latencies, latencies)
def test_merging_is_adding_also_from_another_process(one: list[float], other: list[float]) -> None:
    both, left = of(one + other), of(one)
    left.merge(pickle.loads(pickle.dumps(of(other).state())))
    assert left.counts == both.counts
    assert left.total_ms == pytest.approx(math.fsum(one + other))
    assert left.summary() == both.summary()
    assert both.summary()["max"] == round(max(one + other), 3)
    assert len(both) == len(one) + len(other)


def test_nothing_counted_is_null() -> None:
    cleared = of([1.0, 2.0])
    cleared.clear()
    for empty in (Latencies(), of([]), cleared):
        assert empty.summary() == {"p50": None, "p95": None, "p99": None, "max": None}
        assert (len(empty), empty.total_ms) == (0, 0.0)


def test_clocks_that_disagree_give_no_negative_latency() -> None:
    odd = of([-500.0, 4.0])
    assert (len(odd), odd.total_ms) == (2, 4.0)
    median = odd.percentile(0.5)
    assert median is not None
    assert 0 < median < 0.02
