"""Real traffic passes the bar by which the park's is judged."""

import csv
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.reference.bar import must_fail
from tests.reference.bars_transport import BARS
from tests.reference.transport_season import Hourly

RHYTHM = next(bar for bar in BARS if bar.number == "15")
DAYS = 112


def i94() -> list[Hourly]:
    """Stretches of 16 weeks without a gap, from 04:00; US holidays count as the weekdays they fall on."""
    spec = find_spec("autots")
    assert spec is not None
    assert spec.submodule_search_locations
    file = Path(spec.submodule_search_locations[0], "datasets", "data", "traffic_hourly.zip")
    with zipfile.ZipFile(file) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read(packed.namelist()[0]).decode())))
    volume = np.array([float(row["traffic_volume"] or "nan") for row in rows])[4:]
    # Hours that the record misses are filled from a week before.
    for hour in np.flatnonzero(np.isnan(volume)):
        volume[hour] = volume[hour - 168]
    days = volume[: len(volume) // 24 * 24].reshape(1, -1, 24)
    weekday = (np.arange(days.shape[1]) + 5) % 7  # 1 October 2016 was a Saturday
    return [
        Hourly(flow=days[:, first : first + DAYS], workday=weekday[first : first + DAYS] < 5)
        for first in range(0, days.shape[1] - DAYS, DAYS)
    ]


def test_i94_keeps_the_rhythm_of_bar_15() -> None:
    for stretch in i94():
        assert RHYTHM.judge(stretch) == []


@pytest.mark.parametrize("mutant", [mutant for _, mutant in must_fail([RHYTHM]).values()])
def test_i94_spoilt_does_not(mutant: str) -> None:
    for stretch in i94():
        assert RHYTHM.judge(RHYTHM.mutants[mutant](stretch))
