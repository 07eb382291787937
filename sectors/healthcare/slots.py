"""Events that fall into the 288 steps of a day, at most one in each: counts on the grid, moments in between."""

from dataclasses import dataclass

import numpy as np

from park.grid import STEPS
from park.model import Bools, Floats, Ints, Streams


@dataclass(frozen=True, kw_only=True, eq=False)
class Slots:
    """A day of events of R things.

    Attributes:
        happens: (R, STEPS) whether one falls into the step.
        at: (R, STEPS) at which share of the step, 0 to 1, if it happens.
        before: (R, STEPS + 1) how many came before the step.
    """

    happens: Bools
    at: Floats
    before: Ints

    def seen(self, row: Ints, x: Floats) -> Bools:
        """(N,) whether the event of the current step has come already."""
        step = x.astype(np.int64)
        place = row * STEPS + step
        return np.asarray(self.happens.reshape(-1).take(place) & (self.at.reshape(-1).take(place) <= x - step))

    def count(self, row: Ints, x: Floats) -> Ints:
        """(N,) events since 04:00."""
        step = x.astype(np.int64)
        return np.asarray(self.before.reshape(-1).take(row * (STEPS + 1) + step) + self.seen(row, x))


def draw(streams: Streams, name: str, number: Ints, day: Ints | int) -> Floats:
    """(R, STEPS) uniform; below the chance of a step its event happens. `day` is one for all or (R,)."""
    return streams.uniform(name, number[:, None], np.reshape(day, (-1, 1)) * STEPS + np.arange(STEPS))


def slots(streams: Streams, name: str, number: Ints, day: int, chance: Floats, *, weight: Ints | None = None) -> Slots:
    """Independent events with these chances.

    Args:
        streams: randomness.
        name: of the stream.
        number: (R,) of the things.
        day: of the town.
        chance: (R, STEPS) or (STEPS,), above 0.
        weight: (R, STEPS) how much one counts; 1 if not given.
    """
    drawn = draw(streams, name, number, day)
    happens = drawn < chance
    before = np.zeros((len(number), STEPS + 1), dtype=np.int64)
    np.cumsum(happens if weight is None else happens * weight, axis=-1, out=before[:, 1:])
    # Below the chance the draw is uniform again.
    return Slots(happens=happens, at=np.minimum(drawn / chance, 1.0), before=before)
