"""Packet ids are never given twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink.window import PacketIds


@given(
    limit=st.integers(1, 300),
    steps=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.randoms()), max_size=40),
)
def test_no_id_is_in_flight_twice(limit: int, steps: list[tuple[float, float, object]]) -> None:
    window = PacketIds(limit)
    in_flight: list[int] = []
    rng = np.random.default_rng(limit)
    for take, give, _ in steps:
        ids = window.reserve(int(take * window.free)).tolist()
        assert not set(ids) & set(in_flight)
        assert len(set(ids)) == len(ids)
        assert 0 not in ids
        in_flight += ids
        rng.shuffle(in_flight)
        count = int(give * len(in_flight))
        done, in_flight = in_flight[:count], in_flight[count:]
        assert window.release(np.array(done, np.uint16)).all()
        assert window.free == limit - len(in_flight)


def test_ids_go_round_past_those_that_stay_in_flight() -> None:
    window = PacketIds()
    stuck = window.reserve(10)[[2, 7]]
    window.release(np.setdiff1d(np.arange(1, 11), stuck).astype(np.uint16))
    seen: list[int] = []
    while len(seen) < 140_000:
        ids = window.reserve(1000)
        assert not np.isin(ids, stuck).any()
        seen += ids.tolist()
        window.release(ids)
    assert set(seen) | set(stuck.tolist()) == set(range(1, 65536))


def test_all_ids_at_once() -> None:
    window = PacketIds()
    assert sorted(window.reserve(65535).tolist()) == list(range(1, 65536))
    assert window.free == 0
    with pytest.raises(ValueError, match="all 65535"):
        window.reserve_control()


def test_an_unknown_acknowledgement_changes_nothing() -> None:
    window = PacketIds(10)
    ids = window.reserve(3)
    assert window.release(np.array([99, ids[0], 0], np.uint16)).tolist() == [False, True, False]
    assert window.free == 8
