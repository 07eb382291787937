"""What the day's plan of a bus line says, and what the buses make of it."""

from dataclasses import replace

import numpy as np

from park.model import WorldDay
from sectors.transport.corridor import corridors
from sectors.transport.service import LEGS, ROUNDS, SHORT, legs_run, served
from tests.reference.walk import setting_of, world_of

SETTING = setting_of("transport", 5)
CELLS = np.arange(40)
ROADS, SITE = corridors(SETTING, CELLS), SETTING.site_of(CELLS)
BUSES = 3


def day_of(weekday: int) -> WorldDay:
    """The first plain day of the weekday."""
    days = world_of(5).days(4, 40)
    return next(day for day in days if day.weekday == weekday and not day.holiday and day.workday == (weekday < 5))


def test_a_timetable_by_sort_of_day() -> None:
    runs = [legs_run(SETTING.streams, ROADS, SITE, [day_of(weekday)], BUSES) for weekday in (2, 5, 6)]
    workday, saturday, sunday = (float(run.mean()) for run in runs)
    assert LEGS * ROUNDS > workday > saturday > sunday > 0.7 * workday
    assert runs[0].min() > 0
    assert runs[0].std() > 2


def test_full_roads_cost_trips() -> None:
    quiet = day_of(2)
    full = replace(quiet, more={**quiet.more, "road_demand": 3.0 + 0 * quiet.road_demand})
    empty = replace(quiet, more={**quiet.more, "road_demand": 0.5 + 0 * quiet.road_demand})
    many, few = (legs_run(SETTING.streams, ROADS, SITE, [day], BUSES).sum() for day in (empty, full))
    assert few < 0.97 * many


def test_a_short_turn_leaves_out_the_far_end_alone() -> None:
    run = served(SETTING.streams, ROADS, SITE, day_of(2), BUSES)
    short = run[..., 0] & ~run[..., LEGS // 2]
    assert short.any()
    assert not run[short][:, SHORT].any()
    assert run[short][:, : SHORT.start].all()
    assert run[short][:, SHORT.stop :].all()


def test_a_line_alone_has_the_same_plan() -> None:
    day = day_of(6)
    lone = slice(7, 8)
    together = served(SETTING.streams, ROADS, SITE, day, BUSES)[:, lone]
    np.testing.assert_array_equal(together, served(SETTING.streams, ROADS.take(lone), SITE[lone], day, BUSES))
