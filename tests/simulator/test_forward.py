"""What a gateway makes ready to send, in which order and how much of it at once."""

from itertools import pairwise

import numpy as np

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
