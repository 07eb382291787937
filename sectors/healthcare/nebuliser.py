"""Jet nebulisers: sessions at set hours, and others when the air is bad."""

from dataclasses import dataclass

import numpy as np

from park.grid import rows
from park.model import Floats, Ints, Moments, Observation, Streams

NEBULISERS = 2
#: Sessions of a day, h after 04:00: earliest begin, and the chance of each in middling air.
_EARLIEST = np.array([3.2, 6.4, 9.6, 12.8, 15.6])
_CHANCE = np.array([0.85, 0.22, 0.75, 0.22, 0.85])
_WITHIN_H = 2.0
_FILL, _LEFT, _FLOW = 5.0, 0.8, 8.0
_RINSED_H = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Sessions:
    """A day of R nebulisers, (R, 5) each: hours since 04:00; `before` is (R,), sessions so far."""

    held: Floats
    start: Floats
    length: Floats
    before: Ints

    @property
    def after(self) -> Ints:
        """(R,) the sessions so far when the day ends."""
        return np.asarray(self.before + self.held.sum(axis=-1).astype(np.int64))


def sessions(streams: Streams, number: Ints, before: Ints, burden: Floats, day: Ints | int) -> Sessions:
    """A day of nebulisers (R,) in air of this burden, (C, GRID_POINTS); `day` is one for all or (R,)."""
    place = np.reshape(day, (-1, 1, 1)) * 5 + np.arange(5)[:, None]
    drawn = streams.uniform("healthcare.nebuliser", number[:, None, None], place, np.arange(3))
    air = np.repeat(burden[:, (12 * _EARLIEST).astype(np.int64)], NEBULISERS, axis=0)
    return Sessions(
        held=(drawn[..., 0] < np.minimum(_CHANCE * air, 0.97)).astype(np.float64),
        start=_EARLIEST + _WITHIN_H * drawn[..., 1],
        length=(11.0 + 8.0 * drawn[..., 2]) / 60.0,
        before=before,
    )


def observe(streams: Streams, state: Sessions, at: Moments) -> Observation:
    """What they tell."""
    row, hour = rows(at, NEBULISERS), (at.x / 12.0)[:, None]
    start, length, held = state.start[row], state.length[row], state.held[row]
    begun = (hour >= start) & (held > 0)
    runs = begun & (hour < start + length)
    wet = begun & (hour < start + length + _RINSED_H)
    cup = np.where(wet, _LEFT + (_FILL - _LEFT) * np.maximum(1.0 - (hour - start) / length, 0.0), 0.0).max(axis=-1)
    running = runs.any(axis=-1)
    flow = _FLOW + 0.15 * streams.normal("healthcare.nebuliser.flow", at.device, at.ts)
    return {
        "status": running.astype(np.int64),
        "residual_volume": cup,
        "sessions": state.before.take(row) + begun.sum(axis=-1),
        "flow_rate": np.where(running, flow, 0.0),
    }
