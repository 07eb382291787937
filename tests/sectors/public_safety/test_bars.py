"""The sector reaches its bars on one seed; bench/credibility.py takes five. Every mutant falls."""

import pytest

from tests.reference.bar import Bar, cases, must_fail
from tests.reference.bars_public_safety import BARS
from tests.reference.public_safety_season import auckland

CASES, MUTANTS = cases(BARS), must_fail(BARS)
SEED, DAYS = 42, 60


@pytest.mark.parametrize("name", CASES)
def test_the_park(name: str) -> None:
    bar = CASES[name]
    assert bar.judge(bar.sample(SEED, DAYS)) == []


@pytest.mark.parametrize("name", [name for name in CASES if name.split()[0] in {"S1", "S2", "S3", "S4"}])
def test_real_streets(name: str) -> None:
    assert CASES[name].judge(auckland()) == []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(SEED, DAYS))) != []
