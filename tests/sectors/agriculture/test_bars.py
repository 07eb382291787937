"""Another town's farms reach the bars too, and so does a real humid subtropical year."""

import pytest

from tests.reference.bar import cases
from tests.reference.bars_agriculture import BARS, air_in, evaporation
from tests.reference.records import greensboro, miami

CASES = cases(BARS)
EVAPORATION = next(bar for bar in BARS if bar.measure is evaporation)


@pytest.mark.parametrize("name", CASES)
def test_another_seed(name: str) -> None:
    bar = CASES[name]
    assert bar.judge(bar.sample(1, bar.least_days)) == []


def test_a_real_humid_subtropical_year_reaches_the_bar() -> None:
    assert EVAPORATION.judge(air_in(greensboro(), latitude=36.1, elevation_m=273.0)) == []


def test_a_real_tropical_year_differs_only_in_its_even_warmth() -> None:
    failures = EVAPORATION.judge(air_in(miami(), latitude=25.8, elevation_m=2.0))
    assert len(failures) == 1
    assert "r with tmax" in failures[0]
