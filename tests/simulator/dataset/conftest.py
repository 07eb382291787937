"""A small dataset with faults that come often."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.commands.outcomes import Outcomes
from simulator.dataset.write import DatasetOptions, Written, write_dataset
from simulator.faults.rules import Rule, Rules
from simulator.plan import Selection
from tests.simulator.conftest import HOUR, MINUTE, START, select
from tests.simulator.faults.conftest import rule

WINDOW = (START + 200 * HOUR, START + 230 * HOUR)


def selection() -> Selection:
    """Two sectors, all of whose kinds can have some of these."""
    rules: dict[str, Rule] = {}
    for name, changes in (
        ("noise", {"kinds": []}),
        ("dropout", {}),
        ("stuck", {}),
        ("bias", {"kinds": ["site_meter"]}),
    ):
        rules |= rule(name, **changes).faults
    town = select(devices=30, sectors=("agriculture", "energy"), interval_ms=2 * MINUTE, events=True)
    return replace(town, faults=Rules(faults=rules))


def options(**changes: Any) -> DatasetOptions:
    """Of that dataset."""
    asked = DatasetOptions(
        selection=selection(), window=WINDOW, command="park dataset", files={"park.toml": b"# ours\n"}
    )
    return replace(asked, **changes)


def write(folder: Path, asked: DatasetOptions) -> Written:
    """The dataset, in a folder that is made for it."""
    folder.mkdir()
    return write_dataset(asked, folder, Outcomes())


@pytest.fixture(scope="package")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset") / "mine"
    write(folder, options())
    return folder
