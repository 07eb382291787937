"""Scores of three detectors on labels of a real selection, beside those of the package `prts`.

The package knows one series of flags; the labels of many channels are laid behind one another in it, a day apart, on a
grid of minutes.
"""

import numpy as np
import prts
import pytest

from simulator.commands.outcomes import Outcomes
from simulator.faults.labels import labels
from simulator.faults.rules import Rules
from simulator.faults.score import Detection, Span, Truth, score
from tests.simulator.conftest import HOUR, MINUTE, START, select
from tests.simulator.faults.conftest import rule

_WINDOW = (START + 200 * HOUR, START + 260 * HOUR)
_MINUTES = (_WINDOW[1] - _WINDOW[0]) // MINUTE
_APART = 1440

#: A device and one of its channels.
_Series = tuple[str, str]


@pytest.fixture(scope="module")
def real() -> dict[_Series, list[Span]]:
    """Of each series the labels, in whole minutes of the window."""
    rules = {name: one for class_ in ("bias", "spike", "stuck") for name, one in rule(class_).faults.items()}
    selection = select(devices=24, kinds=("soil_probe",), faults=Rules(faults=rules))
    found: dict[_Series, list[Span]] = {}
    for label in labels(selection, _WINDOW, outcomes=Outcomes()):
        span = [max(0, (ms - _WINDOW[0]) // MINUTE) for ms in (label.start, label.end)]
        if span[0] + 10 < min(span[1], _MINUTES):
            found.setdefault((label.device, label.channel), []).append((span[0], min(span[1], _MINUTES)))
    assert sum(map(len, found.values())) > 8
    return found


def _right(spans: list[Span], _rng: np.random.Generator) -> list[Span]:
    return spans


def _late(spans: list[Span], _rng: np.random.Generator) -> list[Span]:
    return [(start + 5, end + 5) for start, end in spans]


def _random(_spans: list[Span], rng: np.random.Generator) -> list[Span]:
    starts = np.cumsum(rng.integers(20, 400, 20))
    return [(int(start), int(start) + int(rng.integers(1, 20))) for start in starts if start + 20 < _MINUTES]


@pytest.mark.parametrize("detector", [_right, _late, _random])
def test_they_are_equal(real: dict[_Series, list[Span]], detector: object) -> None:
    assert callable(detector)
    rng = np.random.default_rng(5)
    said: dict[_Series, list[Span]] = {series: detector(spans, rng) for series, spans in real.items()}
    truths = [
        Truth(device=device, channel=channel, fault="any", span=span, seen_ms=span[0], severity=None)
        for (device, channel), spans in real.items()
        for span in spans
    ]
    detections = [
        Detection(device=device, channel=channel, span=span)
        for (device, channel), spans in said.items()
        for span in spans
    ]
    ours = score(truths, detections, device_days=1.0)
    flags = [_flags(list(some.values())) for some in (real, said)]
    precision, recall = (
        float(metric(*flags, alpha=0.0, cardinality="one", bias="flat"))
        for metric in (prts.ts_precision, prts.ts_recall)
    )
    assert ours.range_precision == pytest.approx(precision, abs=1e-9)
    assert ours.range_recall == pytest.approx(recall, abs=1e-9)
    assert (ours.range_f1 == 1.0) == (detector is _right)


def _flags(series: list[list[Span]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    length = _MINUTES + _APART
    flags = np.zeros(length * len(series), dtype=np.int64)
    for at, spans in enumerate(series):
        for start, end in spans:
            flags[at * length + start : at * length + end] = 1
    return flags
