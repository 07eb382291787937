"""What a gateway sends, decoded by the ingester: its counters and rejections are those that were injected."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import Batch
from ingest.decode import MAX_PAYLOAD, Decoder
from ingest.messages import PlainMessage
from ingest.stores.influxdb.line import line_renderer
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from simulator.clock import Schedule
from simulator.dispatch import Part
from simulator.faults.delivery.classes import CLASSES
from simulator.faults.delivery.delivered import Delivered
from simulator.faults.delivery.ledger import Counted, Injected, Letter, differences, injected
from simulator.faults.delivery.spoil import OVERSIZE_BYTES
from simulator.forward import Forward
from tests.simulator.conftest import HOUR
from tests.simulator.faults.delivery.conftest import WINDOW, delivered, rules, selection_of

_START, _UNTIL = WINDOW[0] + 9 * HOUR, WINDOW[0] + 15 * HOUR


@cache
def _readings(name: str = "all") -> Delivered:
    """Readings with faults of one class, or of all."""
    return delivered(selection_of(rules() if name == "all" else rules(name), devices=120 if name == "all" else 60))


def _forward(readings: Delivered) -> Forward:
    schedule = Schedule(begin_ms=_START, origin_ms=_UNTIL, until_ms=_UNTIL, speed=1.0, launch_s=1000.0)
    codec = CODECS[DEFAULT_CONTENT_TYPE]
    return Forward(readings, schedule, codec=codec, rewind_s=1e9, drain_s=1.0)


def _messages(part: Part) -> Iterator[PlainMessage]:
    for row in range(len(part)):
        topic = part.topics[row, : part.topic_lengths[row]].tobytes().decode()
        yield PlainMessage(topic=topic, payload=part.payload[row][part.keep[row]].tobytes())


def _sent(forward: Forward, losses: frozenset[int] = frozenset()) -> Iterator[PlainMessage]:
    """What a gateway sends until all of it is answered; its connection is lost after so many batches."""
    ids, batches = 0, 0
    while not forward.finished:
        batch = forward.batch(2000.0)
        if batch is None:
            assert forward.finished  # nothing was held back
            break
        size = batch.unsent
        taken = (np.arange(ids, ids + size) % 60_000).astype(np.uint16)
        ids += size
        for part in forward.next_parts(batch, taken, 2000.0):
            yield from _messages(part)
        batches += 1
        if batches in losses:
            forward.lost()
            continue
        forward.answered(taken, np.ones(size, dtype=np.bool_), 2000.0)
        forward.settle()


def _ingested(messages: Iterator[PlainMessage]) -> tuple[Counted, int]:
    """What the ingester counts, and how many readings it would store."""
    decoder = Decoder(line_renderer)
    batch = Batch(generation=1, opened=0.0, opened_ms=time.time_ns() // 1_000_000)
    decoder.take(list(messages), batch)
    letters = [
        Letter(reason=one.reason, topic=one.topic, digest=hashlib.sha256(one.payload).hexdigest())
        for one in batch.rejections
    ]
    counted = Counted(
        duplicates=decoder.tally.duplicates,
        late=decoder.tally.late,
        dead_lettered=len(letters),
        letters=tuple(letters),
    )
    return counted, len(batch.rows)


@pytest.mark.parametrize("name", [*CLASSES, "all"])
def test_the_ingester_counts_what_was_injected(name: str) -> None:
    readings = _readings(name)
    forward = _forward(readings)
    counted, rows = _ingested(_sent(forward))
    run = injected(readings, (_START, _UNTIL))
    assert not differences(run, counted)
    assert (counted.duplicates, counted.late, counted.dead_lettered) == (run.duplicates, run.late, len(run.letters))
    stored = sum(map(len, readings.columns(_START, _UNTIL)))
    assert rows == stored + run.duplicates
    assert forward.progress.offered == forward.progress.acknowledged == rows + len(run.letters)
    shown = {"duplicated": run.duplicates, "late": run.late, "out_of_order": run.late, "clock_offset": run.late}
    shown |= {"malformed": len(run.letters), "oversize": len(run.letters)}
    assert shown.get(name, 1) > 0
    assert name in (*shown, "all", "clock_drift") or run == Injected()


@settings(max_examples=8, deadline=None)
@given(st.frozensets(st.integers(1, 12), max_size=3))
def test_a_rewind_repeats_what_was_sent_and_changes_nothing_else(losses: frozenset[int]) -> None:
    readings = _readings()
    once = list(_sent(_forward(readings)))
    forward = _forward(readings)
    again = list(_sent(forward, losses))
    assert set(again) == set(once)
    assert forward.progress.offered == forward.progress.acknowledged == len(once)
    counted, _ = _ingested(iter(again))
    run = injected(readings, (_START, _UNTIL))
    assert not differences(run, replace(counted, repeats=True))
    assert bool(differences(run, counted)) == (len(again) > len(once))


def test_what_is_still_held_back_at_the_end_is_delivered_then() -> None:
    readings = _readings("burst")
    sent = list(_sent(_forward(readings)))
    assert len(sent) == readings.count(_START, _UNTIL)
    outbox = readings.outbox(_START)
    outbox.messages(_START, _UNTIL)
    assert sum(map(len, outbox.rest(_UNTIL))) > 100


def test_what_was_never_sent_is_offered_all_the_same() -> None:
    readings = _readings()
    whole = _forward(readings)
    for _ in _sent(whole):
        pass
    forward = _forward(readings)
    forward.batch(2000.0)
    forward.close()
    assert forward.progress.offered == whole.progress.offered


def _differing(counted: Counted) -> list[str]:
    run = injected(_readings(), (_START, _UNTIL))
    return [one.what for one in differences(run, counted)]


def test_every_difference_is_named() -> None:
    counted, _ = _ingested(_sent(_forward(_readings())))
    letters = counted.letters or ()
    foreign = replace(letters[0], digest="0" * 64)
    assert _differing(counted) == []
    assert _differing(replace(counted, duplicates=counted.duplicates - 1)) == ["duplicates"]
    assert _differing(replace(counted, late=counted.late + 1)) == ["late"]
    assert _differing(replace(counted, late=counted.late + 1, repeats=True)) == []
    assert _differing(replace(counted, late=counted.late - 1, repeats=True)) == ["late"]
    assert _differing(replace(counted, dead_lettered=0, letters=None)) == ["dead letters"]
    assert _differing(replace(counted, letters=letters[1:])) == [letters[0].reason.value]
    assert _differing(replace(counted, letters=(*letters, letters[0]))) == [letters[0].reason.value]
    assert _differing(replace(counted, letters=(*letters, letters[0]), repeats=True)) == []
    assert _differing(replace(counted, letters=(*letters, foreign), repeats=True)) == [foreign.reason.value]


def test_letters_beyond_a_sites_share_are_counted_and_so_not_missed() -> None:
    counted, _ = _ingested(_sent(_forward(_readings())))
    letters = counted.letters or ()
    few = replace(counted, letters=letters[1:])
    assert _differing(replace(few, unkept=Counter({letters[0].reason.value: 1}))) == []


def test_what_is_too_long_is_too_long_for_the_ingester() -> None:
    assert OVERSIZE_BYTES > MAX_PAYLOAD
