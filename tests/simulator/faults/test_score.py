"""Scores of detectors that are right, late, or random, beside those of the package `prts`."""

from itertools import groupby

import numpy as np
import prts
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.faults.score import Detection, Score, Span, Truth, score

_LENGTH = 300
#: The package takes no flags that are all alike.
_flags = st.lists(st.booleans(), min_size=60, max_size=60).filter(lambda flags: len(set(flags)) == 2)


def _spans(flags: list[bool], first: int = 0) -> list[Span]:
    """Where an array of flags is set."""
    spans, at = [], first
    for flag, some in groupby(flags):
        length = len(list(some))
        if flag:
            spans.append((at, at + length))
        at += length
    return spans


def _score(real: list[Span], said: list[Span], device_days: float = 1.0) -> Score:
    truths = [Truth(device="a", channel="x", fault="bias", span=span, seen_ms=span[0], severity=3.0) for span in real]
    return score(truths, [Detection(device="a", channel=None, span=span) for span in said], device_days=device_days)


def _agrees(real: list[bool], said: list[bool]) -> None:
    ours = _score(_spans(real), _spans(said))
    theirs = [
        float(metric(np.array(real, dtype=int), np.array(said, dtype=int), alpha=0.0, cardinality="one", bias="flat"))
        for metric in (prts.ts_precision, prts.ts_recall)
    ]
    assert ours.range_precision == pytest.approx(theirs[0], abs=1e-9)
    assert ours.range_recall == pytest.approx(theirs[1], abs=1e-9)


@given(_flags, _flags)
def test_random_ones_score_as_the_package_says(real: list[bool], said: list[bool]) -> None:
    _agrees(real, said)


def _some(seed: int) -> list[bool]:
    rng = np.random.default_rng(seed)
    return list(np.repeat(rng.random(_LENGTH // 10) < 0.3, 10))


@pytest.mark.parametrize("seed", range(5))
def test_a_right_one_and_a_late_one_score_as_the_package_says(seed: int) -> None:
    real = _some(seed)
    _agrees(real, real)
    _agrees(real, [False] * 5 + real[:-5])


def test_a_right_one_is_right() -> None:
    real = _spans(_some(3))
    right = _score(real, real)
    assert right.overall.recall == right.precision == right.range_f1 == 1.0
    assert right.overall.delay_s == (0.0, 0.0)
    assert right.false_a_day == 0.0


def test_a_late_one_is_late() -> None:
    real: list[Span] = [(0, 3_600_000), (7_200_000, 9_000_000)]
    late = _score(real, [(start + 300_000, end + 300_000) for start, end in real])
    assert late.overall.recall == 1.0
    assert late.overall.delay_s == (300.0, 300.0)


def test_what_meets_no_fault_is_a_false_alarm() -> None:
    said: list[Span] = [(0, 10), (10, 20), (50, 60)]
    wrong = _score([(100, 200)], said, device_days=4)
    assert (wrong.detections, wrong.false, wrong.false_a_day) == (2, 2, 0.5)
    assert wrong.overall.recall == wrong.precision == 0.0


def test_another_channel_and_another_device_do_not_count() -> None:
    truth = Truth(device="a", channel="x", fault="bias", span=(0, 10), seen_ms=0, severity=1.0)
    for device, channel, found in (("a", None, 1), ("a", "x", 1), ("a", "y", 0), ("b", None, 0)):
        said = Detection(device=device, channel=channel, span=(0, 10))
        assert score([truth], [said], device_days=1.0).overall.found == found


def test_what_ends_before_it_can_be_seen_finds_nothing() -> None:
    truth = Truth(device="a", channel="x", fault="drift", span=(0, 100), seen_ms=50, severity=1.0)
    early = Detection(device="a", channel="x", span=(0, 50))
    assert score([truth], [early], device_days=1.0).overall.found == 0


def test_classes_and_severities_are_told_apart() -> None:
    truths = [
        Truth(device="a", channel="x", fault=fault, span=(at, at + 10), seen_ms=at, severity=severity)
        for at, (fault, severity) in enumerate((("bias", 1.0), ("bias", 6.0), ("stuck", None)))
    ]
    result = score(truths, [], device_days=1.0)
    assert {name: quality.labels for name, quality in result.by_fault.items()} == {"bias": 2, "stuck": 1}
    assert result.by_severity.keys() == {"below 2", "from 5", "none"}
