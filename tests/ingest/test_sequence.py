"""Gaps, duplicates and late arrivals against a model that remembers everything."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sequence import MAX_FIGURE, Tally, Track

MAX_RANGES = 64
SECOND = 1000


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


# --- counters that begin anew


Arrival = tuple[int, int]


def figures(arrivals: list[Arrival]) -> tuple[int, int, int]:
    """Gaps, duplicates and late of one device."""
    tally = Tally()
    track = Track(tally)
    for seq, ts in arrivals:
        track.observe(seq, ts)
    return tally.gaps, tally.duplicates, tally.late


def run(first: int, count: int, *, from_s: int) -> list[Arrival]:
    """Readings of a device that lost nothing since it began to count at `first`."""
    return [(first + i, SECOND * (from_s + i)) for i in range(count)]


def test_a_reboot_is_no_loss_and_passing_the_old_numbers_again_no_repetition() -> None:
    before, after = run(5000, 100, from_s=0), run(0, 6000, from_s=200)
    assert figures(before + after[:60]) == (0, 0, 0)
    assert figures(before + after) == (0, 0, 0)


def test_a_counter_that_stands_still_repeats_nothing() -> None:
    assert figures([(0, SECOND * i) for i in range(50)]) == (0, 0, 0)


def test_reboot_after_reboot_loses_nothing() -> None:
    boots = [run(0, 1 + i % 7, from_s=100 * i) for i in range(40)]
    assert figures([arrival for boot in boots for arrival in boot]) == (0, 0, 0)


def test_what_is_missing_before_a_reboot_stays_missing_until_it_comes_late() -> None:
    before, after = run(5000, 10, from_s=0), run(0, 10, from_s=60)
    lost = before.pop(4)
    assert figures(before + after) == (1, 0, 0)
    assert figures([*before, *after, lost]) == (0, 0, 1)


def test_a_session_that_sends_again_across_a_reboot_repeats_and_loses_nothing() -> None:
    before, after = run(5000, 10, from_s=0), run(0, 3, from_s=60)
    assert figures(before + after + before[7:] + after) == (0, 6, 0)


def test_members_of_a_group_may_tell_of_a_reboot_in_turns() -> None:
    before, after = run(5000, 10, from_s=0), run(0, 10, from_s=60)
    one, other = before[::2] + after[::2], before[1::2] + after[1::2]
    gaps, duplicates, _ = figures(one + other)
    assert (gaps, duplicates) == (0, 0)


@pytest.mark.parametrize("leap", [MAX_FIGURE, 10**12, 2**32])
def test_more_numbers_than_milliseconds_are_a_new_count_not_a_loss(leap: int) -> None:
    assert figures([(0, 0), (leap, SECOND), (1, 2 * SECOND), (2, 3 * SECOND)]) == (0, 0, 0)


@st.composite
def boots(draw: st.DrawFn) -> list[Arrival]:
    """A device that reboots, loses readings, and is sent again from some moment on: in the order of arrival."""
    arrivals: list[Arrival] = []
    last: list[Arrival] = []
    clock = 0
    for _ in range(draw(st.integers(1, 4))):
        first, kept = draw(st.integers(0, 30)), draw(st.lists(st.booleans(), min_size=1, max_size=20))
        one = [(first + i, clock + SECOND * i) for i, keep in enumerate(kept) if keep]
        clock += SECOND * (len(kept) + draw(st.integers(1, 5)))
        again = draw(st.integers(0, 5))
        arrivals += [*one, *[*last, *one][-again or len(last) + len(one) :]] if one else []
        last = one or last
    return arrivals


def in_hindsight(arrivals: list[Arrival]) -> tuple[int, int]:
    """Gaps and duplicates from all readings at once, ordered by time: a run ends where the numbers go back."""
    known = sorted(set(arrivals), key=lambda arrival: arrival[1])
    gaps = sum(after[0] - one[0] - 1 for one, after in pairwise(known) if after[0] > one[0])
    return gaps, len(arrivals) - len(known)


@given(boots())
def test_figures_over_reboots_agree_with_those_of_hindsight(arrivals: list[Arrival]) -> None:
    gaps, duplicates, late = figures(arrivals)
    assert (gaps, duplicates) == in_hindsight(arrivals)
    assert late == 0


# --- whatever comes

WHATEVER = st.tuples(st.integers(0, MAX_FIGURE), st.integers(946_684_800_000, 4_102_444_800_000))
NEARBY = st.tuples(st.integers(0, 20), st.integers(0, 20_000))


@given(st.lists(st.tuples(st.integers(0, 2), WHATEVER | NEARBY), max_size=60))
def test_whatever_comes_fits_every_store_and_the_memory(arrivals: list[tuple[int, Arrival]]) -> None:
    tally = Tally(MAX_RANGES)
    tracks = [Track(tally) for _ in range(3)]
    for device, (seq, ts) in arrivals:
        tracks[device].observe(seq, ts)
        assert 0 <= tally.gaps <= MAX_FIGURE
        assert 0 <= tally.spare <= MAX_RANGES
        for track in tracks:
            assert all(start < end for start, end in track.ranges)
            assert all(one[1] < after[0] for one, after in pairwise(track.ranges))
    assert tally.duplicates + tally.late <= len(arrivals)


def test_the_sum_over_devices_stops_at_what_a_store_can_hold() -> None:
    tally = Tally()
    tally.missing = 2 * MAX_FIGURE
    assert tally.gaps == MAX_FIGURE
