"""Gaps, duplicates and late arrivals against a model that remembers everything."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.sequence import Tally, Track

MAX_RANGES = 64


@given(st.lists(st.integers(0, 40), min_size=1, max_size=80))
def test_counts_agree_with_a_memory_of_everything(arrivals: list[int]) -> None:
    tally = Tally()
    track = Track(tally)
    seen: set[int] = set()
    duplicates = late = 0
    newest = -1
    for seq in arrivals:
        ts = 1000 * seq
        if seq in seen:
            duplicates += 1
        elif ts < newest:
            late += 1
        seen.add(seq)
        newest = max(newest, ts)
        track.observe(seq, ts)
        assert tally.gaps == track.missing == max(seen) - min(seen) + 1 - len(seen)
    assert (tally.duplicates, tally.late) == (duplicates, late)
    assert (track.expected, track.newest) == (max(seen) + 1, newest)


def test_memory_of_a_device_with_endless_gaps_is_bounded_and_its_count_stays() -> None:
    tally = Tally(MAX_RANGES)
    track = Track(tally)
    for i in range(10 * MAX_RANGES):
        track.observe(2 * i, 2000 * i)
    assert tally.gaps == 10 * MAX_RANGES - 1
    assert track.missing == MAX_RANGES
    newest_gap = 2 * (10 * MAX_RANGES - 1) - 1
    track.observe(newest_gap, 1000 * newest_gap)
    assert tally.gaps == 10 * MAX_RANGES - 2


def test_one_clock_step_back_is_late_and_no_gap() -> None:
    tally = Tally()
    track = Track(tally)
    for seq, ts in ((0, 1000), (1, 900), (2, 1100)):
        track.observe(seq, ts)
    assert (tally.gaps, tally.duplicates, tally.late) == (0, 0, 1)
