"""Packet ids are never given twice."""

from array import array
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink.client.window import PacketIds


@given(
    limit=st.integers(1, 300),
    steps=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), max_size=40),
    random=st.randoms(),
    offset=st.integers(0, 65534),
)
def test_no_id_is_in_flight_twice(
    limit: int, steps: list[tuple[float, float, bool]], random: Random, offset: int
) -> None:
    window = PacketIds()
    window.release(window.reserve(offset))  # so that runs of ids also go round
    window.limit = limit
    in_flight: list[int] = []
    for take, give, in_order in steps:
        ids = window.reserve(int(take * window.free)).tolist()
        assert not set(ids) & set(in_flight)
        assert len(set(ids)) == len(ids)
        assert 0 not in ids
        in_flight += ids
        if not in_order:
            random.shuffle(in_flight)
        count = int(give * len(in_flight))
        done, in_flight = in_flight[:count], in_flight[count:]
        assert all(window.release(array("H", done)))
        assert window.free == limit - len(in_flight)


def test_ids_go_round_past_those_that_stay_in_flight() -> None:
    window = PacketIds()
    first = window.reserve(10)
    stuck = {first[2], first[7]}
    window.release(array("H", [packet_id for packet_id in first if packet_id not in stuck]))
    seen: list[int] = []
    while len(seen) < 140_000:
        ids = window.reserve(1000)
        assert stuck.isdisjoint(ids)
        seen += ids
        window.release(ids)
    assert set(seen) | stuck == set(range(1, 65536))


def test_all_ids_at_once() -> None:
    window = PacketIds()
    assert sorted(window.reserve(65535).tolist()) == list(range(1, 65536))
    assert window.free == 0
    with pytest.raises(ValueError, match="all 65535"):
        window.reserve_control()


def test_an_unknown_acknowledgement_changes_nothing() -> None:
    window = PacketIds(10)
    ids = window.reserve(3)
    assert window.release(array("H", [99, ids[0], 0, ids[0]])) == bytes([0, 1, 0, 0])
    assert window.free == 8
    assert window.release(ids) == bytes([0, 1, 1])
    assert window.free == 10
