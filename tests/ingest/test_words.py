"""What `/readyz` says, and what the operator's manual says of it."""

import asyncio
import re
import string
from pathlib import Path

from ingest.freeze import FROZEN_S, Freeze
from ingest.health import GRACE_S, READY_S, Health
from ingest.sequence import Tally
from ingest.status import Status
from ingest.words import READYZ, SILENT_WORKER
from tests.ingest.test_health import Clock

MANUAL = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


def in_manual(words: str) -> str:
    """With a capital letter's name in place of what differs: N for a number."""
    parts = string.Formatter().parse(words)
    return "".join(text + ("" if name is None else "N" if form or name == "count" else name.upper())
                   for text, name, form, _ in parts)  # fmt: skip


def pattern(words: str) -> str:
    return "".join(
        re.escape(text) + ("" if name is None else ".+") for text, name, _, _ in string.Formatter().parse(words)
    )


def test_the_manual_has_a_row_for_each_trouble_and_for_nothing_else() -> None:
    table = MANUAL.partition("| `/readyz` says |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip().strip("`") for line in table.splitlines()[2:]]
    assert rows == [in_manual(words) for words in READYZ]


def test_every_trouble_is_told_in_these_words() -> None:
    clock = Clock()

    async def main() -> list[str]:
        health, status = Health(clock), Status("i", Tally(), {}, {})
        health.opened(object())
        health.store.fails("a", "away", hold=False)
        health.disk.fails("b", "full", hold=True)
        health.drops.told(1, received=1)
        health.drops.told(3, received=2)
        freeze = Freeze(asyncio.Event().wait, clock)
        watching = asyncio.create_task(freeze.watch())
        await asyncio.sleep(0)
        clock.now += max(READY_S, GRACE_S, FROZEN_S)
        told = [*status.troubles(), *health.troubles(), *freeze.troubles()]
        watching.cancel()
        return told

    told = asyncio.run(main())
    found = {words for words in READYZ for line in told if re.fullmatch(pattern(words), line)}
    assert found == {*READYZ} - {SILENT_WORKER}  # workers tell it: see the frozen ones among the troubles
    assert all(any(re.fullmatch(pattern(words), line) for words in READYZ) for line in told)
