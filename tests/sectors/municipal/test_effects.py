"""What is told shows in what is published, within its tolerance and in its time."""

from collections.abc import Iterator

import numpy as np
import pytest

from park.columns import Columns
from park.model import GRID_S, Orders
from sectors.municipal.catalogue import (
    CLIMATE_ZONE,
    GREEN_VALVE,
    OPEN,
    PRESSURE_ZONE,
    SECTOR,
    SET_LEVEL,
    SET_MODE,
    SET_PRESSURE,
    SET_TEMPERATURE,
    SET_VALVE,
    STREET_LAMP,
)
from tests.sectors.obedience import HOUR, START, Trial, made, rows_of

#: Number of an action to the channel of its first parameter, and how far off it may be.
SHOWS = {
    SET_LEVEL: (STREET_LAMP, "level", 0.05),
    SET_PRESSURE: (PRESSURE_ZONE, "pressure_setpoint", 0.05),
    SET_VALVE: (PRESSURE_ZONE, "valve_position", 0.05),
    SET_TEMPERATURE: (CLIMATE_ZONE, "temperature_setpoint", 0.05),
}
MORNING = START + 8 * HOUR  # ten o'clock: no lamp has a least light


@pytest.fixture(scope="module")
def told() -> tuple[Trial, Orders]:
    trial, rng = Trial.of(SECTOR, cells=6), np.random.default_rng(5)
    first: dict[tuple[str, int, int], tuple[int, int, int, int, list[float]]] = {}
    for one in rows_of(trial.random_orders(rng, 300, start=MORNING, until=MORNING + 2 * HOUR)):
        kind = [kind for kind in SECTOR.kinds for _ in kind.actions][one[2]]
        first.setdefault((kind.name, one[0], one[1]), one)
    return trial, made(first.values())


@pytest.fixture(scope="module")
def published(told: tuple[Trial, Orders]) -> dict[str, Columns]:
    trial, orders = told
    return {columns.kind.name: columns for columns in trial.readings(orders)}


def mine(orders: Orders, action: int) -> Iterator[tuple[int, int, int, float]]:
    """Cell, unit, moment and first value of the orders of an action."""
    for cell, unit, number, at, values in rows_of(orders):
        if number == action:
            yield cell, unit, at, values[0]


def test_whatever_is_commanded_all_stays_within_the_catalogues_range(published: dict[str, Columns]) -> None:
    for seen in published.values():
        for channel in seen.kind.channels:
            values = seen.values[channel.name] / channel.scale
            low, high = (0, len(channel.texts) - 1) if channel.texts else (channel.low, channel.high)
            assert low <= values.min() <= values.max() <= high, (seen.kind.name, channel.name)


@pytest.mark.parametrize("action", SHOWS)
def test_a_device_that_was_told_a_value_reports_it_in_time(
    action: int, told: tuple[Trial, Orders], published: dict[str, Columns]
) -> None:
    kind, channel, tolerance = SHOWS[action]
    (shows_s,) = {one.shows_s for one in kind.actions if SECTOR.actions[kind.name, one.name] == action}
    seen, scale, count = published[kind.name], kind.channel[channel].scale, 0
    for cell, unit, at, value in mine(told[1], action):
        due = at + int(shows_s * 1000) + GRID_S * 1000
        some = (seen.device == cell * kind.per_cell + unit) & (seen.ts >= due) & (seen.ts < due + HOUR)
        off = seen.values[channel][some] / scale - value
        assert np.abs(off).max() <= tolerance, (kind.name, cell, unit)
        count += 1
    assert count >= 1


def test_a_hall_does_what_it_is_told(told: tuple[Trial, Orders], published: dict[str, Columns]) -> None:
    seen = published[CLIMATE_ZONE.name]
    for cell, unit, at, value in mine(told[1], SET_MODE):
        due = at + (600 + GRID_S) * 1000
        some = (seen.device == cell * CLIMATE_ZONE.per_cell + unit) & (seen.ts >= due) & (seen.ts < due + HOUR)
        assert value == 0 or (seen.values["mode"][some] == value - 1).all()


def test_a_green_is_open_for_as_long_as_it_is_told(told: tuple[Trial, Orders], published: dict[str, Columns]) -> None:
    seen, count = published[GREEN_VALVE.name], 0
    for cell, unit, at, minutes in mine(told[1], OPEN):
        here = seen.device == cell * GREEN_VALVE.per_cell + unit
        during = here & (seen.ts >= at) & (seen.ts < at + minutes * 60_000)
        assert seen.values["valve_open"][during].all()
        after = here & (seen.ts >= at + minutes * 60_000) & (seen.ts < at + minutes * 60_000 + HOUR)
        assert not seen.values["valve_open"][after].any()
        count += 1
    assert count >= 1
