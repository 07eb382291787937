"""What lamps are told through a day: by their cabinet's program, and by orders until `resume`."""

from dataclasses import dataclass

import numpy as np

from park.model import DAY_STARTS_H, Floats, Ints, Orders
from sectors.municipal.catalogue import RESUME, SET_LEVEL
from sectors.municipal.photocell import NEVER, SWITCHINGS, dark_at_first, switchings

_HOUR_MS = 3_600_000
_FULL_FROM, _DIMMED_FROM = ((hour - DAY_STARTS_H) * _HOUR_MS for hour in (5, 23))
_FADE_S = 8.0
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
        ramp=np.full(ms.shape, _FADE_S),
    )


def commanded(told: Told, orders: Orders, cells: Ints, per_cell: int, start_ms: int) -> Told:
    """The same with the day's orders to lamps put between; (L, K + n)."""
    mine = np.flatnonzero((orders.action == SET_LEVEL) | (orders.action == RESUME))
    if not len(mine):
        return told
    lamp = np.searchsorted(cells, orders.cell[mine]) * per_cell + orders.unit[mine]
    # The how manieth of its lamp's an order is; they come in the order of effect.
    number = np.array([(lamp[:place] == one).sum() for place, one in enumerate(lamp)])
    shape = (len(told.ms), int(number.max()) + 1)
    ms, level, ramp = np.full(shape, NEVER), np.full(shape, np.nan), np.full(shape, _FADE_S)
    ms[lamp, number] = orders.effective[mine] - start_ms
    tells = orders.action[mine] == SET_LEVEL
    level[lamp, number] = np.where(tells, orders.value[mine, 0] / 100.0, FOLLOW)
    ramp[lamp, number] = np.where(tells, orders.value[mine, 1], _FADE_S)
    # Program and least light at an order are those of the program's last instant before.
    before = (told.ms[:, None, :] <= ms[:, :, None]).sum(axis=2) - 1
    merged = {
        "ms": (told.ms, ms),
        "program": (told.program, np.take_along_axis(told.program, before, axis=1)),
        "least": (told.least, np.take_along_axis(told.least, before, axis=1)),
        "level": (told.level, level),
        "ramp": (told.ramp, ramp),
    }
    order = np.argsort(np.concatenate([told.ms, ms], axis=1), axis=1, kind="stable")
    return Told(
        **{name: np.take_along_axis(np.concatenate(two, axis=1), order, axis=1) for name, two in merged.items()}
    )
