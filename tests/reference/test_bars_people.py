"""People and air reach their bars, real streets reach theirs, and every mutant falls."""

import pytest

from tests.reference import bars_air, bars_people
from tests.reference.bar import Bar, cases, must_fail

BARS = [*bars_people.BARS, *bars_air.BARS]
CASES, MUTANTS = cases(BARS), must_fail(BARS)
STREETS = next(bar for bar in BARS if bar.number == "P1")


@pytest.mark.parametrize("seed", [42, 1])
@pytest.mark.parametrize("name", CASES)
def test_the_park(name: str, seed: int) -> None:
    assert CASES[name].judge(CASES[name].sample(seed, 365)) == []


def test_real_streets() -> None:
    assert STREETS.judge(bars_people.auckland()) == []


@pytest.mark.parametrize("mutant", STREETS.mutants)
def test_real_streets_spoilt_fail(mutant: str) -> None:
    assert STREETS.judge(STREETS.mutants[mutant](bars_people.auckland())) != []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(42, 365))) != []
