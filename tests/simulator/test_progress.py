"""Counting many latencies at once is counting each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.latency import BOUNDS_MS, Latencies
from simulator.progress import count_all

values = st.lists(st.floats(-1e3, 1e9) | st.sampled_from(BOUNDS_MS), max_size=200)


@given(values, values)
def test_many_at_once_are_counted_like_each(first: list[float], second: list[float]) -> None:
    bulk, single = Latencies(), Latencies()
    for part in (first, second):
        count_all(bulk, np.array(part))
        for value in part:
            single.add(value)
    assert bulk.counts == single.counts
    assert bulk.max_ms == single.max_ms
    assert bulk.total_ms == pytest.approx(single.total_ms)
