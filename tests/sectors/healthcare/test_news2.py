"""NEWS2 to the letter: every whole value of every parameter, and random sets, against the chart as printed and against
an implementation of others (vitalscore)."""

from typing import Any

import numpy as np
import pytest

from sectors.healthcare.news2 import points
from tests.reference.news2 import by_others, score

WELL = {
    "respiratory_rate": 16.0,
    "oxygen_saturation": 97.0,
    "second_scale": False,
    "on_oxygen": False,
    "systolic_pressure": 120.0,
    "heart_rate": 70.0,
    "alert": True,
    "body_temperature": 37.0,
}
SPANS = {
    "respiratory_rate": np.arange(0.0, 71.0),
    "oxygen_saturation": np.arange(50.0, 101.0),
    "systolic_pressure": np.arange(30.0, 281.0),
    "heart_rate": np.arange(20.0, 251.0),
    "body_temperature": np.arange(300, 431) / 10.0,
}


def both(count: int, **seen: np.ndarray) -> tuple[list[int], list[int]]:
    sets = {name: np.broadcast_to(np.asarray(seen.get(name, value)), (count,)) for name, value in WELL.items()}
    ours = points(**sets).sum(axis=-1).tolist()
    rows = [dict(zip(sets, row, strict=True)) for row in zip(*(part.tolist() for part in sets.values()), strict=True)]
    return ours, [score(pulse=row.pop("heart_rate"), **row) for row in rows]


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("oxygen", [False, True])
def test_every_value_has_the_points_of_the_chart(name: str, *, second: bool, oxygen: bool) -> None:
    values = SPANS[name]
    ours, chart = both(len(values), **{name: values}, second_scale=np.array(second), on_oxygen=np.array(oxygen))
    assert ours == chart
    assert len(set(ours)) > 2 or name == "body_temperature"


def test_random_sets_have_the_score_of_the_chart_and_of_others() -> None:
    rng, count = np.random.default_rng(1), 100_000
    drawn = {name: rng.choice(values, count) for name, values in SPANS.items()}
    drawn["respiratory_rate"] = np.maximum(drawn["respiratory_rate"], 1)  # vitalscore takes no breath for a mistake
    flags = {name: rng.random(count) < 0.5 for name in ("second_scale", "on_oxygen", "alert")}
    sets: dict[str, Any] = {**drawn, **flags}
    ours, chart = both(count, **sets)
    assert ours == chart
    assert ours == by_others(**sets).tolist()


def test_a_patient_of_whom_everything_is_wrong_has_twenty_points() -> None:
    worst = points(
        respiratory_rate=np.array([25.0]),
        oxygen_saturation=np.array([91.0]),
        second_scale=np.array([False]),
        on_oxygen=np.array([True]),
        systolic_pressure=np.array([90.0]),
        heart_rate=np.array([131.0]),
        alert=np.array([False]),
        body_temperature=np.array([35.0]),
    )
    assert worst.tolist() == [[3, 3, 2, 3, 3, 3, 3]]
