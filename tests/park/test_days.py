"""Rows of days and cells, and the blocks in which a sector goes through many."""

import numpy as np
import pytest

from park.days import Days, through_blocks
from park.model import Carry
from tests.reference.walk import setting_of, world_of

CELLS, DAYS = np.array([2, 3, 7, 8, 21]), 6


def warmed(days: Days, carry: Carry) -> Carry:
    """Degrees at 04:00 that each cell's site has had in its rows' days, and the cells by their number."""
    air = days.weather(lambda world: world.temperature[:, 0])[days.site]
    return days.counted(carry, air=air, seen=1000 * days.index + days.cells)


@pytest.mark.parametrize("rows", [1, 2, 5, 7, 12, 1000])
def test_blocks_leave_what_days_and_cells_one_by_one_leave(rows: int) -> None:
    setting, worlds = setting_of("finance", 3), world_of(3).days(4, 4 + DAYS)
    begun: Carry = {"air": np.linspace(-1.0, 1.0, len(CELLS)), "seen": np.zeros(len(CELLS), dtype=np.int64)}
    left = through_blocks(warmed, setting, CELLS, begun, worlds, rows=rows)
    for place, cell in enumerate(CELLS.tolist()):
        air = begun["air"][place]
        for world in worlds:
            air = air + world.temperature[setting.site_of(np.array([cell]))[0], 0]
        assert left["air"][place] == air
    assert left["seen"].tolist() == [sum(1000 * (4 + day) + cell for day in range(DAYS)) for cell in CELLS.tolist()]


def test_rows_are_those_of_the_first_day_then_of_the_next() -> None:
    days = Days(setting=setting_of("finance", 3), once=CELLS, worlds=world_of(3).days(0, 9))
    assert days.cells.tolist() == CELLS.tolist() * 9
    assert days.index.tolist() == [day for day in range(9) for _ in CELLS]
    assert days.of_day(lambda world: world.index).tolist() == days.index.tolist()
    by_day = days.by_day(days.index, CELLS)
    assert (by_day == np.arange(9)[:, None]).all()
