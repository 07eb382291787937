"""What farmers look at reaches its bars, and every mutant falls."""

import pytest

from tests.reference.bar import Bar, cases, must_fail
from tests.reference.bars_farm import BARS

CASES, MUTANTS = cases(BARS), must_fail(BARS)


@pytest.mark.parametrize("name", CASES)
def test_the_park(name: str) -> None:
    assert CASES[name].judge(CASES[name].sample(42, 365)) == []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(42, 365))) != []
