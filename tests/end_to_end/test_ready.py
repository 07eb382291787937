"""Readiness as an operator may believe it: told and withdrawn in time, no flapping; `bench.soak ready` is longer."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.end_to_end.trouble import TROUBLES, in_trouble, undergo

SHORT = ("store killed", "a page answers 200", "token withdrawn", "broker frozen")


@pytest.mark.deadline(180)
def test_troubles_are_told_and_withdrawn_in_time(tmp_path: Path) -> None:
    troubles = [trouble for trouble in TROUBLES if trouble.name in SHORT]
    assert len(troubles) == len(SHORT)
    with in_trouble(tmp_path) as park:
        outcomes = {trouble.name: (trouble, undergo(park, trouble)) for trouble in troubles}
    assert {name: outcome for name, (trouble, outcome) in outcomes.items() if not outcome.holds(trouble)} == {}


@pytest.mark.deadline(120)
def test_a_frozen_worker_is_told_and_then_replaced(tmp_path: Path) -> None:
    (trouble,) = (trouble for trouble in TROUBLES if trouble.processes > 1)
    with in_trouble(tmp_path, processes=2) as park:
        outcome = undergo(park, trouble)
    # A worker that comes to reports at once, and finds only then that the broker has meanwhile let it go.
    assert replace(outcome, flips=max(0, outcome.flips - 2)).holds(trouble), outcome
