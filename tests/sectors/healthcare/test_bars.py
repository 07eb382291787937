"""The sector reaches its bars on one seed; bench/credibility.py takes five and more. Every mutant falls."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.reference.bar import Bar, cases, must_fail
from tests.reference.bars_healthcare import BARS
from tests.reference.healthcare_measures import minutes_of

CASES, MUTANTS = cases(BARS), must_fail(BARS)
SEED = 42
DAYS = 60


@pytest.mark.parametrize("name", CASES)
def test_the_park(name: str) -> None:
    bar = CASES[name]
    assert bar.judge(bar.sample(SEED, DAYS)) == []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(SEED, DAYS))) != []


def test_a_real_heart_reaches_the_bar_of_minutes() -> None:
    (bar,) = (bar for bar in BARS if bar.number == "5")
    package = find_spec("pyhrv")
    assert package is not None
    assert package.origin is not None
    beats = np.load(Path(package.origin).parent / "files" / "SampleNNISeriesLong.npy").astype(np.float64)
    figures = bar.measure((minutes_of(beats), np.full((1, 60), 98.0)))
    assert bar.failures(figures) == []
    assert figures["SD of the heart rate"] == pytest.approx(3.0, abs=0.3)
