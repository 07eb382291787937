"""HJ 633-2026 in whole numbers, and GB 3838, against the tables and worked values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sectors.environment.aqi import DAILY, HOURLY, index_of, individual, level, whole
from sectors.environment.quality import grade, trophic_index
from tests.reference.environment_index import by_the_rule

TABLES = [(term, name) for term in ("daily", "hourly") for name in DAILY]


def steps_of(term: str, name: str) -> tuple[int, ...]:
    return {"daily": DAILY, "hourly": HOURLY}[term][name]


@pytest.mark.parametrize(("term", "name"), TABLES)
def test_every_whole_concentration_has_the_index_of_the_rule(term: str, name: str) -> None:
    steps = steps_of(term, name)
    values = np.arange(steps[-1] + 200)
    assert individual(values, steps).tolist() == [by_the_rule(int(value), steps) for value in values]


@pytest.mark.parametrize(
    ("term", "name", "value", "index"),
    [
        ("daily", "pm25", 60.0, 100),
        ("daily", "pm25", 61.0, 101),
        ("daily", "pm25", 75.0, 114),  # 100 by the rule of 2012
        ("daily", "pm10", 120.0, 100),
        ("daily", "o3", 161.0, 101),
        ("daily", "o3", 900.0, 300),
        ("daily", "co", 2.2, 55),  # 56 in floating point
        ("hourly", "so2", 900.0, 200),
        ("hourly", "o3", 200.0, 100),
        ("hourly", "pm25", 35.4, 50),
        ("hourly", "no2", 9999.0, 500),
    ],
)
def test_worked_values(term: str, name: str, value: float, index: int) -> None:
    assert individual(whole(name, np.array([value])), steps_of(term, name)).tolist() == [index]


@settings(deadline=None)
@given(st.fixed_dictionaries({name: st.floats(0, 700) for name in DAILY}))
def test_the_index_is_the_largest_and_names_its_pollutant_above_50(values: dict[str, float]) -> None:
    arrays = {name: np.array([value]) for name, value in values.items()}
    index, primary = index_of(arrays, DAILY)
    parts = {name: by_the_rule(int(whole(name, arrays[name])[0]), steps) for name, steps in DAILY.items()}
    assert index[0] == max(parts.values())
    assert (primary[0] == 0) == (index[0] <= 50)
    if primary[0]:
        assert parts[list(DAILY)[primary[0] - 1]] == index[0]


def test_levels_end_at_their_limits() -> None:
    assert level(np.array([0, 50, 51, 100, 101, 150, 151, 200, 201, 300, 301, 500])).tolist() == [
        *(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
    ]


def graded(**changes: float) -> int:
    good = {"ph": 7.5, "oxygen": 9.0, "permanganate": 1.5, "ammonia": 0.1, "phosphorus": 0.01} | changes
    arrays = {name: np.array([value]) for name, value in good.items()}
    return int(grade(**arrays, lake=np.array([True]))[0])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"oxygen": 7.5}, 0),
        ({"oxygen": 7.49}, 1),
        ({"oxygen": 5.0}, 2),
        ({"oxygen": 1.99}, 5),
        ({"permanganate": 6.0}, 2),
        ({"permanganate": 6.1}, 3),
        ({"ammonia": 2.0}, 4),
        ({"ammonia": 2.01}, 5),
        ({"phosphorus": 0.05}, 2),
        ({"phosphorus": 0.051}, 3),
        ({"ph": 9.0}, 0),
        ({"ph": 9.01}, 5),
        ({"ph": 5.99}, 5),
    ],
)
def test_a_station_has_the_class_of_its_worst_parameter(changes: dict[str, float], expected: int) -> None:
    assert graded(**changes) == expected


def test_taihu_of_2022_is_lightly_eutrophic() -> None:
    # Wuxi yearbook 2023: TP .059, TN 1.18, CODMn 3.4 mg/L and index 55.0; chlorophyll 29 ug/L at .35 m makes it so.
    found = trophic_index(chlorophyll=29.0, phosphorus=0.059, nitrogen=1.18, secchi=0.35, permanganate=3.4)
    assert found == pytest.approx(55.0, abs=0.3)
