"""The latency histogram agrees with exact percentiles."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from park.latency import Latencies


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=300))
def test_percentiles_are_within_three_per_cent(values: list[float]) -> None:
    together, one_by_one = Latencies(), Latencies()
    together.add(np.array(values))
    for value in values:
        one_by_one.add_one(value)
    assert together.summary() == one_by_one.summary()
    for share in (0.5, 0.95, 0.99):
        exact = np.sort(values)[max(0, int(np.ceil(share * len(values))) - 1)]
        found = together.percentile(share)
        assert found is not None
        assert abs(found / exact - 1) < 0.03
    assert together.summary()["max"] == round(max(values), 3)


def test_nothing_counted_is_null_and_merging_adds() -> None:
    assert Latencies().summary() == {"p50": None, "p95": None, "p99": None, "max": None}
    a, b = Latencies(), Latencies()
    a.add_one(1.0)
    b.add_one(100.0)
    a.merge(b.state())
    assert len(a) == 2
    assert a.summary()["max"] == 100.0
