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


def test_a_night_belongs_to_the_day_before_it() -> None:
    real = bars_people.auckland()
    nights = real.people[..., 20:].sum(axis=(1, 2))
    mean = [nights[real.kind == weekday].mean() for weekday in range(7)]
    assert min(mean[4], mean[5]) > 2 * max(*mean[:4], mean[6])


@pytest.mark.parametrize("mutant", STREETS.mutants)
def test_real_streets_spoilt_fail(mutant: str) -> None:
    assert STREETS.judge(STREETS.mutants[mutant](bars_people.auckland())) != []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(42, 365))) != []
