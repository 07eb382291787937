"""Readiness as an operator may believe it: told and withdrawn in time, no flapping; `bench.soak ready` is longer."""

import signal
from pathlib import Path

import pytest

from tests.end_to_end.trouble import TOLD_S, TROUBLES, in_trouble, undergo, undergo_alone

SHORT = ("store killed", "a page answers 200", "token withdrawn", "broker frozen", "the ingester frozen")


@pytest.mark.deadline(180)
def test_troubles_are_told_and_withdrawn_in_time(tmp_path: Path) -> None:
    troubles = [trouble for trouble in TROUBLES if trouble.name in SHORT]
    assert len(troubles) == len(SHORT)
    with in_trouble(tmp_path) as park:
        outcomes = {trouble.name: (trouble, undergo(park, trouble)) for trouble in troubles}
    assert {name: outcome for name, (trouble, outcome) in outcomes.items() if not outcome.holds(trouble)} == {}


@pytest.mark.deadline(180)
def test_workers_that_freeze_end_or_are_replaced(tmp_path: Path) -> None:
    """What comes to reports at once, and finds only then that the broker has let it go."""
    with in_trouble(tmp_path, processes=2) as park:
        outcomes = {one.name: (one, undergo(park, one)) for one in TROUBLES if one.processes > 1}
        killed = undergo_alone(park, lambda p: p.worker(signal.SIGKILL), deadline_s=20.0)
        replaced = undergo_alone(park, lambda p: p.worker(signal.SIGSTOP), deadline_s=60.0)
    assert {name: outcome for name, (trouble, outcome) in outcomes.items() if not outcome.holds(trouble)} == {}
    assert (killed.flips, replaced.flips) == (0, 0), (killed, replaced)
    assert max(killed.told_s, replaced.told_s) < TOLD_S, (killed, replaced)
    assert replaced.withdrawn_s > 20.0, replaced
