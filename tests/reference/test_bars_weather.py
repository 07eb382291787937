"""The weather reaches its bars, real records reach those of their climate, and every mutant falls."""

import pytest

from tests.reference import records
from tests.reference.bar import Bar, cases, must_fail
from tests.reference.bars_weather import BARS

CASES, MUTANTS = cases(BARS), must_fail(BARS)
HOURLY = [name for name, bar in CASES.items() if bar.sample is records.record_of]
# Bars that Seattle can judge: its rain is not Wuxi's.
DAILY = [name for name, bar in CASES.items() if bar.number in {"6", "7b"}]


@pytest.mark.parametrize("seed", [42, 1])
@pytest.mark.parametrize("name", CASES)
def test_the_park(name: str, seed: int) -> None:
    assert CASES[name].judge(CASES[name].sample(seed, 365)) == []


@pytest.mark.parametrize("name", HOURLY)
def test_a_real_humid_subtropical_year(name: str) -> None:
    assert CASES[name].judge(records.greensboro()) == []


@pytest.mark.parametrize("name", DAILY)
def test_four_real_years_of_days(name: str) -> None:
    pytest.importorskip("vega_datasets", reason="the daily record of Seattle is in the package vega-datasets")
    assert CASES[name].judge(records.seattle()) == []


@pytest.mark.parametrize("name", ["2", "3"])
def test_a_real_tropical_year_keeps_to_physics(name: str) -> None:
    bar = next(bar for bar in BARS if bar.number == name)
    assert bar.judge(records.miami()) == []


@pytest.mark.parametrize(("bar", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_fall(bar: Bar, mutant: str) -> None:
    assert bar.judge(bar.mutants[mutant](bar.sample(42, 365))) != []
