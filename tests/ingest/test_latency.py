"""Histograms against numpy's own quantiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.latency import Histogram

latencies = st.lists(st.floats(min_value=0.0, max_value=1e8), min_size=1, max_size=200)


@given(latencies, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_quantiles_are_within_a_bucket(values: list[float], q: float) -> None:
    histogram = Histogram()
    histogram.add(np.array(values))
    exact = float(np.quantile(values, q, method="inverted_cdf"))
    found = histogram.quantile(q)
    assert found is not None
    assert exact <= found * (1 + 1e-9) + 1e-9
    assert found + 1 <= (exact + 1) * 2 ** (1 / 16) * (1 + 1e-9)


@given(latencies, latencies)
def test_merging_is_adding(one: list[float], other: list[float]) -> None:
    both, left, right = Histogram(), Histogram(), Histogram()
    both.add(np.array(one + other))
    left.add(np.array(one))
    right.add(np.array(other))
    left.merge(right)
    assert (left.counts == both.counts).all()
    assert left.total_ms == pytest.approx(both.total_ms)
    assert left.max_ms == both.max_ms


def test_nothing_counted_is_no_number() -> None:
    histogram = Histogram()
    histogram.add(np.array([]))
    assert histogram.quantile(0.5) is None
