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
        tries: a rate fails that has failed so often, one time after another: what a pipeline does once, beside a
            compaction of its store or a busy neighbour, is no limit of it.
        holds: the highest that held; None if none has.
        fails: the lowest that failed; None if none has.
    """

    first: float
    most: float
    precision: float = 0.1
    tries: int = 1
    holds: float | None = field(default=None, init=False)
    fails: float | None = field(default=None, init=False)
    _doubtful: float = field(default=0.0, init=False)
    _missed: int = field(default=0, init=False)

    @property
    def near(self) -> bool:
        """Whether a rate has failed, if only once: the next may as well."""
        return self.fails is not None or self._missed > 0

    def next(self) -> float | None:
        """The rate to try; None if the search is over."""
        holds, fails = self.holds, self.fails
        if self._missed:
            return self._doubtful
        if fails is None:
            rate = self.first if holds is None else 2 * holds
            return None if holds is not None and holds >= self.most else min(rate, self.most)
        if holds is None:
            return fails / 4 if fails / 4 >= _LEAST else None
        return None if fails / holds <= 1 + self.precision else math.sqrt(holds * fails)

    def record(self, rate: float, *, held: bool) -> None:
        """What came of a rate; one that failed below another that held counts, for a pipeline may be tired by then."""
        self._missed = 0 if held else self._missed + 1
        if held:
            self.holds = rate if self.holds is None else max(rate, self.holds)
        elif self._missed < self.tries:
            self._doubtful = rate
        else:
            self._missed = 0
            self.fails = rate if self.fails is None else min(rate, self.fails)
