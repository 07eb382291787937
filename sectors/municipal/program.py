"""What lamps are told through a day: by their cabinet's program, and by orders until `resume`."""

from dataclasses import dataclass

import numpy as np

from park.model import DAY_STARTS_H, Floats, Ints
from sectors.municipal.photocell import SWITCHINGS, dark_at_first, switchings

_HOUR_MS = 3_600_000
_FULL_FROM, _DIMMED_FROM = ((hour - DAY_STARTS_H) * _HOUR_MS for hour in (5, 23))
FADE_S = 8.0
FOLLOW = -1.0
"""Instead of a level: none is commanded."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What L lamps are told at K instants of a day, (L, K) each; the first is its beginning.

    Attributes:
        ms: of the day, ascending; `NEVER` beyond the last.
        program: level that the program wants from then on, 0 to 1.
        least: level below which the lamp does not go from then on: its class's in the dark, else 0.
        level: what is commanded then, 0 to 1; `FOLLOW` ends it; NaN if nothing is said.
        ramp: seconds that the lamp takes to get there.
    """

    ms: Ints
    program: Floats
    least: Floats
    level: Floats
    ramp: Floats

    def repeated(self, times: int) -> "Told":
        """The same told to so many lamps each."""
        program, least, level, ramp = (
            np.repeat(part, times, axis=0) for part in (self.program, self.least, self.level, self.ramp)
        )
        return Told(ms=np.repeat(self.ms, times, axis=0), program=program, least=least, level=level, ramp=ramp)


def programmed(illuminance: Floats, gain: Floats, dimmed: Floats, least: Floats) -> Told:
    """What R cabinets' programs tell their lamps, (R, K) each.

    Args:
        illuminance: (R, GRID_POINTS) lx.
        gain: (R,) what the photocell reads of a true lux.
        dimmed: (R,) level from 23 to 5 h.
        least: (R,) level of the class below which nothing goes in the dark.
    """
    rows = len(illuminance)
    switched = switchings(illuminance, gain)
    ms = np.concatenate(
        [np.zeros((rows, 1), dtype=np.int64), np.tile([_FULL_FROM, _DIMMED_FROM], (rows, 1)), switched], axis=1
    )
    order = np.argsort(ms, axis=1, kind="stable")
    ms = np.take_along_axis(ms, order, axis=1)
    turns = np.cumsum(order > ms.shape[1] - 1 - SWITCHINGS, axis=1)
    dark = np.abs(dark_at_first(illuminance, gain)[:, None] - turns % 2)
    full = (ms >= _FULL_FROM) & (ms < _DIMMED_FROM)
    return Told(
        ms=ms,
        program=dark * np.where(full, 1.0, dimmed[:, None]),
        least=dark * least[:, None],
        level=np.full(ms.shape, np.nan),
        ramp=np.full(ms.shape, FADE_S),
    )
