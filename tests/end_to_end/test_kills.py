"""The whole chain under load while its parts are killed, frozen and cut off: nothing is lost."""

from pathlib import Path

import pytest

from tests.end_to_end.chaos import Load, chaos


@pytest.mark.deadline(240)
def test_kills_of_every_part_lose_nothing(tmp_path: Path) -> None:
    with chaos(tmp_path, Load(seconds=25)) as park:
        park.begin()
        plan = ["ingester", "broker", "store"] * 2
        park.random.shuffle(plan)
        for name in plan:
            park.moment()
            park.kill(name)
            park.progress()
        ledger = park.end()
    ledger.hold()
    assert ledger.kills == 6
    assert park.under_load >= 3
    assert ledger.simulate["sent"] > ledger.simulate["offered"]
