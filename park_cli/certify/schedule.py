"""Which faults come, in which order, and for how long: a function of the seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from park_cli.certify.spec import ScheduleTable


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A fault to come.

    Attributes:
        number: from 1 on.
        part: a part's or a relay's name.
        rest_s: how long all is left alone before it.
        lasting_s: how long it lasts; a killed part is down so long, and then starts.
    """

    number: int
    part: str
    fault: str
    rest_s: float
    lasting_s: float


def planned(pairs: Sequence[tuple[str, str]], table: ScheduleTable) -> tuple[Planned, ...]:
    """Rounds of all pairs of a part and a fault, each round in an order of its own.

    Args:
        pairs: what is possible; none comes twice before all others have come once.
        table: how many, how long, and the seed; fewer faults are the beginning of more.
    """
    chance = random.Random(table.seed)  # noqa: S311 - to be drawn again by anyone
    found: list[Planned] = []
    while len(found) < table.faults:
        for part, fault in chance.sample(pairs, len(pairs)):
            rest_s, lasting_s = (round(chance.uniform(*span), 1) for span in (table.rest, table.lasting))
            found.append(Planned(number=len(found) + 1, part=part, fault=fault, rest_s=rest_s, lasting_s=lasting_s))
    return tuple(found[: table.faults])


def begins_s(plan: Sequence[Planned], settle_s: float) -> list[float]:
    """When each begins after the load has, if every part is ready again at once."""
    begins, at_s = [], settle_s
    for one in plan:
        at_s += one.rest_s
        begins.append(round(at_s, 1))
        at_s += one.lasting_s
    return begins
