"""What devices refuse by themselves."""

from typing import Any

import numpy as np
import pytest

from park.catalogue import PARAMETERS
from park.model import GRID_S, Interlocks, Moments, WorldDay
from sectors.municipal.catalogue import RESUME, SET_LEVEL
from tests.reference.walk import walk

HOUR = 12.0  # points of the grid


@pytest.fixture(scope="module")
def evening() -> Any:
    return next(iter(walk("municipal", 42, 1, 2, first=10)))


def moment(world: WorldDay, cell: int, x: float, per_cell: int = 12) -> Moments:
    return Moments(
        row=np.array([cell]),
        unit=np.array([0]),
        device=np.array([cell * per_cell]),
        ts=np.array([int(world.times[0]) + int(x * GRID_S * 1000)]),
        x=np.array([x]),
    )


def value(*said: float) -> Any:
    return np.array([*said, *[np.nan] * (PARAMETERS - len(said))])


def test_no_lamp_goes_below_its_class_in_the_dark(evening: Any) -> None:
    model = evening.model
    assert isinstance(model, Interlocks)
    night, noon = (moment(evening.world, 0, hours * HOUR) for hours in (16.0, 8.0))
    assert model.refusal(evening.state, SET_LEVEL, value(10.0, 1.0), night) == "below-class"
    assert model.refusal(evening.state, SET_LEVEL, value(80.0, 1.0), night) is None
    assert model.refusal(evening.state, SET_LEVEL, value(10.0, 1.0), noon) is None
    assert model.refusal(evening.state, RESUME, value(), night) is None


def test_nothing_is_obeyed_while_someone_works_at_the_cabinet() -> None:
    visits = 0
    for day in walk("municipal", 42, 30, 4, first=0):
        door = day.observe("light_cabinet")["door_open"][:, 0]
        for cell in np.flatnonzero(door.any(axis=1)).tolist():
            visits += 1
            at = moment(day.world, cell, float(door[cell].argmax()))
            for action, said in ((SET_LEVEL, value(80.0, 1.0)), (RESUME, value())):
                assert isinstance(day.model, Interlocks)
                assert day.model.refusal(day.state, action, said, at) == "manual"
    assert visits > 0
