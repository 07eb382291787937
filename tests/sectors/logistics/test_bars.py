"""The sector reaches its bars on one seed; bench/credibility.py takes more. Every mutant falls."""

import pytest

from tests.reference.bar import Bar, cases, must_fail
from tests.reference.bars_logistics import BARS
from tests.reference.logistics_samples import YEAR

CASES, MUTANTS = cases(BARS), must_fail(BARS)
SEED = 42


@pytest.mark.parametrize("name", CASES)
def test_the_park(name: str) -> None:
    bar = CASES[name]
    assert bar.judge(bar.sample(SEED, YEAR)) == []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(SEED, YEAR))) != []
