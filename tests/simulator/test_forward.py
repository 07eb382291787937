"""What a gateway makes ready to send, in which order and how much of it at once."""

from itertools import pairwise

import numpy as np
import pytest

from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from simulator.clock import Schedule
from simulator.dispatch import Dispatch
from simulator.forward import ROWS_AT_ONCE, Forward
from simulator.observed import readings_of
from tests.simulator.conftest import HOUR, START, select


def history(hours: int) -> list[Dispatch]:
    """The batches of readings of a whole town's gateway, each sent when the one before was."""
    until_ms = START + hours * HOUR
    schedule = Schedule(begin_ms=START, origin_ms=until_ms, until_ms=until_ms, speed=1.0, launch_s=1000.0)
    codec = CODECS[DEFAULT_CONTENT_TYPE]
    forward = Forward(readings_of(select(devices=300)), schedule, codec=codec, rewind_s=1.0, drain_s=1.0)
    sent, ids = [], 0
    while (batch := forward.batch(2000.0)) is not None:
        if not batch.events:
            sent.append(batch)
        forward.next_parts(batch, np.arange(ids, ids + batch.size, dtype=np.uint16), 2000.0)
        ids = (ids + batch.size) % 60_000
    return sent


def test_a_history_begins_with_small_batches_that_soon_are_large_and_leave_nothing_out() -> None:
    batches = history(5)
    sizes = [batch.size for batch in batches]
    assert sizes[0] <= ROWS_AT_ONCE / 8
    assert all(later <= 3 * earlier for earlier, later in pairwise(sizes))
    assert max(sizes) > ROWS_AT_ONCE / 2
    assert [batch.window[0] for batch in batches] == [START, *(batch.window[1] for batch in batches[:-1])]
    assert sum(sizes) == readings_of(select(devices=300)).count(START, START + 5 * HOUR)


def sent_and_answered(forward: Forward, sent_s: float, answered_s: float) -> list[int]:
    """Send all that is due at a time, and read the answers later; the beginnings of what was sent."""
    begins = []
    while (batch := forward.batch(sent_s)) is not None:
        begins.append(batch.window[0])
        ids = np.arange(batch.size, dtype=np.uint16)
        forward.next_parts(batch, ids, sent_s)
        forward.answered(ids, np.ones(batch.size, dtype=np.bool_), answered_s)
    forward.settle()
    return begins


@pytest.mark.parametrize(
    ("sends", "again_from_s"),
    [
        pytest.param([(1, 1), (12, 12)], 1, id="what the broker had before the rewind's begin is safe"),
        pytest.param([(1, 1), (10, 10)], 0, id="what it had later may be lost"),
        # The broker may have died as soon as it had answered: nothing is safe that it had within 10 s before that.
        pytest.param([(1, 1), (10, 40)], 0, id="an answer that is read late proves nothing of the time between"),
        pytest.param([(1, 1), (10, 40), (41, 41)], 1, id="but the next one does"),
    ],
)
def test_what_is_sent_again_is_counted_from_when_the_broker_was_surely_there(
    sends: list[tuple[int, int]], again_from_s: int
) -> None:
    schedule = Schedule(begin_ms=START, origin_ms=START, until_ms=None, speed=1.0, launch_s=1000.0)
    readings = readings_of(select(devices=20, interval_ms=1000))
    forward = Forward(readings, schedule, codec=CODECS[DEFAULT_CONTENT_TYPE], rewind_s=10.0, drain_s=1.0)
    for sent, answered in sends:
        assert sent_and_answered(forward, 1000.0 + sent, 1000.0 + answered)
    forward.lost()
    last = sends[-1][1]
    again = sent_and_answered(forward, 1000.0 + last, 1000.0 + last)
    assert min(again) == START + 1000 * again_from_s
