"""The bar of load shapes judged on real ones: it must let them pass, or it would be wrong."""

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.reference.bars_energy import BARS
from tests.reference.energy_samples import Town

#: Shares of homes, small business and round-the-clock business in the year's energy of a mixed town.
MIXES = (
    {"h0": 0.26, "g0": 0.27, "g3": 0.47},
    {"h0": 0.26, "g0": 0.14, "g3": 0.60},
    {"h0": 0.30, "g0": 0.35, "g3": 0.35},
)


def bdew() -> Path:
    """The standard load profiles of the German association of energy and water industries."""
    package = find_spec("demandlib")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "bdew/bdew_data/selp_series.csv"


def weeks(mix: dict[str, float], period: str) -> np.ndarray:
    """Half hours of six equal weeks, (42, 48)."""
    with bdew().open() as file:
        rows = [row for row in csv.DictReader(file) if row["period"] == period]
    assert [row["weekday"] for row in rows[::96]] == [str(day) for day in range(1, 8)]
    load = sum(share * np.array([float(row[profile]) for row in rows]) for profile, share in mix.items())
    return np.tile(np.asarray(load).reshape(7, 48, 2).mean(axis=2), (6, 1))


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_real_load_profiles_pass_the_bar(mix: dict[str, float]) -> None:
    halves = np.concatenate([weeks(mix, "winter"), weeks(mix, "summer")])
    load = halves.reshape(-1, 24, 2).mean(axis=2)
    unused = np.zeros_like(load)
    sample = Town(
        load=load,
        halves=halves,
        workday=np.tile([True] * 5 + [False] * 2, 12),
        homes=unused, pv=unused, wind=unused, temperature=unused, cloud=unused, ghi=unused, ghi_clear=unused,
    )  # fmt: skip
    bar = next(bar for bar in BARS if bar.number == "12")
    assert not bar.judge(sample)
