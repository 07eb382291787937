"""The search for the highest rate that holds: doubling until one fails, then halving what lies between."""

import math
from dataclasses import dataclass, field

_LEAST = 1.0


@dataclass(kw_only=True)
class Search:
    """Which rate to try next, from what was found so far.

    Attributes:
        first, most: rates, messages a second.
        precision: how close the highest that holds and the lowest that fails must come, as a share.
        holds: the highest that held; None if none has.
        fails: the lowest that failed; None if none has.
    """

    first: float
    most: float
    precision: float = 0.1
    holds: float | None = field(default=None, init=False)
    fails: float | None = field(default=None, init=False)

    def next(self) -> float | None:
        """The rate to try; None if the search is over."""
        holds, fails = self.holds, self.fails
        if fails is None:
            rate = self.first if holds is None else 2 * holds
            return None if holds is not None and holds >= self.most else min(rate, self.most)
        if holds is None:
            return fails / 4 if fails / 4 >= _LEAST else None
        return None if fails / holds <= 1 + self.precision else math.sqrt(holds * fails)

    def record(self, rate: float, *, held: bool) -> None:
        """What came of a rate; one that failed below another that held counts, for a pipeline may be tired by then."""
        if held:
            self.holds = rate if self.holds is None else max(rate, self.holds)
        else:
            self.fails = rate if self.fails is None else min(rate, self.fails)
