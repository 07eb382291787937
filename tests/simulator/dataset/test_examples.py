"""docs/examples: the detectors find what they are for, and the notebook runs from top to bottom."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.faults.rules import Rules
from tests.end_to_end.park import ROOT
from tests.park_cli.command import park
from tests.simulator.conftest import HOUR
from tests.simulator.dataset.conftest import WINDOW, options, selection, write
from tests.simulator.faults.conftest import rule

EXAMPLES = ROOT / "docs" / "examples"
DETECTORS = ("threshold", "qartod", "forest")
_PATIENCE_S = 280

pytestmark = pytest.mark.deadline(300)


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some soil probes in which channels rest, or are not told for a while."""
    rules = {name: one for class_ in ("dropout", "stuck") for name, one in rule(class_, hours=[3, 8]).faults.items()}
    few = replace(selection(), sectors=("agriculture",), kinds=("soil_probe",), devices=12, faults=Rules(faults=rules))
    folder = tmp_path_factory.mktemp("probes") / "mine"
    write(folder, options(selection=few, window=(WINDOW[0], WINDOW[0] + 96 * HOUR)))
    return folder


def _score(folder: Path, tmp_path: Path, name: str) -> dict[str, Any]:
    found = tmp_path / "found.ndjson"
    with found.open("w", encoding="utf-8") as file:
        subprocess.run(
            [sys.executable, str(EXAMPLES / f"{name}.py"), str(folder)], stdout=file, check=True, timeout=_PATIENCE_S
        )
    labels = str(folder / "labels.ndjson")
    ended = park("score", "--labels", labels, "--detections", str(found), "--device-days", "48", "--json")
    assert ended.code == 0, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_reads_a_dataset_and_finds_what_it_is_for(name: str, probes: Path, tmp_path: Path) -> None:
    told = _score(probes, tmp_path, name)
    assert told["by_fault"]["dropout"]["recall"] > 0.9
    assert told["by_fault"]["dropout"]["delay_s"][0] == 0.0
    assert told["detections"] > told["false"] >= 0
    if name == "qartod":
        assert told["by_fault"]["stuck"]["recall"] > 0.5


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_learns_from_another_folder(name: str, probes: Path, tmp_path: Path) -> None:
    # Asked once in two hours: what is usual from one reading to the next is much more.
    few = replace(
        selection(), sectors=("agriculture",), kinds=("soil_probe",), devices=12, faults=None, interval_ms=2 * HOUR
    )
    past = tmp_path / "past"
    write(past, options(selection=few, window=(WINDOW[0] + 96 * HOUR, WINDOW[0] + 144 * HOUR)))
    found = [_found(name, probes), _found(name, probes, past)]
    assert found[0] != found[1]
    assert _found(name, probes, probes) == found[0]
    assert all("device" in json.loads(line) for line in found[1].splitlines())


def _found(name: str, *folders: Path) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, folders)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE_S).stdout


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_is_short(name: str) -> None:
    assert len((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 60


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    notebook = json.loads((EXAMPLES / "readings.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    environ = {**os.environ, "MPLBACKEND": "Agg", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-c", "\n\n".join(cells)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "'overall'" in done.stdout or "'recall'" in done.stdout
    assert (tmp_path / "channel.png").stat().st_size > 5000
