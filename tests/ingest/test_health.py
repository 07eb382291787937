"""Readiness: whose trouble it is, when it counts, and what a drop at the broker says."""

import asyncio

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ingest.freeze import FROZEN_S, Freeze
from ingest.health import GRACE_S, READY_S, Drops, Health
from ingest.watch import Waits


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


def test_a_state_ends_where_it_is_told_and_where_it_is_logged_at_once() -> None:
    clock = Clock()
    health = Health(clock)
    with structlog.testing.capture_logs() as logs:
        health.store.fails("a", "no answer", hold=False)
        clock.now += GRACE_S
        health.store.told()
        health.store.fails("b", "no answer", hold=False)
        health.store.works("a")
        assert health.troubles() == ["retry: no answer"]  # b's first attempt, while the state lasts
        health.store.works("b")
        assert health.troubles() == []
        health.store.fails("c", "no answer", hold=False)
        assert health.troubles() == []
    assert [line["log_level"] for line in logs] == ["error", "info"]


def test_a_state_that_is_told_is_logged_though_it_ends_at_once() -> None:
    clock = Clock()
    health = Health(clock)
    with structlog.testing.capture_logs() as logs:
        health.store.fails("a", "away", hold=False)
        clock.now += GRACE_S
        assert health.troubles()
        health.store.works("a")
        assert not health.troubles()
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


@pytest.mark.parametrize("cause", ["store", "disk", "stopped", None])
def test_that_messages_wait_is_logged_where_nothing_else_tells_why(cause: str | None) -> None:
    clock = Clock()
    health, batch = Health(clock), object()
    waits = Waits(health, clock)
    waits.say()
    health.opened(batch)
    with structlog.testing.capture_logs() as logs:
        for second in range(20):
            clock.now += FROZEN_S if cause == "stopped" and second < 10 else 1.0
            if cause in {"store", "disk"} and second < 10:
                getattr(health, cause).fails("a", "away", hold=True)
            elif cause in {"store", "disk"}:
                getattr(health, cause).works("a")
            if cause is not None and second == 12:  # what waited is settled at last
                health.settled(batch)
            waits.say()
        health.settled(batch)
        waits.say()
    waiting = [line["event"] for line in logs if line["event"].startswith("messages")]
    assert waiting == ([] if cause else ["messages wait to be settled", "messages are settled in time again"])


def test_a_process_that_was_stopped_is_not_ready_before_the_broker_has_answered() -> None:
    clock = Clock()

    async def main() -> None:
        answered = asyncio.Event()
        freeze = Freeze(answered.wait, clock)
        assert freeze.troubles() == []
        clock.now += 60.0  # nobody looks yet
        assert freeze.troubles() == []
        watching = asyncio.create_task(freeze.watch())
        await asyncio.sleep(0)
        clock.now += FROZEN_S - 0.1
        assert freeze.troubles() == []
        for stopped_s in (FROZEN_S, 30.0):
            clock.now += stopped_s
            assert f"{stopped_s:.0f} s" in freeze.troubles()[0]
        await asyncio.sleep(0)
        assert freeze.troubles()
        answered.set()
        async with asyncio.timeout(5.0):
            await freeze.proven()
        assert freeze.troubles() == []
        watching.cancel()

    asyncio.run(main())


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
