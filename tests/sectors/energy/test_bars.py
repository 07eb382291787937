"""The sector reaches its bars, 30 days of winter and 30 of summer; bench/credibility.py takes five seeds."""

import pytest

from tests.reference import bars_energy, bars_energy_minutes
from tests.reference.bar import Bar, cases, must_fail

CASES, MUTANTS = cases(bars_energy.BARS), must_fail(bars_energy.BARS)
MINUTES, SPOILT = cases(bars_energy_minutes.BARS), must_fail(bars_energy_minutes.BARS)
SEEDS = (42, 1)
DAYS = 60


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_park(name: str, seed: int) -> None:
    bar = CASES[name]
    assert bar.judge(bar.sample(seed, DAYS)) == []


@pytest.mark.parametrize("name", MINUTES)
def test_minutes_and_habits(name: str) -> None:
    bar = MINUTES[name]
    assert bar.judge(bar.sample(SEEDS[0], DAYS)) == []


@pytest.mark.parametrize(("bar", "mutant"), (MUTANTS | SPOILT).values(), ids=MUTANTS | SPOILT)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(SEEDS[0], DAYS))) != []
