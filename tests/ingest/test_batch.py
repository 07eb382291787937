"""Batches close at the first of their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import Batch, BatchPolicy

seconds = st.floats(min_value=0.0, max_value=10.0)


def batch_of(count: int, *, size: int = 100, opened: float = 0.0, touched: float = 0.0) -> Batch:
    return Batch(generation=1, opened=opened, opened_ms=0, touched=touched, size=size, messages=count)


@given(count=st.integers(0, 50), size=st.integers(0, 5000), rows=st.integers(1, 50), limit=st.integers(1, 5000))
def test_full_exactly_when_rows_or_bytes_reach_their_limit(count: int, size: int, rows: int, limit: int) -> None:
    policy = BatchPolicy(rows=rows, size=limit)
    assert batch_of(count, size=size).is_full(policy) == (count >= rows or size >= limit)


policies = st.builds(BatchPolicy, linger_s=seconds, quiet_s=seconds, quiet_rows=st.integers(1, 50))


@given(policy=policies, count=st.integers(1, 50), opened=seconds, waited=seconds)
def test_due_by_linger_or_when_enough_rows_have_gone_quiet(
    policy: BatchPolicy, count: int, opened: float, waited: float
) -> None:
    due = batch_of(count, opened=opened, touched=opened + waited).due(policy)
    if count < policy.quiet_rows:
        assert due == opened + policy.linger_s
    else:
        assert due == min(opened + policy.linger_s, opened + waited + policy.quiet_s)


def test_a_policy_that_could_never_close_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        BatchPolicy(rows=0)
