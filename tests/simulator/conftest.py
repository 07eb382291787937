"""Selections and windows that the simulator's tests share."""

from collections.abc import Callable
from typing import Any

import pytest

from park.town import default_town
from sectors import SECTORS
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.plan import Selection

#: 2026-01-20T03:30 local time: half an hour before the town's day begins; few days have to be carried.
START = 1_768_851_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE


def select(**changes: Any) -> Selection:
    """A selection of the default town."""
    options: dict[str, Any] = {"town": default_town(SECTORS), "seed": 7, "devices": 60} | changes
    return Selection(**options)


def lines_of(selection: Selection, start: int, until: int, format_: str = "ndjson") -> bytes:
    """What `park generate` prints."""
    readings = readings_of(selection)
    return b"".join(lines for _, lines in make_lines(readings, FORMATS[format_], start, until))


@pytest.fixture
def lines() -> Callable[..., bytes]:
    return lines_of
