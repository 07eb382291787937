"""Readiness: whose trouble it is, when it counts, and what a drop at the broker says."""

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ingest.health import GRACE_S, READY_S, Drops, Health


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_trouble_ends_with_its_own_success_and_with_no_other() -> None:
    clock = Clock()
    health = Health(clock)
    with structlog.testing.capture_logs() as logs:
        health.store.fails("a", "no answer", hold=False)
        assert health.troubles() == []  # one attempt is no state yet
        clock.now += GRACE_S
        health.store.fails("a", "no answer", hold=False)
        for other in range(20):
            health.store.fails(other, "no answer", hold=False)
            health.store.works(other)
            assert health.troubles() == ["retry: no answer"]
        health.store.works("a")
        assert health.troubles() == []
    assert [line["log_level"] for line in logs] == ["error", "info"]


def test_what_a_person_must_do_is_told_at_once_and_first() -> None:
    clock = Clock()
    health = Health(clock)
    health.store.fails("a", "away", hold=False)
    clock.now += 60
    health.store.fails("b", "no token", hold=True)
    assert health.troubles() == ["hold: no token", "retry: away"]
    health.store.works("b")
    assert health.troubles() == ["retry: away"]


def test_the_oldest_message_decides() -> None:
    clock = Clock()
    health = Health(clock)
    first, second = object(), object()
    health.opened(first)
    clock.now += READY_S - 0.1
    health.opened(second)
    assert health.troubles() == []
    clock.now += 0.1
    assert "5 s" in health.troubles()[0]
    health.settled(second)
    assert health.troubles()
    health.settled(first)
    assert health.troubles() == []


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_ready_means_that_nobody_is_in_trouble(steps: list[tuple[int, bool]]) -> None:
    clock = Clock()
    health = Health(clock)
    failing: set[int] = set()
    for who, works in steps:
        clock.now += 1.0
        if works:
            health.store.works(who)
            failing.discard(who)
        else:
            health.store.fails(who, f"{who} fails", hold=True)
            failing.add(who)
        told = {int(line.split()[1]) for line in health.troubles()}
        assert told <= failing
        assert bool(told) == bool(failing)


def test_a_drop_that_can_be_ones_own_is_told_for_a_minute() -> None:
    clock = Clock()
    drops = Drops(clock)
    drops.told(7, received=0)
    assert drops.troubles() == []  # before this start
    drops.told(9, received=100)
    assert "2 messages" in drops.troubles()[0]
    clock.now += 59
    assert drops.troubles()
    clock.now += 1
    assert drops.troubles() == []


@pytest.mark.parametrize(
    ("away", "received", "own"), [(False, 50, False), (True, 50, True), (False, 51, True), (True, 51, True)]
)
def test_a_drop_is_not_ones_own_where_nothing_was_to_be_heard(away: bool, received: int, own: bool) -> None:
    clock = Clock()
    drops = Drops(clock)
    drops.told(0, received=50)
    clock.now += 31
    if away:
        drops.away()
    drops.told(3, received=received)
    assert bool(drops.troubles()) == own


def test_the_count_that_is_told_at_a_connection_is_an_old_one() -> None:
    drops = Drops(Clock())
    drops.told(0, received=0)
    drops.away()
    drops.told(0, received=0)
    drops.told(90, received=0)
    assert "90 messages" in drops.troubles()[0]


def test_a_broker_that_starts_anew_counts_anew() -> None:
    drops = Drops(Clock())
    drops.told(50, received=0)
    drops.told(0, received=5)
    assert drops.troubles() == []
    drops.told(0, received=5)
    assert drops.troubles() == []
    drops.told(50, received=5)
    drops.told(3, received=6)
    assert "3 messages" in drops.troubles()[0]
