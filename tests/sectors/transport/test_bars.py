"""The sector reaches its bars on two seeds; bench/credibility.py takes five and more. Every mutant falls."""

import pytest

from tests.reference import bars_transit, bars_transport
from tests.reference.bar import Bar, cases, must_fail

BARS = [*bars_transport.BARS, *bars_transit.BARS]
CASES, MUTANTS = cases(BARS), must_fail(BARS)
SEEDS = (42, 1)
DAYS = 60


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_park(name: str, seed: int) -> None:
    bar = CASES[name]
    assert bar.judge(bar.sample(seed, DAYS)) == []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(SEEDS[0], DAYS))) != []
